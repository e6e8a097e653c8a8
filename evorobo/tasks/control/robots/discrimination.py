"""Discrimination: find the cylinder and stay with it; the walls give much the same readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import outline
from evorobo.tasks.control.robots.khepera import INFRARED, SENSED, Arena
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

LENGTH, WIDTH, CYLINDER, NEAR = 0.6, 0.35, 0.0115, 0.08  # m
ARENA = Arena(outline((0, 0), (LENGTH, 0), (LENGTH, WIDTH), (0, WIDTH)), CYLINDER)
THING = slice(11, 13)


@dataclass(frozen=True)
class Discrimination(Robot):
    """A Khepera in an arena of 60 x 35 cm with a cylinder of 2.3 cm diameter; an episode lasts 50 s.

    The score is the percentage of steps that end within 8 cm of the cylinder's center. From most places a single
    reading does not distinguish a wall from the cylinder, but moving does. Evolved robots turn away from walls and
    move to and fro in front of the cylinder (Nolfi 2002). There is no teacher, so only evolution can learn the task.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of the sensors.
    """

    noise: NonNegativeFloat = 0.02

    sensors = tuple(f"infrared {place}" for place in INFRARED)
    motors = ("wheel left", "wheel right")
    max_steps = 500
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading; infrared readings; x and y of the cylinder, at least 10 cm from walls and robot."""
        x, y, heading, thing_x, thing_y = rng.uniform(
            [0.05, 0.05, -np.pi, 0.1, 0.1], [LENGTH - 0.05, WIDTH - 0.05, np.pi, LENGTH - 0.1, WIDTH - 0.1], 5
        ).T
        close = np.hypot(x - thing_x, y - thing_y) < 0.1
        x = np.where(close, (x + LENGTH / 2) % LENGTH, x)  # move the robot by half the arena, to a free place
        x = np.clip(x, 0.05, LENGTH - 0.05)
        thing = np.stack([thing_x, thing_y], axis=1)
        return np.concatenate([ARENA.state_at(np.stack([x, y, heading], axis=1), thing), thing], axis=1)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return state[:, SENSED] + rng.normal(self.noise, len(INFRARED))

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        thing = state[:, THING]
        return np.concatenate([ARENA.step(state, action, thing), thing], axis=1)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        x, y = (next_state[:, :2] - next_state[:, THING]).T
        return (np.hypot(x, y) < NEAR) * (100 / self.max_steps)

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the arena and the path; the disc is the cylinder, the dashed circle the scoring area."""
        ARENA.draw(ax, states)
        turn = np.linspace(0, 2 * np.pi, 65)
        cos, sin = np.cos(turn), np.sin(turn)
        x, y = states[0, THING]
        ax.fill(x + CYLINDER * cos, y + CYLINDER * sin, color="C3")
        ax.plot(x + NEAR * cos, y + NEAR * sin, color="C3", linewidth=0.8, linestyle="--")


register(Discrimination, "evorobo/Discrimination-v0")
