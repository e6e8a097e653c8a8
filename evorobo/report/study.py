"""A study shown whole: its figure, its table, and the ways its robots went, written beside its results."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from evorobo.nets.genome import Genome
from evorobo.report import behaviour, curves, tables
from evorobo.report.runs import counted
from evorobo.settings import from_plain
from evorobo.study.results import Results
from evorobo.tasks.control import ControlTask
from evorobo.tasks.robots.base import offers


def show(results: Results) -> tuple[list[Path], str]:
    """Write `curves.png`, `table.csv`, `table.md`, and `paths-<task>.png` for robots that can be drawn.

    Returns the files and the table as text for a terminal.
    """
    written = [curves.plot(results, results.folder / "curves.png")]
    written += [path for task in results.tasks if (path := draw_paths(results, task)) is not None]
    written += tables.write(results, results.folder)
    return written, tables.to_terminal(tables.summary(results))


def draw_paths(results: Results, name: str, episode: int = 0) -> Path | None:
    """One test episode under the teacher and under the median answer of each method, if it can be drawn."""
    task = next(task for task in from_plain(results.settings).tasks if task.name == name)
    if not isinstance(task, ControlTask) or task.robot is None or not offers(task.robot, "draw"):
        return None
    drivers: list[tuple[str, Genome | None]] = [("teacher", None)] if offers(task.robot, "teacher") else []
    for method in results.methods:
        runs = sorted(counted(results.of(name, method)), key=lambda run: run.score)
        if runs:
            drivers.append((method, Genome.load(runs[len(runs) // 2].folder / "genome.npz")))
    if not drivers:
        return None
    states = [task.trajectory(genome, episode) for _, genome in drivers]
    panels = [
        (driver, driver, partial(task.robot.draw, states=way)) for (driver, _), way in zip(drivers, states, strict=True)
    ]
    return behaviour.plot_paths(panels, results.folder / f"paths-{name}.png")
