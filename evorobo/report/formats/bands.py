"""The curves and bands of the figure of a study as numbers in CSV."""

from __future__ import annotations

import csv
import io

from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures.curves import default_costs, visible_tasks
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.statistics import average_curve

_HEADER = ("task", "method", "cost_column", "cost", "iqm", "low", "high", "n")


def bands_csv(table: StudyTable, settings: FigureSettings) -> str:
    """A line for each point of each average curve: its cost, the IQM, its 95% interval and the number of runs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for task in visible_tasks(table):
        for cost_column in settings.x or default_costs(table, task):
            for method, cell in table.cells_of(task).items():
                if curves := cell.curves(cost_column, settings.log_x):
                    mean = average_curve(curves)
                    points = zip(mean.x, mean.middle, mean.low, mean.high, strict=True)
                    writer.writerows([task, method, cost_column, *map(float, point), len(curves)] for point in points)
    return text.getvalue()
