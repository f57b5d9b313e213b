"use strict";
// The live page: questions to the server, whose answers page.js shows.
function livePage(base) {
  const { byId, make, readable, isNumber, show, copy } = base;
  const form = liveForm(base);
  const boxes = liveBoxes(base);
  const { MODES, FIELDS, ask, fetched, modeNow, question, conditionsOf, parametersOf } = form;
  const { isDefault, addressOf, fill } = form;
  const { nulls } = base.data;

  const PAUSE = 500;  // milliseconds after the last key, before names are suggested
  const ALL_NULLS = nulls.map(({ name }) => name).join(",");
  const CONDITION = /\S\s*(<=|>=|!=|==|=|<|>|\s(not\s+in|in|is)\s)\s*\S/i;
  let asking = null;  // what ends the question that is on its way
  let answered = null;  // the question whose answer is shown
  let compared = null;  // what ends the comparison that is on its way
  let wanted = "";  // the nulls that the answer shown is compared with, or will be
  let address = null;  // the question that is in the address

  function nullsOf(mode) {
    return mode === "compare" ? "genes" : ALL_NULLS;
  }

  function say(text, failed = false) {
    byId("status").textContent = text;
    byId("status").classList.toggle("failed", failed);
    byId("near").replaceChildren();
  }

  function fail(error, before = "") {
    say(`${before}${error.message}`, true);
    if (error.near && error.near.length) offer(error.unknown, error.near);
  }

  // Known names for one that nothing has: a button each, which asks again.
  function offer(name, near) {
    const field = MODES[modeNow()].fields.find((one) =>
      byId(one).value.toLowerCase().includes(name.toLowerCase()));
    if (!field || !near.length) return;
    byId("near").replaceChildren("Did you mean", ...near.map((one) => {
      const press = make("button", { type: "button", textContent: readable(one) });
      press.addEventListener("click", () => {
        const text = byId(field).value;
        const place = text.toLowerCase().indexOf(name.toLowerCase());
        byId(field).value = text.slice(0, place) + one + text.slice(place + name.length);
        byId(field).focus();
        answer(performance.now());
      });
      return press;
    }));
  }

  function seconds(milliseconds) {
    return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  }

  // --- answers

  // `options`: `place` is the tumor type to show, `id` the pair, `keep` whether the address has the
  // question already, `nulls` whether what is shown is to be compared
  async function answer(began, options = {}) {
    const query = question();
    if (asking) asking.abort();
    stopNulls();
    const own = new AbortController();
    asking = own;
    byId("main").classList.remove("waiting");
    if (!options.nulls) wanted = "";
    const { route, needed, named } = MODES[query.mode];
    if (needed.some((name) => !query[name])) {
      say("");
      return;
    }
    try {
      for (const field of named) {
        const name = await form.unknownIn(field);
        if (own !== asking) return;
        if (name) {
          await suggest(name, own);
          return;
        }
      }
      const half = conditionsOf(query.where).find((one) => !CONDITION.test(one));
      if (half) {
        say(`A condition is like gender=FEMALE, stage in I,II or age<60; not yet ${readable(half)}.`);
        return;
      }
      byId("main").classList.add("waiting");
      say("");
      const found = await ask(route, parametersOf(query), own.signal);
      if (own !== asking) return;
      answered = query;
      if (options.keep) address = addressOf(query);
      const drawn = (await shown(found, options.place || base.type, options.id)) - began;
      if (own !== asking) return;
      remember();
      document.documentElement.dataset.drawn = drawn.toFixed(1);
      say(`Drawn in ${seconds(drawn)}.`);
    } catch (error) {
      if (own !== asking) return;
      fail(error);
      return;
    } finally {
      if (own === asking) byId("main").classList.remove("waiting");
    }
    if (wanted) startNulls();  // which says itself what goes wrong
  }

  async function suggest(name, own) {
    say(`Nothing in this store is named ${readable(name)}.`);
    await sleep(PAUSE);
    if (own !== asking) return;
    const { near } = await ask("near", { q: name.slice(0, 400), source: byId("source").value });
    if (own === asking) offer(name, near);
  }

  function sleep(wait) {
    return new Promise((done) => { setTimeout(done, wait); });
  }

  async function shown(found, place, id) {
    const done = await show(found, place, id);
    await boxes.draw();
    byId("shown").hidden = false;
    writeNulls();
    return done;
  }

  // --- the nulls

  function writeNulls() {
    const { mode } = answered;
    const others = mode === "compare" ? "random genes" : nulls.map(({ short }) => short).join(" and ");
    byId("start-nulls").textContent = `Compare with ${others}`;
    byId("start-nulls").disabled = Boolean(wanted);
    byId("progress").hidden = !compared;
    byId("cancel").hidden = !compared;
    if (!compared) byId("progress-count").textContent = wanted ? `Compared with ${others}.` : "";
  }

  function stopNulls() {
    if (compared) compared.abort();
    compared = null;
    if (answered) writeNulls();
  }

  // Follows the comparison of what is shown, which fills the same figure and table.
  async function startNulls() {
    const query = answered;
    const own = new AbortController();
    const began = performance.now();
    compared = own;
    wanted = nullsOf(query.mode);
    writeNulls();
    byId("progress").removeAttribute("value");
    byId("progress-count").textContent = "";
    remember();
    try {
      const parameters = parametersOf(query);
      parameters.set("null", wanted);
      const response = await fetched(`${MODES[query.mode].route}/events`, parameters, own.signal);
      for await (const { name, data } of eventsOf(response.body)) {
        if (own !== compared) return;
        if (name === "progress") writeProgress(data);
        else if (name === "error") throw new Error(data.error);
        else if (name === "answer") await shown(data, base.type, base.pair && base.pair.id);
        else if (name === "end") break;
      }
      if (own !== compared) return;
      compared = null;
      say(`Compared in ${seconds(performance.now() - began)}.`);
    } catch (error) {
      if (own !== compared) return;
      compared = null;
      wanted = "";
      fail(error, "Not compared: ");
    }
    writeNulls();
    remember();
  }

  const STAGES = {
    "tumor types": "Comparing the tumor types …",
    pooled: "The tumor types are compared. Comparing the pooled row …",
    strata: "Comparing each stratum …",
  };

  function writeProgress({ stage, done, total }) {
    const text = STAGES[stage] || stage;
    if (byId("status").textContent !== text) say(text);
    if (total) Object.assign(byId("progress"), { max: total, value: done });
    else byId("progress").removeAttribute("value");
    byId("progress-count").textContent = total ? `${done} of ${total} tumor types` : "";
  }

  async function* eventsOf(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/s.exec(part);
        yield { name, data: JSON.parse(data) };
      }
    }
  }

  function cancel() {
    stopNulls();
    wanted = "";
    writeNulls();
    say("Cancelled: what is shown is not compared, or not all of it.");
    remember();
    byId("start-nulls").focus();
  }

  // --- files

  function figureShown() {
    if (answered.mode === "compare") return "boxes-chart";
    return byId("heat").hidden ? "forest-chart" : "heat-chart";
  }

  function fileStem() {
    const { mode, x, y, variables } = answered;
    return { two: `${x}-${y}`, many: `${x}-many`, compare: variables }[mode].slice(0, 80);
  }

  async function saveAsPng() {
    const text = await base.figureText(figureShown());
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = 3;  // of 96 dots per inch
    const canvas = make("canvas", { width: image.width * scale, height: image.height * scale });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    const whole = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
    base.save(whole, `${fileStem()}.png`, "image/png");
  }

  async function saveAsPdf() {
    const parameters = parametersOf(answered);
    if (wanted && !compared) parameters.set("null", wanted);
    say("Drawing the PDF …");
    const response = await fetched(`${MODES[answered.mode].route}.pdf`, parameters);
    base.save(await response.blob(), `${fileStem()}.pdf`, "application/pdf");
    say("The PDF is saved.");
  }

  function saveAsCsv() {
    const { pairs, tables } = base.page;
    const pooled = (one) => (one.strata.length ? one.pooled_strata : [one.pooled])
      .filter((row) => row && isNumber(row.r))
      .map((row) => ({ ...row, x: one.x, y: one.y, method: one.method, tumor_type: "POOLED",
        level: "pooled" }));
    const rows = answered.mode === "compare" ? tables[0].rows
      : pairs.flatMap((one) => [...one.rows, ...pooled(one)]);
    const columns = rows.length ? Object.keys(rows[0]).filter((name) => name !== "why") : [];
    base.save(base.csv(columns, rows), `${fileStem()}.csv`, "text/csv");
  }

  const SAVE = {
    png: saveAsPng,
    pdf: saveAsPdf,
    csv: saveAsCsv,
    svg: async () => base.save(await base.figureText(figureShown()), `${fileStem()}.svg`, "image/svg+xml"),
  };

  // --- the address

  // The question and what is chosen are in the address, so that it is a link to what is shown.
  function remember() {
    const { mode } = answered;
    const text = addressOf(answered);
    const chosen = [["null", wanted], ["type", base.type]];
    if (mode === "many" && base.pair && base.pair !== base.page.pairs[0]) chosen.push(["pair", base.pair.id]);
    if (mode === "compare" && boxes.chosen !== base.page.boxes[0]?.variable) {
      chosen.push(["variable", boxes.chosen]);
    };
    for (const name of ["sort", "filter"]) {
      if (byId(name).value && !isDefault(name, byId(name).value)) chosen.push([name, byId(name).value]);
    }
    const more = new URLSearchParams(chosen.filter(([, value]) => value));
    const whole = `?${[text, String(more)].filter(Boolean).join("&")}`;
    const isNew = address !== null && address !== text;
    address = text;
    history[isNew ? "pushState" : "replaceState"](null, "", whole);
  }

  // Fills the fields as the address says, and asks; without a question, an example.
  async function restore(examples) {
    const found = new URLSearchParams(location.search);
    const mode = MODES[found.get("mode")] ? found.get("mode") : "two";
    const isAsked = MODES[mode].needed.every((name) => found.get(name));
    const example = isAsked || examples.length === 0 ? null : examples[0];
    if (example && !MODES[mode].needed.some((name) => found.has(name))) {
      fill({ mode: example.mode, ...example.parameters });
    } else {
      fill({ mode, ...Object.fromEntries(FIELDS.map((name) => [name, found.get(name) || ""])) });
    }
    byId("more").open = form.FOLDED.some((name) => found.has(name) && name !== "source");
    const orders = [...byId("sort").options].map((one) => one.value);
    byId("sort").value = orders.includes(found.get("sort")) ? found.get("sort") : orders[0];
    byId("filter").value = found.get("filter") || "";
    boxes.choose(found.get("variable") || "");
    const compares = (found.get("null") || "").split(",");
    wanted = nulls.some(({ name }) => compares.includes(name)) ? nullsOf(modeNow()) : "";
    await answer(performance.now(), {
      place: found.get("type"), id: found.get("pair"), keep: true, nulls: Boolean(wanted),
    });
  }

  // --- listening

  function listen(examples) {
    let timer;
    byId("ask").addEventListener("submit", (event) => event.preventDefault());
    byId("ask").addEventListener("input", (event) => {
      const began = performance.now();
      if (event.target.name === "mode") {
        form.carryOver();
        form.showFields();
      }
      clearTimeout(timer);
      timer = setTimeout(() => answer(began), 40);
      if (event.target.list && event.target.id !== "by") {
        form.complete(event.target.id).catch((error) => say(error.message, true));
      }
    });
    byId("share").addEventListener("click", () => copy(location.href, byId("status")));
    byId("start-nulls").addEventListener("click", startNulls);
    byId("cancel").addEventListener("click", cancel);
    byId("variable").addEventListener("change", async (event) => {
      boxes.choose(event.target.value);
      await boxes.draw();
      remember();
    });
    for (const id of ["sort", "filter", "pair"]) {
      byId(id).addEventListener(id === "filter" ? "input" : "change", () => answered && remember());
    }
    for (const [kind, action] of Object.entries(SAVE)) {
      byId(`save-${kind}`).addEventListener("click", async () => {
        try {
          await action();
        } catch (error) {
          fail(error, "Not saved: ");
        }
      });
    }
    addEventListener("popstate", () => restore(examples));
    byId("examples").hidden = !examples.length;
    byId("examples").append(...examples.map((one) => {
      const press = make("button", { type: "button", textContent: one.title });
      press.addEventListener("click", () => {
        fill({ mode: one.mode, ...one.parameters, source: byId("source").value });
        answer(performance.now());
      });
      return press;
    }));
  }

  async function begin() {
    try {
      const store = await ask("store", {});
      const options = (id, values) => {
        byId(id).replaceChildren(...values.map((value) => make("option", { value, textContent: value })));
      };
      const sources = store.sources.map((one) => one.name);
      options("source", [store.default_source, ...sources.filter((name) =>
        name !== store.default_source)].filter(Boolean));
      for (const name of ["method", "samples", "groups"]) options(name, store[name === "method" ? "methods" : name]);
      byId("names-by").replaceChildren(...store.by.map((value) => make("option", { value })));
      listen(store.examples);
      await restore(store.examples);
    } catch (error) {
      fail(error);
    }
  }

  // the samples of the pair that is shown, in one tumor type
  function samplesOf(type) {
    const query = answered.mode === "many"
      ? { ...answered, mode: "two", y: base.pair.id } : answered;
    const parameters = parametersOf(query);
    parameters.set("type", type);
    return ask("scatter", parameters);
  }

  return { begin, remember, samplesOf, resized: boxes.draw };
}
