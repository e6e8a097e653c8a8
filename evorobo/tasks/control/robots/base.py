"""The base class of robots: five vectorized functions, from which everything else is made."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.random_streams import RandomStreams


class Robot:
    """A robot, defined by five vectorized functions.

    Derive a class and write `initial`, `observation`, `transition`, `reward` and, where episodes can end early,
    `terminal`. A robot with settings is a frozen dataclass. Arrays have shape (n_robots, ...); a single robot is
    n_robots = 1. Compute each row from that row alone, and draw random numbers from `rng` only. The names are those of
    `gymnasium.experimental.functional.FuncEnv`. `evorobo.testing.check_robot` tests a robot.

    Attributes
    ----------
    sensors : tuple of str
        Names of the observed numbers.
    motors : tuple of str
        Names of the motors, each in [-action_limit, action_limit]; actions have shape (n_robots, n_motors).
    moves : tuple of str
        Names of discrete moves, instead of motors; actions are move numbers of shape (n_robots,).
    action_limit : float
        The largest motor command, default 1.
    memory : tuple of str
        Names of the numbers that the teacher remembers from step to step (see `remember`), default none.
    max_steps : int
        The length of an episode in steps, default 200.
    reward_threshold : float or None
        The return that counts as solved, default None.
    measures : dict of str to tuple of float
        Measures of behavior (see `measure`), each with its usual range: `{"x": (0.0, 2.0)}`. If the first two are "x"
        and "y", they are places in the plane of `draw`.
    length_unit : str
        The unit of length of `draw`, for the scale bar of figures: "m", "cm"; default none.

    Examples
    --------
    A cart that must stay at 0:

    >>> import numpy as np
    >>> from evorobo import Robot
    >>> class Cart(Robot):
    ...     sensors, motors, max_steps = ("x",), ("push",), 50
    ...     def initial(self, rng):
    ...         return rng.uniform(-1, 1, 1)
    ...     def observation(self, state, rng):
    ...         return state + rng.normal(0.01, 1)
    ...     def transition(self, state, action, rng):
    ...         return state + 0.1 * action
    ...     def reward(self, state, action, next_state):
    ...         return -np.abs(next_state[:, 0])
    >>> from evorobo.testing import check_robot
    >>> report = check_robot(Cart)
    """

    sensors: ClassVar[tuple[str, ...]]
    motors: ClassVar[tuple[str, ...]] = ()
    moves: ClassVar[tuple[str, ...]] = ()
    action_limit: ClassVar[float] = 1.0
    memory: ClassVar[tuple[str, ...]] = ()
    max_steps: ClassVar[int] = 200
    reward_threshold: ClassVar[float | None] = None
    measures: ClassVar[dict[str, tuple[float, float]]] = {}
    length_unit: ClassVar[str] = ""

    def initial(self, rng: RandomStreams) -> Array:
        """Draw the first state of each robot.

        Parameters
        ----------
        rng : RandomStreams
            Random numbers: `rng.uniform(low, high, k)` and `rng.normal(sd, k)` have shape (n_robots, k).

        Returns
        -------
        array of shape (n_robots, n_states)
            The states; any numbers that describe a robot.
        """
        raise NotImplementedError

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        """Read the sensors.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The states. They must not be changed.
        rng : RandomStreams
            Random numbers, for noise.

        Returns
        -------
        array of shape (n_robots, n_sensors)
            The readings.
        """
        raise NotImplementedError

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        """Compute the states one control step later.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The states. They must not be changed.
        action : array of shape (n_robots, n_motors), or of int and shape (n_robots,)
            Motor commands within their limits, or move numbers.
        rng : RandomStreams
            Random numbers.

        Returns
        -------
        array of shape (n_robots, n_states)
            The next states.
        """
        raise NotImplementedError

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        """Compute the rewards of a step.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The states before the step.
        action : array of shape (n_robots, n_motors), or of int and shape (n_robots,)
            The actions.
        next_state : array of shape (n_robots, n_states)
            The states after the step.

        Returns
        -------
        array of shape (n_robots,)
            The rewards; their sum over an episode is the score.
        """
        raise NotImplementedError

    def terminal(self, state: Array) -> np.ndarray:
        """Say which episodes have ended; by default none ends before `max_steps`.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The states after a step.

        Returns
        -------
        array of bool of shape (n_robots,)
            True where the episode has ended.
        """
        return np.zeros(len(state), bool)

    def measure(self, state: Array) -> Array:
        """Compute the measures of behavior at the ends of episodes; write it if the robot names `measures`.

        Parameters
        ----------
        state : array of shape (n_robots, n_states)
            The last states. What a measure needs from earlier steps must be part of the state.

        Returns
        -------
        array of shape (n_robots, n_measures)
            A column for each of `measures`.
        """
        raise TaskError(f"{type(self).__name__} has no measures.")

    def limits(self) -> tuple[float, float]:
        """Give the range of all sensor readings, for gymnasium's observation space; by default unlimited.

        Returns
        -------
        tuple[float, float]
            The smallest and the largest reading.
        """
        return -np.inf, np.inf

    def teacher(self, sensors: Array) -> np.ndarray:
        """Compute the actions of a reference controller; leave it out if there is none.

        Parameters
        ----------
        sensors : array of shape (n_robots, n_sensors + n_memory)
            The readings, followed by the numbers in memory.

        Returns
        -------
        array of shape (n_robots, n_motors), or of int and shape (n_robots,)
            The actions.
        """
        raise TaskError(f"{type(self).__name__} has no teacher.")

    def remember(self, memory: Array, sensors: Array) -> Array:
        """Update the memory of the teacher, before it acts.

        Only the teacher has this memory. A network that imitates it must learn by itself what to remember.

        Parameters
        ----------
        memory : array of shape (n_robots, n_memory)
            The numbers remembered so far; zeros at first.
        sensors : array of shape (n_robots, n_sensors)
            The new readings.

        Returns
        -------
        array of shape (n_robots, n_memory)
            The numbers to remember.
        """
        return memory

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the path of one robot; leave it out if there is nothing to see.

        Animations call it for ever longer paths.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            The axes to draw on.
        states : array of shape (n_steps, n_states)
            The states of one robot up to the current step.
        """
        raise TaskError(f"{type(self).__name__} has no drawing.")


def defines(robot: Robot, function: str) -> bool:
    """Whether the class of a robot defines an optional function, for example "teacher" or "draw"."""
    return getattr(type(robot), function) is not getattr(Robot, function)


def clip_action(robot: Robot, action: Any) -> np.ndarray:
    """Actions as the robot's functions take them: move numbers, or motor commands clipped to their limits.

    Motor commands are first rounded to single precision, the precision of gymnasium's action spaces.
    """
    if robot.moves:
        return np.asarray(action).reshape(-1).astype(int, copy=False)
    return np.clip(
        np.asarray(action, np.float32).astype(float).reshape(-1, len(robot.motors)),
        -robot.action_limit,
        robot.action_limit,
    )
