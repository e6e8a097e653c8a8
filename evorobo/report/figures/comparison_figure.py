"""The figure of a comparison: learning curves, scores, and the probability of improvement of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.report.analysis.cautions import excluded_runs_caution
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.figures import output
from evorobo.report.figures.finals import draw_finals, finals_width, labels_height, shorten
from evorobo.report.figures.layout import CHARACTER, FigureLayout, PanelGrid, figure_width, panel_grid
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import scale_score, score_range
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR, Style, table_styles
from evorobo.report.formatting import format_cost, metric_label

_CURVES, _PROBABILITIES = 3.6, 2.6  # inches
_ABOVE, _LISTED = 0.42, 0.17  # inches of a pair whose names stand above its line, or beside it where pairs are many
_MAX_ABOVE = 8  # pairs
_TALL = 1.5


def plot(comparison: Comparison, path: str | Path, settings: FigureSettings | None = None) -> list[Path]:
    """Write the figure to `path`, in parts where there are many tasks; returns the paths."""
    settings, tasks = settings or FigureSettings(), comparison.table.tasks
    return output.save_parts(
        lambda tasks, part: figure(comparison, settings, tasks=tasks, part=part), tasks, path, settings
    )


def figure(
    comparison: Comparison, settings: FigureSettings | None = None, *, tasks: Sequence[str] = (), part: str = ""
) -> Figure:
    """The figure that `plot` writes, of some tasks or of all: a row for each task with curves, scores and pairs."""
    table, settings = comparison.table, settings or FigureSettings()
    tasks = tasks or table.tasks
    verdicts = [verdict for verdict in comparison.verdicts if verdict.task in tasks]
    styles = table_styles(table)
    widths = [_CURVES, finals_width(table.methods), _PROBABILITIES + _names_width(comparison, tasks)]
    width = figure_width(widths, settings)
    with output.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = panel_grid(drawn, len(tasks), widths, settings)
        rows = zip(tasks, grid.rows, strict=True)
        has_crossing = [_draw_row(comparison, task, axes, grid, styles, settings) for task, axes in rows]
        notes = [excluded_runs_caution(comparison.final)]
        subtitle = _subtitle(comparison, any(has_crossing))
        title, notes = f"{table.results.name}{part}", [note for note in notes if note]
        layout = FigureLayout(width, title, subtitle, styles, notes, settings)
        pairs = max(sum(verdict.task == task for verdict in verdicts) for task in tasks)
        labels = labels_height(table.methods, grid.widths[1])
        height = max(grid.height, 0.9 + (_LISTED if pairs > _MAX_ABOVE else _ABOVE) * pairs) + labels
        if height > _TALL * grid.height:  # many pairs: the curves keep their proportions
            for row in grid.rows:
                for axes, panel_width in zip(row[:2], grid.widths, strict=False):
                    axes.set_box_aspect((grid.height - 0.8) / panel_width)
                    axes.set_anchor("N")
        drawn.set_size_inches(width, layout.top + layout.bottom + height * len(tasks))
        layout.draw(drawn)
    return drawn


def _names_width(comparison: Comparison, tasks: Sequence[str]) -> float:
    """The width of the names of pairs beside their lines, in inches."""
    by_task = [[_pair(verdict) for verdict in comparison.verdicts if verdict.task == task] for task in tasks]
    return CHARACTER * max((len(name) for names in by_task if len(names) > _MAX_ABOVE for name in names), default=0)


def _draw_row(
    comparison: Comparison,
    task: str,
    axes: list[Axes],
    grid: PanelGrid,
    styles: dict[str, Style],
    settings: FigureSettings,
) -> bool:
    """Draw one task; returns whether a crossing is marked."""
    table, metric = comparison.table, comparison.table.results.metrics[task]
    curves, scores, probabilities = axes
    cells = table.cells_of(task, lambda cell: cell.visible)
    draw_curves(curves, cells, comparison.cost_column, styles, settings.log_x, grid.widths[0])
    of_task = [verdict for verdict in comparison.verdicts if verdict.task == task]
    has_crossing = _mark_cost(comparison, curves, of_task)
    finals = [comparison.final.cells[task, method] for method in styles]
    draw_finals(scores, {cell.method: cell.outcomes for cell in finals}, styles, grid.widths[1])
    references = table.references(task)
    fixed = [*references.values(), *(score for cell in finals for score in cell.scores)]
    evals = np.concatenate([run.curve["test"] for cell in cells.values() for run in cell.visible])
    shown = score_range(evals, fixed, metric.higher_is_better, settings.y_limits, settings.log_y)
    for number, panel in enumerate((curves, scores)):
        scale_score(panel, shown)
        if number in grid.starts:
            panel.set_ylabel(metric_label(metric))
        else:
            panel.tick_params(axis="y", which="both", labelleft=False, length=0)
    draw_references([curves, scores], references)
    curves.set_title(task)
    when = "final scores" if comparison.cost is None else "scores at this cost"
    scores.set_title(when, weight="normal", color=MUTED_COLOR, size=8.5)
    _draw_probabilities(probabilities, of_task)
    return has_crossing


def _mark_cost(comparison: Comparison, axes: Axes, verdicts: Sequence[Verdict]) -> bool:
    """Mark the cost of the comparison, and the crossover of a single pair; returns whether there is a crossover."""
    if comparison.cost is not None:
        axes.axvline(comparison.cost, color=TEXT_COLOR, lw=1, label="_cost")
    crossover = comparison.crossover(verdicts[0]) if len(verdicts) == 1 else None
    if crossover:
        axes.axvspan(
            crossover.crossing.low, crossover.crossing.high, color=MUTED_COLOR, alpha=0.15, lw=0, label="_crossing"
        )
    return crossover is not None


def _draw_probabilities(axes: Axes, verdicts: Sequence[Verdict]) -> None:
    """Draw a line for each pair: the probability of improvement with its interval."""
    axes.set_title("how often the first beats the second", weight="normal", color=MUTED_COLOR, size=8.5)
    axes.axvline(0.5, color=MUTED_COLOR, lw=0.9, ls=(0, (1, 2)))
    for y, verdict in enumerate(verdicts):
        color, face = (TEXT_COLOR, TEXT_COLOR) if verdict.significant else (MUTED_COLOR, "white")
        axes.plot([verdict.low, verdict.high], [y] * 2, color=color, lw=2.4, solid_capstyle="butt")
        axes.plot(
            [verdict.probability], [y], ls="", marker="o", ms=5.5, color=color, mfc=face, mew=1.4,
            label=f"_{verdict.first}",
        )  # fmt: skip
        if len(verdicts) <= _MAX_ABOVE:
            axes.annotate(
                _pair(verdict), (0, y), xytext=(0, 6), textcoords="offset points", size=7.5, color=color,
                bbox={"fc": "white", "ec": "none", "pad": 0.5},
            )  # fmt: skip
    axes.set(xlim=(-0.02, 1.02), ylim=(len(verdicts) - 0.6, -0.7), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
    if len(verdicts) > _MAX_ABOVE:
        axes.set_yticks(range(len(verdicts)), map(_pair, verdicts), size=7)
        axes.tick_params(axis="y", length=0)
    axes.set_xticklabels(["0", ".25", "even", ".75", "1"])
    axes.set_xlabel("probability; hollow and gray: undecided")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _pair(verdict: Verdict) -> str:
    return f"{shorten(verdict.first)} v {shorten(verdict.second)}"


def _subtitle(comparison: Comparison, has_crossing: bool) -> str:
    where = "at the end"
    if comparison.cost is not None:
        where = f"when each run had spent {format_cost(comparison.cost, comparison.cost_column)} (vertical line)"
    band = " Gray band: 95% interval of the last crossing of the curves." if has_crossing else ""
    return (
        f"Scores {where}. Thick lines: interquartile mean (IQM) of the runs; shaded: its 95% bootstrap interval; thin "
        f"lines and dots: single runs.{band} Right: the probability that a run of the first method beats a run of the "
        "second, with its 95% interval."
    )
