/* Create elements. Text is added as text nodes only, so names in the data cannot become markup. */
const data = JSON.parse(document.getElementById("data").textContent);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function make(name, attributes = {}, ...children) {
  return build(document.createElement(name), attributes, children);
}

function draw(name, attributes = {}, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function label(text, x, y, more = {}) {
  return draw("text", { x, y, ...more }, text);
}

/* The style of a method: its line, its marker, and a sample of both. */
function stroke(style, width) {
  return { fill: "none", stroke: style.color, "stroke-width": width, "stroke-dasharray": style.dashes.join(" ") };
}

function marker(style, x, y) {
  return draw("path", {
    d: style.marker, transform: `translate(${x} ${y}) scale(3.4)`,
    fill: style.color, stroke: "#fff", "stroke-width": 0.25,
  });
}

function sample(style) {
  const line = draw("line", { x1: 0, y1: 7, x2: 34, y2: 7, ...stroke(style, 2) });
  const picture = draw("svg", { viewBox: "0 0 34 14", width: 34, height: 14, "aria-hidden": "true" }, line, marker(style, 17, 7));
  picture.style.width = "34px";
  return picture;
}
