"""Robots with a rival: two robots that share one state, each of them a robot of its own."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams


@inherit_docs
class Contestant(Robot):
    """One of two robots that share their states: derive a class and write `rival` and `joint_transition`.

    `joint_transition` takes the place of `transition`; the other functions are those of `Robot`. In a task of its own
    the robot meets a rival that follows its `teacher`, which must not have a memory. In coevolution networks control
    both robots. Contestants have motors, not moves.

    Examples
    --------
    Two carts on one track; the one to the right scores:

    >>> import numpy as np
    >>> from evorobo import Contestant
    >>> class Racer(Contestant):
    ...     sensors, motors, max_steps = ("own x", "rival's x"), ("push",), 20
    ...     def __init__(self, side=0):
    ...         self.side = side
    ...     @property
    ...     def rival(self):
    ...         return Racer(1 - self.side)
    ...     def initial(self, rng):
    ...         return rng.uniform(-1, 1, 2)
    ...     def observation(self, state, rng):
    ...         return state[:, [self.side, 1 - self.side]]
    ...     def joint_transition(self, state, action, rival_action):
    ...         pushes = [action, rival_action] if self.side == 0 else [rival_action, action]
    ...         return state + 0.1 * np.concatenate(pushes, axis=1)
    ...     def reward(self, state, action, next_state):
    ...         return np.sign(next_state[:, self.side] - next_state[:, 1 - self.side])
    ...     def teacher(self, sensors):
    ...         return np.ones((len(sensors), 1))
    >>> Racer().transition(np.zeros((1, 2)), -np.ones((1, 1)), None)
    array([[-0.1,  0.1]])
    """

    @property
    def rival(self) -> Contestant:
        """The other robot, with the same settings; it reads the same states."""
        raise NotImplementedError

    def joint_transition(self, state: Array, action: np.ndarray, rival_action: np.ndarray) -> Array:
        """Compute the states one control step later, after the actions of both robots.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The states. They must not be changed.
        action : array of shape (n_robots, n_motors)
            The motor commands of this robot.
        rival_action : array of shape (n_robots, n_rival_motors)
            The motor commands of the rival.

        Returns
        -------
        array of shape (n_robots, n_states)
            The next states.
        """
        raise NotImplementedError

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        rival = self.rival
        return self.joint_transition(state, action, rival.teacher(rival.observation(state, rng)))


class JointRobot(Robot):
    """A contestant and its rival as one robot, with the sensors and motors of both; it has the contestant's rewards."""

    def __init__(self, contestant: Contestant) -> None:
        rival = contestant.rival
        if not (contestant.motors and rival.motors):
            raise TaskError(f"{type(contestant).__name__} and its rival must both have motors, not moves.")
        self._contestant, self._rival = contestant, rival
        self.sensors = (*contestant.sensors, *(f"rival's {name}" for name in rival.sensors))  # type: ignore[misc]
        self.motors = (*contestant.motors, *(f"rival's {name}" for name in rival.motors))  # type: ignore[misc]
        self.max_steps, self.action_limit = contestant.max_steps, max(contestant.action_limit, rival.action_limit)  # type: ignore[misc]

    def initial(self, rng: RandomStreams) -> Array:
        return self._contestant.initial(rng)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        both = [self._contestant.observation(state, rng), self._rival.observation(state, rng)]
        return np.concatenate(both, axis=1)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        n_motors = len(self._contestant.motors)
        return self._contestant.joint_transition(state, action[:, :n_motors], action[:, n_motors:])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return self._contestant.reward(state, action[:, : len(self._contestant.motors)], next_state)

    def terminal(self, state: Array) -> np.ndarray:
        return self._contestant.terminal(state)
