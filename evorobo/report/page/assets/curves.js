/* The learning curves over the chosen cost column, and the controls. */
const listed = (names, one, several) => names.length ? `; ${names.join(", ")} ${names.length === 1 ? one : several}` : "";
const shown = new Set(Object.keys(data.styles));

function drawCurves() {
  const cost_column = document.getElementById("cost_column").value;
  const xLog = document.getElementById("log").checked, singles = document.getElementById("singles").checked;
  const charts = data.tasks.map(task => {
    const withoutCost = [], unreported = [], series = [];
    for (const [name, method] of Object.entries(task.methods)) {
      if (!shown.has(name)) continue;
      const average = method.averages[cost_column], runs = method.runs.filter(run => run.x?.[cost_column]);
      if (!runs.length) { (method.unreported.includes(cost_column) ? unreported : withoutCost).push(name); continue; }
      const drawn = singles || !average ? runs.map(run => ({ x: run.x[cost_column], y: run.y })) : [];
      series.push({ name, style: data.styles[name], ...average, runs: drawn });
    }
    const averaged = series.filter(one => one.x);
    const none = listed(withoutCost, "spends none", "spend none") + listed(unreported, "does not report it", "do not report it");
    return chart({
      title: `${task.name}: ${task.metric}`, remark: [task.better, task.scale.remark].filter(Boolean).join("; "),
      xLabel: data.cost_labels[cost_column] + none, xLog, y: task.scale, references: task.references, series,
      describe: x => [`${shortened(x)} ${data.cost_labels[cost_column]}`, ...averaged.map(one => valueAt(one, x))].join("\n"),
    });
  });
  document.getElementById("curve-charts").replaceChildren(...charts);
}

function controls() {
  const select = document.getElementById("cost_column");
  const spent = new Set(data.tasks.flatMap(task => Object.values(task.methods).flatMap(method => method.runs.flatMap(run => Object.keys(run.x ?? {})))));
  for (const [name, title] of Object.entries(data.cost_labels))
    if (spent.has(name)) select.append(make("option", { value: name }, title));
  for (const [name, style] of Object.entries(data.styles)) {
    const button = make("button", { type: "button", "aria-pressed": "true" }, sample(style), name);
    button.addEventListener("click", () => {
      if (!shown.delete(name)) shown.add(name);
      button.setAttribute("aria-pressed", shown.has(name));
      drawCurves();
    });
    document.getElementById("legend").append(button);
  }
  for (const id of ["cost_column", "log", "singles"]) document.getElementById(id).addEventListener("change", drawCurves);
  document.getElementById("controls").addEventListener("submit", event => event.preventDefault());
  drawCurves();
}
