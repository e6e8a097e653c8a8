/* Drawings of their own size: one unit is one pixel, so that their text has the size of the page's. They are drawn again
   when the window changes, and at a fixed width for print. */
const drawings = new Set();
const FONT = 14, SMALL_FONT = 13, LINE = 17, PRINT_WIDTH = 690;
let printing = false;

/* A figure with a caption, whose drawing paint(width, height) makes; size(width) is its height. */
function plot(caption, size, paint) {
  const holder = make("div", { class: "plot" });
  drawings.add({ holder, size, paint, last: "" });
  return make("figure", {}, ...(caption ? [caption] : []), holder);
}

function repaint() {
  for (const one of drawings) {
    if (!one.holder.isConnected) { drawings.delete(one); continue; }
    const width = printing ? printWidth(one.holder) : Math.floor(one.holder.clientWidth);
    const height = Math.round(one.size(width)), key = `${width} ${height}`;
    if (width <= 0 || key === one.last) continue;
    one.last = key;
    one.holder.replaceChildren(one.paint(width, height));
  }
}

function printWidth(holder) {
  const grid = holder.closest(".charts, .cards");
  if (!grid) return PRINT_WIDTH;
  return grid.childElementCount > 1 ? Math.floor(PRINT_WIDTH / 2) - 12 : PRINT_WIDTH;
}

function drawing(width, height, title, more = {}) {
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title, class: width < 300 ? "narrow" : "", ...more });
}

/* The width of a text in the font of the drawings. */
const measure = document.createElement("canvas").getContext("2d");
function textWidth(text, size = FONT) {
  measure.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return measure.measureText(text).width;
}

/* A text that is at most so wide, with an ellipsis in its middle where it is shortened. */
function fitted(text, width, size = FONT) {
  if (textWidth(text, size) <= width) return text;
  for (let kept = text.length - 1; kept > 2; kept--) {
    const front = Math.ceil(kept * 0.6), short = `${text.slice(0, front).trimEnd()}…${text.slice(text.length - (kept - front)).trimStart()}`;
    if (textWidth(short, size) <= width) return short;
  }
  return "…";
}

/* The lines of a text that is wrapped by words. */
function wrapped(text, width, size = FONT) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && textWidth(longer, size) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map(line => fitted(line, width, size));
}

/* Positions moved apart until neighbors have the distance `gap`, as little as possible, within [low, high]. */
function separated(positions, gap, low, high) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]), moved = [];
  const blocks = [];
  for (const i of order) {
    blocks.push({ center: positions[i], n: 1 });
    while (blocks.length > 1) {
      const [a, b] = blocks.slice(-2);
      if (b.center - a.center >= gap * (a.n + b.n) / 2) break;
      blocks.splice(-2, 2, { center: (a.center * a.n + b.center * b.n) / (a.n + b.n), n: a.n + b.n });
    }
    // a block that would leave the range is moved back into it, where it may touch the one before
    const last = blocks.at(-1), half = gap * (last.n - 1) / 2;
    last.center = Math.max(low + half, Math.min(high - half, last.center));
    while (blocks.length > 1) {
      const [a, b] = blocks.slice(-2);
      if (b.center - a.center >= gap * (a.n + b.n) / 2 - 1e-9) break;
      const n = a.n + b.n, reach = gap * (n - 1) / 2, center = (a.center * a.n + b.center * b.n) / n;
      blocks.splice(-2, 2, { center: Math.max(low + reach, Math.min(high - reach, center)), n });
    }
  }
  let at = 0;
  for (const { center, n } of blocks) for (let k = 0; k < n; k++) moved[order[at++]] = center + gap * (k - (n - 1) / 2);
  return moved;
}

addEventListener("resize", repaint);
addEventListener("beforeprint", () => { printing = true; repaint(); });
addEventListener("afterprint", () => { printing = false; repaint(); });
