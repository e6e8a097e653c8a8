"""Test episodes as frames, drawn by the robot's `draw` or by the renderer of its environment."""

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
from evorobo.report.figures import output
from evorobo.report.figures.paths import keeps_axes
from evorobo.report.statistics import evenly_spaced_indices
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import EpisodeRecord, draw_states, record_episode, render_episode
from evorobo.tasks.control.robots.base import Robot, defines
from evorobo.tasks.control.task import ControlTask

EpisodeSource: TypeAlias = tuple[Genome | None, int]
"""The genome of the robot, or None for the teacher, and the number of the test episode."""

_MARGIN = 0.56  # half of the size of the drawing, and some space
_MIN_ASPECT = 0.45  # of the shorter side to the longer one
_PROPORTION = 0.75  # the height over the width of frames with axes
_WHOLE: Any = (0.01, 0.01, 0.98, 0.98)
_BESIDE_LABELS: Any = (0.16, 0.15, 0.81, 0.81)
"""Where the axes are in a frame: drawings without axes fill it."""


@dataclass(frozen=True, eq=False)
class EpisodeFrames:
    """The frames of an episode, arrays of one shape `(height, width, 3)`, and the step that each of them shows."""

    recording: EpisodeRecord
    steps: np.ndarray
    frames: list[np.ndarray]


def require_robot_task(task: Task) -> ControlTask:
    """The task itself if it has a robot. Raises `TaskError` for data sets and other tasks without one."""
    if not isinstance(task, ControlTask):
        raise TaskError(f"{task.name} has no robot to show; evorobo report shows its predictions.")
    return task


def render_episodes(
    task: ControlTask, sources: Sequence[EpisodeSource], max_frames: int, max_size: int
) -> list[EpisodeFrames]:
    """The frames of each episode: at most `max_frames`, of one scale, no side longer than `max_size` pixels.

    Raises `TaskError` where the robot cannot be drawn.
    """
    recordings = [record_episode(task, *source) for source in sources]
    steps = [evenly_spaced_indices(len(recording), max_frames) for recording in recordings]
    robot = drawable_robot(task)
    if robot:
        view = shared_view(robot, recordings)
        frames = [
            _draw_frames(robot, recording, of_episode, view, max_size)
            for recording, of_episode in zip(recordings, steps, strict=True)
        ]
    else:
        frames = [
            [shrink_to_fit(frame, max_size) for frame in render_episode(task, *source, set(of_episode.tolist()))]
            for source, of_episode in zip(sources, steps, strict=True)
        ]
    return [EpisodeFrames(*episode) for episode in zip(recordings, steps, frames, strict=True)]


def drawable_robot(task: ControlTask) -> Robot | None:
    """The robot of a task, if it defines `draw`."""
    return task.robot if task.robot is not None and defines(task.robot, "draw") else None


@dataclass(frozen=True)
class View:
    """The limits of the axes, and whether they are shown with the labels, ticks and scales that `draw` gives them."""

    x: tuple[float, float]
    y: tuple[float, float]
    has_axes: bool = False

    def draw(self, robot: Robot, axes: Axes, states: Array) -> None:
        """Draw states on empty axes, in this view."""
        draw_states(robot, axes, states)
        axes.set(xlim=self.x, ylim=self.y)
        if not self.has_axes:
            axes.set_aspect("equal")
            axes.set_axis_off()

    def size(self, longest: float) -> tuple[float, float]:
        """The width and height of a frame whose longer side is `longest`."""
        if self.has_axes:
            return longest, _PROPORTION * longest
        width, height = self.x[1] - self.x[0], self.y[1] - self.y[0]
        scale = longest / max(width, height)
        return scale * width, scale * height


def shared_view(robot: Robot, recordings: Sequence[EpisodeRecord]) -> View:
    """A view that holds the drawings of all recordings, with a margin.

    It has axes if `draw` labels or scales one; then the limits are those that `draw` and matplotlib choose.
    """
    axes = _empty_figure(100, 100, _WHOLE)[1]
    for recording in recordings:
        draw_states(robot, axes, recorded_states(recording))
    drawn = axes.dataLim
    has_axes = keeps_axes(axes)
    if has_axes or not np.isfinite(drawn.extents).all():  # nothing that matplotlib measures, for example only text
        return View(axes.get_xlim(), axes.get_ylim(), has_axes)
    middle = (drawn.x0 + drawn.x1) / 2, (drawn.y0 + drawn.y1) / 2
    half = _MARGIN * max(drawn.width, drawn.height) or 1.0
    half_x, half_y = (max(_MARGIN * size, _MIN_ASPECT * half) or half for size in (drawn.width, drawn.height))
    return View((middle[0] - half_x, middle[0] + half_x), (middle[1] - half_y, middle[1] + half_y))


def recorded_states(recording: EpisodeRecord) -> Array:
    """The states of an episode `(n_steps + 1, n_states)`."""
    assert recording.states is not None, "only vectorized robots are drawn"
    return recording.states


def shrink_to_fit(frame: np.ndarray, max_size: int) -> np.ndarray:
    """The frame with no side longer than `max_size` pixels."""
    from PIL import Image

    image = Image.fromarray(frame)
    image.thumbnail((max_size, max_size), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _draw_frames(robot: Robot, recording: EpisodeRecord, steps: np.ndarray, view: View, size: int) -> list[np.ndarray]:
    """The frames of an episode of a robot that draws itself."""
    with output.figure_style():
        figure, axes = _empty_figure(*view.size(size), _BESIDE_LABELS if view.has_axes else _WHOLE)
        canvas = FigureCanvasAgg(figure)
        frames = []
        for step in steps:
            axes.clear()
            view.draw(robot, axes, recorded_states(recording)[: step + 1])
            canvas.draw()
            frames.append(np.array(canvas.buffer_rgba())[..., :3])
    return frames


def _empty_figure(width: float, height: float, rectangle: Any) -> tuple[Figure, Axes]:
    """An empty figure of the given size in pixels, and axes in a rectangle of it."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    return figure, figure.add_axes(rectangle)
