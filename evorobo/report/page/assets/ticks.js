/* Scales: from numbers to places on an axis, and the round numbers at which to write. */
function shortened(value) {
  const size = Math.abs(value);
  for (const [prefix, unit] of [["E", 1e18], ["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]])
    if (size >= 0.9995 * unit) return `${+(value / unit).toPrecision(3)}${prefix}`.replace("-", "−");
  return `${+value.toPrecision(3)}`.replace("-", "−");
}

function roundNumbers(low, high, most) {
  const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(each => each * power).find(each => each >= rough * 0.9999);
  const numbers = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) numbers.push(+(at * step).toPrecision(12));
  return numbers;
}

function decades(low, high, most) {
  const parts = high / low < 30 ? [1, 2, 5] : high / low < 1000 ? [1, 3] : [1], numbers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const part of parts) numbers.push(part * 10 ** power);
  const inside = numbers.filter(each => each >= low * 0.999 && each <= high * 1.001);
  const every = Math.ceil(inside.length / most);
  return inside.filter((_, at) => at % every === 0);
}

/* A tick as text, with as many decimals as its step has. */
function written(value, step) {
  if (Math.abs(value) >= 1e4) return shortened(value);
  const decimals = (`${+step.toPrecision(3)}`.split(".")[1] ?? "").length;
  return value.toFixed(decimals).replace("-", "−");
}

/* A scale from [low, high] to [start, end] in the picture: where a value lies, where to write, at most so often, and what. */
function scale(low, high, start, end, log, most = 6) {
  if (log && low > 0) {
    const from = Math.log(low), over = Math.log(high) - from || 1;
    const place = value => start + (end - start) * (Math.log(value) - from) / over;
    return { place, ticks: decades(low, high, most), text: shortened };
  }
  const over = high - low || 1, ticks = roundNumbers(low, high, most), step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  const place = value => start + (end - start) * (value - low) / over;
  return { place, ticks, text: value => written(value, step) };
}
