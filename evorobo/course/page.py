"""What a lesson shows: one figure under its statement, and numbers as its sentence tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from evorobo.course.network_figure import Layers, Names, draw_network
from evorobo.report import formatting as wording
from evorobo.report.figures import output as canvas
from evorobo.report.figures.finals import draw_finals
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import Average, draw_average
from evorobo.report.figures.style import METHOD_STYLES, MUTED_COLOR, Style
from evorobo.report.statistics import bootstrap_interval, iqm

Measurements: TypeAlias = Mapping[str, Any]
"""What a lesson measured, by name: arrays `(seeds, ...)`."""

_WIDTH = 8.0  # inches
_HEIGHT = 2.75  # of the panels


class LessonPage:
    """A lesson's figure while it is drawn. Names have the same colour in all its panels; methods have their usual."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(_WIDTH, 1), layout="constrained")
        self._styles: dict[str, Style] = {}
        self._legend: dict[str, Style] = {}

    def add_panels(self, *titles: str, widths: Sequence[float] | None = None) -> list[Axes]:
        """Empty panels side by side, one for each title."""
        row = self.figure.subplots(1, len(titles), squeeze=False, width_ratios=widths)[0]
        for axes, title in zip(row, titles, strict=True):
            axes.set_title(title)
        return list(row)

    def style(self, name: str) -> Style:
        """How `name` is drawn: as everywhere if it is a method's, else in the next colour that is free."""
        if name not in self._styles:
            free = [style for style in METHOD_STYLES.values() if style not in self._styles.values()]
            self._styles[name] = METHOD_STYLES.get(name) or (free or list(METHOD_STYLES.values()))[0]
        return self._styles[name]

    def plot_curve(self, axes: Axes, x: ArrayLike, values: ArrayLike, name: str) -> None:
        """Curves `values (seeds, points)` over `x (points,)`: their IQM, its 95 % interval, and faintly every run."""
        values, style = np.asarray(values, float), self.style(name)
        self._legend[name] = style
        axes.plot(x, values.T, color=style.color, lw=0.5, alpha=0.25)
        draw_average(axes, Average(np.asarray(x, float), iqm(values), *bootstrap_interval(values)), style, name)

    def plot_path(self, axes: Axes, points: ArrayLike, name: str) -> None:
        """A way through `points (n, 2)`, from a small mark to a large one."""
        style, (x, y) = self.style(name), np.asarray(points, float).T
        self._legend[name] = style
        axes.plot(x, y, color=style.color, lw=1.4, marker=style.marker, ms=2, zorder=3)
        axes.plot(x[-1], y[-1], color=style.color, marker=style.marker, ms=8, mec="white", zorder=4)

    def plot_scores(self, axes: Axes, values: Mapping[str, ArrayLike]) -> None:
        """Final scores `(seeds,)` by name, side by side: every run a dot, beside them their IQM and its interval."""
        styles = {name: self.style(name) for name in values}
        draw_finals(axes, {name: np.asarray(each, float).tolist() for name, each in values.items()}, styles)

    def set_log_scale(self, axes: Axes, which: str) -> None:
        """Logarithmic axes ("x", "y" or "xy") whose powers of ten are written 1e-8, 0.1, 10."""
        for axis in which:
            axes.set(**{f"{axis}scale": "log"})
            scale = getattr(axes, f"{axis}axis")
            scale.set_major_formatter(FuncFormatter(_power))
            scale.set_minor_formatter(NullFormatter())

    def plot_network(
        self, axes: Axes, units: Layers, weights: Layers, names: Names, name: str, backwards: bool = False
    ) -> None:
        """A small network with its numbers, in the colour of `name` (see `draw_network`)."""
        draw_network(axes, units, weights, names, self.style(name).color, backwards)

    def plot_theory(self, axes: Axes, x: ArrayLike, values: ArrayLike, name: str) -> None:
        """What theory says, `values (points,)` over `x (points,)`."""
        self._legend[name] = Style(MUTED_COLOR, (0, (1, 2)), "")
        axes.plot(x, values, color=MUTED_COLOR, ls=self._legend[name].dashes, lw=2, zorder=4)

    def plot_reference(self, axes: Axes, values: ArrayLike, text: str, side: str = "right") -> None:
        """A thin grey line at the IQM of `values (seeds,)` to compare with, named at one of its ends."""
        value = float(iqm(np.atleast_1d(np.asarray(values, float))))
        axes.axhline(value, color=MUTED_COLOR, lw=0.9, ls="--", zorder=1.5)
        at, place = {"right": 1, "left": 0}[side], axes.get_yaxis_transform()
        axes.text(at, value, text, transform=place, color=MUTED_COLOR, size=7.5, ha=side, va="bottom")

    def add_layout(self, title: str, finding: str, note: str) -> None:
        """Statement, finding and legend above the panels, small print below."""
        frame = FigureLayout(_WIDTH, title, finding, self._legend, [note])
        self.figure.set_size_inches(_WIDTH, frame.top + frame.bottom + _HEIGHT)
        frame.draw(self.figure)


def _power(value: float, _: object = None) -> str:
    return f"{value:g}" if 0.01 <= value < 1e4 else f"1e{np.log10(value):.0f}"


Draw: TypeAlias = Callable[[LessonPage, Measurements], object]


def write_lesson_figure(title: str, finding: str, draw: Draw, found: Measurements, note: str, path: Path) -> Path:
    """Write the figure that `draw` makes of `found` to `path` (PNG)."""
    with canvas.figure_style():
        page = LessonPage()
        draw(page, found)
        page.add_layout(title, finding, note)
    return canvas.save_figure(page.figure, path)


def estimate(values: ArrayLike, decimals: int | None = None) -> str:
    """Runs `(seeds,)` in a sentence: their interquartile mean and its 95 % bootstrap interval, "0.881 [0.874, 0.886]".

    Three digits that matter unless `places` are asked for; a single run has no interval.
    """
    values = np.asarray(values, float)
    middle, (low, high) = float(iqm(values)), bootstrap_interval(values)
    form = f".{max(wording.decimals([middle]) - 1, 0) if decimals is None else decimals}f"
    form = ".2g" if decimals is None and 0 < abs(middle) < 1e-3 else form
    return f"{middle:{form}}" + (f" [{low:{form}}, {high:{form}}]" if np.isfinite(low) else "")
