"""The charts of robustness: scores over the size of each change, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.report.analysis.robustness import RobustnessRow
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.page.charts import Json, round_for_json
from evorobo.report.statistics import bootstrap_interval, iqm

TITLES = {
    "sensors": ("noise on the sensors", "share of the standard deviation of each sensor"),
    "weights": ("noise on the weights", "share of their root mean square"),
    "motors": ("weaker motors", "share of each command that is lost"),
}


def robustness_charts(rows: Sequence[RobustnessRow], table: StudyTable) -> list[Json]:
    """A chart for each task and kind of change: the IQM of the runs at each level, by method."""
    charts = []
    for task in table.tasks:
        for changed, (title, unit) in TITLES.items():
            of_chart = [row for row in rows if (row.task, row.changed) == (task, changed)]
            methods = {m: _curve([row for row in of_chart if row.method == m]) for m in table.methods}
            methods = {method: curve for method, curve in methods.items() if curve}
            if methods:
                charts.append({"task": task, "title": title, "unit": unit, "methods": methods})
    return charts


def _curve(rows: Sequence[RobustnessRow]) -> Json:
    if not rows:
        return None
    levels = sorted({row.level for row in rows})
    scores = [np.array([row.score for row in rows if row.level == level]) for level in levels]
    low, high = zip(*map(bootstrap_interval, scores), strict=True)
    return {
        "x": levels,
        "middle": round_for_json([iqm(of_level) for of_level in scores]),
        "low": round_for_json(low),
        "high": round_for_json(high),
    }
