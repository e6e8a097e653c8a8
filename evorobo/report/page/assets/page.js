/* Draw everything; open all details for print. */
if (data.tasks.length) controls();
drawFinals();
drawRobustness();
const allDetails = [...document.querySelectorAll("details")];
addEventListener("beforeprint", () => allDetails.forEach(details => { details.open = true; }));
addEventListener("afterprint", () => allDetails.forEach(details => { details.open = false; }));
document.getElementById("stages").replaceChildren(...data.behavior.map(stage));
repaint();
