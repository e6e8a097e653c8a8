"""The figure of master tournaments: training scores of both sides, the matrix of scores, and its means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.report.analysis.master_tournament import MasterTournament
from evorobo.report.figures import output
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import draw_average
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import assign_styles
from evorobo.report.formatting import few_runs_caution
from evorobo.report.statistics import Curve, average_curve

CurveFunction: TypeAlias = Callable[[MasterTournament], Curve]

_BESIDE = 1.0  # inches beside the columns: labels of the axes, color bar
_COLUMN, _MIN_COLUMN = 3.0, 1.2  # inches, the width of a column
_HEIGHT, _MARGINS = 1.8, 1.8  # of the three rows: times the width of a column, and inches


def figure(
    master_tournaments: dict[str, list[MasterTournament]],
    robot: str,
    rival: str,
    title: str,
    settings: FigureSettings | None = None,
) -> Figure:
    """The figure of master tournaments with a column for each method.

    Raises `SettingsError` for a width in which the columns have no room.
    """
    settings, n_methods = settings or FigureSettings(), len(master_tournaments)
    width = settings.inches or _BESIDE + _COLUMN * n_methods
    column = (width - _BESIDE) / n_methods
    if column < _MIN_COLUMN:
        raise SettingsError(
            f"{n_methods} methods need a width of {2.54 * (_BESIDE + _MIN_COLUMN * n_methods):.1f} cm; choose some "
            "with only, or a wider figure."
        )
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
        styles = assign_styles([robot, rival])
        layout = FigureLayout(width, f"{title}: master tournament", "", styles, notes, settings)
        drawn.set_size_inches(width, layout.top + layout.bottom + _MARGINS + _HEIGHT * column)
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
