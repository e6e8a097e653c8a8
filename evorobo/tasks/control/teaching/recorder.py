"""Records episodes of an expert: observations, labels and rewards, for demonstrations and cloning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.simulators.base import Simulator
from evorobo.tasks.control.teaching.demonstrations import StepRecorder
from evorobo.tasks.control.teaching.experts import Expert


class RecordingSimulator:
    """A simulator (see `Simulator`) that records one expert, and the policy factory (see `PolicyFactory`) of it.

    `make_expert` makes a new expert for each batch of episodes; the labels of the latest one are recorded.
    """

    state = None
    n_members = 1

    def __init__(self, simulator: Simulator, make_expert: Callable[[], Expert]) -> None:
        self._simulator, self._make_expert = simulator, make_expert
        self.capacity = simulator.capacity
        self._steps, self._ends = StepRecorder(), StepRecorder()
        self._first = self._next = 0

    def policy(self, members: slice) -> Policy:
        self._expert = self._make_expert()
        return self._expert

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._observations = self._simulator.reset(seeds, copies)
        self._running = np.arange(len(seeds) * copies)
        self._first, self._next = self._next, self._next + len(self._running)
        return self._observations

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        labels = self._expert.labels[0][self._running]
        episodes, observations = self._first + self._running, self._observations
        self._observations, rewards, ended = self._simulator.step(actions)
        self._steps(episodes, observations, labels, rewards)
        self._ends(episodes[ended], self._observations[ended])
        return self._observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)
        self._running, self._observations = self._running[rows], self._observations[rows]

    def recorded_steps(self) -> tuple[np.ndarray, ...]:
        """Episode number, observation, label and reward of every step, sorted by episode."""
        return self._steps.collected()

    def final_observations(self) -> np.ndarray:
        """The last observation of each episode."""
        return self._ends.collected()[1]
