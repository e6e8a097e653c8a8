"""A robot of our own or of yours: five functions on rows, from which everything else is made."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.robots.random_streams import RandomStreams


class Robot:
    """Derive from it, as a frozen dataclass if the robot has settings, and fill in the functions below.

    Rows are robots: `state (rows, k)` in any k numbers, `sensors (rows, n_sensors)`. A robot has either `motors`
    (that many values in [-1, 1], `action (rows, motors)`) or `moves` (names to choose from, `action (rows,)` numbers).
    `reach` is for motors that take values from -reach to reach instead, as gymnasium's pendulum does. `measures` name
    what `measure` tells of a robot's behaviour, each with the two numbers between which it lies: {"x": (0.0, 2.0)};
    if the first two are "x" and "y", they are places as `draw` has them. `memory` names the numbers that its teacher
    keeps in mind from step to step, if it has to (see `remember`).
    A row must not look at other rows, and all randomness comes from `rng` (see `Chance`). The names are those of
    `gymnasium.experimental.functional.FuncEnv`.
    """

    sensors: ClassVar[tuple[str, ...]]
    motors: ClassVar[tuple[str, ...]] = ()
    moves: ClassVar[tuple[str, ...]] = ()
    action_limit: ClassVar[float] = 1.0
    memory: ClassVar[tuple[str, ...]] = ()
    max_steps: ClassVar[int] = 200
    reward_threshold: ClassVar[float | None] = None
    measures: ClassVar[dict[str, tuple[float, float]]] = {}

    def initial(self, rng: RandomStreams) -> Array:
        """The first state of each robot."""
        raise NotImplementedError

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        """What each robot senses."""
        raise NotImplementedError

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        """The state one control step later; `state` itself stays as it is."""
        raise NotImplementedError

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        """What the step earned `(rows,)`."""
        raise NotImplementedError

    def terminal(self, state: Array) -> np.ndarray:
        """Which episodes are over `(rows,)`; by default none before `max_steps`."""
        return np.zeros(len(state), bool)

    def measure(self, state: Array) -> Array:
        """What each robot's behaviour came to `(rows, measures)`, told by the `state` in which its episode ended; leave
        it out if there are no measures. What is to be known of the way there must be kept in the state."""
        raise TaskError(f"{type(self).__name__} has no measures.")

    def limits(self) -> tuple[float, float]:
        """Between which numbers all sensors read, for gymnasium's observation space; leave it out if there are none."""
        return -np.inf, np.inf

    def teacher(self, sensors: Array) -> np.ndarray:
        """What a reference controller does with these sensors; leave it out if there is none.

        Where the robot names a `memory`, its columns follow those of the sensors.
        """
        raise TaskError(f"{type(self).__name__} has no teacher.")

    def remember(self, memory: Array, sensors: Array) -> Array:
        """What the teacher has in mind `(rows, len(self.memory))` once it has these sensors too; it begins with zeros.

        Only its teacher remembers for the robot: networks that are to do as it does must find out by themselves what
        to keep.
        """
        return memory

    def draw(self, ax: Any, states: Array) -> None:
        """The way of one robot `states (steps, k)` up to now, on a matplotlib axes; leave it out if there is nothing to
        see. Moving pictures call it again and again, with ever more steps."""
        raise TaskError(f"{type(self).__name__} has no drawing.")


def defines(robot: Robot, function: str) -> bool:
    """Whether this robot fills in an optional function ("teacher", "draw")."""
    return getattr(type(robot), function) is not getattr(Robot, function)


def clip_action(robot: Robot, action: Any) -> np.ndarray:
    """Rows of actions as the robot's functions get them: move numbers, or motor values cut to [-reach, reach].

    Motor values are rounded to single precision first, as gymnasium's action space has them: both tell one story.
    """
    if robot.moves:
        return np.asarray(action).reshape(-1).astype(int, copy=False)
    return np.clip(
        np.asarray(action, np.float32).astype(float).reshape(-1, len(robot.motors)),
        -robot.action_limit,
        robot.action_limit,
    )
