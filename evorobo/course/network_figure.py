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
    """Layers of `units (width,)` from left to right with a number in each, `weights (width, next width)` with a number
    on each arrow, and `names` beside the units; `backwards` turns the arrows round."""
    places = [_places(len(np.atleast_1d(layer))) for layer in units]
    for at, matrix in enumerate(weights):
        for (i, j), number in np.ndenumerate(np.asarray(matrix)):
            start, end = np.array([at, places[at][i]]), np.array([at + 1, places[at + 1][j]])
            tail, head = (end, start) if backwards else (start, end)
            arrow = {"arrowstyle": "-|>", "color": color, "lw": 0.9, "shrinkA": _CIRCLE / 2, "shrinkB": _CIRCLE / 2}
            axes.annotate("", tuple(head), tuple(tail), arrowprops=arrow)
            x, y = start + _LABEL * (end - start)
            axes.text(
                x, y, _short(number), color=color, size=7, ha="center", va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    for at, layer in enumerate(units):
        for place, number, name in zip(places[at], np.atleast_1d(layer), names[at], strict=True):
            axes.plot(at, place, marker="o", ms=_CIRCLE, mfc="white", mec=color, mew=1.2)
            axes.text(at, place, _short(number), color=color, size=7.5, ha="center", va="center")
            side, va = (-1, "top") if place < 0 else (1, "bottom")
            axes.text(at, place + 0.2 * side, name, color=MUTED_COLOR, size=7, ha="center", va=va)
    axes.set(xlim=(-0.25, len(units) - 0.75), ylim=(-0.8, 0.8), xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _places(width: int) -> np.ndarray:
    return 0.5 * np.linspace(1, -1, width) if width > 1 else np.zeros(1)


def _short(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")  # noqa: RUF001
