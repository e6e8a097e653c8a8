"""The paths of robots, side by side in small panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import fill
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.report.figures import output
from evorobo.report.figures.style import assign_styles

Panel: TypeAlias = tuple[str, str, Callable[[Axes], object]]
"""A title, the method whose color frames the panel, and the function that draws into it."""

_COLUMNS = 4
_WIDTH = 2.6  # inches


def plot_paths(panels: Sequence[Panel], path: str | Path) -> Path:
    """Write panels of equal scale to `path` (PNG), four in a row; returns the path."""
    return output.save_figure(paths(panels), path)


def paths(panels: Sequence[Panel]) -> Figure:
    """The figure that `plot_paths` writes."""
    styles = assign_styles(method for _, method, _ in panels)
    columns = max(1, min(_COLUMNS, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    with output.figure_style():
        figure = Figure(figsize=(_WIDTH * columns, _WIDTH * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        drawn, spare = grid[: len(panels)], grid[len(panels) :]
        for axes, (title, method, draw) in zip(drawn, panels, strict=True):
            draw(axes)
            color = styles[method].color
            axes.set_title(fill(title, 32), color=color, fontsize=9)
            axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
            axes.grid(visible=False)
            axes.spines[:].set(visible=True, color=color, linewidth=1.2)
        for axes in spare:
            axes.set_visible(False)
        if panels:
            shape = _share_scale(list(drawn))
            lines = max(axes.get_title(loc="left").count("\n") + 1 for axes in drawn)
            figure.set_size_inches(_WIDTH * columns, (_WIDTH * shape + 0.1 + 0.17 * lines) * rows)
    return figure


def _share_scale(drawn: list[Axes]) -> float:
    """Give all panels the same limits, which hold the content of all of them; returns their height over their width."""
    left, right = (pick(axes.get_xlim()[i] for axes in drawn) for i, pick in enumerate((min, max)))
    bottom, top = (pick(axes.get_ylim()[i] for axes in drawn) for i, pick in enumerate((min, max)))
    for axes in drawn:
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    return min(max((top - bottom) / (right - left), 0.3), 2.0)
