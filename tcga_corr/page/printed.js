"use strict";
// What is only on paper: every pair of a small run, each with its figure, samples and table.
function printedPairs(base) {
  const { byId, make, readable, isNumber, sorted, sheet, draw } = base;
  const MOST = 12;

  async function drawPair(page, pair, place) {
    const id = `printed-${place}`;
    const { spec, rows, texts } = base.forestFigure(pair, sorted(pair.rows, "r", true));
    byId(`${id}-caption`).replaceChildren(...texts);
    await draw(id, spec, { rows }, base.PAPER - 165, base.titleOfFigure(pair));
    const scatters = (pair.scatters && page.scatters[pair.scatters]) || {};
    const [row] = sorted(pair.rows.filter((one) => scatters[one.tumor_type] && isNumber(one.r)), "r", true);
    if (!row) return;
    const samples = scatters[row.tumor_type];
    const { spec: scatter, heading, parts, title, datasets } = base.scatterFigure(pair, row, samples);
    byId(`${id}-samples`).replaceChildren(
      make("h4", { textContent: heading }),
      make("p", { className: "about", textContent: parts.join("; ") }),
      make("div", { className: "chart", id: `${id}-scatter` }));
    byId(`${id}-scatter`).classList.toggle("simulated", Boolean(pair.simulated));
    await draw(`${id}-scatter`, scatter, datasets, 380, title);
  }

  async function show(page) {
    const host = byId("printed");
    const fits = page.pairs.length > 0 && page.pairs.length <= MOST;
    byId("types").classList.toggle("on-screen", fits);
    byId("many").hidden = fits || !page.pairs.length;
    if (!fits) return;
    host.replaceChildren(make("h2", { textContent: "Over tumor types" }), ...page.pairs.map((pair, place) => {
      const id = `printed-${place}`;
      const table = make("div");
      sheet(table, base.rowsTable(pair));
      const chart = make("div", { className: "chart", id });
      chart.classList.toggle("simulated", Boolean(pair.simulated));
      return make("article", {},
        make("h3", { textContent: readable(base.titleOf(pair)) }),
        make("p", { className: "about", textContent: pair.about }),
        make("figure", {}, chart, make("figcaption", { id: `${id}-caption` })),
        make("figure", { id: `${id}-samples` }),
        table);
    }));
    for (const [place, pair] of page.pairs.entries()) await drawPair(page, pair, place);
  }

  return { show };
}
