"use strict";
// The page at work: figures by Vega-Lite from the rows in it, tables that sort, files to download.
// A live page gets its rows from a server: live.js. Texts from data are only ever set as text.
(() => {
  const data = JSON.parse(byId("data").textContent);
  const { charts, names, nulls, significant } = data;
  const MOST_HEAT_PAIRS = 60;
  const MOST_PRINTED_ROWS = 60;  // of a table, on paper
  const PAPER = 640;  // pixels, of what is not on the screen
  let page = unpacked(data.page);
  // a live page's own part: `begin`, `samplesOf` a tumor type, `remember` what is chosen, `resized`
  const live = data.live ? livePage({
    data, byId, make, readable, small, number, isNumber, show, draw, sorted, copy, soon, save, csv,
    figureText,
    get page() {
      return page;
    },
    get pair() {
      return pair;
    },
    get type() {
      return type;
    },
  }) : null;
  let pair = null;
  let type = null;
  const views = {};
  const drawn = {};
  const changes = changesPart({ byId, make, readable, small, draw, saveFigure, charts });

  function byId(id) {
    return document.getElementById(id);
  }

  function unpacked(found) {
    for (const one of [found, ...found.sections].flatMap((part) => part.pairs)) {
      const { names: all, same, columns, rows } = one.rows;
      one.rows = rows.map((values) => {
        const row = { ...same, ...Object.fromEntries(columns.map((name, at) => [name, values[at]])) };
        return Object.fromEntries(all.map((name) => [name, row[name]]));
      });
    }
    return found;
  }

  function make(tag, options = {}, ...children) {
    const one = Object.assign(document.createElement(tag), options);
    one.append(...children);
    return one;
  }

  // --- numbers as text

  function isNumber(value) {
    return typeof value === "number";
  }

  function number(value) {
    if (!isNumber(value)) return "";
    return Math.abs(value) < 10 ? value.toFixed(3) : value.toPrecision(5);
  }

  function small(value) {
    if (!isNumber(value)) return "";
    return value !== 0 && value < 0.001 ? value.toExponential(1) : value.toPrecision(2);
  }

  const WRITE = {
    text: (value) => (value === null || value === undefined ? "" : String(value)),
    count: (value) => (isNumber(value) ? value.toLocaleString("en") : ""),
    number,
    p: small,
  };
  const HASH = /^[0-9a-f]{64}/;
  const LONGEST = 200;

  // what turns the direction of reading, for all that follows too; and words longer than any
  const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

  function readable(text) {
    return text.replace(TURNING, "\ufffd").replace(/\S{120,}/g, (word) =>
      `${word.slice(0, 60)}…${word.slice(-20)}`);
  }

  function cut(text) {
    if (HASH.test(text)) return `${text.slice(0, 12)}…`;
    const shown = readable(text);
    return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
  }

  function between(low, high) {
    return isNumber(low) ? `${low.toFixed(2)} to ${high.toFixed(2)}` : "";
  }

  // --- files

  function save(text, file, kind) {
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: kind })) });
    const [, stem, ending] = /^(.*)(\.\w+)$/s.exec(file.replace(/[^\w.-]+/g, "-"));
    link.download = `${stem.slice(0, 100)}${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // a spreadsheet takes a text that begins so for a formula; as in the command line's own tables
  const FORMULA = /^(?:[\s\p{C}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/u;
  const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

  function csv(columns, rows) {
    const cell = (value) => {
      if (value === null || value === undefined) return "";
      let text = typeof value === "object" ? JSON.stringify(value) : String(value);
      if (FORMULA.test(text) && !NUMBER.test(text)) text = `'${text}`;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
    return lines.map((line) => `${line.map(cell).join(",")}\n`).join("");
  }

  async function saveFigure(id, file) {
    save(await figureText(id), `${file}.svg`, "image/svg+xml");
  }

  // The figure as it is drawn, as SVG, with its title and in the colours of now.
  async function figureText(id) {
    const { spec, title } = drawn[id];
    const view = await embedded(make("div"), { ...spec, title });
    const text = await view.toSVG();
    view.finalize();
    const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(text).map(Number);
    const mark = byId(id).closest(".simulated")
      ? `<text x="${width / 2}" y="${height / 2}" font-size="${Math.min(48, width / 8, height / 3)}"
          text-anchor="middle" dominant-baseline="central" font-family="sans-serif"
          fill="var(--line)" opacity="0.3">SIMULATED</text></svg>` : "</svg>";
    const ground = '<rect width="100%" height="100%" fill="var(--paper)"/>';
    const whole = text.replace(/>/, `>${ground}`).replace(/<\/svg>\s*$/, mark);
    return whole.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  // --- tables

  function compare(a, b) {
    const missing = [a, b].map((one) => one === null || one === undefined || one === "");
    if (missing[0] || missing[1]) return missing[0] - missing[1];
    return isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en");
  }

  function sorted(rows, name, falling) {
    const value = (row) => row[name];
    return [...rows].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      const missing = [a, b].some((each) => each === null || each === undefined || each === "");
      return falling && !missing ? compare(b, a) : compare(a, b);
    });
  }

  const orders = new Map();  // by file: a table that is written again stays sorted

  // A table in `host`; `options.press(row)` is called when the cell of the first column is pressed.
  function sheet(host, table, options = {}) {
    const columns = table.columns.filter((column) =>
      column.kind === "text" || table.rows.some((row) => isNumber(row[column.name])));
    let order = orders.get(table.file) || { name: "", falling: false };
    const body = make("tbody");
    const heads = columns.map((column) => {
      const head = make("th", { scope: "col", title: column.help || "" });
      if (column.kind !== "text") head.className = "number";
      const press = make("button", { type: "button", textContent: column.label });
      press.addEventListener("click", () => {
        const again = order.name === column.name;
        order = { name: column.name, falling: again ? !order.falling : column.kind !== "text" };
        orders.set(table.file, order);
        write();
      });
      head.append(press);
      return head;
    });
    function write() {
      const rows = order.name ? sorted(table.rows, order.name, order.falling) : table.rows;
      heads.forEach((head, place) => {
        if (columns[place].name !== order.name) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", order.falling ? "descending" : "ascending");
      });
      body.replaceChildren(...rows.map((row) => {
        const line = make("tr");
        if (options.key) line.dataset.key = row[options.key];
        columns.forEach((column, place) => {
          const whole = WRITE[column.kind](row[column.name]);
          const text = cut(whole);
          const kind = text.length > 30 ? "long" : "";
          const cell = make("td", { className: column.kind === "text" ? kind : "number" });
          if (text !== whole) cell.title = whole.slice(0, 2000);
          if (place === 0 && options.press && options.canPress(row)) {
            const press = make("button", { type: "button", textContent: text });
            press.addEventListener("click", () => options.press(row));
            cell.append(press);
          } else cell.textContent = text;
          line.append(cell);
        });
        return line;
      }));
      if (options.written) options.written();
    }
    write();
    const all = table.rows.length ? Object.keys(table.rows[0]).filter((name) => name !== "id") : [];
    const shown = columns.map((column) => column.name);
    const download = make("button", { type: "button", textContent: "CSV" });
    download.setAttribute("aria-label", `Download as CSV: ${readable(table.title)}`);
    download.addEventListener("click", () => {
      const whole = [...shown, ...all.filter((name) => !shown.includes(name))];
      const kept = whole.filter((name) => !["inputs", "why"].includes(name) || shown.includes(name));
      save(csv(kept, [...table.rows, ...(table.foot || [])]), `${table.file}.csv`, "text/csv");
    });
    const scroller = make("div", { className: "scroller", tabIndex: 0 }, make("table", {},
      make("thead", {}, make("tr", {}, ...heads)), body));
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", readable(table.title));
    const head = make("div", { className: "sheet-head" },
      make("h3", { textContent: readable(table.title) }), download);
    const parts = table.note ? [make("p", { className: "about", textContent: table.note })] : [];
    const focused = host.contains(document.activeElement) && document.activeElement.textContent;
    const whole = make("div", { className: "sheet" }, head, ...parts, scroller);
    whole.classList.toggle("simulated", Boolean(table.simulated));
    if (table.rows.length > MOST_PRINTED_ROWS) {
      whole.classList.add("long");
      whole.append(make("p", { className: "about only-print", textContent:
        `Printed are ${MOST_PRINTED_ROWS} of ${table.rows.length.toLocaleString("en")} rows; the page has all.` }));
    }
    host.replaceChildren(whole);
    const again = [...host.querySelectorAll("button")].find((one) => one.textContent === focused);
    if (again) again.focus({ preventScroll: true });
  }

  // --- figures

  async function embedded(host, spec) {
    const result = await vegaEmbed(host, spec, {
      ast: true, actions: false, renderer: "svg", defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
    });
    return result.view;
  }

  // `width` is in pixels, or {step: pixels}; `lines` are the title of the figure when it is saved.
  // What scrolls is reached by the keyboard too, also where the page gets narrower afterwards.
  function reachable(host) {
    if (host.scrollWidth > host.clientWidth) host.tabIndex = 0;
    else host.removeAttribute("tabindex");
  }
  const resized = new ResizeObserver((entries) => entries.forEach((one) => reachable(one.target)));

  async function draw(id, spec, datasets, width, lines, onClick) {
    const one = structuredClone(spec);
    const host = byId(id);
    const title = lines.map(readable);
    Object.assign(one, { datasets, description: title.join("; ") });
    (one.spec || one).width = width.step ? width : Math.max(60, Math.floor(width));
    drawn[id] = { spec: one, title: { text: title[0], subtitle: title.slice(1), anchor: "start",
      color: "var(--ink)", subtitleColor: "var(--grey)" } };
    const view = await embedded(host, one);
    if (views[id]) views[id].finalize();
    views[id] = view;
    host.classList.toggle("low", host.clientHeight < 200);
    reachable(host);
    resized.observe(host);
    if (onClick) view.addEventListener("click", (event, item) => {
      if (item && item.datum) onClick(item.datum);
    });
    return view;
  }

  function shownRows() {  // of the pair that is chosen
    const wanted = byId("filter").value.toLowerCase().split(/[\s,;]+/).filter(Boolean);
    const named = (row) => `${row.tumor_type} ${names[row.tumor_type] || ""}`.toLowerCase();
    const rows = pair.rows.filter((row) =>
      !wanted.length || wanted.some((word) => named(row).includes(word)));
    const by = byId("sort").value;
    return sorted(rows, by, by === "r" || by === "n");
  }

  function nullTexts(row) {
    return Object.fromEntries(nulls.map(({ name, p, low, high }) =>
      [`${name}_text`, isNumber(row[p]) ? `${small(row[p])} (${between(row[low], row[high])})` : ""]));
  }

  function forestRow(row) {
    const hasR = isNumber(row.r);
    return {
      ...row,
      kind: "type",
      label: row.tumor_type,
      name: names[row.tumor_type] || "",
      small: isNumber(row.q) && row.q < significant,
      n_text: WRITE.count(row.n),
      r_text: hasR ? row.r.toFixed(2) : "",
      interval: between(row.ci_low, row.ci_high),
      p_text: small(row.p),
      q_text: small(row.q),
      ...nullTexts(row),
      disjoint_text: isNumber(row.r_disjoint) ? row.r_disjoint.toFixed(3) : "",
      why: row.why || (hasR ? "" : "no r"),
    };
  }

  function forestRows(rows, of) {
    const shown = rows.map(forestRow);
    const all = of.pooled;
    if (all && isNumber(all.r)) {
      shown.push({
        kind: "pooled", label: "pooled", name: `${all.n_types} tumor types`, small: true, r: all.r,
        ci_low: all.ci_low, ci_high: all.ci_high, prediction_low: all.prediction_low,
        prediction_high: all.prediction_high,
        ...Object.fromEntries(nulls.flatMap(({ low, high }) => [low, high])
          .map((name) => [name, all[name]])),
        n_text: WRITE.count(all.n),
        r_text: all.r.toFixed(2), interval: between(all.ci_low, all.ci_high),
        p_text: small(all.p), q_text: "", ...nullTexts(all),
        disjoint_text: isNumber(all.r_disjoint) ? all.r_disjoint.toFixed(3) : "",
        why: isNumber(all.prediction_low)
          ? `one more tumor type: ${between(all.prediction_low, all.prediction_high)}` : "",
      });
    }
    return shown;
  }

  function caption(rows, of) {
    const has = (name) => rows.some((row) => isNumber(row[name]));
    const key = (colour) => {
      const one = make("span", { className: "key" });
      one.style.background = `var(${colour})`;
      return one;
    };
    const parts = [`Point and line: r and its 95 % interval; filled where q < ${significant}. `];
    nulls.forEach(({ low, short }, place) => {
      if (has(low)) parts.push(key(`--null-${place + 1}`), ` 95 % of ${short}. `);
    });
    if (rows.some((row) => row.n_shared_genes && isNumber(row.r_disjoint))) {
      parts.push("Short stroke: r without the genes that both share",
        nulls.some(({ low }) => has(low)) ? ", which the bands are about. " : ". ");
    }
    if (of.pooled && isNumber(of.pooled.r)) {
      parts.push("At the foot the pooled r with its interval and, as a thin line, the 95 % ",
        "prediction interval. ");
    }
    parts.push("At the right n and r.");
    return parts;
  }

  // in the order of the rows, whichever of them a layer of the figure leaves out
  function labelsOf(rows) {
    return [...new Set(rows.map((row) => row.label))];
  }

  // --- strata side by side

  function strataRows(shown, of) {
    const types = [...new Set(shown.map((row) => row.tumor_type))];
    const inOrder = types.flatMap((name) => of.strata.flatMap((stratum) =>
      shown.filter((row) => row.tumor_type === name && row.stratum === stratum)));
    const pooled = of.pooled_strata.filter((row) => isNumber(row.r));
    return [
      ...inOrder.map(forestRow),
      ...pooled.map((row) => ({ ...forestRow(row), kind: "pooled", label: "pooled", small: true,
        name: `${row.n_types} tumor types` })),
    ].map((row) => ({ ...row, stratum: readable(row.stratum) }));
  }

  function strataFigure(of, shown) {
    const spec = structuredClone(charts.strata);
    const domain = of.strata.map(readable);
    spec.encoding.yOffset.scale = { domain };
    for (const { encoding } of spec.layer) {
      if (encoding.color && encoding.color.scale) encoding.color.scale.domain = domain;
    }
    const rows = strataRows(shown, of);
    spec.encoding.y.scale.domain = labelsOf(rows);
    nameAxis(spec, of);
    return { spec, rows, texts: [`Point and line: r and its 95 % interval in each stratum,
      from the top as the colours below; filled where q < ${significant}. ${of.pooled_strata.length
        ? "At the foot the pooled r of each, with the 95 % prediction interval as a thin line. " : ""}
      At the right n and r. What compares the strata is in the table of differences.`] };
  }

  // The figure of a pair over tumor types, of some of its rows: its spec, its data and what to read.
  function forestFigure(of, shown) {
    if (of.strata.length) return strataFigure(of, shown);
    const spec = structuredClone(charts.forest);
    const rows = forestRows(shown, of);
    spec.encoding.y.scale = { domain: labelsOf(rows) };
    nameAxis(spec, of);
    return { spec, rows, texts: caption(shown, of) };
  }

  // r of a pair that is adjusted is a partial one, and its axis says so
  function nameAxis(spec, of) {
    if (!of.rows.some((row) => row.adjust)) return;
    for (const { encoding } of spec.layer) {
      if (encoding && encoding.x && encoding.x.axis) encoding.x.axis.title = "partial r";
    }
  }

  function titleOfFigure(of) {
    return [`${of.x} against ${of.y}`, of.about];
  }

  async function drawForest() {
    const { spec, rows, texts } = forestFigure(pair, shownRows());
    const press = pair.strata.length || !pair.rows.some(hasSamples) ? [] : [" Press a row for its samples."];
    byId("forest-caption").replaceChildren(...texts, ...press);
    const host = byId("forest-chart");
    await draw("forest-chart", spec, { rows }, host.clientWidth - 165, titleOfFigure(pair),
      (row) => row.kind === "type" && chooseType(row.label));
  }

  const ROW_COLUMNS = [
    ["tumor_type", "tumor type", "text"], ["stratum", "stratum", "text"], ["n", "n", "count"], ["r", "r", "number"],
    ["ci_low", "from", "number", "lower end of the 95 % interval"],
    ["ci_high", "to", "number", "upper end of the 95 % interval"], ["p", "p", "p"],
    ["q", "q", "p", "p adjusted over the tumor types"],
    ["q_batch", "q_batch", "p", "p adjusted over all rows of the run"],
    ...nulls.flatMap((one) => [
      [one.z, one.z, "number", `how far r is from what ${one.short} give, in standard deviations`],
      [one.p, one.p, "p", `p among ${one.compared_with}`],
      ...(one.q ? [[one.q, one.q, "p", `${one.p} adjusted over the rows of the answer`]] : []),
      [one.mean, one.mean, "number", `r that ${one.short} give on average`],
    ]),
    ["n_shared_genes", "shared genes", "count"], ["r_disjoint", "r disjoint", "number",
      "r without shared genes"],
    ["r_purity", "r, purity fixed", "number", "r adjusted for purity too"],
    ["n_purity", "n with purity", "count"], ["why", "note", "text"],
  ].map(([name, label, kind, help]) => ({ name, label, kind, help }));

  // the table of a pair, a row for each tumor type
  function rowsTable(of) {
    const rows = of.rows.map((row) => ({ ...row, why: forestRow(row).why }));
    const columns = ROW_COLUMNS.filter((column) => !["why", "stratum"].includes(column.name)
      || rows.some((row) => row[column.name]));
    const pooled = of.strata.length ? of.pooled_strata : [of.pooled];
    return {
      title: `${of.x} against ${of.y}, ${of.method}`,
      file: `${of.x}-${of.y}-${of.method}`,
      columns, rows,
      foot: pooled.filter((row) => row && isNumber(row.r))
        .map((row) => ({ ...row, tumor_type: "POOLED", level: "pooled" })),
    };
  }

  function writeRows() {
    sheet(byId("rows"), rowsTable(pair), {
      key: "tumor_type",
      canPress: hasSamples,
      press: (row) => {
        chooseType(row.tumor_type);
        byId("samples-of-type").scrollIntoView({ block: "nearest" });
      },
      written: markChosen,
    });
  }

  function markChosen() {
    for (const line of byId("rows").querySelectorAll("tr[data-key]")) {
      line.classList.toggle("chosen", line.dataset.key === type);
    }
  }

  // --- samples of one tumor type

  function hasSamples(row) {
    if (pair.strata.length) return false;
    if (live) return isNumber(row.r);
    return Boolean(pair.scatters && page.scatters[pair.scatters][row.tumor_type]);
  }

  async function samplesOf(tumorType) {
    if (!live) return page.scatters[pair.scatters][tumorType];
    return live.samplesOf(tumorType);
  }

  async function chooseType(name) {
    const row = pair.rows.find((one) => one.tumor_type === name);
    if (!row || !hasSamples(row)) return;
    type = name;
    const chosenPair = pair;
    byId("type").value = name;
    markChosen();
    let samples;
    try {
      samples = await samplesOf(name);
    } catch (error) {
      if (chosenPair !== pair || type !== name) return;
      byId("scatter-title").textContent = name;
      byId("scatter-about").textContent = error.message;
      byId("scatter-chart").replaceChildren();
      return;
    }
    if (chosenPair !== pair || type !== name) return;
    await drawScatter(row, samples);
    if (live) live.remember();
  }

  // of the samples of a pair in one tumor type: its spec, its data, its heading and numbers
  function scatterFigure(of, row, samples) {
    const parts = [`n = ${WRITE.count(row.n)}`];
    if (isNumber(row.r)) {
      parts.push(`${of.method} r = ${row.r.toFixed(3)} (${between(row.ci_low, row.ci_high)})`);
    }
    for (const name of ["p", ...nulls.map(({ p }) => p)]) {
      if (isNumber(row[name])) parts.push(`${name} = ${small(row[name])}`);
    }
    const full = names[row.tumor_type];
    const spec = structuredClone(charts.scatter);
    const [points, , line] = spec.layer;
    for (const [axis, text] of [["x", of.x_axis], ["y", of.y_axis]]) {
      points.encoding[axis].axis.title = readable(text);
    }
    if (samples.x.length > 300) Object.assign(points.mark, { opacity: 0.35 });
    if (of.method !== "pearson") line.mark.strokeDash = [4, 3];
    return {
      spec,
      heading: `${row.tumor_type}${full ? `, ${full.toLowerCase()}` : ""}`,
      parts,
      title: [`${of.x} against ${of.y} in ${row.tumor_type}`, ...parts],
      datasets: {
        points: samples.x.map((x, place) => ({
          x, y: samples.y[place], sample: samples.samples[place],
        })),
        line: samples.line.map(([x, y, low, high]) => ({ x, y, low, high })),
      },
    };
  }

  function saveSamples(of, row, samples) {
    const rows = samples.x.map((x, place) => ({
      tumor_type: row.tumor_type, sample: samples.samples[place], [of.x_axis]: x,
      [of.y_axis]: samples.y[place],
    }));
    save(csv(["tumor_type", "sample", of.x_axis, of.y_axis], rows),
      `${of.x}-${of.y}-${row.tumor_type}.csv`, "text/csv");
  }

  async function drawScatter(row, samples) {
    const of = pair;
    const { spec, heading, parts, title, datasets } = scatterFigure(of, row, samples);
    byId("scatter-title").textContent = heading;
    byId("scatter-about").textContent = parts.join("; ");
    const host = byId("scatter-chart");
    byId("scatter-csv").onclick = () => saveSamples(of, row, samples);
    await draw("scatter-chart", spec, datasets, host.clientWidth - 75, title);
  }

  // --- pairs

  function titleOf(one) {
    const parts = [`${one.x} ~ ${one.y}`, one.analysis, one.method];
    return parts.filter(Boolean).join(", ");
  }

  function blockOf(one) {
    return page.pairs.filter((other) =>
      other.analysis === one.analysis && other.method === one.method);
  }

  async function choosePair(id, wanted) {
    pair = page.pairs.find((one) => one.id === id) || page.pairs[0];
    byId("pair").value = pair.id;
    byId("pair-title").textContent = readable(titleOf(pair));
    byId("pair-about").textContent = pair.about;
    for (const id of ["forest-chart", "scatter-chart", "heat-chart"]) {
      byId(id).classList.toggle("simulated", Boolean(pair.simulated));
    }
    const withSamples = pair.rows.filter(hasSamples);
    const options = sorted(withSamples, "tumor_type").map((row) => make("option",
      { value: row.tumor_type, textContent: row.tumor_type }));
    byId("type").replaceChildren(...options);
    const side = document.querySelector(".side");
    side.classList.toggle("alone", !withSamples.length);
    byId("samples-of-type").hidden = !withSamples.length;
    const byR = sorted(withSamples, "r", true);
    const chosen = withSamples.find((row) => row.tumor_type === wanted) || byR[0];
    type = chosen ? chosen.tumor_type : null;
    writeRows();
    const chosenPair = pair;
    await drawForest();
    const done = performance.now();
    if (chosenPair !== pair) return done;
    if (chosen) await chooseType(chosen.tumor_type);
    else byId("pair-about").textContent += pair.no_scatters ? `. No samples: ${pair.no_scatters}` : "";
    drawHeat();
    return done;
  }

  function drawHeat() {
    const block = blockOf(pair);
    byId("heat").hidden = block.length < 2 || Boolean(pair.strata.length);
    if (byId("heat").hidden) return;
    const strength = (one) => {
      const row = one.pooled || one.rows[0];
      return row[one.rows.some((each) => each.n_shared_genes) ? "r_disjoint" : "r"] || 0;
    };
    const shown = [...block].sort((a, b) => Math.abs(strength(b)) - Math.abs(strength(a)))
      .slice(0, MOST_HEAT_PAIRS).sort((a, b) => strength(b) - strength(a));
    // over all rows of a run, where there is one
    const qOf = (row) => row.q_batch ?? row.q;
    const labels = [];
    const ofOne = live && shown.every((one) => one.x === pair.x);
    for (const one of shown) {
      const label = readable(ofOne ? one.y : `${one.x} ~ ${one.y}`);
      labels.push(labels.includes(label) ? `${label} (${labels.length + 1})` : label);
    }
    const cells = shown.flatMap((one, place) => one.rows.map((row) => ({
      id: one.id, pair: labels[place], tumor_type: row.tumor_type, r: row.r, n: row.n,
      r_text: number(row.r), q_text: small(qOf(row)),
      small: isNumber(qOf(row)) && qOf(row) < significant,
    })));
    const few = shown.length < block.length ? ` The strongest ${shown.length} of ${block.length}.` : "";
    const title = [pair.analysis, pair.method].filter(Boolean).join(", ");
    byId("heat-about").textContent =
      `${title}. By falling r without shared genes. A dot: q < ${significant}; empty: `
      + `no r. Press a cell.${few}`;
    const longest = Math.max(...labels.map((label) => label.length));
    const columns = [...new Set(cells.map((cell) => cell.tumor_type))];
    const types = columns.length;
    const most = innerWidth < 600 ? 120 : 260;
    const room = byId("heat-chart").clientWidth - Math.min(most, 8 * longest) - 16;
    const spec = structuredClone(charts.heat);
    spec.encoding.y.axis.labelLimit = most;
    // those without any r too
    spec.encoding.x.scale = { domain: columns };
    spec.encoding.y.scale = { domain: labels };
    // a dot has the tooltip of its cell
    spec.layer[1].encoding = { tooltip: spec.layer[0].encoding.tooltip };
    delete spec.layer[1].mark.tooltip;
    const step = Math.max(13, Math.min(34, Math.floor(room / types)));
    draw("heat-chart", spec, { cells }, { step },
      [`r of ${ofOne ? `${pair.x} with ${shown.length}` : `${shown.length} pairs`} in ${types} tumor types`,
        title],
      (cell) => cell.id && choosePair(cell.id, cell.tumor_type));
  }

  // --- dominance

  function drawDominance() {
    const host = byId("dominance-charts");
    byId("dominance").hidden = !page.dominance.length;
    host.replaceChildren(...page.dominance.flatMap((one, place) =>
      chartWithTitle(one, one.analysis, `dominance-${place}`)));
    page.dominance.forEach((one, place) => drawDominanceIn(`dominance-${place}`, one));
  }

  // the heading and the empty host of a figure
  function chartWithTitle(one, title, id) {
    const host = make("div", { className: "chart", id });
    host.classList.toggle("simulated", Boolean(one.simulated));
    return [
      make("h3", { textContent: readable(title) }),
      make("p", { className: "about", textContent: readable(one.about) }),
      host,
    ];
  }

  function drawDominanceIn(id, one) {
    const counts = new Map();
    for (const row of one.rows.filter((each) => each.scale === "standardised")) {
      counts.set(row.set, (counts.get(row.set) || 0) + (row.n_highest || 0));
    }
    const order = [...one.sets].sort((a, b) => (counts.get(b) || 0) - (counts.get(a) || 0));
    const shown = order.slice(0, order.length > 8 ? 7 : 8);
    const shares = one.rows.filter((row) => isNumber(row.share_highest)).map((row) => ({
      ...row, share: row.share_highest,
      set: shown.includes(row.set) ? readable(row.set) : "others",
      place: shown.includes(row.set) ? shown.indexOf(row.set) : shown.length,
    }));
    const spec = structuredClone(charts.dominance);
    const scale = spec.spec.encoding.color.scale;
    scale.domain = shown.map(readable).concat(order.length > shown.length ? ["others"] : []);
    return draw(id, spec, { shares }, Math.min(roomOf(id) - 75, 620), [one.analysis, one.about]);
  }

  // pixels; of what is only printed those of a sheet of paper
  function roomOf(id) {
    return byId(id).clientWidth || PAPER;
  }

  // --- survival

  const HAZARD_TICKS = [1 / 32, 1 / 16, 1 / 8, 0.25, 0.5, 1, 2, 4, 8, 16, 32];

  function hazardRow(row, label) {
    const has = isNumber(row.hr);
    const isPooled = label === "pooled";
    return {
      ...row, label, kind: isPooled ? "pooled" : "type", name: names[row.tumor_type] || "",
      small: isNumber(row.q) && row.q < significant,
      n_text: WRITE.count(row.n_events), r_text: has ? row.hr.toFixed(2) : "",
      interval: between(row.ci_low, row.ci_high), p_text: small(row.p), q_text: small(row.q),
      genes_text: isNumber(row.p_genes)
        ? `${small(row.p_genes)} (${between(row.genes_low, row.genes_high)})` : "",
      why: isPooled ? "" : row.why || (has ? "" : "no hazard ratio"),
    };
  }

  function drawSurvival() {
    byId("survival").hidden = !page.hazards.length;
    byId("survival-caption").textContent = HAZARDS_CAPTION;
    byId("survival-charts").replaceChildren(...page.hazards.flatMap((one, place) =>
      chartWithTitle(one, one.title, `survival-${place}`)));
    page.hazards.forEach((one, place) => drawHazardsIn(`survival-${place}`, one));
  }

  const HAZARDS_CAPTION = `Point and line: the hazard ratio of a standard deviation
      and its 95 % interval, cut at the ends of the axis; filled where q < ${significant}. Grey:
      95 % of random genes. At the foot the pooled ratio. At the right events and ratio.`;

  function drawHazardsIn(id, one) {
    const inOrder = sorted(one.rows, "hr", true);
    const rows = inOrder.map((row) => hazardRow(row, row.tumor_type));
    if (one.pooled) rows.push(hazardRow(one.pooled, "pooled"));
    const ENDS = ["hr", "ci_low", "ci_high", "genes_low", "genes_high"];
    const found = rows.flatMap((row) => ENDS.map((name) => row[name])).filter(isNumber);
    const least = Math.max(1 / 32, Math.min(0.5, ...found) / 1.05);
    const most = Math.min(32, Math.max(2, ...found) * 1.05);
    const within = (value) => (isNumber(value) ? Math.min(most, Math.max(least, value)) : value);
    const spec = structuredClone(charts.hazards);
    spec.encoding.y.scale = { domain: labelsOf(rows) };
    for (const { encoding } of spec.layer) {
      if (!encoding.x || !encoding.x.scale) continue;
      encoding.x.scale.domain = [least, most];
      encoding.x.axis.values = HAZARD_TICKS.filter((tick) => tick >= least && tick <= most);
    }
    const cut = rows.map((row) => ({
      ...row, ...Object.fromEntries(ENDS.map((name) => [name, within(row[name])])),
    }));
    const width = Math.min(roomOf(id) - 165, 620);
    return draw(id, spec, { rows: cut }, width, [one.title, one.about]);
  }

  // --- the page

  function fill(id, texts, tag) {
    byId(id).replaceChildren(...texts.map((text) => make(tag, { textContent: readable(text) })));
  }

  function writeTexts() {
    byId("title").textContent = readable(page.title);
    document.title = `${readable(page.title)} · tcga-corr`;
    byId("subtitle").textContent = page.subtitle;
    byId("simulated").hidden = !page.simulated && !page.partly_simulated;
    document.body.classList.toggle("simulated", page.simulated);
    byId("answers").replaceChildren(...page.answers.flatMap((one) => [
      make("dt", { textContent: readable(one.question) }),
      make("dd", { textContent: readable(one.answer) }),
    ]));
    fill("methods-text", page.methods, "p");
    fill("references", page.references, "li");
    byId("answer").hidden = !page.answers.length;
    byId("methods").hidden = !page.methods.length;
  }

  function writeTables() {
    const into = (id, tables, options) => {
      byId(id).replaceChildren(...tables.map((table) => {
        const host = make("div");
        sheet(host, table, options);
        return host;
      }));
    };
    byId("tables").hidden = !page.tables.length;
    into("tables-all", page.tables, {
      canPress: (row) => Boolean(row.id),
      press: (row) => {
        choosePair(row.id);
        byId("types").scrollIntoView();
      },
    });
    const dropped = page.dropped;
    byId("left-out").hidden = !dropped || !dropped.rows.length;
    if (dropped) sheet(byId("dropped"), dropped);
    byId("provenance").hidden = !page.provenance.length;
    into("provenance-tables", page.provenance, {});
  }

  async function writePairs(wanted, id) {
    byId("types").hidden = !page.pairs.length;
    byId("pair-label").hidden = page.pairs.length < 2;
    byId("pair").replaceChildren(...page.pairs.map((one) =>
      make("option", { value: one.id, textContent: cut(titleOf(one)) })));
    if (!page.pairs.length) {
      pair = null;
      type = null;
      byId("heat").hidden = true;
      return performance.now();
    }
    const has = (name) => page.pairs.some((one) => one.rows.some((row) => isNumber(row[name])));
    for (const option of byId("sort").options) {
      option.hidden = option.value.startsWith("p_") && !has(option.value);
    }
    // what was asked first, unless another was chosen
    const first = page.pairs.find((one) => one.id === id) || page.pairs[0];
    return choosePair(first.id, wanted);
  }

  function soon(action, wait) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, wait);
    };
  }

  byId("pair").addEventListener("change", (event) => choosePair(event.target.value, type));
  byId("sort").addEventListener("change", drawForest);
  byId("filter").addEventListener("input", soon(drawForest, 60));
  byId("type").addEventListener("change", (event) => chooseType(event.target.value));
  byId("figure-svg").addEventListener("click", () =>
    saveFigure("forest-chart", `${pair.x}-${pair.y}`));
  byId("scatter-svg").addEventListener("click", () =>
    saveFigure("scatter-chart", `${pair.x}-${pair.y}-${type}`));
  byId("copy-methods").addEventListener("click", async () => {
    await copy([...page.methods, ...page.references].join("\n"), byId("copied"));
  });

  async function copy(text, status) {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "Copied.";
    } catch {
      status.textContent = "The browser does not allow it: select the text and copy it.";
    }
  }

  // --- light and dark

  const isDark = matchMedia("(prefers-color-scheme: dark)");
  function paint(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    byId("theme").setAttribute("aria-pressed", String(dark));
  }
  paint(isDark.matches);
  isDark.addEventListener("change", (event) => paint(event.matches));
  byId("theme").addEventListener("click", () => {
    paint(document.documentElement.dataset.theme !== "dark");
  });

  let width = innerWidth;
  addEventListener("resize", soon(() => {
    if (innerWidth === width) return;
    width = innerWidth;
    if (pair) choosePair(pair.id, type);
    drawSurvival();
    drawDominance();
    if (live) live.resized();
    changes.redraw();
    if (sections) sections.drawAgain(page);
  }, 150));
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });

  // `wanted` is a tumor type, `id` that of a pair
  async function show(found, wanted, id) {
    page = found;
    writeTexts();
    const done = await writePairs(wanted, id);
    drawSurvival();
    drawDominance();
    changes.draw(page);
    writeTables();
    return done;
  }

  const shared = {
    data, byId, make, readable, isNumber, sorted, sheet, draw, save, saveFigure, copy, colour,
    chartWithTitle, drawDominanceIn, drawHazardsIn, HAZARDS_CAPTION, forestFigure, scatterFigure,
    saveSamples, rowsTable, titleOfFigure, titleOf, roomOf, PAPER, soon,
  };
  const sections = live ? null : questionSections(shared);
  const printed = live ? null : printedPairs(shared);

  async function begin() {
    await (live ? live.begin() : show(page));
    if (sections) await sections.show(page);
    document.documentElement.dataset.ready = "yes";
    if (printed) await printed.show(page);
    document.documentElement.dataset.printable = "yes";
  }

  begin();
})();
