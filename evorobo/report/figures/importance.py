"""The figure of importance: what each method loses when a sensor is shuffled, most important sensors first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evorobo.report.analysis.importance import MeanImportance, importance_of_data, mean_importance
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import TEXT_COLOR, table_styles

MAX_SENSORS = 20
"""The number of sensors in a figure, the most important ones."""
_WIDTH, _LINE = 5.6, 0.13  # inches: the figure, and the dot of a method


def plot(table: StudyTable, task: str, path: str | Path, settings: FigureSettings | None = None) -> list[Path]:
    """Write the figure of a task to `path`; returns the paths of the files, none where nothing is known.

    The importance of data sets is computed if it is not in `importance.csv`; that of robots must be there.
    """
    settings = settings or FigureSettings()
    drawn = figure(table, task, mean_importance(importance_of_data(table), task), settings)
    return output.save_with_caption(drawn, path, settings) if drawn else []


def figure(
    table: StudyTable, task: str, means: list[MeanImportance], settings: FigureSettings | None = None
) -> Figure | None:
    """The figure of these means; None without any."""
    settings = settings or FigureSettings()
    if not means:
        return None
    by_sensor: dict[str, list[float]] = {}
    for one in means:
        by_sensor.setdefault(one.sensor, []).append(one.mean)
    order = sorted(by_sensor, key=lambda sensor: -max(by_sensor[sensor]))
    sensors, methods = order[:MAX_SENSORS], [m for m in table.methods if any(one.method == m for one in means)]
    styles, metric = table_styles(table), table.results.metrics[task].name
    with output.figure_style():
        drawn = Figure(figsize=(1, 1), layout="constrained")
        axes = drawn.subplots()
        step = 0.8 / len(methods)
        for number, method in enumerate(methods):
            of_method = {one.sensor: one for one in means if one.method == method}
            known = [(place, of_method[sensor]) for place, sensor in enumerate(sensors) if sensor in of_method]
            y = np.array([place - 0.4 + (number + 0.5) * step for place, _ in known])
            color, marker = styles[method].color, styles[method].marker
            axes.hlines(y, [one.low for _, one in known], [one.high for _, one in known], color=color, lw=1.4)
            axes.plot([one.mean for _, one in known], y, ls="", marker=marker or "o", ms=4.5, color=color, mec="white")
        axes.axvline(0, color=TEXT_COLOR, lw=0.8)
        axes.set_yticks(range(len(sensors)), [shorten(sensor) for sensor in sensors], color=TEXT_COLOR)
        axes.set_ylim(len(sensors) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{metric} lost when the sensor is shuffled")
        more = f" The {MAX_SENSORS} most important of {len(order)} sensors." if len(order) > MAX_SENSORS else ""
        about = f"Mean over the runs and its 95% interval; readings are exchanged with those of other times.{more}"
        width = settings.inches or _WIDTH
        legend = {method: styles[method] for method in methods}
        layout = FigureLayout(width, f"{table.results.name}: importance on {task}", about, legend, [], settings)
        height = layout.top + layout.bottom + 0.55 + len(sensors) * max(0.2, _LINE * len(methods) + 0.06)
        drawn.set_size_inches(width, height)
        layout.draw(drawn)
    return drawn
