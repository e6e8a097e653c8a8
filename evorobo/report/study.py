"""A study shown whole: its figure, its table, and the ways its robots went, written beside its results."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.axes import Axes

from evorobo.files import write_atomically
from evorobo.nets.genome import Genome
from evorobo.report.analysis import archive_table, summary as findings
from evorobo.report.analysis.runs import with_genome
from evorobo.report.figures import archives, curves, paths as behaviour
from evorobo.settings import from_plain
from evorobo.study.results import Results
from evorobo.tasks.control.recording import trajectory
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.task import ControlTask


def show(results: Results) -> list[Path]:
    """Write `curves.png`, `table.csv`, `table.md`, `verdicts.csv`, `paths-<task>.png` for robots that can be drawn, and
    `archives-<task>.png` and `archives.md` where methods brought more than one genome home; print the tables, who won
    and how sure that is, and where the files are. Returns the files."""
    written = [curves.plot(results, results.folder / "curves.png")]
    written += [path for task in results.tasks if (path := draw_paths(results, task)) is not None]
    pictures = {task: results.folder / f"archives-{task}.png" for task in results.tasks}
    written += [path for task, file in pictures.items() if (path := archives.plot(results, task, file)) is not None]
    written += findings.write(results, results.folder)
    found = archive_table.archive_summary(results)
    if found:
        written.append(results.folder / "archives.md")
        write_atomically(written[-1], archive_table.to_markdown(found) + "\n")
    print("", findings.to_terminal(results), *(["", archive_table.to_terminal(found)] if found else []), sep="\n")
    print("", *written, sep="\n")
    return written


def draw_paths(results: Results, name: str, n_episodes: int = 6) -> Path | None:
    """Test episodes under the teacher and under the median answer of each method, where the robot can be drawn."""
    task = next(task for task in from_plain(results.settings).tasks if task.name == name)
    if not isinstance(task, ControlTask) or task.robot is None or not defines(task.robot, "draw"):
        return None
    drivers: list[tuple[str, Genome | None]] = [("teacher", None)] if defines(task.robot, "teacher") else []
    for method in results.methods:
        runs = sorted(with_genome(results.runs_of(name, method)), key=lambda run: run.score)
        if runs:
            drivers.append((method, Genome.load(runs[len(runs) // 2].folder / "genome.npz")))
    if not drivers:
        return None
    n_episodes = min(n_episodes, task.test_episodes)
    panels = [(driver, driver, partial(_draw, task, genome, n_episodes)) for driver, genome in drivers]
    return behaviour.plot_paths(panels, results.folder / f"paths-{name}.png")


def _draw(task: ControlTask, genome: Genome | None, episodes: int, axes: Axes) -> None:
    for episode in range(episodes):
        assert task.robot is not None
        task.robot.draw(axes, trajectory(task, genome, episode))
