"use strict";
// The form of the live page: its fields, the parameters that they make, and names to put into them.
function liveForm(base) {
  const { byId, make } = base;

  // of each kind of question: its route, and its fields by the parameters of the server
  const MODES = {
    two: {
      route: "pair", needed: ["x", "y"], named: ["x", "y", "adjust"],
      fields: ["x", "y", "adjust", "where", "by", "method", "samples", "source"],
    },
    many: {
      route: "many", needed: ["x", "against"], named: ["x", "against", "adjust"],
      fields: ["x", "against", "adjust", "where", "method", "samples", "source"],
    },
    compare: {
      route: "compare", needed: ["variables"], named: ["variables"],
      fields: ["variables", "where", "groups", "source"],
    },
  };
  const FIELDS = [...new Set(Object.values(MODES).flatMap(({ fields }) => fields))];
  const FOLDED = ["where", "by", "method", "samples", "groups", "source"];
  const PARAMETER = { groups: "by" };

  async function fetched(what, parameters, signal) {
    const response = await fetch(`api/v1/${what}?${parameters}`, { signal }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Error("The server does not answer: is it still running?");
    });
    if (response.ok) return response;
    const found = await response.json().catch(() => ({}));  // too busy, it says so in plain text
    const error = new Error(found.error || `the server answered ${response.status}`);
    throw Object.assign(error, { unknown: found.name, near: found.near });
  }

  async function ask(what, parameters, signal) {
    return (await fetched(what, new URLSearchParams(parameters), signal)).json();
  }

  // --- questions

  function modeNow() {
    return document.querySelector("#ask input[name=mode]:checked").value;
  }

  function question() {
    const mode = modeNow();
    const fields = MODES[mode].fields.map((name) => [name, byId(name).value.trim()]);
    return { mode, ...Object.fromEntries(fields) };
  }

  const wholes = new Set();  // names that have blanks in them

  // names between blanks, each a variable; of one alone the server decides about its commas
  function listed(text) {
    if (wholes.has(text)) return [text];
    return text.split(/[\s;]+/).map((one) => one.replace(/^,+|,+$/g, "")).filter(Boolean);
  }

  function conditionsOf(text) {
    return text.split(";").map((one) => one.trim()).filter(Boolean);
  }

  function parametersOf(query) {
    const { fields } = MODES[query.mode];
    const several = { where: conditionsOf, against: listed, variables: listed };
    const pairs = fields.filter((name) => query[name]).flatMap((name) =>
      (several[name] ? several[name](query[name]) : [query[name]])
        .map((value) => [PARAMETER[name] || name, value]));
    return new URLSearchParams(pairs);
  }

  function isDefault(name, value) {
    return byId(name).tagName === "SELECT" && byId(name).options[0]?.value === value;
  }

  function addressOf({ mode, ...fields }) {
    const asked = Object.entries(fields).filter(([name, value]) =>
      value && (name === "source" || !isDefault(name, value)));
    if (mode !== "two") asked.unshift(["mode", mode]);
    return String(new URLSearchParams(asked));
  }

  function fill(values) {
    const mode = values.mode || "two";
    document.querySelector(`#ask input[name=mode][value=${mode}]`).checked = true;
    for (const name of FIELDS) {
      const field = byId(name);
      if (field.tagName === "SELECT") {
        const known = [...field.options].some((one) => one.value === values[name]);
        field.value = known ? values[name] : field.options[0]?.value;
      } else field.value = values[name] || "";
    }
    showFields();
  }

  function showFields() {
    const mode = modeNow();
    for (const one of document.querySelectorAll("#ask [data-modes]")) {
      one.hidden = !one.dataset.modes.split(" ").includes(mode);
    }
    // there is no Kendall of many
    for (const option of byId("method").options) option.disabled = mode === "many" && option.value === "kendall";
    if (byId("method").selectedOptions[0]?.disabled) byId("method").value = byId("method").options[0].value;
  }

  // What was asked goes on in the fields of another kind of question.
  function carryOver() {
    const [x, y, against, variables] = ["x", "y", "against", "variables"].map(byId);
    const first = listed(variables.value)[0] || "";
    if (modeNow() === "compare") variables.value ||= x.value;
    else x.value ||= first;
    if (modeNow() === "many") against.value ||= y.value;
    if (modeNow() === "two") y.value ||= listed(against.value.replaceAll(",", " "))[0] || "";
  }

  // --- names

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

  async function isName(text) {
    const [, kind, name] = /^(?:(gene|set):)?(.*)$/.exec(text);
    if (name.includes(":")) return true;  // the server decides
    if (!name || text.length > 300) return !name;
    const ways = [text, name].map((one) => one.toLowerCase());
    const other = `another name: ${ways[1]}`;
    const found = await completionsOf(name);
    return found.some((one) => (!kind || one.kind === kind)
      && (ways.includes(one.name.toLowerCase()) || one.about.toLowerCase() === other));
  }

  // the first name in a field that nothing has yet, as while it is typed
  async function unknownIn(field) {
    const whole = byId(field).value.trim();
    if (!whole || whole.length > 300) return "";
    if (await isName(whole)) {
      wholes.add(whole);
      return "";
    }
    const parts = ["against", "variables"].includes(field) ? listed(whole) : [whole];
    for (const part of parts) {
      if (part.toLowerCase() === "hallmark" || await isName(part)) continue;
      const genes = part.split(",").map((one) => one.trim()).filter(Boolean);
      if (genes.length < 2) return part;
      for (const gene of genes) if (!(await isName(gene))) return gene;
    }
    return "";
  }

  // Names for what is typed last in a field, before which the others stay.
  async function complete(id) {
    const text = byId(id).value;
    const last = ["x", "y", "by"].includes(id) ? text.trim() : /[^\s,;]*$/.exec(text)[0];
    if (!last || id === "by") return;
    const found = await completionsOf(last, id === "adjust" ? "all" : "pair");
    if (byId(id).value !== text) return;
    const before = text.trim() === last ? "" : text.slice(0, text.length - last.length);
    byId(`names-${id}`).replaceChildren(...found.map((one) => make("option",
      { value: `${before}${one.name}`, label: `${one.kind}${one.about ? `, ${one.about}` : ""}` })));
  }

  return {
    MODES, FIELDS, FOLDED, ask, fetched, modeNow, question, listed, conditionsOf, parametersOf,
    isDefault, addressOf, fill, showFields, carryOver, unknownIn, complete,
  };
}
