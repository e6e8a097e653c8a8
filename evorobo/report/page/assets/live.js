/* The page of a running study: it asks for what is new, and draws the curves, the table and the last robot again. */
let replayed = "", built = false;

function show() {
  chosen("summary").textContent = data.summary;
  chosen("state").textContent = data.ended ? "The study has ended." : "This page updates itself.";
  const [header, ...rows] = data.table;
  chosen("cells").replaceChildren(
    make("thead", {}, make("tr", {}, ...header.map(name => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows.map(row => make("tr", {}, ...row.map(cell => make("td", {}, cell))))));
  if (!data.tasks.length) return;
  if (built) { offerCosts(); drawCurves(); }
  else controls();
  built = true;
}

async function replay() {
  if (!data.last || data.last === replayed) return;
  replayed = data.last;
  const answer = await fetch("replay.json");
  chosen("stages").replaceChildren(...(await answer.json()).map(stage));
  repaint();
}

async function update() {
  let seconds = 2;
  try {
    const answer = await fetch(`data.json?version=${encodeURIComponent(data.version)}`), fresh = await answer.json();
    seconds = fresh.seconds;
    if (fresh.version !== undefined) {
      if (Object.keys(fresh.styles).join() !== Object.keys(data.styles).join()) return location.reload();
      Object.assign(data, fresh);
      show();
    }
    await replay();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the server is gone
    chosen("state").textContent = "evorobo watch has ended; this page shows what it read last.";
    return undefined;
  }
  if (!data.ended) setTimeout(update, 1000 * seconds);
  return undefined;
}

show();
update();
