/* Making elements. Text goes in as text alone, so that no name in the data can become markup. */
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

/* How a method is drawn: a sample of its line, and its marker at a place. */
function stroke(look, width) {
  return { fill: "none", stroke: look.color, "stroke-width": width, "stroke-dasharray": look.dashes.join(" ") };
}

function marker(look, x, y) {
  return draw("path", {
    d: look.marker, transform: `translate(${x} ${y}) scale(3.4)`,
    fill: look.color, stroke: "#fff", "stroke-width": 0.25,
  });
}

function sample(look) {
  const line = draw("line", { x1: 0, y1: 7, x2: 34, y2: 7, ...stroke(look, 2) });
  const picture = draw("svg", { viewBox: "0 0 34 14", width: 34, height: 14, "aria-hidden": "true" }, line, marker(look, 17, 7));
  picture.style.width = "34px";
  return picture;
}
