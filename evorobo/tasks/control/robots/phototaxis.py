"""Phototaxis: a two-wheeled robot with two eyes must find a lamp and stay with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import drive
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

AXLE, TOP_SPEED, STEP = 0.053, 0.13, 0.1  # an e-puck: m, m/s, s
EYES = np.array([np.pi / 4, -np.pi / 4])


@dataclass(frozen=True)
class Phototaxis(Robot):
    """A lamp is 0.4 to 1.2 m away in any direction; an episode lasts 20 s, its score is the mean nearness in percent.

    The eyes point 45 degrees to each side. Each has a cardioid lobe, (1 + cos) / 2, and the light falls off as
    1 / (1 + (d / 0.5 m)^2). Nearness is 1 / (1 + (d / 0.15 m)^2), so the robot should arrive soon and stay close.

    The teacher is Braitenberg's vehicle 2b (Braitenberg 1984, chapter 2): each eye drives the wheel of the other side.
    It turns to the light and speeds up near it; it finds the lamp fast but cannot stop there.

    Parameters
    ----------
    noise : float, default 0.01
        Standard deviation of the Gaussian noise of the eyes.
    """

    noise: NonNegativeFloat = 0.01

    sensors = ("light left", "light right")
    motors = ("wheel left", "wheel right")
    max_steps = 200
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y and heading of the robot, x and y of the lamp."""
        distance, direction, heading = rng.uniform([0.4, -np.pi, -np.pi], [1.2, np.pi, np.pi], 3).T
        robot = np.zeros((len(heading), 2))
        lamp = distance * np.stack([np.cos(direction), np.sin(direction)])
        return np.column_stack([robot, heading, lamp.T])

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        x, y, heading, lamp_x, lamp_y = state.T
        dx, dy = lamp_x - x, lamp_y - y
        bearing = np.arctan2(dy, dx) - heading
        lobe = (1 + np.cos(bearing[:, None] - EYES)) / 2
        light = lobe / (1 + (dx * dx + dy * dy) / 0.5**2)[:, None]
        return light + rng.normal(self.noise, 2)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        left, right = TOP_SPEED * action.T
        return np.column_stack([drive(state[:, :3], left, right, AXLE, STEP), state[:, 3:]])

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        x, y, _, lamp_x, lamp_y = next_state.T
        nearness = 1 / (1 + ((lamp_x - x) ** 2 + (lamp_y - y) ** 2) / 0.15**2)
        return nearness * (100 / self.max_steps)

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def teacher(self, sensors: Array) -> np.ndarray:
        return np.clip(0.1 + 1.2 * sensors[:, ::-1], -1, 1)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the path relative to the lamp, for many episodes in one picture; the dot is the start."""
        x, y = (states[:, :2] - states[:, 3:]).T
        ax.plot(x, y, linewidth=1.2)
        ax.plot(x[0], y[0], marker="o", markersize=4, color="black")
        tip = (3, 0, np.degrees(states[-1, 2]) - 90)
        ax.plot(x[-1], y[-1], marker=tip, markersize=8, color="black", markeredgecolor="white", zorder=3)
        ax.plot(0, 0, marker="*", markersize=13, color="gold", markeredgecolor="black", zorder=4)
        ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))


register(Phototaxis, "evorobo/Phototaxis-v0")
