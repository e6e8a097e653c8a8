"""The figure of master tournaments: training scores of both sides, the matrix of scores, and its means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from evorobo.arrays import Array
from evorobo.report.analysis.master_tournament import MasterTournament
from evorobo.report.figures import output
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import draw_average
from evorobo.report.figures.style import assign_styles
from evorobo.report.formatting import few_runs_caution
from evorobo.report.statistics import Curve, average_curve

CurveFunction: TypeAlias = Callable[[MasterTournament], Curve]


def plot(master_tournaments: dict[str, list[MasterTournament]], robot: str, rival: str, title: str, path: Path) -> Path:
    """Write the figure to `path` (PNG), with a column for each method; returns the path."""
    return output.save_figure(figure(master_tournaments, robot, rival, title), path)


def figure(master_tournaments: dict[str, list[MasterTournament]], robot: str, rival: str, title: str) -> Figure:
    """The figure that `plot` writes."""
    width = 1.0 + 3.0 * len(master_tournaments)
    with output.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(3, len(master_tournaments), squeeze=False, height_ratios=[2, 3, 2], sharey="row")
        top = max(float(master.scores.max()) for runs in master_tournaments.values() for master in runs)
        for (method, runs), (first, middle, last) in zip(master_tournaments.items(), grid.T, strict=True):
            first.set(title=method, xlabel="generation")
            _draw_curves(
                first,
                runs,
                {robot: lambda m: _numbered(m.training_scores), rival: lambda m: _numbered(m.rival_training_scores)},
            )
            image = _draw_matrix(middle, runs, top)
            middle.set_xlabel(f"generation of the {rival}")
            _draw_curves(
                last,
                runs,
                {
                    robot: lambda m: (m.generations, m.scores.mean(1)),
                    rival: lambda m: (m.generations, m.scores.mean(0)),
                },
            )
            last.set_xlabel("generation")
        grid[0, 0].set_ylabel("best training score\nof the generation")
        grid[1, 0].set_ylabel(f"generation of the {robot}")
        grid[2, 0].set_ylabel(f"mean score of the {robot}\nagainst all generations")
        drawn.colorbar(image, ax=list(grid[1]), label=f"score of the {robot}", shrink=0.85, aspect=30)
        notes = _notes(robot, rival, min(len(runs) for runs in master_tournaments.values()))
        layout = FigureLayout(width, f"{title}: master tournament", "", assign_styles([robot, rival]), notes)
        drawn.set_size_inches(width, layout.top + layout.bottom + 7.2)
        layout.draw(drawn)
    return drawn


def _notes(robot: str, rival: str, runs: int) -> list[str]:
    notes = [
        f"Middle: champions of the {robot} against champions of the {rival}{', mean over seeds' if runs > 1 else ''}. "
        f"Above the diagonal each {robot} meets earlier generations of its {rival} (CIAO plot; bright: it beats them). "
        f"Below the diagonal each {rival} meets earlier generations of its {robot} (CIAO plot; dark: it beats them).",
        f"Bottom: mean scores against all generations; high is good for the {robot}, low for the {rival}.",
        few_runs_caution(runs),
    ]
    return [note for note in notes if note]


def _numbered(scores: Array) -> tuple[Array, Array]:
    """The scores over the numbers of their generations."""
    return np.arange(1.0, len(scores) + 1), scores


def _draw_curves(axes: Axes, runs: Sequence[MasterTournament], curves: dict[str, CurveFunction]) -> None:
    """Draw every run as a thin line, and the average of each side as a thick one."""
    for name, style in assign_styles(curves).items():
        drawn = [curves[name](master) for master in runs]
        for x, y in drawn:
            axes.plot(x, y, color=style.color, lw=0.6, alpha=0.3, zorder=2)
        draw_average(axes, average_curve(drawn), style, name)


def _draw_matrix(axes: Axes, runs: Sequence[MasterTournament], top: float) -> AxesImage:
    """Draw the mean matrix; the first generations are in the lower left corner, the last ones in the upper right."""
    generations = np.mean([master.generations for master in runs], axis=0)
    low, high = generations[0] - 0.5, generations[-1] + 0.5
    image = axes.imshow(
        np.mean([master.scores for master in runs], axis=0), origin="lower", extent=(low, high, low, high),
        vmin=0, vmax=top, cmap="viridis", interpolation="nearest",
    )  # fmt: skip
    axes.plot([low, high], [low, high], color="white", lw=0.8, ls=(0, (4, 3)))
    axes.grid(visible=False)
    return image
