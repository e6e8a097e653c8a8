/* Final scores: a line for each method with a dot for each run and the IQM with its interval; performance profiles. */
const rowHeight = n => (n <= 5 ? 44 : 26);

function drawFinals() {
  const charts = data.tasks.flatMap(task => {
    const methods = Object.entries(task.methods).filter(([, method]) => method.scores);
    if (data.crowded) methods.sort(([, one], [, other]) => (task.better.startsWith("lower") ? 1 : -1) * (one.iqm - other.iqm));
    const title = `${task.name}: share of runs above a score`;
    return methods.length ? [strips(task, methods), profiles(title, task.metric, task.profiles)] : [];
  });
  if (Object.keys(data.aggregate).length)
    charts.push(profiles("All tasks: share of runs above a score", "score between random (0) and solved (1)", data.aggregate));
  document.getElementById("final-charts").replaceChildren(...charts);
}

function strips(task, methods) {
  const caption = make("figcaption", {}, `${task.name}: final ${task.metric}`, make("small", {}, task.better));
  return plot(caption, () => rowHeight(methods.length) * methods.length + 2 * LINE + LINE * Math.min(3, task.references.length) + 14, (width, height) => drawStrips(task, methods, width, height));
}

function drawStrips(task, methods, width, height) {
  const longest = Math.max(...methods.map(([name]) => textWidth(name))), left = Math.ceil(Math.min(longest, 0.36 * width)) + 12;
  const right = width - 14, bottom = height - LINE - 8, row = rowHeight(methods.length), top = bottom - row * methods.length;
  const across = scale(task.scale.low, task.scale.high, left, right, task.scale.log, Math.max(2, Math.floor((right - left) / 58)));
  const picture = drawing(width, height, `Final scores on ${task.name}`);
  let free = -Infinity;
  for (const value of across.ticks) {
    const at = across.place(value), half = textWidth(across.text(value)) / 2;
    picture.append(draw("line", { x1: at, x2: at, y1: top, y2: bottom, stroke: "#e4e4e4" }));
    if (at - half < free + 6 || at + half > width) continue;
    free = at + half;
    picture.append(label(across.text(value), at, bottom + LINE, { "text-anchor": "middle", class: "tick" }));
  }
  picture.append(draw("path", { d: `M${left},${top}V${bottom}H${right}`, fill: "none", stroke: "#9a9a9a" }));
  picture.append(...referenceNames(task.references, across, { left, right, top, bottom, width }));
  methods.forEach(([name, method], i) => picture.append(...strip(name, method, across, top + (i + 0.5) * row, left)));
  return picture;
}

function strip(name, method, across, middle, left) {
  const { color } = data.styles[name], parts = [];
  const text = label(fitted(name, left - 12), left - 8, middle + 5, { "text-anchor": "end", class: "dark" });
  text.append(draw("title", {}, name));
  parts.push(text);
  method.scores.forEach((score, i) => {
    const aside = 9 * (((0.5 + 0.618034 * i) % 1) - 0.5);
    const dot = draw("circle", { cx: across.place(score), cy: middle - 5 + aside, r: 3.6, fill: color, opacity: 0.55 });
    dot.append(draw("title", {}, `${name}: ${shortened(score)}`));
    parts.push(dot);
  });
  const [low, high] = method.interval;
  if (low !== null && high !== null)
    parts.push(draw("rect", { x: across.place(low), width: Math.max(1, across.place(high) - across.place(low)), y: middle + 3, height: 8, fill: color, opacity: 0.3 }));
  if (method.iqm !== null) parts.push(draw("rect", { x: across.place(method.iqm) - 1.5, width: 3, y: middle + 1, height: 12, fill: color }));
  return parts;
}

/* The lines of the references, with their names above in as many lines of text as they need. */
function referenceNames(references, across, { left, right, top, bottom, width }) {
  const ends = [], parts = [];
  for (const { name, value, dashes } of [...references].sort((a, b) => a.value - b.value)) {
    const at = across.place(value);
    if (at < left - 1 || at > right + 1) continue;
    const short = fitted(name, 0.4 * width), half = textWidth(short) / 2, x = Math.max(half, Math.min(width - half, at));
    let row = ends.findIndex(end => end + 8 < x - half);
    if (row < 0) row = ends.push(0) - 1;
    ends[row] = x + half;
    if (row > 2) continue;
    parts.push(draw("line", { x1: at, x2: at, y1: top - 2, y2: bottom, stroke: "#6b6b6b", "stroke-dasharray": dashes.join(" ") }));
    const text = label(short, x, top - 6 - LINE * row, { "text-anchor": "middle" });
    text.append(draw("title", {}, `${name}: ${shortened(value)}`));
    parts.push(text);
  }
  return parts;
}

const flat = width => (printing ? 230 : Math.max(230, Math.min(360, 0.62 * width)));

function profiles(title, xLabel, methods) {
  const series = Object.entries(methods).map(([name, { taus, share, low, high }]) => ({
    name, style: data.styles[name], x: taus, middle: share, low, high,
  }));
  const every = series.flatMap(one => one.x), low = Math.min(...every), high = Math.max(...every);
  return chart({
    title, remark: "", key: true, xLabel, xLog: false, x: [low, high === low ? low + 1 : high], y: { low: 0, high: 1.02, log: false },
    series, heading: x => `above ${shortened(x)}`,
  }, flat);
}

function drawRobustness() {
  const charts = data.robustness.map(({ task, title, unit, methods }) => {
    const series = Object.entries(methods).map(([name, curve]) => ({ name, style: data.styles[name], ...curve }));
    const info = data.tasks.find(one => one.name === task), levels = series.flatMap(one => one.x);
    const values = series.flatMap(one => [...one.middle, ...one.low, ...one.high]).filter(value => value !== null);
    const low = Math.min(...values), high = Math.max(...values), margin = 0.06 * (high - low) || 1;
    return chart({
      title: `${task}: ${title}`, remark: `${info.metric}, ${info.better}`, key: true, xLabel: `${title} [${unit}]`, xLog: false,
      x: [0, Math.max(...levels) || 1], y: { low: low - margin, high: high + margin, log: false }, references: [], series,
      lowerIsBetter: info.better.startsWith("lower"), heading: x => `${title}: ${shortened(x)}`,
    }, flat);
  });
  document.getElementById("robust-charts")?.replaceChildren(...charts);
}
