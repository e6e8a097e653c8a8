/* Answers on test rows against the truth: a table of classes, or a cloud of values around the diagonal. */
function answers(found, look, target) {
  return found.classes ? confusion(found, look) : scatter(found, look, target);
}

function confusion({ classes, counts }, look) {
  const cell = Math.max(26, Math.min(54, 260 / classes.length)), side = 110, size = cell * classes.length;
  const picture = draw("svg", { viewBox: `0 0 ${side + size + 4} ${size + 84}`, role: "img", "aria-label": "Confusion matrix: rows are the truth, columns the answers" });
  const brief = name => (name.length > 15 ? `${name.slice(0, 14)}…` : name);
  picture.append(label("truth ↓  answer →", 0, 12, { class: "title" }));
  counts.forEach((row, truth) => {
    const total = row.reduce((sum, each) => sum + each, 0) || 1, y = 20 + truth * cell;
    picture.append(label(brief(classes[truth]), side - 6, y + cell / 2 + 4, { "text-anchor": "end" }));
    row.forEach((count, answer) => {
      const share = count / total, x = side + answer * cell;
      const box = draw("rect", { x, y, width: cell - 1, height: cell - 1, fill: truth === answer ? look.color : "#222", "fill-opacity": 0.06 + 0.8 * share });
      box.append(draw("title", {}, `${classes[truth]} taken for ${classes[answer]}: ${count} of ${total}`));
      picture.append(box);
      if (cell > 30) picture.append(label(count, x + cell / 2, y + cell / 2 + 4, { "text-anchor": "middle", class: share > 0.5 ? "light" : "dark" }));
    });
  });
  classes.forEach((name, i) => {
    const x = side + (i + 0.5) * cell, y = 20 + size + 12;
    picture.append(label(brief(name), x, y, { "text-anchor": "end", transform: `rotate(-30 ${x} ${y})` }));
  });
  return picture;
}

function scatter({ predictions: said, truth }, look, target) {
  const every = [...said, ...truth].filter(each => each !== null), low = Math.min(...every), high = Math.max(...every);
  const across = scale(low, high, LEFT, WIDTH - RIGHT, false), up = scale(low, high, HEIGHT - BOTTOM, TOP, false);
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "dense", role: "img", "aria-label": `Predictions of ${target} over the truth` });
  picture.append(axes(across, up, `true ${target}; upwards: predicted`));
  picture.append(draw("line", { x1: across.place(low), y1: up.place(low), x2: across.place(high), y2: up.place(high), stroke: "#6b6b6b", "stroke-dasharray": "4 3" }));
  truth.forEach((value, i) => {
    if (value !== null && said[i] !== null) picture.append(draw("circle", { cx: across.place(value), cy: up.place(said[i]), r: 2.4, fill: look.color, opacity: 0.5 }));
  });
  return picture;
}
