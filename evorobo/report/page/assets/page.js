/* The page: everything drawn once; what is folded up is opened for print. */
if (data.tasks.length) controls();
drawFinals();
drawRobustness();
const folded = [...document.querySelectorAll("details")];
addEventListener("beforeprint", () => folded.forEach(each => { each.open = true; }));
addEventListener("afterprint", () => folded.forEach(each => { each.open = false; }));
document.getElementById("stages").replaceChildren(...data.behavior.map(stage));
