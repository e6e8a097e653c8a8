/* Final scores: a dot for each run, the IQM with its interval, and performance profiles. */
function drawFinals() {
  const charts = data.tasks.flatMap(task => {
    const methods = Object.entries(task.methods).filter(([, method]) => method.scores);
    const title = `${task.name}: share of runs above a score`;
    return methods.length ? [strips(task, methods), profiles(title, task.metric, task.profiles)] : [];
  });
  if (Object.keys(data.aggregate).length)
    charts.push(profiles("All tasks: share of runs above a score", "score between random (0) and solved (1)", data.aggregate));
  document.getElementById("final-charts").replaceChildren(...charts);
}

function strips(task, methods) {
  const up = scale(task.scale.low, task.scale.high, HEIGHT - BOTTOM, TOP, task.scale.log);
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Final scores on ${task.name}` });
  picture.append(axes(null, up, ""), references(task.references, up));
  const space = (WIDTH - LEFT - RIGHT) / methods.length;
  methods.forEach(([name, method], place) => {
    const { color } = data.styles[name], middle = LEFT + (place + 0.5) * space, bar = Math.min(26, space / 4);
    method.scores.forEach((score, i) => {
      const aside = Math.min(40, space / 3) * (((0.5 + 0.618034 * i) % 1) - 0.5);
      const dot = draw("circle", { cx: middle - bar + aside, cy: up.place(score), r: 3.6, fill: color, opacity: 0.55 });
      dot.append(draw("title", {}, `${name}: ${shortened(score)}`));
      picture.append(dot);
    });
    const [low, high] = method.interval;
    if (low !== null && high !== null)
      picture.append(draw("rect", { x: middle + bar / 2, width: bar, y: up.place(high), height: Math.max(1, up.place(low) - up.place(high)), fill: color, opacity: 0.3 }));
    if (method.iqm !== null)
      picture.append(draw("rect", { x: middle + bar / 2, width: bar, y: up.place(method.iqm) - 1.5, height: 3, fill: color }));
    const most = Math.floor(space / 7), short = name.length > most ? `${name.slice(0, Math.max(2, most - 1))}…` : name;
    const text = label(short, middle, HEIGHT - BOTTOM + 17, { "text-anchor": "middle", class: "title" });
    text.append(draw("title", {}, name));
    picture.append(text);
  });
  return make("figure", {}, make("figcaption", {}, `${task.name}: final ${task.metric}`, make("small", {}, task.better)), picture);
}

function profiles(title, xLabel, methods) {
  const series = Object.entries(methods).map(([name, { taus, share, low, high }]) => ({
    name, style: data.styles[name], x: taus, middle: share, low, high,
  }));
  const every = series.flatMap(one => one.x), low = Math.min(...every), high = Math.max(...every);
  return chart({
    title, remark: "", named: true, xLabel, xLog: false,
    x: { low, high: high === low ? low + 1 : high }, y: { low: 0, high: 1.02, log: false }, series,
    describe: x => [`above ${shortened(x)}`, ...series.map(one => valueAt(one, x))].join("\n"),
  });
}

function drawRobustness() {
  const charts = data.robustness.map(({ task, noise_on, title, methods }) => {
    const series = Object.entries(methods).map(([name, curve]) => ({ name, style: data.styles[name], ...curve }));
    const info = data.tasks.find(one => one.name === task);
    const values = series.flatMap(one => [...one.middle, ...one.low, ...one.high]).filter(value => value !== null);
    const low = Math.min(...values), high = Math.max(...values), margin = 0.06 * (high - low) || 1;
    return chart({
      title: `${task}: noise on the ${noise_on}`, remark: `${info.metric}, ${info.better}`, named: true, xLabel: title, xLog: false,
      y: { low: low - margin, high: high + margin, log: false }, references: [], series,
      describe: x => [`noise of ${shortened(x)}`, ...series.map(one => valueAt(one, x))].join("\n"),
    });
  });
  document.getElementById("robust-charts")?.replaceChildren(...charts);
}
