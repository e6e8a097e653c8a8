/* A network: columns of units colored by their activations, connections as thick as they are strong. */
const POSITIVE = "#d55e00", NEGATIVE = "#0072b2", UNSIGNED = "#6b6b6b";

function networkCanvas(net) {
  const largest = Math.max(...net.columns.map(column => column.values[0].length));
  const width = 340, height = Math.max(150, Math.min(420, 26 + largest * 22));
  const canvas = make("canvas", { role: "img", "aria-label": `Network: ${net.columns.map(column => `${column.values[0].length} ${column.title}`).join(", ")}` });
  const fine = Math.min(3, Math.max(2, devicePixelRatio || 1));
  canvas.width = width * fine;
  canvas.height = height * fine;
  const places = layout(net, width, height), background = make("canvas");
  background.width = canvas.width;
  background.height = canvas.height;
  const context = background.getContext("2d");
  context.scale(fine, fine);
  drawLinks(context, net, places);
  drawNames(context, net, places);
  const brush = canvas.getContext("2d");
  return {
    canvas,
    show(frame) {
      brush.setTransform(1, 0, 0, 1, 0, 0);
      brush.clearRect(0, 0, canvas.width, canvas.height);
      brush.drawImage(background, 0, 0);
      brush.scale(fine, fine);
      net.columns.forEach((column, at) => column.values[frame].forEach((value, unit) => drawUnit(brush, places[at][unit], value)));
    },
  };
}

function roomForNames(column) {
  const longest = Math.max(0, ...column.names.map(name => name.length));
  return column.values[0].length > 26 ? 24 : Math.max(24, Math.min(84, 16 + 6 * longest));
}

function layout(net, width, height) {
  const left = roomForNames(net.columns[0]), right = roomForNames(net.columns.at(-1));
  const step = (width - left - right) / (net.columns.length - 1);
  return net.columns.map((column, at) => {
    const units = column.values[0].length, room = (height - 22) / units, radius = Math.max(1.5, Math.min(8, room * 0.42));
    return column.values[0].map((_, unit) => ({ x: left + at * step, y: 18 + (unit + 0.5) * room, radius }));
  });
}

function drawLinks(brush, net, places) {
  for (const { from, to, signed, links: [starts, ends, strengths] } of net.links) {
    for (let i = strengths.length - 1; i >= 0; i--) {
      const start = places[from][starts[i]], end = places[to][ends[i]], size = Math.abs(strengths[i]);
      brush.strokeStyle = !signed ? UNSIGNED : strengths[i] > 0 ? POSITIVE : NEGATIVE;
      brush.globalAlpha = 0.12 + 0.6 * size;
      brush.lineWidth = 0.3 + 2.2 * size;
      brush.beginPath();
      brush.moveTo(start.x, start.y);
      if (from !== to) brush.lineTo(end.x, end.y);
      else if (starts[i] === ends[i]) brush.arc(start.x + start.radius + 3, start.y, 4, Math.PI, 3 * Math.PI);
      else brush.quadraticCurveTo(start.x + 14 + Math.abs(end.y - start.y) / 4, (start.y + end.y) / 2, end.x, end.y);
      brush.stroke();
    }
  }
  brush.globalAlpha = 1;
}

function drawNames(brush, net, places) {
  brush.font = "10px system-ui, sans-serif";
  brush.fillStyle = "#5f5f5f";
  net.columns.forEach((column, at) => {
    const last = at === net.columns.length - 1;
    brush.textAlign = at === 0 ? "left" : last ? "right" : "center";
    brush.fillText(column.title, at === 0 ? 2 : last ? 338 : places[at][0].x, 10);
    if (!column.names.length || places[at].length > 26 || (at > 0 && !last)) return;
    brush.textAlign = last ? "left" : "right";
    places[at].forEach(({ x, y, radius }, unit) => brush.fillText(column.names[unit] ?? "", last ? x + radius + 4 : x - radius - 4, y + 3, 68));
  });
}

function drawUnit(brush, { x, y, radius }, value) {
  brush.beginPath();
  brush.arc(x, y, radius, 0, 2 * Math.PI);
  brush.fillStyle = "#fff";
  brush.fill();
  brush.globalAlpha = Math.min(1, Math.abs(value));
  brush.fillStyle = value > 0 ? POSITIVE : NEGATIVE;
  brush.fill();
  brush.globalAlpha = 1;
  brush.strokeStyle = "#444";
  brush.lineWidth = 0.7;
  brush.stroke();
}
