"""Robots with a rival: two on one row, each of them a robot of its own, whoever is at the other's wheels."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams


class Contestant(Robot):
    """One of two robots that share their states. Fill in `rival` and `meet` in the place of `transition`.

    Alone it is a robot like any other: its rival follows the rival's own `teacher`, a rule without a memory. Under
    coevolution networks are at the wheels of both (see `Both`). Contestants have motors, not moves.
    """

    @property
    def rival(self) -> Contestant:
        """The other one, with the same settings; it reads the same states."""
        raise NotImplementedError

    def joint_transition(self, state: Array, action: np.ndarray, rival_action: np.ndarray) -> Array:
        """The state one control step later, after what both did."""
        raise NotImplementedError

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        rival = self.rival
        return self.joint_transition(state, action, rival.teacher(rival.observation(state, rng)))


class JointRobot(Robot):
    """A contestant and its rival as one robot: the sensors and motors of the one, then those of the other.

    What it earns is what the contestant earns.
    """

    def __init__(self, contestant: Contestant) -> None:
        rival = contestant.rival
        if not (contestant.motors and rival.motors):
            raise TaskError(
                f"{type(contestant).__name__} and its rival must have motors both, to be driven by networks."
            )
        self._one, self._other = contestant, rival
        self.sensors = (*contestant.sensors, *(f"rival's {name}" for name in rival.sensors))  # type: ignore[misc]
        self.motors = (*contestant.motors, *(f"rival's {name}" for name in rival.motors))  # type: ignore[misc]
        self.max_steps, self.action_limit = contestant.max_steps, max(contestant.action_limit, rival.action_limit)  # type: ignore[misc]

    def initial(self, rng: RandomStreams) -> Array:
        return self._one.initial(rng)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return np.concatenate([self._one.observation(state, rng), self._other.observation(state, rng)], axis=1)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        own = len(self._one.motors)
        return self._one.joint_transition(state, action[:, :own], action[:, own:])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return self._one.reward(state, action[:, : len(self._one.motors)], next_state)

    def terminal(self, state: Array) -> np.ndarray:
        return self._one.terminal(state)
