/* The learning curves, over whichever currency was chosen, and the controls that choose. */
const listed = (names, one, several) => names.length ? `; ${names.join(", ")} ${names.length === 1 ? one : several}` : "";
const shown = new Set(Object.keys(data.styles));

function drawCurves() {
  const currency = document.getElementById("currency").value;
  const xLog = document.getElementById("log").checked, singles = document.getElementById("singles").checked;
  const charts = data.tasks.map(task => {
    const idle = [], silent = [], series = [];
    for (const [name, method] of Object.entries(task.methods)) {
      if (!shown.has(name)) continue;
      const average = method.averages[currency], runs = method.runs.filter(run => run.x?.[currency]);
      if (!runs.length) { (method.untold.includes(currency) ? silent : idle).push(name); continue; }
      const drawn = singles || !average ? runs.map(run => ({ x: run.x[currency], y: run.y })) : [];
      series.push({ name, look: data.styles[name], ...average, runs: drawn });
    }
    const averaged = series.filter(each => each.x);
    const none = listed(idle, "spends none", "spend none") + listed(silent, "does not tell", "do not tell");
    return chart({
      title: `${task.name}: ${task.metric}`, remark: [task.better, task.scale.remark].filter(Boolean).join("; "),
      xLabel: data.currencies[currency] + none, xLog, y: task.scale, references: task.references, series,
      tell: x => [`${shortened(x)} ${data.currencies[currency]}`, ...averaged.map(each => known(each, x))].join("\n"),
    });
  });
  document.getElementById("curve-charts").replaceChildren(...charts);
}

function controls() {
  const select = document.getElementById("currency");
  const spent = new Set(data.tasks.flatMap(task => Object.values(task.methods).flatMap(method => method.runs.flatMap(run => Object.keys(run.x ?? {})))));
  for (const [name, title] of Object.entries(data.currencies))
    if (spent.has(name)) select.append(make("option", { value: name }, title));
  for (const [name, look] of Object.entries(data.styles)) {
    const button = make("button", { type: "button", "aria-pressed": "true" }, sample(look), name);
    button.addEventListener("click", () => {
      if (!shown.delete(name)) shown.add(name);
      button.setAttribute("aria-pressed", shown.has(name));
      drawCurves();
    });
    document.getElementById("legend").append(button);
  }
  for (const id of ["currency", "log", "singles"]) document.getElementById(id).addEventListener("change", drawCurves);
  document.getElementById("controls").addEventListener("submit", event => event.preventDefault());
  drawCurves();
}
