"""The data of the page of a running study: curves, table and the last robot, as the monitor has read them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from evorobo.errors import EvoroboError
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures.curves import default_costs
from evorobo.report.figures.style import table_styles
from evorobo.report.formatting import COST_LABELS
from evorobo.report.page.behavior import behaviors
from evorobo.report.page.charts import Json, is_crowded, style_to_json, task_charts
from evorobo.report.page.html import BEHAVIOR, CHARTS, render_html
from evorobo.report.watch.table import summary, watched_cells
from evorobo.study.monitor import StudyMonitor, WatchedTrial

_HEADER = ("task", "method", "finished", "running", "paused", "interrupted", "failed", "mean score", "spent")


def page(monitor: StudyMonitor, trust: bool) -> str:
    """The HTML of the page, with the data of now."""
    question = monitor.results.question.split("\n\n")[0]
    data = live_data(monitor, trust)
    return render_html(
        "watch.html", (*CHARTS, *BEHAVIOR, "live.js"), data, connects=True, name=monitor.results.name, question=question
    )


def live_data(monitor: StudyMonitor, trust: bool) -> Json:
    """What the page shows, with the number of the version."""
    table = StudyTable.from_results(monitor.to_results(trust=trust))
    table.import_own_files()
    last = _last_trial(monitor)
    tasks = []
    for task in table.tasks:
        if table.cells_of(task, lambda cell: cell.visible):
            with suppress(EvoroboError, ValueError):  # a damaged log
                columns = dict.fromkeys([*default_costs(table, task), "wall_seconds"])
                tasks.append(task_charts(table, task, tuple(columns)))
    return {
        "version": monitor.version,
        "ended": monitor.is_over,
        "summary": summary(monitor).partition(": ")[2],
        "table": [_HEADER, *_rows(monitor)],
        "last": f"{last.path} {last.ended_at}" if last else "",
        "styles": {method: style_to_json(style) for method, style in table_styles(table).items()},
        "cost_labels": COST_LABELS,
        "crowded": is_crowded(table.methods),
        "tasks": tasks,
    }


def last_replay(monitor: StudyMonitor, trust: bool) -> Json:
    """The behavior of the trial that finished last; empty before one has."""
    trial = _last_trial(monitor)
    if trial is None:
        return []
    table = StudyTable.from_results(monitor.to_results([trial], trust=trust))
    scenes = behaviors(table.select([trial.task], [trial.method]))
    return [scene for scene in scenes if scene["methods"] or scene["why"]]


def _last_trial(monitor: StudyMonitor) -> WatchedTrial | None:
    finished = [trial for trial in monitor.trials if trial.status == "finished" and trial.log.rows]
    return max(finished, key=lambda trial: trial.ended_at, default=None)


def _rows(monitor: StudyMonitor) -> list[list[str]]:
    return [
        [
            cell.task,
            cell.method,
            f"{cell.finished}/{cell.n_trials}",
            *(str(number or "") for number in (cell.running, cell.paused, cell.interrupted, cell.failed)),
            f"{cell.score:.4g}" if np.isfinite(cell.score) else "",
            f"{cell.completed_fraction:.0%}",
        ]
        for cell in watched_cells(monitor)
    ]
