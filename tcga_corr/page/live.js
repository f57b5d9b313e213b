"use strict";
// The live page: questions to the server, whose answers page.js shows.
function livePage(base) {
  const { byId, make, readable, show, unpacked, copy } = base;
  const { nulls } = base.data;
  function sleep(wait) {
    return new Promise((done) => { setTimeout(done, wait); });
  }

  const FIELDS = ["x", "y", "adjust", "where", "by", "method", "samples", "source", "null"];
  const CONDITION = /\S\s*(<=|>=|!=|==|=|<|>|\s(not\s+in|in|is)\s)\s*\S/i;
  const PAUSE = 500;  // milliseconds after the last key, before what takes seconds
  let asking = null;
  let answered = null;
  let typed = -PAUSE;

  function question() {
    return Object.fromEntries(FIELDS.map((name) => [name, byId(name).value.trim()]));
  }

  // What the server is asked in turn, and what is shown meanwhile: r, which is there at once, then
  // the nulls of the tumor types, then those of the pooled row.
  function stepsOf(query) {
    const wanted = query.null.split(",");
    const chosen = nulls.filter(({ name }) => wanted.includes(name));
    if (!chosen.length) return [{ query, doing: "" }];
    const others = chosen.map(({ short }) => short).join(" and ");
    if (query.by) {
      return [
        { query: { ...query, null: "none" }, doing: "" },
        { query, doing: `Comparing each stratum with ${others} …`, failed: "Nothing is compared: " },
      ];
    }
    return [
      { query: { ...query, null: "none" }, doing: "" },
      {
        query: { ...query, pooled: "no" },
        doing: `Comparing the tumor types with ${others}, then the pooled row …`,
        failed: "Nothing is compared: ",
      },
      {
        query,
        doing: `The tumor types are compared. Comparing the pooled row with ${others} …`,
        failed: "The pooled row is not compared: ",
      },
    ];
  }

  function seconds(milliseconds) {
    return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  }

  async function ask(what, parameters, signal) {
    const given = Object.entries(parameters).filter(([, value]) => value);
    const query = new URLSearchParams(given.flatMap(([name, value]) =>
      (name === "where" ? conditionsOf(value) : [value]).map((one) => [name, one])));
    const response = await fetch(`api/${what}?${query}`, { signal }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Error("The server does not answer: is it still running?");
    });
    const found = await response.json().catch(() => ({}));  // too busy, it says so in plain text
    if (!response.ok) throw new Error(found.error || `the server answered ${response.status}`);
    return found;
  }

  function conditionsOf(text) {
    return text.split(";").map((one) => one.trim()).filter(Boolean);
  }

  function say(text, failed = false) {
    byId("status").textContent = text;
    byId("status").classList.toggle("failed", failed);
  }

  // the question is in the address, so that the address is a link to it
  function remember() {
    const isDefault = (name, value) =>
      byId(name).tagName === "SELECT" && byId(name).options[0]?.value === value;
    const kept = Object.entries(answered).filter(([name, value]) =>
      value && (name === "source" || !isDefault(name, value)));
    if (base.type) kept.push(["type", base.type]);
    history.replaceState(null, "", `?${new URLSearchParams(kept)}`);
  }

  async function answer(began, wanted) {
    const query = question();
    if (asking) asking.abort();
    const own = new AbortController();
    asking = own;
    byId("main").classList.remove("waiting");
    if (!query.x || !query.y) {
      say("");
      return;
    }
    let failed = "";
    try {
      // several names, unless it is one itself
      const fixed = (await unknown([query.adjust])) ? query.adjust.split(",") : [];
      const missing = await unknown([query.x, query.y, ...fixed]);
      if (own !== asking) return;
      const half = conditionsOf(query.where).find((one) => !CONDITION.test(one));
      if (half) {
        say(`A condition is like gender=FEMALE, stage in I,II or age<60; not yet ${readable(half)}.`);
        return;
      }
      if (missing) {
        say(`Nothing in this store is named ${readable(missing)}.`);
        return;
      }
      byId("main").classList.add("waiting");
      const times = [];
      for (const step of stepsOf(query)) {
        say(step.doing);
        failed = step.failed || "";
        if (times.length) await sleep(typed + PAUSE - performance.now());
        if (own !== asking) return;
        const found = await ask("pair", step.query, own.signal);
        if (own !== asking) return;
        answered = query;
        const place = times.length ? base.type : wanted || base.type;
        times.push((await show(unpacked(found), place)) - began);
        if (own !== asking) return;
        remember();
        byId("main").classList.remove("waiting");
        document.documentElement.dataset.drawn = times[0].toFixed(1);
      }
      const compared = times.length > 1 ? `, compared in ${seconds(times.at(-1))}` : "";
      say(`Drawn in ${seconds(times[0])}${compared}.`);
    } catch (error) {
      if (own !== asking) return;
      say(`${failed}${error.message}`, true);
    }
    byId("main").classList.remove("waiting");
  }

  const completions = new Map();

  // of what can be correlated, or of all that has a name
  function completionsOf(text, of = "all") {
    const source = byId("source").value;
    const key = `${source}\n${of}\n${text}`;
    if (!completions.has(key)) {
      const found = ask("names", { q: text, limit: 12, source, of });
      completions.set(key, found);
      setTimeout(() => completions.delete(key), 10000);  // something may be loaded meanwhile
      found.catch(() => completions.delete(key));
    }
    return completions.get(key);
  }

  // the first of some texts that names nothing yet, as while it is typed
  async function unknown(texts) {
    for (const text of texts.map((one) => one.trim())) {
      const [, kind, name] = /^(?:(gene|set):)?(.*)$/.exec(text);
      if (!text || name.includes(":")) continue;
      const ways = [text, name].map((one) => one.toLowerCase());
      const other = `another name: ${ways[1]}`;
      const found = name ? await completionsOf(name) : [];
      if (!found.some((one) => (!kind || one.kind === kind)
        && (ways.includes(one.name.toLowerCase()) || one.about.toLowerCase() === other))) return text;
    }
    return "";
  }

  async function complete(id) {
    const text = byId(id).value.trim();
    if (!text) return;
    const found = await completionsOf(text, id === "adjust" ? "all" : "pair");
    if (byId(id).value.trim() !== text) return;
    byId(`names-${id}`).replaceChildren(...found.map((one) =>
      make("option", { value: one.name, label: `${one.kind}${one.about ? `, ${one.about}` : ""}` })));
  }

  function listen() {
    let timer;
    byId("ask").addEventListener("submit", (event) => event.preventDefault());
    byId("ask").addEventListener("input", (event) => {
      const began = performance.now();
      typed = began;
      clearTimeout(timer);
      timer = setTimeout(() => answer(began), 40);
      if (["x", "y", "adjust"].includes(event.target.id)) {
        complete(event.target.id).catch((error) => say(error.message, true));
      }
    });
    byId("share").addEventListener("click", () => copy(location.href, byId("status")));
  }

  async function begin() {
    try {
      await open();
    } catch (error) {
      say(error.message, true);
    }
  }

  async function open() {
    const store = await ask("store", {});
    const options = (id, values, chosen) => {
      byId(id).replaceChildren(...values.map((value) =>
        make("option", { value, textContent: value, selected: value === chosen })));
    };
    const sources = store.sources.map((one) => one.name);
    options("source", [store.default_source, ...sources.filter((name) =>
      name !== store.default_source)].filter(Boolean));
    options("method", store.methods);
    options("samples", store.samples);
    byId("names-by").replaceChildren(...store.by.map((value) => make("option", { value })));
    const address = new URLSearchParams(location.search);
    for (const name of FIELDS) if (address.has(name)) byId(name).value = address.get(name);
    listen();
    if (address.has("x") && address.has("y")) await answer(performance.now(), address.get("type"));
  }

  return { begin, remember, samplesOf: (type) => ask("scatter", { ...answered, type }) };
}
