"""The paths of robots, side by side in small panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor, log10
from pathlib import Path
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import TEXT_COLOR, Style, style, table_styles

Panels: TypeAlias = Mapping[str, Callable[[Axes], object]]
"""By method, or "teacher", the function that draws into its panel."""

_COLUMNS = 4
_WIDTH, _MIN_WIDTH = 2.6, 1.4  # inches
_BAR = 0.25  # of the width of a panel, the longest scale bar


def plot_paths(
    table: StudyTable, panels: Panels, path: str | Path, about: str, unit: str, settings: FigureSettings | None = None
) -> list[Path]:
    """Write panels of equal scale to `path`, up to four in a row; returns the paths of the files.

    `about` says what is shown, and `unit` is the unit of length of the drawings.
    """
    settings = settings or FigureSettings()
    styles = table_styles(table) | {"teacher": style("teacher")}
    return output.save_with_caption(paths(panels, styles, table.results.name, about, unit, settings), path, settings)


def paths(
    panels: Panels, styles: Mapping[str, Style], title: str, about: str, unit: str, settings: FigureSettings
) -> Figure:
    """The figure that `plot_paths` writes.

    A robot whose `draw` labels an axis keeps its axes with their labels, scales and proportions. Other drawings have
    no axes, equal scales in both directions and a bar that shows a length.
    """
    columns = max(1, min(_COLUMNS, len(panels), int(settings.inches / _MIN_WIDTH) if settings.inches else len(panels)))
    rows = max(1, -(-len(panels) // columns))
    width = settings.inches or max(_WIDTH * columns, 5.2)
    with output.figure_style():
        figure = Figure(figsize=(width, 1), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        drawn, spare = list(grid[: len(panels)]), grid[len(panels) :]
        for axes, (method, draw) in zip(drawn, panels.items(), strict=True):
            draw(axes)
            color = styles[method].color
            axes.set_title(shorten(method), color=color, fontsize=9)
            axes.grid(visible=False)
            axes.spines[:].set(visible=True, color=color, linewidth=1.2)
        for axes in spare:
            axes.set_visible(False)
        plain = not any(map(keeps_axes, drawn))
        shape = _share_limits(drawn, plain)
        if plain:
            for axes in drawn:
                axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
            about = f"{about} All panels have one scale; the bar is {_add_scale_bar(drawn[0], unit)} long."
        layout = FigureLayout(width, f"{title}: paths", about, {}, [], settings)
        panel_width = width / columns
        panel_height = panel_width * shape + 0.35 if plain else 0.8 * panel_width + 0.5
        figure.set_size_inches(width, layout.top + layout.bottom + panel_height * rows)
        layout.draw(figure)
    return figure


def keeps_axes(axes: Axes) -> bool:
    """Whether a drawing has axes that mean something: it has labeled or scaled one."""
    labels = axes.get_xlabel(), axes.get_ylabel()
    return any(labels) or (axes.get_xscale(), axes.get_yscale()) != ("linear", "linear")


def _share_limits(drawn: list[Axes], equal: bool) -> float:
    """Give all panels the same limits, which hold the content of all of them; returns their height over their width.

    Those with `equal` scales fill a panel of moderate proportions.
    """
    left, right = (pick(axes.get_xlim()[i] for axes in drawn) for i, pick in enumerate((min, max)))
    bottom, top = (pick(axes.get_ylim()[i] for axes in drawn) for i, pick in enumerate((min, max)))
    for axes in drawn:
        axes.set(xlim=(left, right), ylim=(bottom, top))
    return min(max((top - bottom) / (right - left), 0.3), 2.0) if equal else 1.0


def _add_scale_bar(axes: Axes, unit: str) -> str:
    """Add a bar of a round length below the panel, on the right; returns its length with the unit."""
    left, right = axes.get_xlim()
    longest = _BAR * (right - left)
    size = 10.0 ** floor(log10(longest))
    length = max(factor * size for factor in (1, 2, 5) if factor * size <= longest)
    label = f"{length:g} {unit}".strip()
    bar = AnchoredSizeBar(
        axes.transData, length, label, "upper right", pad=0, borderpad=0.5, sep=2, color=TEXT_COLOR, frameon=False,
        size_vertical=(right - left) / 250, fontproperties=FontProperties(size=7.5), bbox_to_anchor=(1, 0),
        bbox_transform=axes.transAxes,
    )  # fmt: skip
    axes.add_artist(bar)
    return label
