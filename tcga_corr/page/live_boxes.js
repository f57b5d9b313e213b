"use strict";
// Of the live page: a variable in tumours and normal tissue, a box of each in every tumor type.
function liveBoxes(base) {
  const { byId, make, readable, small, number, isNumber } = base;
  const { charts, significant } = base.data;
  let chosen = "";  // the variable that is drawn

  async function draw() {
    const all = base.page.boxes || [];
    byId("boxes").hidden = !all.length;
    if (!all.length) return;
    const one = all.find(({ variable }) => variable === chosen) || all[0];
    chosen = one.variable;
    byId("variable").replaceChildren(...all.map(({ variable }) => make("option",
      { value: variable, textContent: readable(variable), selected: variable === chosen })));
    byId("boxes-controls").hidden = all.length < 2;
    byId("boxes-about").textContent = `${readable(one.axis)}; ${one.about}`;
    const tests = new Map(one.tests.map((row) => [row.tumor_type, row]));
    const some = new Set(one.boxes.filter((box) => box.n).map((box) => box.tumor_type));
    const texts = (row) => ({
      p_text: row ? small(row.p) : "", q_text: row ? small(row.q) : "",
      genes_text: row ? small(row.p_genes) : "", small: Boolean(row) && isNumber(row.q) && row.q < significant,
    });
    const boxes = one.boxes.filter((box) => some.has(box.tumor_type)).map((box) => ({
      ...box, label: box.tumor_type, n_text: String(box.n), median_text: number(box.median),
      box_text: isNumber(box.q1) ? `${number(box.q1)} to ${number(box.q3)}` : "up to 5 samples: each is drawn",
      ...texts(tests.get(box.tumor_type)),
    }));
    const beyond = boxes.flatMap((box) =>
      box.beyond.map((value) => ({ label: box.label, group: box.group, value })));
    const spec = structuredClone(charts.boxes);
    spec.encoding.y.scale.domain = [...some];
    spec.encoding.yOffset.scale = { domain: one.groups };
    for (const { encoding } of spec.layer) {
      if (encoding.color && encoding.color.scale) encoding.color.scale.domain = one.groups;
      if (encoding.x && encoding.x.axis) encoding.x.axis.title = readable(one.axis);
    }
    const rows = [...some].filter((label) => isNumber(tests.get(label)?.q)).map((label) => {
      const found = texts(tests.get(label));
      return { label, group: one.groups[0], ...found, q_text: `q ${found.q_text}` };
    });
    await base.draw("boxes-chart", spec, { boxes, beyond, tests: rows },
      Math.min(720, byId("boxes-chart").clientWidth - 150),
      [`${one.variable} in ${one.groups.join(" and ")}`, one.about]);
  }

  return {
    draw,
    choose(name) {
      chosen = name;
    },
    get chosen() {
      return chosen;
    },
  };
}
