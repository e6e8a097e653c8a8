/* The learning curves over the chosen cost column, and the controls. */
const listed = (names, one, several) => names.length ? `; ${names.join(", ")} ${names.length === 1 ? one : several}` : "";
const shown = new Set(Object.keys(data.styles));
const chosen = id => document.getElementById(id);
const WIDEST_NARROW = 330; // a panel below it has no room for names beside its curves

/* Panels stand side by side so that they all fit on the first screen, if they are few. */
function columns() {
  const n = data.tasks.length, wide = document.documentElement.clientWidth;
  if (n === 1) return 1;
  if (wide < 700) return n <= 4 ? 2 : 1;
  return n <= 3 ? n : 2;
}

function drawCurves() {
  const box = chosen("curve-charts");
  const grid = columns(), rows = Math.min(2, Math.ceil(data.tasks.length / grid));
  box.style.gridTemplateColumns = `repeat(${grid}, minmax(0, 1fr))`;
  const named = box.clientWidth / grid >= WIDEST_NARROW && namedLines() * LINE <= 0.62 * innerHeight / rows;
  (named ? chosen("controls") : chosen("key")).append(chosen("legend"));
  const references = new Map(data.tasks.flatMap(task => task.references.map(one => [one.name, one])));
  chosen("references").replaceChildren(...(named ? [] : [...references.values()].map(one => make("span", {}, dashed(one.dashes), ` ${one.name}`))));
  box.replaceChildren(...data.tasks.map(task => chart(curvePanel(task, named), curveHeight)));
  repaint();
}

/* The number of names beside a panel. */
function namedLines() {
  return shown.size + Math.max(...data.tasks.map(task => task.references.length));
}

function dashed(dashes) {
  const line = draw("line", { x1: 0, y1: 7, x2: 34, y2: 7, stroke: "#6b6b6b", "stroke-dasharray": dashes.join(" ") });
  return draw("svg", { viewBox: "0 0 34 14", width: 34, height: 14, "aria-hidden": "true" }, line);
}

/* All rows of panels end at the bottom of the first screen, as far as they can be read then. */
function curveHeight(width) {
  if (printing) return Math.max(width > 400 ? 330 : 220, LINE * (namedLines() + 4));
  const box = chosen("curve-charts"), grid = columns(), rows = Math.ceil(data.tasks.length / grid);
  const top = box.getBoundingClientRect().top + scrollY, gap = 10 * (rows - 1), captions = 48 * rows;
  const free = (innerHeight - top - gap - captions - (innerWidth < 700 ? 6 : 56)) / rows;
  return Math.max(rows > 1 ? 170 : 240, Math.min(free, 560));
}

function curvePanel(task, named) {
  const cost = chosen("cost_column").value, xLog = chosen("log").checked, singles = chosen("singles").checked;
  const withoutCost = [], unreported = [], series = [];
  for (const [name, method] of Object.entries(task.methods)) {
    if (!shown.has(name)) continue;
    const average = method.averages[cost], runs = method.runs.filter(run => run.x?.[cost]);
    if (!runs.length) { (method.unreported.includes(cost) ? unreported : withoutCost).push(name); continue; }
    const drawn = singles || !average ? runs.map(run => ({ x: run.x[cost], y: run.y })) : [];
    series.push({ name, style: data.styles[name], ...average, runs: drawn });
  }
  const none = listed(withoutCost, "spends none", "spend none") + listed(unreported, "does not report it", "do not report it");
  return {
    title: `${task.name}: ${task.metric}`, remark: [task.better, task.scale.remark].filter(Boolean).join("; "), named,
    xLabel: data.cost_labels[cost] + none, xLog, x: task.ranges[cost]?.[xLog ? "log" : "linear"] ?? [1, 10], y: task.scale,
    references: task.references, series, lowerIsBetter: task.better.startsWith("lower"),
    heading: x => `${shortened(x)} ${data.cost_labels[cost]}`,
  };
}

/* The costs that some method has spent, as options. */
function offerCosts() {
  const select = chosen("cost_column"), spent = new Set(data.tasks.flatMap(task => Object.keys(task.ranges)));
  const offered = new Set([...select.options].map(option => option.value));
  for (const [name, title] of Object.entries(data.cost_labels))
    if (spent.has(name) && !offered.has(name)) select.append(make("option", { value: name }, title));
}

function controls() {
  offerCosts();
  for (const [name, style] of Object.entries(data.styles)) {
    const button = make("button", { type: "button", "aria-pressed": "true" }, sample(style), name);
    button.addEventListener("click", () => {
      if (!shown.delete(name)) shown.add(name);
      button.setAttribute("aria-pressed", shown.has(name));
      drawCurves();
    });
    chosen("legend").append(chooses(button, name));
  }
  chosen("singles").checked = !data.crowded;
  for (const id of ["cost_column", "log", "singles"]) chosen(id).addEventListener("change", drawCurves);
  chosen("controls").addEventListener("submit", event => event.preventDefault());
  addEventListener("resize", drawCurves);
  drawCurves();
}
