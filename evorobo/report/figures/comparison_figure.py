"""The figure of a comparison: curves, the scores at the price asked for, and how sure it is who is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.figures import output as canvas
from evorobo.report.figures.finals import draw_finals, finals_size, shorten
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR, Style, assign_styles

_CURVES, _CHANCES = 3.6, 2.6  # inches


def plot(comparison: Comparison, path: Path) -> Path:
    """Write the figure to `path` (PNG), a row for each task."""
    return canvas.save_figure(figure(comparison), path)


def figure(comparison: Comparison) -> Figure:
    """The figure that `plot` writes; in each row curves, scores, and the pairs."""
    results, verdicts = comparison.results, comparison.verdicts
    styles = assign_styles(results.methods)
    finals, labels = finals_size(results.methods)
    widths = [_CURVES, finals, _CHANCES]
    width = 0.95 + sum(widths) + 0.6
    with canvas.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(results.tasks), 3, squeeze=False, width_ratios=widths)
        rows = zip(results.tasks, grid, strict=True)
        banded = [_draw_row(comparison, task, list(axes), styles) for task, axes in rows]
        notes = [runs.excluded_runs_caution(comparison.final.runs)]
        subtitle = _subtitle(comparison, any(banded))
        frame = FigureLayout(width, results.name, subtitle, styles, [note for note in notes if note])
        pairs = max(sum(verdict.task == task for verdict in verdicts) for task in results.tasks)
        height = max(2.65, 0.9 + 0.42 * pairs) + labels
        drawn.set_size_inches(width, frame.top + frame.bottom + height * len(results.tasks))
        frame.draw(drawn)
    return drawn


def _draw_row(comparison: Comparison, task: str, axes: list[Axes], styles: dict[str, Style]) -> bool:
    """One task; whether a crossing is marked."""
    results, final, verdicts = comparison.results, comparison.final, comparison.verdicts
    curves, scores, chances = axes
    cells = runs.drawable(results, task)
    draw_curves(curves, cells, comparison.cost_column, styles, log=True)
    of_task = [verdict for verdict in verdicts if verdict.task == task]
    banded = _mark(comparison, curves, of_task)
    values = {method: [run.score for run in runs.finished(final.runs_of(task, method))] for method in styles}
    draw_finals(scores, values, styles)
    references = {name: value for name, value in results.references[task].items() if np.isfinite(value)}
    fixed = [*references.values(), *(value for each in values.values() for value in each)]
    seen = np.concatenate([run.curve["test"] for cell in cells.values() for run in cell])
    for panel in (curves, scores):
        scale_score(panel, seen, fixed, results.metrics[task].higher_is_better)
    scores.tick_params(axis="y", which="both", labelleft=False, length=0)
    draw_references([curves, scores], references)
    curves.set_title(task)
    curves.set_ylabel(wording.metric_label(results.metrics[task]))
    when = "final scores" if comparison.cost is None else "scores there"
    scores.set_title(when, weight="normal", color=MUTED_COLOR, size=8.5)
    _draw_chances(chances, of_task)
    return banded


def _mark(comparison: Comparison, axes: Axes, verdicts: Sequence[Verdict]) -> bool:
    """Mark the price that is compared at, and for a single pair the interval in which its curves cross; whether so."""
    if comparison.cost is not None:
        axes.axvline(comparison.cost, color=TEXT_COLOR, lw=1, label="_cost")
    crossover = comparison.crossover(verdicts[0]) if len(verdicts) == 1 else None
    if crossover:
        axes.axvspan(
            crossover.crossing.low, crossover.crossing.high, color=MUTED_COLOR, alpha=0.15, lw=0, label="_crossing"
        )
    return crossover is not None


def _draw_chances(axes: Axes, verdicts: Sequence[Verdict]) -> None:
    """A line for each pair: how often a run of the better one beats one of the other, with its interval."""
    axes.set_title("how often the first beats the second", weight="normal", color=MUTED_COLOR, size=8.5)
    axes.axvline(0.5, color=MUTED_COLOR, lw=0.9, ls=(0, (1, 2)))
    for place, verdict in enumerate(verdicts):
        color, face = (TEXT_COLOR, TEXT_COLOR) if verdict.significant else (MUTED_COLOR, "white")
        axes.plot([verdict.low, verdict.high], [place] * 2, color=color, lw=2.4, solid_capstyle="butt")
        axes.plot(
            [verdict.probability], [place], ls="", marker="o", ms=5.5, color=color, mfc=face, mew=1.4,
            label=f"_{verdict.first}",
        )  # fmt: skip
        names = f"{shorten(verdict.first)} v {shorten(verdict.second)}"
        axes.annotate(
            names, (0, place), xytext=(0, 6), textcoords="offset points", size=7.5, color=color,
            bbox={"fc": "white", "ec": "none", "pad": 0.5},
        )  # fmt: skip
    axes.set(xlim=(-0.02, 1.02), ylim=(len(verdicts) - 0.6, -0.7), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.set_xticklabels(["0", ".25", "even", ".75", "1"])
    axes.set_xlabel("probability; hollow and grey: undecided")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _subtitle(comparison: Comparison, banded: bool) -> str:
    where = "at the end"
    if comparison.cost is not None:
        where = f"when each run had spent {wording.format_cost(comparison.cost, comparison.cost_column)} (upright line)"
    band = " Grey band: where the curves cross for good, 95% interval." if banded else ""
    return (
        f"Scores {where}. Thick: interquartile mean (IQM) of the runs; shaded: its 95% bootstrap interval; thin lines "
        f"and dots: the runs.{band} Right: 95% intervals of the probability that a run of the first beats one of the "
        "second."
    )
