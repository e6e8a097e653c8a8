"""One episode from start to end: what was sensed, done and, of robots on rows, where they were; and its pictures."""

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
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.rollout import run_episodes
from evorobo.tasks.control.simulators.base import EnvSpec, Simulator
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.tasks.control.spaces import Decoder, make_flattener


@dataclass(frozen=True, eq=False)
class EpisodeRecord:
    """An episode of so many steps: `observations (steps, k)`, `actions (steps, ...)` and, of robots on rows, `states
    (steps, s)`, each as it was before the step; and the sum of its rewards."""

    observations: Array
    actions: np.ndarray
    states: Array | None
    score: float

    def __len__(self) -> int:
        return len(self.observations)


def record(simulator: Simulator, driver: Policy, seed: int) -> EpisodeRecord:
    """Let one robot live through the episode of that seed."""
    seen: list[tuple[Array, np.ndarray]] = []
    states: list[Array] = []

    def watch(robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        seen.append((np.array(observations[0]), np.array(actions)[0]))
        if simulator.state is not None:
            states.append(np.array(simulator.state[0]))

    score = float(run_episodes(simulator, driver, np.array([seed]), 1, watch).returns[0, 0])
    observations, actions = (np.stack(each) for each in zip(*seen, strict=True))
    return EpisodeRecord(observations, actions, np.stack(states) if states else None, score)


class Renderer:
    """An environment that renders, and the episodes played on it; each tells the story that `world` tells."""

    def __init__(self, environment: Any, world: EnvSpec, decoder: Decoder) -> None:
        self._environment, self._id = environment, world.id
        flatten = make_flattener(world.observation_space)[1]
        self._simulator = SyncSimulator(world.id, lambda: environment, flatten, decoder.to_env_action)

    def render(self, driver: Policy, seed: int, at: Collection[int]) -> list[np.ndarray]:
        """The pictures `(height, width, 3)` before the steps `at`; then the environment is closed."""
        pictures: list[np.ndarray] = []
        step, pictured = 0, self._environment.render_mode != "human"

        def watch(robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
            nonlocal step
            if step in at:
                pictures.append(self._picture())
            step += 1

        try:
            with _no_screen() if pictured else nullcontext():
                run_episodes(self._simulator, driver, np.array([seed]), 1, watch)
        finally:
            self._environment.close()
        return pictures

    def _picture(self) -> np.ndarray:
        try:
            picture = np.asarray(self._environment.render())
        except Exception as error:  # each renderer fails in its own way: no package, no display, no driver
            cure = (
                " Without a screen MuJoCo draws by EGL (apt install libegl1), or with MUJOCO_GL=osmesa."
                if "OpenGL" in str(error)
                else ""
            )
            raise TaskError(f"{self._id} cannot be drawn here: {str(error).rstrip('.')}.{cure}") from error
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise TaskError(
                f"{self._id} renders {picture.dtype} {picture.shape}; a picture is bytes (height, width, 3)."
            )
        return picture


DISPLAY_VARIABLES = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"}
"""Environment variables that tell of a screen."""


_UNSEEN = {"SDL_VIDEODRIVER": "dummy", "MUJOCO_GL": "egl"}


@contextmanager
def _no_screen() -> Iterator[None]:
    """Where there is none, SDL, which draws classic control, and MuJoCo must be told to draw without one."""
    seen = sys.platform != "linux" or DISPLAY_VARIABLES & os.environ.keys()
    chosen = {} if seen else {name: value for name, value in _UNSEEN.items() if name not in os.environ}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name in chosen:
            del os.environ[name]
