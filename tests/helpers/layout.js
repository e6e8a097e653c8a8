/* Expressions for layout.py, each a function of the page. */
({
overlaps() {
  const problems = [], say = (...words) => problems.push(words.join(' '));
  const rect = (element, trim = 0) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left, right, top: top + trim, bottom: bottom - trim, text: element.textContent.slice(0, 30) || element.className };
  };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const pairs = (boxes, what) => boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => meet(a, b) && say(what, a.text, '|', b.text)));
  const visible = element => element.checkVisibility({ visibilityProperty: true });
  pairs([...document.querySelectorAll('h1, h2, h3, p, li, dl, figcaption, .plot, .controls > *, .legend > *, td, th, nav a')]
    .filter(visible).filter(element => !element.querySelector('p, li, figcaption, .legend > *')).map(element => rect(element)), 'page:');
  for (const svg of document.querySelectorAll('figure svg[role=img]')) {
    const texts = [...svg.querySelectorAll('text')].filter(text => !text.hasAttribute('transform')).map(text => rect(text, 2));
    const edge = rect(svg), inside = svg.querySelector('clipPath rect');
    pairs(texts, 'text:');
    for (const text of texts)
      if (text.left < edge.left - 1 || text.right > edge.right + 1 || text.top < edge.top - 3 || text.bottom > edge.bottom + 3) say('cut off:', text.text);
    for (const path of svg.querySelectorAll('path.average, path.single, path.band, .names path')) {
      if (!path.getClientRects().length) continue;
      const there = path.getScreenCTM(), length = path.getTotalLength();
      for (let at = 0; at <= length; at += 3) {
        const point = path.getPointAtLength(at), x = point.x + there.e, y = point.y + there.f;
        const clipped = path.closest('[clip-path]') && point.x > inside.x.baseVal.value + inside.width.baseVal.value;
        const hit = !clipped && texts.find(text => x > text.left && x < text.right && y > text.top && y < text.bottom);
        if (hit) { say('line over text:', path.closest('[data-name]')?.dataset.name, '|', hit.text); break; }
      }
    }
    for (const circle of svg.querySelectorAll('circle'))
      texts.filter(text => meet(rect(circle), text)).forEach(text => say('dot over text:', text.text));
  }
  return problems;
},

outsideFirstScreen() {
  const below = [...document.querySelectorAll('h1, .question, .headline, .origin, #key > *, #curve-charts figure')]
    .filter(element => element.getClientRects().length && element.getBoundingClientRect().bottom + scrollY > innerHeight);
  const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : [];
  return [...below.map(element => element.className || element.id || element.textContent.slice(0, 40)), ...wide];
},

smallTexts() {
  return [...document.querySelectorAll('figure svg text')]
    .map(text => [text, text.getScreenCTM()]).map(([text, { a, b }]) => parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b)).filter(size => size < 12.9);
},
})
