"""Records and renders single test episodes: observations, actions, states and pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.rollout import TEST, run_episodes
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.env_objects import EnvObjects
from evorobo.tasks.control.simulators.lookup import make_rendering_env
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.tasks.control.spaces import Decoder, make_flattener
from evorobo.tasks.control.task import ControlTask
from evorobo.user_code import reraise_interrupt, user_code

DISPLAY_VARIABLES = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}
"""Environment variables that are set where there is a screen."""
_WITHOUT_SCREEN = {"SDL_VIDEODRIVER": "dummy", "MUJOCO_GL": "egl"}


@dataclass(frozen=True, eq=False)
class EpisodeRecord:
    """One episode: `observations (steps, k)`, `actions (steps, ...)` and `states (steps, s)`, all before the step.

    `states` is None unless the robot is vectorized; `score` is the sum of the rewards.
    """

    observations: Array
    actions: np.ndarray
    states: Array | None
    score: float

    def __len__(self) -> int:
        return len(self.observations)


def record_episode(task: ControlTask, genome: Genome | None, episode: int = 0) -> EpisodeRecord:
    """Record one test episode of a network, or of the teacher (None).

    Raises `TaskError` if the genome does not fit, or there is no teacher.
    """
    simulator = task.env_spec.simulator()
    steps: list[tuple[Array, np.ndarray]] = []
    states: list[Array] = []

    def on_step(robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        steps.append((np.array(observations[0]), np.array(actions)[0]))
        if simulator.state is not None:
            states.append(np.array(simulator.state[0]))

    rollout = run_episodes(simulator, task.policy(genome), np.array([TEST + episode]), 1, on_step)
    observations, actions = (np.stack(arrays) for arrays in zip(*steps, strict=True))
    return EpisodeRecord(observations, actions, np.stack(states) if states else None, float(rollout.returns[0, 0]))


def trajectory(task: ControlTask, genome: Genome | None, episode: int = 0) -> Array:
    """The states `(steps, s)` of one test episode, as the `draw` of a vectorized robot takes them.

    Raises `TaskError` if the environment is no vectorized robot.
    """
    if task.robot is None:
        raise TaskError(f"{task.env_spec.id} is no vectorized robot; its states cannot be read.")
    return np.asarray(record_episode(task, genome, episode).states)


def draw_states(robot: Robot, axes: Any, states: Array) -> None:
    """Draw the states `(steps, s)` of an episode as the robot's `draw` does. Raises `TaskError` where it fails."""
    with user_code(f"{type(robot).__name__}.draw()"):
        robot.draw(axes, states)


def render_episode(
    task: ControlTask, genome: Genome | None, episode: int, at: Collection[int], mode: str = "rgb_array"
) -> list[np.ndarray]:
    """Pictures `(height, width, 3)` by the environment's own renderer, before the steps `at` of one test episode.

    The mode "human" opens a window. Raises `TaskError` if the environment cannot be rendered in this mode.
    """
    environment = make_rendering_env(task.env, task.env_kwargs, task.max_steps, mode)
    return _Renderer(environment, task.env_spec, task.decoder).render(task.policy(genome), TEST + episode, at)


class _Renderer:
    """An environment that renders, with the same episodes as the simulator of `env_spec`."""

    def __init__(self, environment: Any, env_spec: EnvSpec, decoder: Decoder) -> None:
        self._environment, self._id = environment, env_spec.id
        flatten = make_flattener(env_spec.observation_space)[1]
        self._simulator = SyncSimulator(EnvObjects(env_spec.id, lambda: environment, flatten, decoder.to_env_action))

    def render(self, policy: Policy, seed: int, at: Collection[int]) -> list[np.ndarray]:
        """The pictures of one episode; afterwards the environment is closed."""
        pictures: list[np.ndarray] = []
        step, in_window = 0, self._environment.render_mode == "human"

        def on_step(robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
            nonlocal step
            if step in at:
                pictures.append(self._picture())
            step += 1

        try:
            with nullcontext() if in_window else _without_screen():
                run_episodes(self._simulator, policy, np.array([seed]), 1, on_step)
        finally:
            self._environment.close()
        return pictures

    def _picture(self) -> np.ndarray:
        try:
            picture = np.asarray(self._environment.render())
        except BaseException as error:  # renderers raise anything: no package, no display, no driver
            reraise_interrupt(error)
            remedy = (
                " Without a screen MuJoCo draws by EGL (apt install libegl1), or with MUJOCO_GL=osmesa."
                if "OpenGL" in str(error)
                else ""
            )
            raise TaskError(f"{self._id} cannot be drawn here: {str(error).rstrip('.')}.{remedy}") from error
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise TaskError(
                f"{self._id} renders {picture.dtype} {picture.shape}; a picture is bytes (height, width, 3)."
            )
        return picture


@contextmanager
def _without_screen() -> Iterator[None]:
    """Let SDL (classic control) and MuJoCo draw without a screen where there is none."""
    has_screen = sys.platform != "linux" or DISPLAY_VARIABLES & os.environ.keys()
    added = {} if has_screen else {name: value for name, value in _WITHOUT_SCREEN.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
