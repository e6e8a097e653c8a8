"""Title, legend and footnotes around the panels of a figure, in inches, so that nothing overlaps at any size."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from evorobo.report.analysis.cautions import baselines_caution, excluded_runs_caution, few_runs_caution
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tuning import tuning_cost_caution
from evorobo.report.figures.style import MUTED_COLOR, Style

_MARGIN = 0.12
_CHARACTER = 0.062  # inches, the mean width of a character of small text
_SMALL = 7.5


class FigureLayout:
    """The text above and below the panels; it takes `top` and `bottom` inches besides the height of the panels."""

    def __init__(self, width: float, title: str, subtitle: str, legend: dict[str, Style], footnotes: list[str]) -> None:
        characters = int((width - 2 * _MARGIN) / _CHARACTER)
        self.width, self.legend = width, legend
        self.title = textwrap.wrap(title, int(characters * 0.5)) or [""]
        self.subtitle = textwrap.wrap(subtitle, int(characters * 1.1))
        self.footnotes = [line for note in footnotes for line in textwrap.wrap(note, int(characters * 1.1))]
        longest = max((len(name) for name in legend), default=1)
        self.columns = max(1, min(len(legend), int((width - _MARGIN) / (0.75 + 0.068 * longest))))
        rows = -(-len(legend) // self.columns)
        self.top = 0.14 + 0.22 * len(self.title) + 0.15 * len(self.subtitle) + (0.2 * rows + 0.07 if rows else 0)
        self.bottom = 0.13 * len(self.footnotes) + 0.16

    def draw(self, figure: Figure, row_gap: float = 0.06) -> None:
        """Draw the text around `figure`, with the panels between; `row_gap` is the distance of two rows in inches."""
        width, height = figure.get_size_inches()
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        panels = (0.004, self.bottom / height, 0.992, 1 - (self.top + self.bottom) / height)
        engine.set(rect=panels, w_pad=0.05, h_pad=row_gap, wspace=0.02)

        y = height - 0.14
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
