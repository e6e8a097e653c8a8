"""The T-maze: a light at the foot of the stem tells which arm to take at its end, when it is long gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import outline
from evorobo.tasks.control.robots.khepera import INFRARED, SENSED, Arena, steer
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

MAZE = Arena(
    outline((-0.05, 0), (0.05, 0), (0.05, 0.4), (0.3, 0.4), (0.3, 0.5), (-0.3, 0.5), (-0.3, 0.4), (-0.05, 0.4))
)
GOAL = 0.25  # m from the middle: here an arm has been chosen
SHINING = 5  # steps
CRUISE = 0.9  # of top speed
START, TIME, SIDE, TRIPS, RIGHT = slice(11, 22), 22, 23, 24, 25


@dataclass(frozen=True)
class TMaze(Robot):
    """Two trips in a maze of corridors 10 cm wide: 40 cm of stem, then an arm to each side; 20 s for both.

    For the first half second of a trip a light shines at the robot's left or right, and the robot is held where it is.
    Then it is dark, and the robot must drive to the end of the arm on the side of the light. One trip of an episode has
    the light on the left, one on the right, by chance which is first; the score is the percentage of trips that end
    well, where a trip that does not end counts half the share of the way that was made, so that evolution finds the
    way. `noise` is the standard deviation of the sensors' Gaussian noise.

    So 50 is chance, and no more can be had without memory: both trips begin at the same place and heading, and once it
    is dark the same senses follow from the same deeds. Networks that remember reach 100 (Ziemke & Thieme 2002;
    Blynel & Floreano 2003). That the robot is held under the light is ours; where it may drive there, its place and
    heading can be the memory of a network that has none.

    The teacher keeps in mind which eye saw the light, and follows the wall on that side.
    """

    noise: float = 0.02

    sensors = (*(f"infrared {place}" for place in INFRARED), "light left", "light right")
    motors = ("wheel left", "wheel right")
    memory = ("side",)
    max_steps = 200
    reward_threshold = 95.0

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading; infrared readings; both where trips begin; the steps of this trip, the side of its light (1
        is left, -1 right), the trips made and those that ended well."""
        x, heading, side = rng.uniform([-0.005, np.pi / 2 - 0.1, -1], [0.005, np.pi / 2 + 0.1, 1], 3).T
        start = np.stack([x, np.full(len(x), 0.05), heading], axis=1)
        side = np.where(side > 0, 1.0, -1.0)
        placed, none = MAZE.state_at(start), np.zeros(len(x))
        return np.column_stack([placed, placed, none, side, none, none])

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        light = (state[:, TIME] < SHINING) * state[:, SIDE]
        eyes = np.stack([light > 0, light < 0], axis=1)
        return np.concatenate([state[:, SENSED], eyes], axis=1) + rng.normal(self.noise, len(self.sensors))

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        held = state[:, TIME] < SHINING
        moved = MAZE.step(state, np.where(held[:, None], 0.0, action))
        time, side, trips, right = state[:, TIME:].T
        ended = np.abs(moved[:, 0]) > GOAL
        trips, right = trips + ended, right + (ended & (-moved[:, 0] * side > 0))
        again = ended & (trips < 2)
        here = np.where(again[:, None], state[:, START], moved)
        time, side = np.where(again, 0, time + 1), np.where(again, -side, side)
        return np.column_stack([here, state[:, START], time, side, trips, right])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return _worth(next_state) - _worth(state)

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
        """A way for each trip, and the light that began it in the same colour."""
        trips = np.split(states, np.flatnonzero(np.diff(states[:, TRIPS])) + 1)
        MAZE.draw(ax, *trips)
        for number, trip in enumerate(trips):
            place = -0.1 * trip[0, SIDE], 0.05
            ax.plot(*place, color=f"C{number}", marker="*", markersize=12, markeredgecolor="black")


def _worth(state: Array) -> Array:
    """What the episode would be worth if it ended here."""
    x, y = state[:, :2].T
    way = np.clip(np.minimum(y, 0.45) - 0.05 + np.maximum(np.abs(x) - 0.05, 0), 0, 0.6) / 0.6
    return 50 * state[:, RIGHT] + 25 * way * (state[:, TRIPS] < 2)


register(TMaze, "evorobo/TMaze-v0")
