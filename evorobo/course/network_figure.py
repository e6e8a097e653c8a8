"""A small network drawn with its numbers: a circle for each unit, an arrow for each weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR

Layers: TypeAlias = Sequence[ArrayLike]
Names: TypeAlias = Sequence[Sequence[str]]

_CIRCLE = 29  # points across
_LABEL = 0.41  # how far along an arrow its number stands, so that the numbers of crossing arrows keep apart


def draw_network(
    axes: Axes,
    units: Layers,
    weights: Layers,
    names: Names,
    color: str = TEXT_COLOR,
    backwards: bool = False,
) -> None:
    """Draw layers of `units (width,)` from left to right and `weights (width, next_width)` as arrows, all with numbers.

    `names` stand beside the units; with `backwards` the arrows point from the outputs to the inputs.
    """
    heights = [_unit_heights(len(np.atleast_1d(layer))) for layer in units]
    for column, matrix in enumerate(weights):
        for (i, j), number in np.ndenumerate(np.asarray(matrix)):
            start, end = np.array([column, heights[column][i]]), np.array([column + 1, heights[column + 1][j]])
            tail, head = (end, start) if backwards else (start, end)
            arrow = {"arrowstyle": "-|>", "color": color, "lw": 0.9, "shrinkA": _CIRCLE / 2, "shrinkB": _CIRCLE / 2}
            axes.annotate("", tuple(head), tuple(tail), arrowprops=arrow)
            x, y = start + _LABEL * (end - start)
            axes.text(
                x, y, _format_number(number), color=color, size=7, ha="center", va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    for column, layer in enumerate(units):
        for y, number, name in zip(heights[column], np.atleast_1d(layer), names[column], strict=True):
            axes.plot(column, y, marker="o", ms=_CIRCLE, mfc="white", mec=color, mew=1.2)
            axes.text(column, y, _format_number(number), color=color, size=7.5, ha="center", va="center")
            side, va = (-1, "top") if y < 0 else (1, "bottom")
            axes.text(column, y + 0.2 * side, name, color=MUTED_COLOR, size=7, ha="center", va=va)
    axes.set(xlim=(-0.25, len(units) - 0.75), ylim=(-0.8, 0.8), xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _unit_heights(width: int) -> np.ndarray:
    return 0.5 * np.linspace(1, -1, width) if width > 1 else np.zeros(1)


def _format_number(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")  # noqa: RUF001
