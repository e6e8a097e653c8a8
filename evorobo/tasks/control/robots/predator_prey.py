"""Predator and prey: a slow robot with eyes hunts a fast one with infrared sensors; both can learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.contestant import Contestant
from evorobo.tasks.control.robots.geometry import drive
from evorobo.tasks.control.robots.khepera import ANGLES, AXLE, INFRARED, RADIUS, STEP, intensity
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

SIDE = 0.47  # m, of the square arena
PREDATOR_SPEED, PREY_SPEED = 0.08, 0.16  # m/s
AHEAD, LEFT = np.cos(ANGLES), np.sin(ANGLES)
EYES = np.radians([18, 10.8, 3.6, -3.6, -10.8, -18])  # 36 degrees of sight, the edges of five eyes from left to right
BRAITENBERG = np.array([0.3, 0.9, 1.6])
"""How much a sensor at the side, at 45 degrees and ahead turns the prey away from an obstacle."""
PREDATOR, PREY, TIME = slice(0, 3), slice(3, 6), 6


class _Chase(Contestant):
    """What both robots share: the arena, the start, the end and the drawing."""

    noise: float
    max_steps = 500
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading of the predator; x, y, heading of the prey; the steps so far.

        Both start on the middle line of the arena, half its width apart, with random headings.
        """
        headings = rng.uniform(-np.pi, np.pi, 2)
        state = np.tile([SIDE / 4, SIDE / 2, 0.0, 3 * SIDE / 4, SIDE / 2, 0.0, 0.0], (len(headings), 1))
        state[:, [2, 5]] = headings
        return state

    def terminal(self, state: Array) -> np.ndarray:
        """An episode ends when the hulls touch."""
        dx, dy = state[:, 3] - state[:, 0], state[:, 4] - state[:, 1]
        return dx * dx + dy * dy <= (2 * RADIUS) ** 2

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the arena from above: predator dark red, prey light blue; dots are starts, lines in hulls headings."""
        ax.plot([0, SIDE, SIDE, 0, 0], [0, 0, SIDE, SIDE, 0], color="black", linewidth=1.5)
        turn = np.linspace(0, 2 * np.pi, 33)
        for part, color in ((PREDATOR, "#A3161E"), (PREY, "#56B4E9")):
            x, y, heading = states[:, part].T
            ax.plot(x, y, linewidth=0.8, alpha=0.7, color=color)
            ax.plot(x[0], y[0], marker="o", markersize=3, color=color)
            hull = RADIUS * np.stack([np.cos(heading[-1] + turn), np.sin(heading[-1] + turn)])
            ax.plot(x[-1] + np.r_[0, hull[0]], y[-1] + np.r_[0, hull[1]], color=color, linewidth=1.2)
        ax.set_aspect("equal")


@dataclass(frozen=True)
class Predator(_Chase):
    """The predator: half as fast as its prey (8 cm/s), with 36 degrees of sight, in a square arena of 47 cm.

    After Floreano & Nolfi 1997: two Kheperas, at most 500 steps of 0.1 s. The score is the percentage of steps that
    remained at the contact, 0 without contact. Each of five eyes, 7.2 degrees wide, reads the share of it that the prey
    fills. Eight infrared sensors (see `khepera.py`) read walls and the other robot. At a wall no move is made.

    In a task of its own, the prey follows the teacher of `Prey`. The teacher turns to the prey, and turns on the
    spot while it sees nothing.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of all sensors.
    """

    noise: NonNegativeFloat = 0.02

    sensors = (*(f"eye {number}" for number in range(1, 6)), *(f"infrared {place}" for place in INFRARED))
    motors = ("wheel left", "wheel right")

    @property
    def rival(self) -> Prey:
        return Prey(self.noise)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        readings = np.concatenate(
            [eye_readings(state[:, PREDATOR], state[:, PREY]), infrared_readings(state[:, PREDATOR], state[:, PREY])], 1
        )
        return readings + rng.normal(self.noise, len(self.sensors))

    def joint_transition(self, state: Array, action: np.ndarray, rival_action: np.ndarray) -> Array:
        return move_both(state, action, rival_action)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.where(self.terminal(next_state), 100 * (1 - state[:, TIME] / self.max_steps), 0.0)

    def teacher(self, sensors: Array) -> np.ndarray:
        eyes = sensors[:, :5]
        light = eyes.sum(1)
        offset = (eyes * [1.0, 0.5, 0.0, -0.5, -1.0]).sum(1) / np.maximum(light, 0.2)  # to the left
        turn = np.where(light > 0.2, np.clip(offset, -1, 1), 0.0)
        ahead = np.stack([1 - np.maximum(turn, 0), 1 + np.minimum(turn, 0)], axis=1)
        return np.where((light > 0.2)[:, None], ahead, [-0.5, 0.5])


@dataclass(frozen=True)
class Prey(_Chase):
    """The prey: twice as fast as the predator (16 cm/s), without eyes; it senses walls and robots within 4 cm.

    The score is the percentage of steps before the contact, the complement of the predator's (see `Predator`).

    In a task of its own, the predator follows the teacher of `Predator`. The teacher is a Braitenberg vehicle
    (Braitenberg 1984, chapter 3): full speed, and away from what it senses.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of all sensors.
    """

    noise: NonNegativeFloat = 0.02

    sensors = tuple(f"infrared {place}" for place in INFRARED)
    motors = ("wheel left", "wheel right")

    @property
    def rival(self) -> Predator:
        return Predator(self.noise)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return infrared_readings(state[:, PREY], state[:, PREDATOR]) + rng.normal(self.noise, len(self.sensors))

    def joint_transition(self, state: Array, action: np.ndarray, rival_action: np.ndarray) -> Array:
        return move_both(state, rival_action, action)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.where(self.terminal(next_state), 0.0, 100 / self.max_steps)

    def teacher(self, sensors: Array) -> np.ndarray:
        left, right = (sensors[:, :3] * BRAITENBERG).sum(1), (sensors[:, 5:2:-1] * BRAITENBERG).sum(1)
        # not quite symmetric, or it would stop in front of a wall
        return np.clip(np.stack([1 + left - 1.5 * right, 1 + right - 1.6 * left], axis=1), -1, 1)


def move_both(state: Array, predator: Array, prey: Array) -> Array:
    """The states one control step later, with wheels at these shares `(rows, 2)` of top speed; walls undo moves."""
    poses = []
    for part, action, speed in ((PREDATOR, predator, PREDATOR_SPEED), (PREY, prey, PREY_SPEED)):
        before = state[:, part]
        after = drive(before, speed * action[:, 0], speed * action[:, 1], AXLE, STEP)
        inside = np.all((after[:, :2] >= RADIUS) & (after[:, :2] <= SIDE - RADIUS), axis=1)
        poses.append(np.where(inside[:, None], after, before))
    return np.concatenate([*poses, state[:, TIME:] + 1], axis=1)


def eye_readings(pose: Array, other: Array) -> Array:
    """The share of each eye `(rows, 5)`, 0 to 1, that the hull at `other (rows, 3)` fills from `pose (rows, 3)`."""
    dx, dy = (other - pose)[:, :2].T
    bearing = np.arctan2(dy, dx) - pose[:, 2]
    bearing = ((bearing + np.pi) % (2 * np.pi) - np.pi)[:, None]
    half = np.arcsin(np.minimum(RADIUS / np.hypot(dx, dy), 1.0))[:, None]
    filled = np.minimum(bearing + half, EYES[:-1]) - np.maximum(bearing - half, EYES[1:])
    return np.maximum(filled, 0.0) / (EYES[:-1] - EYES[1:])


def infrared_readings(pose: Array, other: Array) -> Array:
    """The infrared readings `(rows, 8)` at `pose`, 0 to 1, without noise, of the walls and the hull at `other`.

    They equal those of `khepera.Arena`. This is faster: of two opposite walls a sensor reads only the one it faces.
    """
    cos, sin = np.cos(pose[:, 2:]), np.sin(pose[:, 2:])
    ahead_x, ahead_y = cos * AHEAD - sin * LEFT, sin * AHEAD + cos * LEFT
    x, y = pose[:, :1] + RADIUS * ahead_x, pose[:, 1:2] + RADIUS * ahead_y
    brightest = intensity(np.where(ahead_x > 0, SIDE - x, x)) * np.abs(ahead_x)
    brightest = np.maximum(brightest, intensity(np.where(ahead_y > 0, SIDE - y, y)) * np.abs(ahead_y))
    dx, dy = other[:, :1] - x, other[:, 1:2] - y
    distance = np.hypot(dx, dy)
    lobe = (dx * ahead_x + dy * ahead_y) / distance
    return np.maximum(brightest, intensity(distance - RADIUS) * lobe)


register(Predator, "evorobo/Predator-v0")
register(Prey, "evorobo/Prey-v0")
