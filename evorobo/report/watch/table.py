"""The table of a running study: a row for each task and method with counts, score, cost, time left and a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from evorobo.arrays import Array
from evorobo.study.monitor import ENDED, StudyMonitor, WatchedTrial
from evorobo.study.pauses import PAUSED

_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARKS = 16  # characters of the longest sparkline
_GAP = 2  # characters between columns


@dataclass(frozen=True)
class WatchedCell:
    """The trials of one task and method in numbers; `curve` holds their mean test score at each eval."""

    task: str
    method: str
    n_trials: int
    finished: int
    running: int
    paused: int
    interrupted: int
    failed: int
    score: float
    completed_fraction: float
    curve: Array


def watched_cells(monitor: StudyMonitor) -> list[WatchedCell]:
    """A cell for each task and method, in the order of the study."""
    cells: dict[tuple[str, str], list[WatchedTrial]] = {}
    for trial in monitor.trials:
        cells.setdefault((trial.task, trial.method), []).append(trial)
    return [_cell(task, method, trials) for (task, method), trials in cells.items()]


def _cell(task: str, method: str, trials: Sequence[WatchedTrial]) -> WatchedCell:
    statuses = (*ENDED, "running", PAUSED, "interrupted")
    counts = {status: sum(trial.status == status for trial in trials) for status in statuses}
    scores = [trial.score for trial in trials if trial.status not in ("failed", "diverged")]
    scores = [score for score in scores if np.isfinite(score)]
    return WatchedCell(
        task, method, len(trials), counts["finished"], counts["running"], counts[PAUSED], counts["interrupted"],
        counts["failed"] + counts["diverged"], float(np.mean(scores)) if scores else float("nan"),
        float(np.mean([trial.completed_fraction for trial in trials])), _mean_curve(trials),
    )  # fmt: skip


def _mean_curve(trials: Sequence[WatchedTrial]) -> Array:
    """The mean test score at each eval, over the trials that have it, up to the last one that most of them have."""
    columns = [trial.log.column("test") for trial in trials if trial.log.rows]
    if not columns:
        return np.empty(0)
    lengths = sorted(map(len, columns), reverse=True)
    length = lengths[len(columns) // 2]
    values = np.full((len(columns), length), np.nan)
    for row, column in zip(values, columns, strict=True):
        row[: min(len(column), length)] = column[:length]
    known = np.isfinite(values)
    sums, numbers = np.where(known, values, 0).sum(0), known.sum(0)
    return (sums / np.maximum(numbers, 1))[numbers > 0]


def sparkline(curve: Array, low: float, high: float) -> str:
    """A curve as a line of at most 16 blocks, the lowest for `low` and the highest for `high`."""
    if not len(curve):
        return ""
    shown = curve[np.linspace(0, len(curve) - 1, min(len(curve), _SPARKS)).round().astype(int)]
    levels = (shown - low) / (high - low) if high > low else np.full(len(shown), 0.5)
    return "".join(_BLOCKS[int(level)] for level in np.clip(levels * len(_BLOCKS), 0, len(_BLOCKS) - 1))


def summary(monitor: StudyMonitor) -> str:
    """The state of the study in one line."""
    finished, failed = monitor.count("finished"), monitor.count("failed", "diverged")
    parts = [f"{finished} of {len(monitor.trials)} trials finished"]
    numbers = {status: monitor.count(status) for status in ("running", PAUSED, "interrupted")} | {"failed": failed}
    parts += [f"{number} {name}" for name, number in numbers.items() if number]
    seconds = monitor.remaining_seconds
    if np.isfinite(seconds):
        parts.append(f"about {_round(seconds)} left")
    elif not monitor.has_ended and not numbers["running"]:
        parts.append("no process runs it now")
    return f"{monitor.results.name}: {', '.join(parts)}"


def _round(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def render(monitor: StudyMonitor, width: int, height: int | None = None) -> Group:
    """The summary and the table, without the columns and the rows that there is no room for."""
    cells = watched_cells(monitor)
    left_out = 0
    if height is not None and len(cells) > (room := max(height - 6, 1)):
        active = sorted(cells, key=lambda cell: (not cell.running, cell.finished == cell.n_trials))
        left_out, chosen = len(cells) - room, set(map(id, active[:room]))
        cells = [cell for cell in cells if id(cell) in chosen]
    rest = [Text(f"… and {left_out} more rows", style="dim")] if left_out else []
    reasons = [trial for trial in monitor.trials if trial.status in ("failed", "diverged")][:2]
    notes = [Text(f"{one.path} {one.status}: {one.reason}", no_wrap=True, overflow="ellipsis") for one in reasons]
    return Group(Text(summary(monitor), style="bold"), _table(cells, width), *rest, *notes)


def _table(cells: Sequence[WatchedCell], width: int) -> Table:
    columns = _columns(cells)
    optional = ["curve", "failed", "spent", "running"]  # dropped in this order where there is no room
    names = ["task", "method"]
    if len({cell.task for cell in cells}) < 2:
        del columns[names.pop(0)]
    for name in ("running", "paused", "interrupted", "failed"):
        if not any(columns[name]):
            del columns[name]
    _shorten(columns, names, width, 16)
    while optional and _width(columns) > width:
        columns.pop(optional.pop(0), None)
    _shorten(columns, names, width, 4)
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim")
    for name, texts in columns.items():
        justify = "left" if name in (*names, "curve") else "right"
        size = max(len(name), *map(len, texts))
        table.add_column(name, justify=justify, no_wrap=True, min_width=size)  # type: ignore[arg-type]
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


def _shorten(columns: dict[str, list[str]], names: Sequence[str], width: int, least: int) -> None:
    """Shorten the longest names, to `least` characters, until the table fits."""
    while (excess := _width(columns) - width) > 0:
        longest = max(names, key=lambda name: max(map(len, columns[name])))
        size = max(max(map(len, columns[longest])) - excess, least)
        if size >= max(map(len, columns[longest])):
            return
        columns[longest] = [text if len(text) <= size else f"{text[: size - 1]}…" for text in columns[longest]]


def _columns(cells: Sequence[WatchedCell]) -> dict[str, list[str]]:
    ranges: dict[str, Array] = {}
    for cell in cells:
        ranges[cell.task] = np.append(ranges.get(cell.task, np.empty(0)), cell.curve)
    return {
        "task": [cell.task for cell in cells],
        "method": [cell.method for cell in cells],
        "finished": [f"{cell.finished}/{cell.n_trials}" for cell in cells],
        "running": [str(cell.running or "") for cell in cells],
        "paused": [str(cell.paused or "") for cell in cells],
        "interrupted": [str(cell.interrupted or "") for cell in cells],
        "failed": [str(cell.failed or "") for cell in cells],
        "score": [f"{cell.score:.4g}" if np.isfinite(cell.score) else "" for cell in cells],
        "spent": [f"{cell.completed_fraction:.0%}" for cell in cells],
        "curve": [
            sparkline(cell.curve, ranges[cell.task].min(), ranges[cell.task].max()) if len(cell.curve) else ""
            for cell in cells
        ],
    }


def _width(columns: dict[str, list[str]]) -> int:
    return sum(max(len(name), *map(len, texts)) + _GAP for name, texts in columns.items())


def to_text(monitor: StudyMonitor, width: int) -> str:
    """Summary and table as plain text."""
    console = Console(width=width, no_color=True, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(render(monitor, width))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
