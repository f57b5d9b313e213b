"use strict";
// A page of questions: of each its figures and tables, in the order of the page.
function questionSections(base) {
  const { byId, make, readable, isNumber, sorted, sheet, draw, save, saveFigure, copy, colour } = base;
  const parser = new DOMParser();

  function hostOf(section, part) {
    return byId(section.id).querySelector(`.${part}`);
  }

  function button(text, press) {
    const one = make("button", { type: "button", textContent: text });
    one.addEventListener("click", press);
    return one;
  }

  // --- figures of the page

  function pairParts(section, pair, place) {
    const id = `${section.id}-pair-${place}`;
    const several = section.pairs.length > 1 ? [make("h3", { textContent: readable(base.titleOf(pair)) })] : [];
    const withSamples = pair.rows.filter((row) => section.scatters[row.tumor_type] && isNumber(row.r));
    const forest = make("figure", {},
      make("div", { className: "chart", id }),
      make("figcaption", { id: `${id}-caption` }),
      button("Figure as SVG", () => saveFigure(id, `${pair.x}-${pair.y}`)));
    if (!withSamples.length) return [...several, forest];
    return [...several, make("div", { className: "side" }, forest, scatterParts(id, withSamples))];
  }

  function scatterParts(id, rows) {
    const types = make("select", { id: `${id}-type` }, ...sorted(rows, "tumor_type").map((row) =>
      make("option", { value: row.tumor_type, textContent: row.tumor_type })));
    types.value = sorted(rows, "r", true)[0].tumor_type;
    const label = make("label", { className: "inline", textContent: "Tumor type " }, types);
    label.hidden = rows.length < 2;
    return make("figure", {},
      make("h3", { id: `${id}-heading` }),
      label,
      make("p", { className: "about", id: `${id}-numbers` }),
      make("div", { className: "chart", id: `${id}-scatter` }),
      make("p", { className: "line", id: `${id}-files` }));
  }

  async function drawPair(section, pair, place) {
    const id = `${section.id}-pair-${place}`;
    const inOrder = sorted(pair.rows, "r", true);
    const { spec, rows, texts } = base.forestFigure(pair, inOrder);
    byId(`${id}-caption`).replaceChildren(...texts);
    await draw(id, spec, { rows }, base.roomOf(id) - 165, base.titleOfFigure(pair));
    const types = byId(`${id}-type`);
    if (!types) return;
    types.onchange = () => drawSamples(section, pair, id, types.value);
    await drawSamples(section, pair, id, types.value);
  }

  async function drawSamples(section, pair, id, type) {
    const row = pair.rows.find((one) => one.tumor_type === type);
    const samples = section.scatters[type];
    const { spec, heading, parts, title, datasets } = base.scatterFigure(pair, row, samples);
    byId(`${id}-heading`).textContent = heading;
    byId(`${id}-numbers`).textContent = parts.join("; ");
    byId(`${id}-files`).replaceChildren(
      button("Figure as SVG", () => saveFigure(`${id}-scatter`, `${pair.x}-${pair.y}-${type}`)),
      button("Samples as CSV", () => base.saveSamples(pair, row, samples)));
    await draw(`${id}-scatter`, spec, datasets, base.roomOf(`${id}-scatter`) - 75, title);
  }

  async function drawCharts(section) {
    const drawings = [
      ...section.pairs.map((one, place) => drawPair(section, one, place)),
      ...section.hazards.map((one, place) => base.drawHazardsIn(`${section.id}-hazards-${place}`, one)),
      ...section.dominance.map((one, place) =>
        base.drawDominanceIn(`${section.id}-dominance-${place}`, one)),
    ];
    await Promise.all(drawings);
  }

  // --- figures that were drawn as SVG

  function drawing(section, one) {
    const svg = document.importNode(parser.parseFromString(one.svg, "image/svg+xml").documentElement, true);
    const [, , width, height] = (svg.getAttribute("viewBox") || "0 0 400 300").split(" ").map(Number);
    svg.removeAttribute("height");
    svg.setAttribute("width", "100%");
    svg.style.maxWidth = `${Math.round(width * 1.9)}px`;
    svg.style.aspectRatio = `${width} / ${height}`;
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", readable(one.title));
    const name = `${section.title}-${one.title}`;
    return make("figure", { className: "drawing" },
      make("h3", { textContent: readable(one.title) }),
      make("div", { className: "scroller-x" }, svg),
      button("Figure as SVG", () => save(painted(one.svg), `${name}.svg`, "image/svg+xml")));
  }

  // the colours of now, for programs that know no light-dark()
  function painted(text) {
    const isDark = document.documentElement.dataset.theme === "dark";
    const hidden = isDark ? "on-light" : "on-dark";
    return text
      .replace(/light-dark\((#\w+), (#\w+)\)/g, (_, light, dark) => (isDark ? dark : light))
      .replaceAll(`class="${hidden}"`, `class="${hidden}" display="none"`);
  }

  // --- the whole

  function write(section) {
    const figures = [
      ...section.pairs.flatMap((one, place) => pairParts(section, one, place)),
      ...section.hazards.flatMap((one, place) =>
        [...base.chartWithTitle(one, one.title, `${section.id}-hazards-${place}`),
          make("p", { className: "about", textContent: base.HAZARDS_CAPTION })]),
      ...section.dominance.flatMap((one, place) =>
        base.chartWithTitle(one, one.analysis, `${section.id}-dominance-${place}`)),
      ...section.drawings.map((one) => drawing(section, one)),
      ...section.no_drawings.map((text) =>
        make("p", { className: "about", textContent: `Not drawn: ${readable(text)}.` })),
    ];
    hostOf(section, "figures").replaceChildren(...figures);
    const tables = [...section.pairs.map(base.rowsTable), ...section.tables];
    into(hostOf(section, "sheets"), tables);
    into(hostOf(section, "notes"), section.dropped && section.dropped.rows.length
      ? [section.dropped] : []);
    into(hostOf(section, "sources"), section.provenance);
    const copied = hostOf(section, "copied");
    hostOf(section, "copy").addEventListener("click", () =>
      copy([...section.methods, ...section.references].join("\n"), copied));
  }

  function into(host, tables) {
    host.replaceChildren(...tables.map((table) => {
      const one = make("div");
      sheet(one, table);
      return one;
    }));
  }

  async function show(page) {
    page.sections.forEach(write);
    for (const section of page.sections) await drawCharts(section);
  }

  function drawAgain(page) {
    page.sections.forEach(drawCharts);
  }

  return { show, drawAgain };
}
