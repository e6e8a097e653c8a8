"""Panels of a figure in lines, and title, legend and footnotes around them, in inches: nothing overlaps at any size."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from evorobo.report.analysis.cautions import baselines_caution, excluded_runs_caution, few_runs_caution
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tuning import tuning_cost_caution
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import MUTED_COLOR, Style

CHARACTER = 0.062
"""The mean width of a character of small text in inches."""

_MARGIN = 0.12
_SMALL = 7.5
_LEFT, _RIGHT = 0.65, 0.6  # inches: labels of the score axis, names of references
_SHRINK = 0.45  # the narrowest panel, as a fraction of its usual width
_HEIGHT, _MIN_HEIGHT = 2.65, 1.75  # inches of a line of panels


class PanelGrid(NamedTuple):
    """Panels of a figure: `rows` of axes, each in one line or more, of `height` inches together.

    The panels with numbers in `starts` begin a line; `widths` are those of the panels in inches.
    """

    rows: list[list[Axes]]
    starts: frozenset[int]
    widths: list[float]
    height: float


def figure_width(widths: Sequence[float], settings: FigureSettings) -> float:
    """The width of a figure in inches: the one on paper, or else what panels of these widths need."""
    return settings.inches or _LEFT + sum(widths) + _RIGHT + 0.2


def panel_grid(
    figure: Figure, n_rows: int, widths: Sequence[float], settings: FigureSettings, labels_height: float = 0.0
) -> PanelGrid:
    """Add rows of panels of these usual widths to a figure; where it is narrower, a row is broken into lines.

    `labels_height` is what slanted labels need below a panel.
    """
    if settings.inches is None:
        lines, shown = [list(range(len(widths)))], list(widths)
    else:
        available = settings.inches - _LEFT - _RIGHT
        lines = []
        for number, width in enumerate(widths):
            if lines and _SHRINK * (sum(widths[i] for i in lines[-1]) + width) <= available:
                lines[-1].append(number)
            else:
                lines.append([number])
        shown = [width * available / sum(widths[i] for i in line) for line in lines for width in _pick(widths, line)]
    columns = max(map(len, lines))
    ratios = list(widths) if len(lines) == 1 else [1.0] * columns
    grid = figure.add_gridspec(n_rows * len(lines), columns, width_ratios=ratios)
    places = [(row, column, len(line)) for row, line in enumerate(lines) for column in range(len(line))]
    rows = [
        [
            figure.add_subplot(grid[first + row, column : None if column == length - 1 else column + 1])
            for row, column, length in places
        ]
        for first in range(0, n_rows * len(lines), len(lines))
    ]
    height = min(max(0.72 * min(shown) + 0.8, _MIN_HEIGHT), _HEIGHT)
    return PanelGrid(rows, frozenset(line[0] for line in lines), shown, height * len(lines) + labels_height)


def _pick(widths: Sequence[float], line: Sequence[int]) -> list[float]:
    return [widths[number] for number in line]


class FigureLayout:
    """The text above and below the panels; it takes `top` and `bottom` inches besides the height of the panels.

    On paper the `subtitle` and the footnotes are not drawn. In any case they are the label of the figure, which files
    hold as its description.
    """

    def __init__(
        self,
        width: float,
        title: str,
        subtitle: str,
        legend: dict[str, Style],
        footnotes: list[str],
        settings: FigureSettings | None = None,
    ) -> None:
        settings = settings or FigureSettings()
        characters = int((width - 2 * _MARGIN) / CHARACTER)
        if settings.title is not None or settings.width:
            title = settings.title or ""
        self.width, self.legend = width, legend
        self.label = " ".join(filter(None, [subtitle, *footnotes]))
        drawn = not settings.width
        self.title = textwrap.wrap(title, int(characters * 0.5))
        self.subtitle = textwrap.wrap(subtitle, int(characters * 1.1)) if drawn else []
        self.footnotes = [line for note in footnotes for line in textwrap.wrap(note, int(characters * 1.1)) if drawn]
        longest = max((len(name) for name in legend), default=1)
        self.columns = max(1, min(len(legend), int((width - _MARGIN) / (0.75 + 0.068 * longest))))
        rows = -(-len(legend) // self.columns)
        self.top = (
            (0.14 if self.title or self.subtitle else 0.06)
            + 0.22 * len(self.title)
            + 0.15 * len(self.subtitle)
            + (0.2 * rows + 0.07 if rows else 0)
        )
        self.bottom = 0.13 * len(self.footnotes) + 0.16

    def draw(self, figure: Figure, row_gap: float = 0.06) -> None:
        """Draw the text around `figure`, with the panels between; `row_gap` is the distance of two rows in inches."""
        width, height = figure.get_size_inches()
        figure.set_label(self.label)
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        panels = (0.004, self.bottom / height, 0.992, 1 - (self.top + self.bottom) / height)
        engine.set(rect=panels, w_pad=0.05, h_pad=row_gap, wspace=0.02)

        y = height - (0.14 if self.title or self.subtitle else 0.06)
        for line in self.title:
            figure.text(_MARGIN / width, y / height, line, size=12.5, weight="bold", va="top")
            y -= 0.22
        for line in self.subtitle:
            figure.text(_MARGIN / width, y / height, line, size=_SMALL, color=MUTED_COLOR, va="top")
            y -= 0.15
        if self.legend:
            samples = [
                Line2D([], [], color=style.color, linestyle=style.dashes, marker=style.marker, lw=2, ms=5, mec="white")
                for style in self.legend.values()
            ]
            corner = ((_MARGIN - 0.04) / width, (y - 0.02) / height)
            figure.legend(
                samples, list(self.legend), loc="upper left", bbox_to_anchor=corner, ncols=self.columns,
                borderaxespad=0, borderpad=0.3, handlelength=3.2, columnspacing=1.6,
            )  # fmt: skip
        for i, line in enumerate(reversed(self.footnotes)):
            figure.text(_MARGIN / width, (0.1 + 0.13 * i) / height, line, size=_SMALL, color=MUTED_COLOR, va="bottom")


def footnotes(table: StudyTable, tasks: Iterable[str], remarks: Iterable[str]) -> list[str]:
    """The cautions of the `tasks` in the figure, `remarks` on the figure, and cautions on the runs."""
    results = table.results
    footnotes = [
        *(f"{task}: {results.cautions[task]}" for task in tasks if task in results.cautions),
        *remarks,
        excluded_runs_caution(table),
        few_runs_caution(table),
        baselines_caution(results),
        tuning_cost_caution(results),
    ]
    return [note for note in footnotes if note]


def describe_seeds(table: StudyTable) -> str:
    """The number of seeds: "10 seeds for each method", or "5 to 10 seeds" where methods differ."""
    counts = {len(cell.logged) for cell in table.cells.values() if cell.logged}
    number = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"{number} seed{'' if counts == {1} else 's'} for each method"
