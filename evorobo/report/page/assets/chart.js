/* One panel of lines: series with a band and single runs, references, and values at the pointer or by the arrow keys.

   A series: {name, style, x, middle, low, high, runs: [{x, y}]}; any of middle, low and high may hold null.
   The panel: {title, remark, xLabel, xLog, y: {low, high, log}, references, series, describe(x)}; x: {low, high} is an
   optional range of the axis, named: true adds a legend. */
const WIDTH = 520, HEIGHT = 330, LEFT = 48, RIGHT = 66, TOP = 10, BOTTOM = 44;
const tip = document.getElementById("tip");

function chart(panel) {
  const { series, y } = panel;
  const shown = value => value !== null && (!panel.xLog || value > 0);
  const every = series.flatMap(one => [...(one.x ?? []), ...(one.runs ?? []).flatMap(run => run.x)]).filter(shown);
  let low = panel.xLog ? Math.min(...every) : Math.min(0, ...every), high = Math.max(...every);
  if (panel.x) ({ low, high } = panel.x);
  if (!every.length) [low, high] = [1, 10];
  const across = scale(low, high === low ? low * 1.5 || 1 : high, LEFT, WIDTH - RIGHT, panel.xLog);
  const up = scale(y.low, y.high, HEIGHT - BOTTOM, TOP, y.log);

  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, tabindex: 0, role: "img", "aria-label": `${panel.title}. ${panel.xLabel}. Arrow keys read the values.` });
  const inside = draw("g", { "clip-path": `url(#${clip(picture)})` });
  picture.append(axes(across, up, panel.xLabel), inside, references(panel.references ?? [], up));
  for (const one of series) inside.append(...drawSeries(one, across, up, shown));
  const cursor = draw("line", { y1: TOP, y2: HEIGHT - BOTTOM, stroke: "#222", "stroke-width": 1, visibility: "hidden" });
  inside.append(cursor);
  readable(picture, panel, [...new Set(series.flatMap(one => one.x ?? []).filter(shown))].sort((a, b) => a - b), across, cursor);
  const caption = make("figcaption", {}, panel.title, ...(panel.remark ? [make("small", {}, panel.remark)] : []));
  if (panel.named) caption.append(make("small", { class: "legend" }, ...series.map(one => make("span", {}, sample(one.style), ` ${one.name}`))));
  return make("figure", {}, caption, picture);
}

let clips = 0;
function clip(picture) {
  const id = `clip-${clips++}`;
  const area = draw("rect", { x: LEFT, y: TOP - 4, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM + 8 });
  picture.append(draw("defs", {}, draw("clipPath", { id }, area)));
  return id;
}

function axes(across, up, xLabel) {
  const group = draw("g");
  for (const value of up.ticks) {
    const at = up.place(value);
    group.append(draw("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at, stroke: "#e4e4e4" }));
    group.append(label(up.text(value), LEFT - 6, at + 4, { "text-anchor": "end" }));
  }
  for (const value of across?.ticks ?? []) {
    const at = across.place(value);
    group.append(draw("line", { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM, stroke: "#e4e4e4" }));
    group.append(label(across.text(value), at, HEIGHT - BOTTOM + 16, { "text-anchor": "middle" }));
  }
  group.append(draw("path", { d: `M${LEFT},${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}`, fill: "none", stroke: "#9a9a9a" }));
  group.append(label(xLabel, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, { "text-anchor": "middle", class: "title" }));
  return group;
}

function references(scores, up) {
  const group = draw("g");
  let free = Infinity;
  for (const { name, value, dashes } of [...scores].sort((a, b) => a.value - b.value)) {
    const at = up.place(value), text = Math.min(at + 4, free);
    free = text - 15;
    group.append(draw("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at, stroke: "#6b6b6b", "stroke-dasharray": dashes.join(" ") }));
    // long names are inside the panel, on their lines
    if (name.length <= 9) group.append(label(name, WIDTH - RIGHT + 4, text));
    else group.append(label(name, WIDTH - RIGHT - 4, text, { "text-anchor": "end", class: "halo" }));
  }
  return group;
}

function drawSeries(series, across, up, shown) {
  const parts = [];
  const places = (x, y) => x.map((at, i) => [at, y[i]]).filter(([at, value]) => shown(at) && value !== null)
    .map(([at, value]) => [across.place(at), up.place(value)]);
  const path = points => points.length ? "M" + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L") : "";
  for (const run of series.runs ?? [])
    parts.push(draw("path", { d: path(places(run.x, run.y)), fill: "none", stroke: series.style.color, "stroke-width": 0.8, opacity: 0.4, class: "single" }));
  if (!series.x) return parts;
  const band = [...places(series.x, series.low), ...places(series.x, series.high).reverse()];
  if (band.length) parts.push(draw("path", { d: `${path(band)}Z`, fill: series.style.color, opacity: 0.16 }));
  const line = places(series.x, series.middle);
  parts.push(draw("path", { d: path(line), class: "average", ...stroke(series.style, 2.2) }));
  const apart = Math.max(1, Math.ceil(line.length / 6));
  parts.push(...line.filter((_, at) => at % apart === 0).map(([x, y]) => marker(series.style, x, y)));
  return parts;
}

/* Show values at the pointer and by the arrow keys. */
function readable(picture, panel, xs, across, cursor) {
  let at = xs.length - 1;
  const show = (left, top) => {
    if (!xs.length) return;
    const place = across.place(xs[at]);
    cursor.setAttribute("x1", place);
    cursor.setAttribute("x2", place);
    cursor.setAttribute("visibility", "visible");
    tip.textContent = panel.describe(xs[at]);
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, left + width + 24 > innerWidth ? left - width - 16 : left + 16)}px`;
    tip.style.top = `${Math.max(4, Math.min(top, innerHeight - height - 8))}px`;
  };
  const hide = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); };
  picture.addEventListener("pointermove", event => {
    const box = picture.getBoundingClientRect(), x = (event.clientX - box.left) * WIDTH / box.width;
    xs.forEach((value, i) => { if (Math.abs(across.place(value) - x) < Math.abs(across.place(xs[at]) - x)) at = i; });
    show(event.clientX, event.clientY);
  });
  picture.addEventListener("keydown", event => {
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: xs.length - 1 };
    if (event.key === "Escape") return hide();
    if (!(event.key in moves)) return undefined;
    event.preventDefault();
    at = Math.max(0, Math.min(xs.length - 1, moves[event.key]));
    const box = picture.getBoundingClientRect();
    return show(box.left + across.place(xs[at]) * box.width / WIDTH, box.top + 20);
  });
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("blur", hide);
}

/* The value of a series at x: its last point at or before it. */
function valueAt(series, x) {
  let at = -1;
  series.x.forEach((value, i) => { if (value <= x) at = i; });
  if (at < 0 || series.middle[at] === null) return `${series.name}: no value yet`;
  const band = series.low[at] === null ? "" : ` [${shortened(series.low[at])}, ${shortened(series.high[at])}]`;
  return `${series.name}: ${shortened(series.middle[at])}${band}`;
}
