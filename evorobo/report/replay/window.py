"""Play episodes in a window: that of the environment, or one of matplotlib for robots that draw themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import matplotlib

from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.report.replay.encoding import FRAMES_PER_SECOND
from evorobo.report.replay.frames import drawable_robot, recorded_states, shared_view
from evorobo.tasks.control.recording import DISPLAY_VARIABLES, record_episode, render_episode
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.task import ControlTask

_NO_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def show(task: ControlTask, genome: Genome, episodes: Iterable[int]) -> None:
    """Play test episodes one after the other. Raises `SettingsError` where no window can be opened."""
    if sys.platform == "linux" and not DISPLAY_VARIABLES & os.environ.keys():
        raise SettingsError("there is no screen for a window; --gif writes the episode to a file.")
    robot = drawable_robot(task)
    for episode in episodes:
        if robot:
            _play(robot, task, genome, episode)
        else:
            render_episode(task, genome, episode, (), mode="human")


def _play(robot: Robot, task: ControlTask, genome: Genome, episode: int) -> None:
    from matplotlib import pyplot
    from matplotlib.animation import FuncAnimation

    if matplotlib.get_backend().lower() in _NO_WINDOWS:
        raise SettingsError(
            "matplotlib has no window toolkit; pip install PyQt6, or write the episode to a file with --gif."
        )
    recording = record_episode(task, genome, episode)
    view = shared_view(robot, [recording])
    figure, axes = pyplot.subplots()

    def draw(step: int) -> list[Any]:
        axes.clear()
        view.draw(robot, axes, recorded_states(recording)[: step + 1])
        axes.set_title(f"{task.name}, episode {episode}, step {step + 1} of {len(recording)}")
        return []

    animation = FuncAnimation(figure, draw, len(recording), interval=1000 / FRAMES_PER_SECOND, repeat=False)
    pyplot.show()
    del animation  # the window needs it until it is closed
