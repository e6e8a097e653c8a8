"""T-maze: a light at the foot of the stem shows which arm to take at its end, long after it is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import outline
from evorobo.tasks.control.robots.khepera import INFRARED, SENSED, Arena, steer
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

MAZE = Arena(
    outline((-0.05, 0), (0.05, 0), (0.05, 0.4), (0.3, 0.4), (0.3, 0.5), (-0.3, 0.5), (-0.3, 0.4), (-0.05, 0.4))
)
GOAL = 0.25  # m from the middle, where a trip ends
LIGHT_STEPS = 5
CRUISE = 0.9  # of top speed
START, TIME, SIDE, TRIPS, RIGHT = slice(11, 22), 22, 23, 24, 25


@dataclass(frozen=True)
class TMaze(Robot):
    """Two trips in a T-maze with corridors 10 cm wide: 40 cm of stem, then an arm to each side; 20 s for both.

    For the first half second of a trip a light shines at the left or right of the robot, and the robot cannot move.
    Then it must drive in the dark to the end of the arm on the side of the light. One trip of an episode has the light
    on the left, the other on the right, in random order. The score is the percentage of trips that end in the right
    arm. A trip without an end counts half of the share of its way, which helps evolution.

    Without memory the score is 50: both trips start with the same place and heading, and in the dark equal actions give
    equal readings. The mazes of Ziemke & Thieme (2002) and of Blynel & Floreano (2003) are others: their robot may
    move under the light, so that a network without memory can use place and heading as its memory.

    The teacher remembers which eye saw the light, and follows the wall on that side.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of the sensors.
    """

    noise: NonNegativeFloat = 0.02

    sensors = (*(f"infrared {place}" for place in INFRARED), "light left", "light right")
    motors = ("wheel left", "wheel right")
    memory = ("side",)
    max_steps = 200
    length_unit = "m"
    reward_threshold = 95.0

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading; infrared readings; both at the start of a trip; then four numbers.

        These are the steps of this trip, the side of its light (1 is left, -1 right), the trips made, and the trips
        that ended in the right arm.
        """
        x, heading, side = rng.uniform([-0.005, np.pi / 2 - 0.1, -1], [0.005, np.pi / 2 + 0.1, 1], 3).T
        start = np.stack([x, np.full(len(x), 0.05), heading], axis=1)
        side = np.where(side > 0, 1.0, -1.0)
        placed, none = MAZE.state_at(start), np.zeros(len(x))
        return np.column_stack([placed, placed, none, side, none, none])

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        light = (state[:, TIME] < LIGHT_STEPS) * state[:, SIDE]
        eyes = np.stack([light > 0, light < 0], axis=1)
        return np.concatenate([state[:, SENSED], eyes], axis=1) + rng.normal(self.noise, len(self.sensors))

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        held = state[:, TIME] < LIGHT_STEPS
        moved = MAZE.step(state, np.where(held[:, None], 0.0, action))
        time, side, trips, right = state[:, TIME:].T
        ended = np.abs(moved[:, 0]) > GOAL
        trips, right = trips + ended, right + (ended & (-moved[:, 0] * side > 0))
        again = ended & (trips < 2)
        place = np.where(again[:, None], state[:, START], moved)
        time, side = np.where(again, 0, time + 1), np.where(again, -side, side)
        return np.column_stack([place, state[:, START], time, side, trips, right])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return _score(next_state) - _score(state)

    def terminal(self, state: Array) -> np.ndarray:
        return state[:, TRIPS] == 2

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def remember(self, memory: Array, sensors: Array) -> Array:
        light = sensors[:, 8:9] - sensors[:, 9:10]
        return np.where(np.abs(light) > 0.5, np.sign(light), memory)

    def teacher(self, sensors: Array) -> np.ndarray:
        side = sensors[:, 10]
        beside, oblique = np.where(side > 0, sensors[:, [0, 1]].T, sensors[:, [5, 4]].T)
        return steer(CRUISE, -1.9 * side * (0.6 - beside - oblique))

    def draw(self, ax: Any, states: Array) -> None:
        """Draw a path for each trip, and its light in the same color; dashed paths have hollow stars."""
        trips = np.split(states, np.flatnonzero(np.diff(states[:, TRIPS])) + 1)
        MAZE.draw(ax, *trips)
        for number, trip in enumerate(trips):
            place = -0.1 * trip[0, SIDE], 0.05
            inside = "white" if number % 2 else f"C{number}"
            ax.plot(*place, color=f"C{number}", marker="*", markersize=12, markerfacecolor=inside)


def _score(state: Array) -> Array:
    """The score of the episode if it ended now."""
    x, y = state[:, :2].T
    share = np.clip(np.minimum(y, 0.45) - 0.05 + np.maximum(np.abs(x) - 0.05, 0), 0, 0.6) / 0.6
    return 50 * state[:, RIGHT] + 25 * share * (state[:, TRIPS] < 2)


register(TMaze, "evorobo/TMaze-v0")
