/* A section for each task: the best robot of each method with its network, all animated together. */
const FRAMES_PER_SECOND = 12;

function stage(scene) {
  const box = make("section", {}, make("h3", {}, scene.task || "The robots"));
  if (scene.why) box.append(make("p", { class: "note" }, scene.why));
  if (!scene.methods.length) return box;
  const cards = make("div", { class: "cards" });
  const shows = scene.methods.map(method => addCard(scene, method, cards));
  const length = Math.max(...scene.methods.map(method => method.steps.at(-1)));
  const ticks = Math.max(...scene.methods.map(method => method.steps.length));
  const what = scene.kind === "robot" ? "step" : "test row";
  box.append(player(ticks, at => {
    const step = ticks > 1 ? Math.round(length * at / (ticks - 1)) : 0;
    shows.forEach(show => show(step));
    return `${what} ${step + 1} of ${length + 1}`;
  }), cards, make("p", { class: "note" }, legend(scene)));
  return box;
}

function legend(scene) {
  const gated = scene.methods.some(method => method.network.links.some(link => !link.signed));
  const hidden = scene.methods.reduce((sum, method) => sum + method.network.links.reduce((total, link) => total + link.left_out, 0), 0);
  return [
    "Networks: orange connections are positive, blue ones negative, and thicker ones are stronger. Units are orange above zero and blue below.",
    gated ? "Gray connections lead to gated units and combine all gates." : "",
    hidden ? "Only the strongest connections are drawn." : "",
    scene.kind === "robot" ? `All robots have the same start: test episode ${scene.episode}.` : "",
  ].filter(Boolean).join(" ");
}

/* Add the card of a method; returns the function that shows a step. */
function addCard(scene, method, cards) {
  const style = data.styles[method.method], net = networkCanvas(method.network);
  const card = make("article", { class: "card" },
    make("h4", {}, sample(style), ` ${method.method}`),
    make("p", {}, `seed ${method.seed}: test score ${shortened(method.score)}; ${method.note}`));
  card.style.borderTopColor = style.color;
  const screen = method.film ? film(method.film, method.method) : null, state = make("p", {});
  const side = make("div", { class: "show" });
  if (method.predictions) side.append(predictions(method.predictions, style, scene.targets[0]));
  if (screen) side.append(screen.canvas);
  side.append(net.canvas);
  card.append(side, state);
  cards.append(card);
  return step => {
    let at = 0;
    method.steps.forEach((other, i) => { if (other <= step) at = i; });
    net.show(at);
    screen?.show(at);
    const over = step > method.steps.at(-1) ? `ended at step ${method.steps.at(-1) + 1}` : "\u00a0";
    state.textContent = method.captions ? method.captions[at] : over;
  };
}

/* The frames of a sprite sheet. */
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

/* Play, pause, and a slider; it starts at the end, where the whole path is visible. */
function player(ticks, show) {
  const button = make("button", { type: "button" }, "▶ Play");
  const slider = make("input", { type: "range", min: 0, max: ticks - 1, value: ticks - 1, "aria-label": "Time" });
  const output = make("output");
  let playing = null;
  const go = at => { slider.value = at; output.textContent = show(at); };
  const pause = () => { clearInterval(playing); playing = null; button.textContent = "▶ Play"; };
  const tick = () => (+slider.value >= ticks - 1 ? pause() : go(+slider.value + 1));
  button.addEventListener("click", () => {
    if (playing !== null) return pause();
    if (+slider.value >= ticks - 1) go(0);
    button.textContent = "❚❚ Pause";
    playing = setInterval(tick, 1000 / FRAMES_PER_SECOND);
    return undefined;
  });
  slider.addEventListener("input", () => { pause(); go(+slider.value); });
  go(ticks - 1);
  return make("div", { class: "player" }, button, slider, output);
}
