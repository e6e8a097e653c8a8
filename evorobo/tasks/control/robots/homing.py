"""Homing: a robot with a battery drives about and returns to the charger before the battery is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import outline
from evorobo.tasks.control.robots.khepera import AVOID, INFRARED, SENSED, Arena, steer
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

LENGTH, WIDTH = 0.45, 0.4  # m
ARENA = Arena(outline((0, 0), (LENGTH, 0), (LENGTH, WIDTH), (0, WIDTH)))
ZONE = 0.08  # m, radius of the black quarter circle around the corner at (0, 0)
LASTS = 200  # steps from full to empty
EYES = np.array([np.pi / 2, -np.pi / 2])
BATTERY = 11
CRUISE, LOW, SEEK, CALM = 0.9, 0.4, 1.2, 0.4
"""Of the teacher: speed, charge below which it seeks the light, sharpness of that turn, weight of walls then."""


@dataclass(frozen=True)
class Homing(Robot):
    """A Khepera in an arena of 45 x 40 cm with a black corner and a light behind it; an episode lasts 60 s.

    A full battery lasts 20 s and is full again at once on the black floor; an empty battery ends the episode. The score
    is the mean of V (1 - i) over 60 s in percent. V is the mean of the wheels' absolute speeds, i the strongest
    infrared reading; on the black floor the score is 0 (Floreano & Mondada 1996). Each eye has a cardioid lobe, and the
    light falls off as 1 / (1 + (d / 0.3 m)^2).

    The sensors are eight infrared sensors, an eye to the left and one to the right, the floor (1 is black) and the
    battery (1 is full). The teacher is a Braitenberg vehicle that avoids walls, and turns to the light below two fifths
    of its charge.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of all sensors but the battery.
    """

    noise: NonNegativeFloat = 0.02

    sensors = (*(f"infrared {place}" for place in INFRARED), "light left", "light right", "black floor", "battery")
    motors = ("wheel left", "wheel right")
    max_steps = 600
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading; infrared readings; the charge of the battery, which is full."""
        pose = rng.uniform([0.15, 0.15, -np.pi], [LENGTH - 0.05, WIDTH - 0.05, np.pi], 3)
        return np.column_stack([ARENA.state_at(pose), np.ones(len(pose))])

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        x, y, heading = state[:, :3].T
        bearing = np.arctan2(-y, -x) - heading  # of the corner
        lobe = (1 + np.cos(bearing[:, None] - EYES)) / 2
        light = lobe / (1 + (x * x + y * y) / 0.3**2)[:, None]
        readings = np.column_stack([state[:, SENSED], light, _on_black_floor(state)])
        return np.column_stack([readings + rng.normal(self.noise, len(self.sensors) - 1), state[:, BATTERY]])

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        after = ARENA.step(state, action)
        left = state[:, BATTERY] - 1 / LASTS
        return np.column_stack([after, np.where(_on_black_floor(after), 1.0, np.maximum(left, 0.0))])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        fitness = np.abs(action).mean(1) * (1 - next_state[:, SENSED].max(1))
        return fitness * ~_on_black_floor(next_state) * (100 / self.max_steps)

    def terminal(self, state: Array) -> np.ndarray:
        return state[:, BATTERY] < 0.5 / LASTS

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def teacher(self, sensors: Array) -> np.ndarray:
        walls, battery = (sensors[:, :8] * AVOID).sum(1), sensors[:, 11]
        left, right = sensors[:, 8], sensors[:, 9]
        to_light = (right - left) / np.maximum(left + right, 0.05)  # minus the sine of its bearing
        turn = np.where(battery < LOW, CALM * walls + SEEK * to_light, walls)
        return steer(CRUISE, turn)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the arena and the path; the gray quarter is the black floor, the star the light."""
        turn = np.linspace(0, np.pi / 2, 17)
        ax.fill(np.r_[0, ZONE * np.cos(turn)], np.r_[0, ZONE * np.sin(turn)], color="0.75")
        ax.plot(0, 0, marker="*", markersize=12, color="gold", markeredgecolor="black", zorder=3)
        ARENA.draw(ax, states)


def _on_black_floor(state: Array) -> np.ndarray:
    """Which robots `(rows,)` are on the black floor with their center, where the floor sensor is."""
    return np.hypot(state[:, 0], state[:, 1]) < ZONE


register(Homing, "evorobo/Homing-v0")
