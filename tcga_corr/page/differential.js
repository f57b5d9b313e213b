"use strict";
// Differential expression of a run: a volcano of the chosen contrast and tumor type.
function changesPart(base) {
  const { byId, make, readable, small, draw, saveFigure, charts } = base;
  const HEIGHT = 360;  // pixels, as the specification has it
  const ROOM = 90;  // pixels of a name at the edge
  const NAME = 13;  // pixels between two names
  const CALLS = { 1: "up", "-1": "down", 0: "neither" };
  let blocks = [];

  function titleOf(one) {
    return `${one.tumor_type}, ${one.contrast}`;
  }

  // Rows of the figure's data, from the columns in which the page has them.
  function pointsOf(one) {
    return one.gene.map((gene, place) => ({
      gene: readable(gene), x: one.x[place], y: one.y[place], mark: one.mark[place],
      call: CALLS[one.call[place]],
      x_text: one.x[place].toFixed(2),
      q_text: one.mark[place] === 2 ? "too small for a number" : small(10 ** -one.y[place]),
      why: one.mark[place] === 1 ? "no read in one of the groups" : "",
    }));
  }

  // The names beside their points, moved apart where they would cover each other.
  function labelsOf(one, points, highest) {
    const perPixel = highest / HEIGHT;
    const named = one.labels.map((place) => ({
      ...points[place], side: points[place].x > 0 ? "right" : "left", at: points[place].y,
    }));
    for (const side of ["left", "right"]) {
      const own = named.filter((each) => each.side === side).sort((a, b) => b.y - a.y);
      own.forEach((each, place) => {
        if (place) each.at = Math.min(each.at, own[place - 1].at - NAME * perPixel);
      });
      // from the foot up again, where they were pushed below it
      for (let place = own.length - 1; place >= 0; place -= 1) {
        const floor = place === own.length - 1 ? 0 : own[place + 1].at + NAME * perPixel;
        own[place].at = Math.max(own[place].at, floor);
      }
    }
    return named;
  }

  function drawOne(block, number) {
    const one = block.volcanoes[byId(`change-choice-${number}`).value];
    const points = pointsOf(one);
    const host = byId(`change-chart-${number}`);
    const width = Math.min(host.clientWidth - 75, 720);
    const furthest = Math.max(2 * block.lfc, 1, ...points.map((each) => Math.abs(each.x)));
    const reach = furthest * (1 + ROOM / Math.max(width, ROOM));
    const highest = 1.1 * Math.max(1.5 * one.line, ...points.map((each) => each.y));
    const spec = structuredClone(charts.volcano);
    for (const { encoding } of spec.layer) {
      if (encoding.x) encoding.x.scale.domain = [-reach, reach];
      if (encoding.y) encoding.y.scale.domain = [0, highest];
    }
    const limits = [{ x: null, y: one.line },
      ...(block.lfc ? [-block.lfc, block.lfc] : [0]).map((x) => ({ x, y: null }))];
    byId(`change-about-${number}`).textContent = readable(`${one.about}.`);
    return draw(host.id, spec, { points, labels: labelsOf(one, points, highest), limits }, width,
      [`${block.analysis}: ${titleOf(one)}`, block.about, one.about]);
  }

  function partOf(block, number) {
    const choice = make("select", { id: `change-choice-${number}` },
      ...block.volcanoes.map((one, place) =>
        make("option", { value: String(place), textContent: readable(titleOf(one)) })));
    choice.addEventListener("change", () => drawOne(block, number));
    const save = make("button", { type: "button", textContent: "Figure as SVG" });
    save.addEventListener("click", () => {
      const one = block.volcanoes[choice.value];
      saveFigure(`change-chart-${number}`,
        `${block.analysis}-${one.tumor_type}-${one.contrast}`);
    });
    const label = make("label", { textContent: "Tumor type and contrast " }, choice);
    label.hidden = block.volcanoes.length < 2;
    return [
      make("h3", { textContent: readable(block.analysis) }),
      make("p", { className: "about", textContent: readable(block.about) }),
      make("div", { className: "controls" }, label, save),
      make("p", { className: "about", id: `change-about-${number}` }),
      make("div", { className: "chart", id: `change-chart-${number}` }),
    ];
  }

  return {
    // All blocks; again after the window has another width.
    draw(page) {
      blocks = (page.differential || []).filter((one) => one.volcanoes.length);
      byId("differential").hidden = !blocks.length;
      byId("differential-blocks").replaceChildren(...blocks.flatMap(partOf));
      blocks.forEach(drawOne);
    },
    redraw() {
      blocks.forEach(drawOne);
    },
  };
}
