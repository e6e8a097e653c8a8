"""Wall following: a simulation of the SCITOS G5 robot of a public data set, with its sensors, moves and rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat, Probability
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import ranges_in_room
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.registry import register

LENGTH, WIDTH, HULL = 6.2, 3.2, 0.28
ECHO_LIMIT, ECHO_MIN = 5.0, 0.05
SAMPLES_PER_SECOND = 9
ANGLES = np.radians(-180 + 15 * np.arange(24))  # US1 points back, US13 ahead, US19 to the left
RAYS = ANGLES[:, None] + np.radians([-7.5, 0.0, 7.5])  # three for each sensor's cone
FRONT, LEFT = slice(10, 15), slice(17, 20)  # US11..US15 and US18..US20
SPEEDS = np.array([0.17, 0.12, 0.03, 0.15])  # m/s, in the order of `moves`
TURNS = np.array([0.0, -0.12, -0.18, 0.15])  # rad/s


@dataclass(frozen=True)
class WallFollowing(Robot):
    """A round robot (radius 0.28 m) in a room of 6.2 x 3.2 m follows the wall to its left for 60 s at 9 Hz.

    The score is the distance driven, in meters, with 0.3 to 1 m of air between hull and left wall. Touching a wall ends
    the episode. Room and speeds are fitted to the real data. Under the same rule, a lap takes 93 s (the robot: 101 s),
    38 % of it in sharp turns (38 %), with the wall 0.62 m to the left (0.61 m, median). A sensor reads the distance
    (m) to the nearest wall within a cone of 15 degrees.

    The teacher is the rule of the real robot, which reproduces every label of the data set: front <= 0.9 m, sharp
    right; else left < 0.495 m, slight right; else left <= 0.9 m, forward; else slight left. Moves have the numbers of
    the classes of the data set (see `evorobo.tasks.data.catalogue.scitos`).

    Parameters
    ----------
    noise : float, default 0.01
        Standard deviation (m) of the Gaussian noise of the ranges.
    lost : float, default 0.1
        The share of lost echoes, which read 5 m as in the data.
    ranges : str, default "raw"
        "raw" ranges (m), or "inverse" ranges (1/m), on which networks learn best.
    """

    noise: NonNegativeFloat = 0.01
    lost: Probability = 0.1
    ranges: Literal["raw", "inverse"] = "raw"

    sensors = tuple(f"US{number}" for number in range(1, 25))
    moves = ("Move-Forward", "Slight-Right-Turn", "Sharp-Right-Turn", "Slight-Left-Turn")
    max_steps = 540
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading, at least 0.7 m from the walls; then the 24 ranges without noise."""
        return _with_ranges(rng.uniform([0.7, 0.7, -np.pi], [LENGTH - 0.7, WIDTH - 0.7, np.pi], 3))

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        ranges = np.minimum(state[:, 3:], ECHO_LIMIT) + rng.normal(self.noise, 24)
        ranges = np.where(rng.uniform(0, 1, 24) < self.lost, ECHO_LIMIT, np.clip(ranges, ECHO_MIN, ECHO_LIMIT))
        return 1 / ranges if self.ranges == "inverse" else ranges

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        x, y, heading = state[:, :3].T
        step, turn = SPEEDS[action] / SAMPLES_PER_SECOND, TURNS[action] / SAMPLES_PER_SECOND
        middle = heading + turn / 2
        return _with_ranges(np.stack([x + step * np.cos(middle), y + step * np.sin(middle), heading + turn], axis=1))

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        air = next_state[:, 3:][:, LEFT].min(1)
        return np.where((air >= 0.3) & (air <= 1.0), SPEEDS[action] / SAMPLES_PER_SECOND, 0.0)

    def terminal(self, state: Array) -> np.ndarray:
        x, y = state[:, :2].T
        return np.minimum(np.minimum(x, LENGTH - x), np.minimum(y, WIDTH - y)) <= HULL

    def limits(self) -> tuple[float, float]:
        return (1 / ECHO_LIMIT, 1 / ECHO_MIN) if self.ranges == "inverse" else (ECHO_MIN, ECHO_LIMIT)

    def teacher(self, sensors: Array) -> np.ndarray:
        ranges = 1 / sensors if self.ranges == "inverse" else sensors
        front, left = ranges[:, FRONT].min(1), ranges[:, LEFT].min(1)
        return np.select([front <= 0.9, left < 0.495, left <= 0.9], [2, 1, 0], 3)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the room from above; the circle is the robot, the line in it points ahead."""
        x, y = states[:, :2].T
        ax.plot([0, LENGTH, LENGTH, 0, 0], [0, 0, WIDTH, WIDTH, 0], color="black", linewidth=2)
        ax.plot(x, y, linewidth=1.2)
        ax.plot(x[0], y[0], marker="o", markersize=4, color="black")
        turn = states[-1, 2] + np.linspace(0, 2 * np.pi, 33)
        hull = HULL * np.stack([np.cos(turn), np.sin(turn)])
        ax.plot(x[-1] + np.r_[0, hull[0]], y[-1] + np.r_[0, hull[1]], color="black", linewidth=1)


def _with_ranges(pose: Array) -> Array:
    """`pose (rows, 3)` and the readings without noise: from the hull to the nearest wall in the cone of each sensor."""
    x, y = pose[:, 0, None], pose[:, 1, None]
    cos, sin = np.cos(pose[:, 2:]), np.sin(pose[:, 2:])

    def ahead(angles: Array) -> tuple[Array, Array]:
        # by the addition theorems: two trigonometric functions for each robot instead of each ray
        return cos * np.cos(angles) - sin * np.sin(angles), sin * np.cos(angles) + cos * np.sin(angles)

    (out_x, out_y), (ray_x, ray_y) = ahead(ANGLES), ahead(RAYS.ravel())
    place_x, place_y = (np.repeat(at, 3, axis=1) for at in (x + HULL * out_x, y + HULL * out_y))
    rays = ranges_in_room(place_x, place_y, ray_x, ray_y, LENGTH, WIDTH)
    return np.concatenate([pose, np.maximum(rays.reshape(len(pose), 24, 3).min(2), 0.0)], axis=1)


register(WallFollowing, "evorobo/WallFollowing-v0")
