/* A stage for each task: the best robot of each method side by side, its network beside it, and one clock for all. */
const PER_SECOND = 12;

function stage(scene) {
  const box = make("section", {}, make("h3", {}, scene.task || "The robots"));
  if (scene.why) box.append(make("p", { class: "note" }, scene.why));
  if (!scene.methods.length) return box;
  const cards = make("div", { class: "cards" });
  const actors = scene.methods.map(method => actor(scene, method, cards));
  const length = Math.max(...scene.methods.map(method => method.steps.at(-1)));
  const ticks = Math.max(...scene.methods.map(method => method.steps.length));
  const what = scene.kind === "robot" ? "step" : "test row";
  box.append(player(ticks, at => {
    const step = ticks > 1 ? Math.round(length * at / (ticks - 1)) : 0;
    actors.forEach(each => each(step));
    return `${what} ${step + 1} of ${length + 1}`;
  }), cards, make("p", { class: "note" }, legend(scene)));
  return box;
}

function legend(scene) {
  const gated = scene.methods.some(method => method.network.links.some(each => !each.signed));
  const hidden = scene.methods.reduce((sum, method) => sum + method.network.links.reduce((all, each) => all + each.left_out, 0), 0);
  return [
    "Networks: orange connections excite, blue ones inhibit, the thicker the stronger; units are orange above zero, blue below, the fuller the further.",
    gated ? "Grey connections lead into gated units, all gates together." : "",
    hidden ? "Only the strongest connections are drawn." : "",
    scene.kind === "robot" ? `All start in the same place: test episode ${scene.episode}.` : "",
  ].filter(Boolean).join(" ");
}

/* One method's card; returns the function that shows it at a step. */
function actor(scene, method, cards) {
  const look = data.styles[method.method], net = networkCanvas(method.network);
  const card = make("article", { class: "card" },
    make("h4", {}, sample(look), ` ${method.method}`),
    make("p", {}, `seed ${method.seed}: test score ${shortened(method.score)}; ${method.note}`));
  card.style.borderTopColor = look.color;
  const screen = method.film ? film(method.film, method.method) : null, state = make("p", {});
  const side = make("div", { class: "show" });
  if (method.predictions) side.append(answers(method.predictions, look, scene.targets[0]));
  if (screen) side.append(screen.canvas);
  side.append(net.canvas);
  card.append(side, state);
  cards.append(card);
  return step => {
    let at = 0;
    method.steps.forEach((each, i) => { if (each <= step) at = i; });
    net.show(at);
    screen?.show(at);
    const over = step > method.steps.at(-1) ? `ended at step ${method.steps.at(-1) + 1}` : "\u00a0";
    state.textContent = method.captions ? method.captions[at] : over;
  };
}

/* Pictures cut out of their sheet. */
function film({ sheet, columns, width, height }, name) {
  const canvas = make("canvas", { width, height, role: "img", class: "film", "aria-label": `The robot of ${name}` });
  const brush = canvas.getContext("2d"), image = new Image();
  let now = 0;
  const show = at => {
    now = at;
    if (image.complete && image.naturalWidth)
      brush.drawImage(image, (at % columns) * width, Math.floor(at / columns) * height, width, height, 0, 0, width, height);
  };
  image.addEventListener("load", () => show(now));
  image.src = sheet;
  return { canvas, show };
}

/* Play, pause, and a slider; begins at the end, where a way is to be seen whole. */
function player(ticks, show) {
  const button = make("button", { type: "button" }, "▶ Play");
  const slider = make("input", { type: "range", min: 0, max: ticks - 1, value: ticks - 1, "aria-label": "Time" });
  const told = make("output");
  let playing = null;
  const go = at => { slider.value = at; told.textContent = show(at); };
  const pause = () => { clearInterval(playing); playing = null; button.textContent = "▶ Play"; };
  const tick = () => (+slider.value >= ticks - 1 ? pause() : go(+slider.value + 1));
  button.addEventListener("click", () => {
    if (playing !== null) return pause();
    if (+slider.value >= ticks - 1) go(0);
    button.textContent = "❚❚ Pause";
    playing = setInterval(tick, 1000 / PER_SECOND);
    return undefined;
  });
  slider.addEventListener("input", () => { pause(); go(+slider.value); });
  go(ticks - 1);
  return make("div", { class: "player" }, button, slider, told);
}
