/* Predictions on test rows against the targets: a confusion matrix, or a scatter plot around the diagonal. */
function predictions(data, style, target) {
  return data.classes ? confusion(data, style) : scatter(data, style, target);
}

function confusion({ classes, counts }, style) {
  const cell = Math.max(26, Math.min(54, 260 / classes.length)), side = 110, size = cell * classes.length;
  const picture = draw("svg", { viewBox: `0 0 ${side + size + 4} ${size + 84}`, role: "img", "aria-label": "Confusion matrix: rows are targets, columns are predictions" });
  const shorten = name => (name.length > 15 ? `${name.slice(0, 14)}…` : name);
  picture.append(label("target ↓  prediction →", 0, 12, { class: "title" }));
  counts.forEach((row, target) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1, y = 20 + target * cell;
    picture.append(label(shorten(classes[target]), side - 6, y + cell / 2 + 4, { "text-anchor": "end" }));
    row.forEach((count, prediction) => {
      const share = count / total, x = side + prediction * cell;
      const box = draw("rect", { x, y, width: cell - 1, height: cell - 1, fill: target === prediction ? style.color : "#222", "fill-opacity": 0.06 + 0.8 * share });
      box.append(draw("title", {}, `${classes[target]} predicted as ${classes[prediction]}: ${count} of ${total}`));
      picture.append(box);
      if (cell > 30) picture.append(label(count, x + cell / 2, y + cell / 2 + 4, { "text-anchor": "middle", class: share > 0.5 ? "light" : "dark" }));
    });
  });
  classes.forEach((name, i) => {
    const x = side + (i + 0.5) * cell, y = 20 + size + 12;
    picture.append(label(shorten(name), x, y, { "text-anchor": "end", transform: `rotate(-30 ${x} ${y})` }));
  });
  return picture;
}

function scatter({ predictions, targets }, style, target) {
  const every = [...predictions, ...targets].filter(value => value !== null), low = Math.min(...every), high = Math.max(...every);
  const across = scale(low, high, LEFT, WIDTH - RIGHT, false), up = scale(low, high, HEIGHT - BOTTOM, TOP, false);
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "dense", role: "img", "aria-label": `Predictions of ${target} over the targets` });
  picture.append(axes(across, up, `target ${target}; upwards: prediction`));
  picture.append(draw("line", { x1: across.place(low), y1: up.place(low), x2: across.place(high), y2: up.place(high), stroke: "#6b6b6b", "stroke-dasharray": "4 3" }));
  targets.forEach((value, i) => {
    if (value !== null && predictions[i] !== null) picture.append(draw("circle", { cx: across.place(value), cy: up.place(predictions[i]), r: 2.4, fill: style.color, opacity: 0.5 }));
  });
  return picture;
}
