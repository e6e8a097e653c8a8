/* Predictions on test rows against the targets: a confusion matrix, or a scatter plot around the diagonal. */
function predictions(data, style, target) {
  return data.classes ? confusion(data, style) : scatter(data, style, target);
}

function confusion({ classes, counts }, style) {
  const size = width => matrixCell(classes, width).cell * classes.length + 20 + slanted(classes, 110);
  return plot(null, size, width => drawConfusion({ classes, counts }, style, width, size(width)));
}

/* The height of names that are written upwards at 35 degrees. */
function slanted(names, most) {
  return 0.6 * Math.max(...names.map(name => Math.min(most, textWidth(name)))) + 18;
}

function matrixCell(classes, width) {
  const side = Math.ceil(Math.min(110, Math.max(...classes.map(name => textWidth(name))))) + 12;
  return { side, cell: Math.max(18, Math.min(46, Math.floor((width - side - 8) / classes.length))) };
}

function drawConfusion({ classes, counts }, style, width, height) {
  const { side, cell } = matrixCell(classes, width), bottom = 20 + cell * classes.length;
  const picture = drawing(Math.max(width, side + cell * classes.length + 4), height, "Confusion matrix: rows are targets, columns are predictions");
  picture.append(label("target ↓  prediction →", 0, 13, { class: "title" }));
  counts.forEach((row, target) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1, y = 20 + target * cell;
    picture.append(label(fitted(classes[target], side - 10), side - 6, y + cell / 2 + 5, { "text-anchor": "end" }));
    row.forEach((count, prediction) => {
      const share = count / total, x = side + prediction * cell;
      const box = draw("rect", { x, y, width: cell - 1, height: cell - 1, fill: target === prediction ? style.color : "#222", "fill-opacity": 0.06 + 0.8 * share });
      box.append(draw("title", {}, `${classes[target]} predicted as ${classes[prediction]}: ${count} of ${total}`));
      picture.append(box);
      if (textWidth(`${count}`) < cell - 4) picture.append(label(count, x + cell / 2, y + cell / 2 + 5, { "text-anchor": "middle", class: share > 0.5 ? "light" : "dark" }));
    });
  });
  classes.forEach((name, i) => {
    const x = side + (i + 0.5) * cell + 5, y = bottom + 13;
    picture.append(label(fitted(name, Math.min(110, (x - 4) / 0.82)), x, y, { "text-anchor": "end", transform: `rotate(-35 ${x} ${y})` }));
  });
  return picture;
}

function scatter({ predictions, targets }, style, target) {
  const every = [...predictions, ...targets].filter(value => value !== null), low = Math.min(...every), high = Math.max(...every);
  const panel = { title: `Predictions of ${target} over the targets`, xLabel: `target ${target}; upwards: prediction`, xLog: false, x: [low, high === low ? low + 1 : high], y: { low, high: high === low ? low + 1 : high, log: false }, series: [] };
  return plot(null, width => Math.min(320, 0.85 * width), (width, height) => {
    const box = frame(panel, width, height), { across, up } = box, picture = drawing(width, height, panel.title);
    picture.append(axes(box));
    picture.append(draw("line", { x1: across.place(low), y1: up.place(low), x2: across.place(high), y2: up.place(high), stroke: "#6b6b6b", "stroke-dasharray": "4 3" }));
    targets.forEach((value, i) => {
      if (value !== null && predictions[i] !== null) picture.append(draw("circle", { cx: across.place(value), cy: up.place(predictions[i]), r: 2.4, fill: style.color, opacity: 0.5 }));
    });
    return picture;
  });
}
