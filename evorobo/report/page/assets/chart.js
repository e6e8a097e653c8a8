/* One panel of lines: series with a band and single runs, references, and values at the pointer or by the arrow keys.

   A series: {name, style, x, middle, low, high, hidden, runs: [{x, y}]}; any of middle, low and high may hold null, and
   `hidden` is the number of later lines that cover this one, which is then wider.
   The panel: {title, remark, xLabel, xLog, x: [low, high], y: {low, high, log}, references, series, heading(x)}; with
   `named` each line has its name beside its right end, if there is room, else `named` is false and a key is elsewhere. */
const TOP = 12, TICK_SPACE = 8, MAX_BANDS = 8; // more bands hide each other, so only that of the chosen name is visible
const tip = document.getElementById("tip");

function chart(panel, size) {
  const caption = make("figcaption", {}, panel.title, ...(panel.remark ? [make("small", {}, panel.remark)] : []));
  if (panel.key) caption.append(make("small", { class: "legend" }, ...panel.series.map(one => make("span", {}, sample(one.style), ` ${one.name}`))));
  return plot(caption, size, (width, height) => drawPanel(panel, width, height));
}

/* The rectangle of the panel inside its axes, with scales and the texts around it. */
function frame(panel, width, height) {
  const font = width < 300 ? SMALL_FONT : FONT, { y } = panel;
  const under = panel.xLabel ? wrapped(panel.xLabel, width - 4, font) : [];
  const bottom = height - LINE - 6 - LINE * under.length;
  const up = scale(y.low, y.high, bottom, TOP, y.log, Math.max(2, Math.floor((bottom - TOP) / 34)));
  const left = Math.ceil(Math.max(...up.ticks.map(value => textWidth(up.text(value), font)), 10)) + TICK_SPACE + 2;
  const labels = panel.named ? labelsOf(panel, up) : [];
  const wide = labels.length ? Math.min(0.36 * width, Math.max(...labels.map(one => textWidth(one.name, font))) + 30) : 12;
  const right = width - wide;
  const across = scale(panel.x[0], panel.x[1], left, right, panel.xLog, Math.max(2, Math.floor((right - left) / 58)));
  return { font, width, left, right, bottom, up, across, under, labels, wide };
}

/* The lines that have a name: methods at their last value, and references. */
function labelsOf(panel, up) {
  const lines = panel.series.filter(one => one.x?.length || one.runs?.length).map(one => {
    const [x, middle] = one.x?.length ? [one.x, one.middle] : [one.runs[0].x, one.runs[0].y];
    let last = middle.length - 1;
    while (last > 0 && middle[last] === null) last--;
    return { name: one.name, value: middle[last], end: x[last], style: one.style };
  });
  const scores = (panel.references ?? []).map(({ name, value, dashes }) => ({ name, value, end: null, style: { color: "#6b6b6b", dashes } }));
  return [...lines, ...scores].filter(one => one.value !== null).map(one => ({ ...one, at: up.place(one.value) }));
}

function drawPanel(panel, width, height) {
  const box = frame(panel, width, height), { across, up, left, right, bottom } = box, { series } = panel;
  const shown = value => value !== null && (!panel.xLog || value > 0);
  const picture = drawing(width, height, `${panel.title}. ${panel.xLabel}. Arrow keys read the values.`, { tabindex: 0 });
  const inside = draw("g", { "clip-path": `url(#${clip(picture, box)})` });
  picture.append(axes(box), inside);
  for (const { value, dashes } of panel.references ?? [])
    inside.append(draw("line", { x1: left, x2: right, y1: up.place(value), y2: up.place(value), stroke: "#6b6b6b", "stroke-dasharray": dashes.join(" ") }));
  series.forEach((one, i) => inside.append(drawSeries(one, across, up, shown, i / series.length)));
  if (series.length > MAX_BANDS) picture.classList.add("crowded");
  picture.append(endLabels(box));
  const cursor = draw("g", { visibility: "hidden" }, draw("line", { y1: TOP, y2: bottom, stroke: "#222", "stroke-width": 1 }));
  inside.append(cursor);
  const xs = [...new Set(series.flatMap(one => one.x ?? []).filter(shown))].filter(x => x >= panel.x[0] && x <= panel.x[1]);
  readable(picture, panel, xs.sort((a, b) => a - b), box, cursor);
  return picture;
}

let clips = 0;
function clip(picture, { left, right, bottom }) {
  const id = `clip-${clips++}`;
  const area = draw("rect", { x: left, y: TOP - 4, width: right - left + 4, height: bottom - TOP + 8 });
  picture.append(draw("defs", {}, draw("clipPath", { id }, area)));
  return id;
}

function axes({ width, left, right, bottom, up, across, under }) {
  const group = draw("g");
  for (const value of up.ticks) {
    const at = up.place(value);
    group.append(draw("line", { x1: left, x2: right, y1: at, y2: at, stroke: "#e4e4e4" }));
    group.append(label(up.text(value), left - TICK_SPACE, at + 5, { "text-anchor": "end", class: "tick" }));
  }
  let free = -Infinity; // ticks that would touch the one before are left out
  for (const value of across.ticks) {
    const at = across.place(value), half = textWidth(across.text(value)) / 2;
    group.append(draw("line", { x1: at, x2: at, y1: TOP, y2: bottom, stroke: "#e4e4e4" }));
    if (at - half < free + 6 || at + half > width || at - half < 0) continue;
    free = at + half;
    group.append(label(across.text(value), at, bottom + LINE, { "text-anchor": "middle", class: "tick" }));
  }
  group.append(draw("path", { d: `M${left},${TOP}V${bottom}H${right}`, fill: "none", stroke: "#9a9a9a" }));
  under.forEach((line, i) => group.append(label(line, (left + right) / 2, bottom + LINE * (i + 2) + 2, { "text-anchor": "middle", class: "title" })));
  return group;
}

/* The names beside the panel, each joined to its line. */
function endLabels({ labels, right, bottom, across, wide, font }) {
  const group = draw("g", { class: "names" });
  const places = separated(labels.map(one => one.at), font + 2, TOP + 4, bottom);
  labels.forEach((one, i) => {
    const at = Math.max(TOP, Math.min(bottom, one.at)), end = one.end === null ? right : Math.min(right, across.place(one.end));
    if (right - end > 4) group.append(draw("line", { x1: end + 3, x2: right, y1: at, y2: at, stroke: one.style.color, "stroke-dasharray": "1 4" }));
    const joint = { d: `M${right + 2},${at.toFixed(1)}L${right + 12},${places[i].toFixed(1)}h10`, ...stroke(one.style, one.end === null ? 1 : 2) };
    group.append(draw("path", { ...joint, "stroke-dasharray": "none" }));
    const text = label(fitted(one.name, wide - 28, font), right + 26, places[i] + 0.34 * font, { class: one.end === null ? "" : "dark" });
    text.append(draw("title", {}, one.name));
    group.append(one.end === null ? text : chooses(text, one.name));
  });
  return group;
}

function drawSeries(series, across, up, shown, phase) {
  const group = draw("g", { class: "series", "data-name": series.name }), { color } = series.style;
  const places = (x, y) => x.map((at, i) => [at, y[i]]).filter(([at, value]) => shown(at) && value !== null)
    .map(([at, value]) => [across.place(at), up.place(value)]);
  const path = points => points.length ? "M" + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L") : "";
  for (const run of series.runs ?? [])
    group.append(draw("path", { d: path(places(run.x, run.y)), fill: "none", stroke: color, "stroke-width": 0.8, opacity: 0.4, class: "single" }));
  if (!series.x) return group;
  const lows = places(series.x, series.low), band = [...lows, ...places(series.x, series.high).reverse()];
  if (lows.length > 1) group.append(draw("path", { d: `${path(band)}Z`, fill: color, opacity: 0.16, class: "band" }));
  else if (lows.length) group.append(draw("path", { d: path(band), stroke: color, "stroke-width": 6, opacity: 0.25, class: "band" }));
  const line = places(series.x, series.middle);
  group.append(draw("path", { d: path(line), class: "average", ...stroke(series.style, 2.2 * (1 + (series.hidden ?? 0))) }));
  const apart = Math.max(1, Math.ceil(line.length / 6)), first = Math.floor(apart * phase);
  group.append(...line.filter((_, at) => at % apart === first).map(([x, y]) => marker(series.style, x, y)));
  return group;
}

/* While the pointer or the focus is on a name, its curves stand out from the others. */
function chooses(element, name) {
  const mark = chosen => document.querySelectorAll(".series").forEach(series => {
    series.classList.toggle("chosen", chosen && series.dataset.name === name);
    series.classList.toggle("faint", chosen && series.dataset.name !== name);
  });
  for (const event of ["pointerenter", "focus"]) element.addEventListener(event, () => mark(true));
  for (const event of ["pointerleave", "blur"]) element.addEventListener(event, () => mark(false));
  return element;
}

/* Show the values at the pointer and by the arrow keys, beside the line at which they are read. */
function readable(picture, panel, xs, { across, up, bottom, right }, cursor) {
  let at = xs.length - 1;
  const show = () => {
    if (!xs.length) return;
    const place = across.place(xs[at]), values = panel.series.filter(one => one.x).map(one => valueAt(one, xs[at]));
    const lower = panel.references && panel.lowerIsBetter ? -1 : 1;
    values.sort((a, b) => (b.value === null ? -Infinity : lower * b.value) - (a.value === null ? -Infinity : lower * a.value));
    const dots = values.filter(one => one.value !== null).map(one => draw("circle", { cx: place, cy: up.place(one.value), r: 4, fill: one.style.color, stroke: "#fff" }));
    cursor.replaceChildren(draw("line", { x1: place, x2: place, y1: TOP, y2: bottom, stroke: "#222" }), ...dots);
    cursor.setAttribute("visibility", "visible");
    tip.replaceChildren(make("b", {}, panel.heading(xs[at])), ...values.map(one => make("span", {}, sample(one.style), one.text)));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect(), box = picture.getBoundingClientRect(), x = box.left + place;
    const beside = x + 12 + width < innerWidth ? x + 12 : x - width - 12;
    tip.style.left = `${Math.max(4, Math.min(beside, innerWidth - width - 4))}px`;
    tip.style.top = `${Math.max(4, Math.min(box.top + TOP, innerHeight - height - 8))}px`;
  };
  const hide = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); };
  picture.addEventListener("pointermove", event => {
    const x = event.clientX - picture.getBoundingClientRect().left;
    if (x > right + 10) return hide();
    xs.forEach((value, i) => { if (Math.abs(across.place(value) - x) < Math.abs(across.place(xs[at]) - x)) at = i; });
    return show();
  });
  picture.addEventListener("keydown", event => {
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: xs.length - 1 };
    if (event.key === "Escape") return hide();
    if (!(event.key in moves)) return undefined;
    event.preventDefault();
    at = Math.max(0, Math.min(xs.length - 1, moves[event.key]));
    return show();
  });
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("blur", hide);
}

/* The value of a series at x: its last point at or before it. */
function valueAt(series, x) {
  let at = -1;
  series.x.forEach((value, i) => { if (value <= x) at = i; });
  const value = at < 0 ? null : series.middle[at], { style } = series;
  if (value === null) return { value, style, text: `${series.name}: no value yet` };
  const band = series.low[at] === null ? "" : ` [${shortened(series.low[at])}, ${shortened(series.high[at])}]`;
  return { value, style, text: `${series.name}: ${shortened(value)}${band}` };
}
