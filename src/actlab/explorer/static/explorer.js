"use strict";
(() => {
  const data = JSON.parse(document.getElementById("catalog").textContent);
  const byName = new Map(data.entries.map((entry) => [entry.name, entry]));
  const MOST = 4;
  const state = { lang: data.lang, chosen: ["relu", "gelu"].filter((name) => byName.has(name)), series: "value", at: 140 };
  const $ = (id) => document.getElementById(id);
  const say = (key) => data.words[state.lang][key] ?? key;
  const svg = (tag, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const html = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  // our own MathML, part of the catalogue
  const formula = (text) => document.importNode(new DOMParser().parseFromString(text, "text/html").body.firstChild, true);
  const number = (value) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(5))).replace("-", "−"));

  const path = (numbers, jumps, toX, toY) => {
    let text = "";
    let pen = false;
    numbers.forEach((value, i) => {
      const x = data.x[i];
      if (value === null) { pen = false; return; }
      const broken = i > 0 && jumps.some((place) => place >= data.x[i - 1] && place <= x);
      text += `${pen && !broken ? "L" : "M"}${toX(x).toFixed(1)} ${toY(value).toFixed(1)}`;
      pen = true;
    });
    return text;
  };
  const span = (lists) => {
    const all = lists.flat().filter((value) => value !== null);
    let low = Math.min(...all, 0);
    let high = Math.max(...all, 0);
    if (high - low < 1e-9) { low -= 1; high += 1; }
    const room = (high - low) * 0.06;
    return [low - room, high + room];
  };
  const places = (entry, series) => entry.jumps[series] ?? [];

  function cards() {
    const asked = $("search").value.trim().toLowerCase();
    const grid = $("grid");
    grid.replaceChildren();
    let family = "";
    for (const entry of data.entries) {
      const both = ["en", "zh"].flatMap((lang) => [entry.summary[lang], data.words[lang][`family.${entry.family}`] ?? ""]);
      const text = [entry.name, entry.name.replaceAll("_", ""), ...entry.aliases, ...both].join(" ").toLowerCase();
      if (!text.includes(asked)) continue;
      if (entry.family !== family) {
        family = entry.family;
        grid.append(html("h2", say(`family.${family}`)));
      }
      const card = html("button", undefined, { type: "button", class: "card", title: entry.summary[state.lang], "data-name": entry.name,
        "aria-pressed": state.chosen.includes(entry.name) });
      const small = svg("svg", { viewBox: "0 0 120 50", "aria-hidden": "true", preserveAspectRatio: "none" });
      const [low, high] = span([entry.curve.value]);
      const toX = (x) => ((x - data.x[0]) / (data.x.at(-1) - data.x[0])) * 120;
      small.append(svg("path", { class: "curve c0", "vector-effect": "non-scaling-stroke",
        d: path(entry.curve.value, places(entry, "value"), toX, (y) => 50 - ((y - low) / (high - low)) * 50) }));
      card.append(small, html("strong", entry.name), html("small", entry.summary[state.lang]));
      card.addEventListener("click", () => choose(entry.name));
      grid.append(card);
    }
    $("empty").hidden = grid.childElementCount > 0;
  }

  function choose(name) {
    const { chosen } = state;
    if (chosen.includes(name)) chosen.splice(chosen.indexOf(name), 1);
    else chosen.push(name);
    while (chosen.length > MOST) chosen.shift();
    for (const card of document.querySelectorAll(".card")) card.setAttribute("aria-pressed", chosen.includes(card.dataset.name));
    draw();
    details();
    remember();
  }

  const frame = { left: 52, right: 788, top: 12, bottom: 330 };
  const toX = (x) => frame.left + ((x - data.x[0]) / (data.x.at(-1) - data.x[0])) * (frame.right - frame.left);
  function draw() {
    const shown = state.chosen.map((name) => byName.get(name));
    const [low, high] = span(shown.map((entry) => entry.curve[state.series] ?? []));
    const toY = (y) => frame.bottom - ((y - low) / (high - low)) * (frame.bottom - frame.top);
    const canvas = $("canvas");
    canvas.setAttribute("aria-label", `${say(`explore.${state.series}`)}: ${state.chosen.join(", ")}`);
    canvas.replaceChildren();
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((size) => (high - low) / size <= 9) ?? 50;
    for (let y = Math.ceil(low / step) * step; y <= high; y += step) {
      canvas.append(svg("line", { class: Math.abs(y) < 1e-9 ? "axis" : "rule", x1: frame.left, x2: frame.right, y1: toY(y), y2: toY(y) }));
      canvas.append(svg("text", { x: frame.left - 8, y: toY(y) + 4, "text-anchor": "end" }, number(Math.abs(y) < 1e-9 ? 0 : y)));
    }
    for (let x = Math.ceil(data.x[0]); x <= data.x.at(-1); x += 1) {
      canvas.append(svg("line", { class: x === 0 ? "axis" : "rule", x1: toX(x), x2: toX(x), y1: frame.top, y2: frame.bottom }));
      canvas.append(svg("text", { x: toX(x), y: frame.bottom + 18, "text-anchor": "middle" }, number(x)));
    }
    shown.forEach((entry, i) => {
      const numbers = entry.curve[state.series];
      if (numbers) canvas.append(svg("path", { class: `curve c${i}`, d: path(numbers, places(entry, state.series), toX, toY) }));
    });
    const x = data.x[state.at];
    canvas.append(svg("line", { class: "cursor", x1: toX(x), x2: toX(x), y1: frame.top, y2: frame.bottom }));
    shown.forEach((entry, i) => {
      const value = entry.curve[state.series]?.[state.at];
      if (value !== null && value !== undefined) canvas.append(svg("circle", { class: `dot c${i}`, cx: toX(x), cy: toY(value), r: 5 }));
    });
    readout(shown, x);
  }

  function readout(shown, x) {
    const head = html("tr");
    head.append(html("th", `x = ${number(x)}`), ...["value", "slope", "curvature"].map((key) => html("th", say(`explore.${key}`))));
    const rows = shown.map((entry, i) => {
      const row = html("tr");
      const name = html("th");
      const mark = svg("svg", { width: 34, height: 10, "aria-hidden": "true" });
      mark.append(svg("path", { class: `curve c${i}`, d: "M1 5L33 5" }));
      name.append(mark, ` ${entry.name}`);
      row.append(name, ...["value", "slope", "curvature"].map((key) => html("td", number(entry.curve[key]?.[state.at]))));
      return row;
    });
    $("readout").replaceChildren(head, ...rows);
  }

  function details() {
    const shown = state.chosen.map((name) => byName.get(name));
    const table = html("table");
    const head = html("tr");
    head.append(html("th"), ...shown.map((entry) => html("th", entry.name)));
    table.append(html("thead"));
    table.firstChild.append(head);
    const line = (label, cells) => {
      const row = html("tr");
      row.append(html("th", label), ...cells.map((cell) => {
        const box = html("td");
        box.append(cell);
        return box;
      }));
      table.append(row);
    };
    if (shown.length) {
      line(say("explore.value"), shown.map((entry) => formula(entry.mathml.value)));
      line(say("explore.slope"), shown.map((entry) => formula(entry.mathml.slope)));
    }
    const told = shown.map((entry) => new Map(entry.rows[state.lang]));
    for (const label of data.labels[state.lang]) {
      if (told.some((rows) => rows.has(label))) line(label, told.map((rows) => rows.get(label) ?? ""));
    }
    for (const key of ["when", "when_not"]) {
      if (shown.length) line(say(`show.${key}`), shown.map((entry) => entry.usage[key].map((sentence) => sentence[state.lang]).join(" ")));
    }
    if (shown.length) line(say("explore.source"), shown.map((entry) => entry.source));
    const box = html("div", undefined, { class: "scroll" });
    box.append(table);
    $("details").replaceChildren(...(shown.length ? [box] : []));
  }

  function words() {
    document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
    document.title = say("explore.title");
    for (const node of document.querySelectorAll("[data-word]")) node.textContent = say(node.dataset.word);
    $("search").placeholder = say("explore.search");
    $("search").setAttribute("aria-label", say("explore.search"));
    $("language").textContent = say("explore.other_language");
    $("series").replaceChildren(...["value", "slope", "curvature"].map((key) => {
      const button = html("button", say(`explore.${key}`), { type: "button", "aria-pressed": state.series === key, "data-series": key });
      button.addEventListener("click", () => { state.series = key; words(); draw(); remember(); });
      return button;
    }));
  }

  // the address remembers what is shown, so it can be shared: #f=relu,gelu&show=slope&lang=zh
  function remember() {
    const hash = `#f=${state.chosen.join(",")}&show=${state.series}&lang=${state.lang}`;
    try { history.replaceState(null, "", hash); } catch { location.hash = hash; }
  }
  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.has("f")) state.chosen = asked.get("f").split(",").filter((name) => byName.has(name)).slice(0, MOST);
    if (["value", "slope", "curvature"].includes(asked.get("show"))) state.series = asked.get("show");
    if (data.words[asked.get("lang")]) state.lang = asked.get("lang");
  }
  function move(to) {
    state.at = Math.max(0, Math.min(data.x.length - 1, to));
    draw();
  }

  $("canvas").addEventListener("pointermove", (event) => {
    const box = $("canvas").getBoundingClientRect();
    // the drawing keeps its proportions inside the box
    const scale = Math.min(box.width / 800, box.height / 360);
    const inside = (event.clientX - box.left - (box.width - 800 * scale) / 2) / scale;
    move(Math.round(((inside - frame.left) / (frame.right - frame.left)) * (data.x.length - 1)));
  });
  $("canvas").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20 }[event.key];
    if (by) { event.preventDefault(); move(state.at + by); }
  });
  $("search").addEventListener("input", cards);
  const all = () => { words(); cards(); draw(); details(); };
  $("language").addEventListener("click", () => { state.lang = state.lang === "zh" ? "en" : "zh"; all(); remember(); });
  addEventListener("hashchange", () => { recall(); all(); });
  recall();
  all();
})();
