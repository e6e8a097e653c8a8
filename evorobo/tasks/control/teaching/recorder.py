"""Episodes on tape: a simulator that is listened to while an expert drives it, for recordings and for cloning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.simulators.base import Simulator
from evorobo.tasks.control.teaching.demonstrations import StepRecorder
from evorobo.tasks.control.teaching.experts import Expert


class RecordingSimulator:
    """A simulator (see `Simulator`) of one member's robots that keeps all they sense, earn and should have done.

    `driver` is who drives it, made anew for each batch of episodes; a tape hears what its own drivers say.
    """

    state = None

    def __init__(self, simulator: Simulator, experts: Callable[[], Expert]) -> None:
        self._simulator, self._experts = simulator, experts
        self.capacity = simulator.capacity
        self._steps, self._ends = StepRecorder(), StepRecorder()
        self._first = self._next = 0

    def make_policy(self, members: slice) -> Policy:
        self._expert = self._experts()
        return self._expert

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._sensed = self._simulator.reset(seeds, copies)
        self._running = np.arange(len(seeds) * copies)
        self._first, self._next = self._next, self._next + len(self._running)
        return self._sensed

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        labels = self._expert.labels[0][self._running]
        episodes, sensed = self._first + self._running, self._sensed
        self._sensed, rewards, ended = self._simulator.step(actions)
        self._steps(episodes, sensed, labels, rewards)
        self._ends(episodes[ended], self._sensed[ended])
        return self._sensed, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)
        self._running, self._sensed = self._running[rows], self._sensed[rows]

    def recorded_steps(self) -> tuple[np.ndarray, ...]:
        """Of all steps, episode after episode: its number, what was sensed, what should have been done, the reward."""
        return self._steps.collected()

    def final_observations(self) -> np.ndarray:
        """What was sensed at the end of each episode."""
        return self._ends.collected()[1]
