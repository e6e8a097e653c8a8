"""The figure of a lesson under its statement, and numbers with intervals for its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from evorobo.course.network_figure import Layers, Names, draw_network
from evorobo.report.figures import output
from evorobo.report.figures.finals import draw_finals
from evorobo.report.figures.layout import CHARACTER, FigureLayout
from evorobo.report.figures.panel import draw_average
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import METHOD_STYLES, MUTED_COLOR, Style, distinct_styles
from evorobo.report.formatting import decimals as decimals_of
from evorobo.report.statistics import AverageCurve, bootstrap_interval, iqm

Measurements: TypeAlias = Mapping[str, Any]
"""The measurements of a lesson by name: arrays `(n_seeds, ...)`."""

_WIDTH = 8.0  # inches
_HEIGHT = 2.75  # of a line of panels
_TITLE_CHARACTER = 0.085  # the mean width of a character of a panel's title
_MIN_PANEL = 2.2  # the narrowest panel; on narrow paper panels stand below each other


class LessonPage:
    """The figure of a lesson, passed to the lesson's `draw` function.

    A name has the same color in all panels of a page. The name of a method, such as "backprop" or "cma-es", has the
    color of that method in all figures of evorobo; other names take the next free color.

    Parameters
    ----------
    settings : FigureSettings, optional
        The width of the figure and its title.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> from evorobo.course import LessonPage
    >>> page = LessonPage()
    >>> left, right = page.add_panels("Curves", "Scores")
    >>> page.plot_curve(left, [0, 1, 2], [[0.1, 0.5, 0.9], [0.2, 0.4, 0.8]], "backprop")
    >>> page.plot_scores(right, {"backprop": [0.9, 0.8], "cma-es": [0.7, 0.6]})
    """

    def __init__(self, settings: FigureSettings | None = None) -> None:
        self._settings = settings or FigureSettings()
        self._width, self._lines, self._columns = self._settings.inches or _WIDTH, 1, 1
        self.figure = Figure(figsize=(self._width, 1), layout="constrained")
        self._styles: dict[str, Style] = {}
        self._legend: dict[str, Style] = {}

    def add_panels(self, *titles: str, widths: Sequence[float] | None = None) -> list[Axes]:
        """Add empty panels side by side, or below each other where the figure is narrow.

        Parameters
        ----------
        *titles : str
            The titles of the panels, from left to right.
        widths : sequence of float, optional
            The relative widths of the panels; by default all are equal.

        Returns
        -------
        list of matplotlib.axes.Axes
            One axes object for each title.
        """
        self._columns = columns = min(len(titles), max(int(self._width / _MIN_PANEL), 1))
        self._lines = -(-len(titles) // columns)
        ratios = widths if self._lines == 1 else None
        panels = list(self.figure.subplots(self._lines, columns, squeeze=False, width_ratios=ratios).flat)
        for axes, title in zip(panels, titles, strict=False):
            axes.set_title("\n".join(wrap(title, int(self._width / columns / _TITLE_CHARACTER))))
        for spare in panels[len(titles) :]:
            spare.remove()
        return panels[: len(titles)]

    def style(self, name: str) -> Style:
        """Return the color, dashes and marker of a name.

        Parameters
        ----------
        name : str
            The name of a method, which has its usual style, or any other name, which takes the next free style.

        Returns
        -------
        Style
            An object with the attributes `color`, `dashes` and `marker`.
        """
        if name not in self._styles:
            free = (style for style in distinct_styles() if style not in self._styles.values())
            self._styles[name] = METHOD_STYLES.get(name) or next(free)
        return self._styles[name]

    def plot_curve(self, axes: Axes, x: ArrayLike, values: ArrayLike, name: str) -> None:
        """Plot the interquartile mean of several runs with its 95 % interval, and every run as a thin line.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        x : array-like of shape (n_points,)
            The x values, common to all runs.
        values : array-like of shape (n_seeds, n_points)
            A curve for each seed.
        name : str
            The name in the legend.
        """
        values, style = np.asarray(values, float), self.style(name)
        self._legend[name] = style
        axes.plot(x, values.T, color=style.color, lw=0.5, alpha=0.25)
        draw_average(axes, AverageCurve(np.asarray(x, float), iqm(values), *bootstrap_interval(values)), style, name)

    def plot_path(self, axes: Axes, points: ArrayLike, name: str) -> None:
        """Plot a path in the plane with a large mark at its end.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        points : array-like of shape (n_points, 2)
            The points of the path, from its start to its end.
        name : str
            The name in the legend.
        """
        style, (x, y) = self.style(name), np.asarray(points, float).T
        self._legend[name] = style
        axes.plot(x, y, color=style.color, lw=1.4, marker=style.marker, ms=2, zorder=3)
        axes.plot(x[-1], y[-1], color=style.color, marker=style.marker, ms=8, mec="white", zorder=4)

    def plot_scores(self, axes: Axes, values: Mapping[str, ArrayLike]) -> None:
        """Plot final scores side by side: each run as a dot, beside them the interquartile mean and its interval.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        values : mapping of str to array-like of shape (n_seeds,)
            The scores by name.
        """
        styles = {name: self.style(name) for name in values}
        scores = {name: np.asarray(of_name, float).tolist() for name, of_name in values.items()}
        draw_finals(axes, scores, styles, self._width * axes.get_position().width)

    def set_log_scale(self, axes: Axes, which: str) -> None:
        """Set logarithmic axes whose powers of ten are written as 1e-8, 0.1, 10.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        which : {"x", "y", "xy"}
            The axes to change.
        """
        for axis in which:
            axes.set(**{f"{axis}scale": "log"})
            scale = getattr(axes, f"{axis}axis")
            scale.set_major_formatter(FuncFormatter(_format_power))
            scale.set_minor_formatter(NullFormatter())

    def plot_network(
        self, axes: Axes, units: Layers, weights: Layers, names: Names, name: str, backwards: bool = False
    ) -> None:
        """Draw a small network with a number in each unit and on each arrow.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        units : sequence of array-like of shape (width,)
            The numbers in the units, layer by layer.
        weights : sequence of array-like of shape (width, next_width)
            The numbers on the arrows from each layer to the next one.
        names : sequence of sequence of str
            The name beside each unit, layer by layer.
        name : str
            The name whose color is used.
        backwards : bool, default False
            Whether the arrows point from the outputs to the inputs.
        """
        draw_network(axes, units, weights, names, self.style(name).color, backwards)

    def plot_theory(self, axes: Axes, x: ArrayLike, values: ArrayLike, name: str) -> None:
        """Plot the values that theory predicts as a dotted gray line.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        x : array-like of shape (n_points,)
            The x values.
        values : array-like of shape (n_points,)
            The predicted values.
        name : str
            The name in the legend.
        """
        self._legend[name] = Style(MUTED_COLOR, (0, (1, 2)), "")
        axes.plot(x, values, color=MUTED_COLOR, ls=self._legend[name].dashes, lw=2, zorder=4)

    def plot_reference(self, axes: Axes, values: ArrayLike, text: str, side: str = "right") -> None:
        """Draw a thin gray line at the interquartile mean of some values, to compare with.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            The panel.
        values : float or array-like of shape (n_seeds,)
            The values.
        text : str
            The label of the line.
        side : {"left", "right"}, default "right"
            The end of the line at which the label stands.
        """
        value = float(iqm(np.atleast_1d(np.asarray(values, float))))
        axes.axhline(value, color=MUTED_COLOR, lw=0.9, ls="--", zorder=1.5)
        x = {"right": 1, "left": 0}[side]
        transform = axes.get_yaxis_transform()
        axes.text(x, value, text, transform=transform, color=MUTED_COLOR, size=7.5, ha=side, va="bottom")

    def add_layout(self, title: str, finding: str, note: str) -> None:
        """Add title, finding and legend above the panels and a footnote below; `teach` does this last.

        Parameters
        ----------
        title : str
            The statement of the lesson.
        finding : str
            The measured result, in a sentence.
        note : str
            The footnote; may be empty.
        """
        characters = int(1.15 * self._width / self._columns / CHARACTER)
        for axes in self.figure.axes:
            axes.set_xlabel("\n".join(wrap(axes.get_xlabel(), characters)))
        layout = FigureLayout(self._width, title, finding, self._legend, [note], self._settings)
        self.figure.set_size_inches(self._width, layout.top + layout.bottom + _HEIGHT * self._lines)
        layout.draw(self.figure)


def _format_power(value: float, _: object = None) -> str:
    return f"{value:g}" if 0.01 <= value < 1e4 else f"1e{np.log10(value):.0f}"


Draw: TypeAlias = Callable[[LessonPage, Measurements], object]


def write_lesson_figure(
    title: str,
    finding: str,
    draw: Draw,
    measurements: Measurements,
    note: str,
    path: Path,
    settings: FigureSettings | None = None,
) -> list[Path]:
    """Write the figure that `draw` makes of the measurements to `path`; returns the paths of the files."""
    settings = settings or FigureSettings()
    with output.figure_style():
        page = LessonPage(settings)
        draw(page, measurements)
        page.add_layout(title, finding, note)
    return output.save_with_caption(page.figure, path, settings)


def estimate(values: ArrayLike, decimals: int | None = None) -> str:
    """Write the interquartile mean of several runs with its 95 % bootstrap interval as text.

    Parameters
    ----------
    values : array-like of shape (n_seeds,)
        One number for each run.
    decimals : int, optional
        The number of decimals; by default three significant digits are written.

    Returns
    -------
    str
        The mean, and in brackets the interval; a single run has no interval.

    Examples
    --------
    >>> from evorobo.course import estimate
    >>> estimate([0.87, 0.88, 0.88, 0.89])
    '0.880 [0.870, 0.890]'
    >>> estimate([17.0])
    '17.0'
    """
    values = np.asarray(values, float)
    mean, (low, high) = float(iqm(values)), bootstrap_interval(values)
    form = f".{max(decimals_of([mean]) - 1, 0) if decimals is None else decimals}f"
    form = ".2g" if decimals is None and 0 < abs(mean) < 1e-3 else form
    return f"{mean:{form}}" + (f" [{low:{form}}, {high:{form}}]" if np.isfinite(low) else "")
