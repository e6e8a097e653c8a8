"""What a robot did in one test episode, as pictures: drawn by the robot itself, or by its environment's renderer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.report.figures import output as canvas
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import EpisodeRecord, record_episode, render_episode
from evorobo.tasks.control.robots.base import Robot, defines
from evorobo.tasks.control.task import ControlTask

Limits: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""Of the x and of the y axis."""

EpisodeSource: TypeAlias = tuple[Genome | None, int]
"""Whose (None: the teacher's), in the test episode of that number."""


_MARGIN = 0.56  # half of what is drawn, and some air
_FLATTEST = 0.45  # of two sides, the shorter one's share of the longer one


@dataclass(frozen=True, eq=False)
class EpisodeFrames:
    """`pictures` `(height, width, 3)`, all of one size, and the step of the episode that each of them shows."""

    recording: EpisodeRecord
    steps: np.ndarray
    frames: list[np.ndarray]


def require_robot_task(task: Task) -> ControlTask:
    """`task`, if it has a robot to look at. Raises `TaskError` for data sets and whatever else has none."""
    if not isinstance(task, ControlTask):
        raise TaskError(f"{task.name} has no robot to look at; evorobo report shows how its answers meet the truth.")
    return task


def render_episodes(
    task: ControlTask, lives: Sequence[EpisodeSource], max_frames: int, max_size: int
) -> list[EpisodeFrames]:
    """Each of `lives` in at most `most` pictures, drawn to one scale and none of them longer than `size` pixels.

    Raises `TaskError` for what cannot be drawn.
    """
    recordings = [record_episode(task, *life) for life in lives]
    steps = [evenly_spaced_indices(len(recording), max_frames) for recording in recordings]
    robot = drawable_robot(task)
    if robot:
        limits = shared_limits(robot, recordings)
        shown = [_drawn(robot, each, at, limits, max_size) for each, at in zip(recordings, steps, strict=True)]
    else:
        shown = [
            [shrink_to_fit(picture, max_size) for picture in render_episode(task, *life, set(at.tolist()))]
            for life, at in zip(lives, steps, strict=True)
        ]
    return [EpisodeFrames(*each) for each in zip(recordings, steps, shown, strict=True)]


def drawable_robot(task: ControlTask) -> Robot | None:
    """The robot of a task, if it has a `draw`."""
    return task.robot if task.robot is not None and defines(task.robot, "draw") else None


def evenly_spaced_indices(length: int, max_count: int) -> np.ndarray:
    """At most `most` of the numbers from 0 to `length - 1`, evenly spaced, with both ends."""
    return np.unique(np.linspace(0, length - 1, min(length, max_count)).round().astype(int))


def shared_limits(robot: Robot, recordings: Sequence[EpisodeRecord]) -> Limits:
    """Limits of the axes that hold what is drawn of all of them, and a margin around it."""
    axes = _empty(100, 100)[1]
    for recording in recordings:
        robot.draw(axes, recorded_states(recording))
    drawn = axes.dataLim
    if not np.isfinite(drawn.extents).all():  # nothing that matplotlib measures, a text say
        return axes.get_xlim(), axes.get_ylim()
    middle = (drawn.x0 + drawn.x1) / 2, (drawn.y0 + drawn.y1) / 2
    reach = _MARGIN * max(drawn.width, drawn.height) or 1.0
    x_reach, y_reach = (max(_MARGIN * size, _FLATTEST * reach) or reach for size in (drawn.width, drawn.height))
    return (middle[0] - x_reach, middle[0] + x_reach), (middle[1] - y_reach, middle[1] + y_reach)


def recorded_states(recording: EpisodeRecord) -> Array:
    assert recording.states is not None, "only robots on rows are drawn"
    return recording.states


def shrink_to_fit(picture: np.ndarray, max_size: int) -> np.ndarray:
    """The picture with no side longer than `size` pixels."""
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((max_size, max_size), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _drawn(robot: Robot, recording: EpisodeRecord, steps: np.ndarray, limits: Limits, size: int) -> list[np.ndarray]:
    (left, right), (bottom, top) = limits
    scale = size / max(right - left, top - bottom)
    with canvas.figure_style():
        figure, axes = _empty(scale * (right - left), scale * (top - bottom))
        screen = FigureCanvasAgg(figure)
        frames = []
        for step in steps:
            axes.clear()
            robot.draw(axes, recorded_states(recording)[: step + 1])
            axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
            axes.set_axis_off()
            screen.draw()
            frames.append(np.array(screen.buffer_rgba())[..., :3])
    return frames


def _empty(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of so many pixels with one axes that fills it."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    place: Any = (0.01, 0.01, 0.98, 0.98)
    return figure, figure.add_axes(place)
