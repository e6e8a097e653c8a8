"""Predator and prey: a slow robot that sees chases a fast one that only feels what is near; both can learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.contestant import Contestant
from evorobo.tasks.control.robots.geometry import drive
from evorobo.tasks.control.robots.khepera import ANGLES, AXLE, INFRARED, RADIUS, STEP, intensity
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

SIDE = 0.47  # m, of the square arena
PREDATOR_SPEED, PREY_SPEED = 0.08, 0.16  # m/s
AHEAD, LEFT = np.cos(ANGLES), np.sin(ANGLES)
EYES = np.radians([18, 10.8, 3.6, -3.6, -10.8, -18])  # 36 degrees of sight, five parts from left to right
BRAITENBERG = np.array([0.3, 0.9, 1.6])
"""How much a sensor at the side, at 45 degrees and ahead turns the prey away from what it feels."""
PREDATOR, PREY, TIME = slice(0, 3), slice(3, 6), 6


class _Chase(Contestant):
    """What both sides share: the arena, its beginning and end, and its picture."""

    noise: float
    max_steps = 500

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading of the predator, the same of the prey, and the steps made so far.

        Both stand on the arena's middle line, half its width apart, each heading anywhere.
        """
        headings = rng.uniform(-np.pi, np.pi, 2)
        state = np.tile([SIDE / 4, SIDE / 2, 0.0, 3 * SIDE / 4, SIDE / 2, 0.0, 0.0], (len(headings), 1))
        state[:, [2, 5]] = headings
        return state

    def terminal(self, state: Array) -> np.ndarray:
        """Contact: the hulls touch."""
        dx, dy = state[:, 3] - state[:, 0], state[:, 4] - state[:, 1]
        return dx * dx + dy * dy <= (2 * RADIUS) ** 2

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def draw(self, ax: Any, states: Array) -> None:
        """The arena from above: predator red, prey blue; dots mark where they began, lines in the hulls look ahead."""
        ax.plot([0, SIDE, SIDE, 0, 0], [0, 0, SIDE, SIDE, 0], color="black", linewidth=1.5)
        turn = np.linspace(0, 2 * np.pi, 33)
        for part, color in ((PREDATOR, "#C1272D"), (PREY, "#0072B2")):
            x, y, heading = states[:, part].T
            ax.plot(x, y, linewidth=0.8, alpha=0.7, color=color)
            ax.plot(x[0], y[0], marker="o", markersize=3, color=color)
            hull = RADIUS * np.stack([np.cos(heading[-1] + turn), np.sin(heading[-1] + turn)])
            ax.plot(x[-1] + np.r_[0, hull[0]], y[-1] + np.r_[0, hull[1]], color=color, linewidth=1.2)
        ax.set_aspect("equal")


@dataclass(frozen=True)
class Predator(_Chase):
    """Half as fast as its prey (8 cm/s), it sees it in 36 degrees ahead; a square arena of 47 cm, 50 s at most.

    After Floreano & Nolfi 1997: two Kheperas, 500 steps of 0.1 s. The score is the share, in percent, of the steps that
    were left when they touched: 0 if it never caught its prey. Each of five eyes, 7.2 degrees wide, reads which part of
    it the prey fills; each of eight infrared sensors (see `infrared.py`) what is near, wall or robot. Who would run
    into a wall stays where it is. `noise` is the standard deviation of all readings.

    The prey keeps its rule: see `Prey`. The teacher turns to what it sees, and on the spot while it sees nothing.
    """

    noise: float = 0.02

    sensors = (*(f"eye {number}" for number in range(1, 6)), *(f"infrared {place}" for place in INFRARED))
    motors = ("wheel left", "wheel right")

    @property
    def rival(self) -> Prey:
        return Prey(self.noise)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        clear = np.concatenate(
            [eye_readings(state[:, PREDATOR], state[:, PREY]), infrared_readings(state[:, PREDATOR], state[:, PREY])], 1
        )
        return clear + rng.normal(self.noise, len(self.sensors))

    def joint_transition(self, state: Array, action: np.ndarray, rival_action: np.ndarray) -> Array:
        return move_both(state, action, rival_action)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.where(self.terminal(next_state), 100 * (1 - state[:, TIME] / self.max_steps), 0.0)

    def teacher(self, sensors: Array) -> np.ndarray:
        eyes = sensors[:, :5]
        light = eyes.sum(1)
        aside = (eyes * [1.0, 0.5, 0.0, -0.5, -1.0]).sum(1) / np.maximum(light, 0.2)  # to the left
        turn = np.where(light > 0.2, np.clip(aside, -1, 1), 0.0)
        ahead = np.stack([1 - np.maximum(turn, 0), 1 + np.minimum(turn, 0)], axis=1)
        return np.where((light > 0.2)[:, None], ahead, [-0.5, 0.5])


@dataclass(frozen=True)
class Prey(_Chase):
    """Twice as fast as the predator (16 cm/s) and without eyes; it feels what is nearer than 4 cm, wall or robot.

    The score is the share, in percent, of the steps that it was free: what the predator does not get (see `Predator`).

    The predator keeps its rule. The teacher is a Braitenberg vehicle (Braitenberg 1984, chapter 3): full speed, and
    away from what it feels.
    """

    noise: float = 0.02

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
        # not quite even, or it would stand still before a wall
        return np.clip(np.stack([1 + left - 1.5 * right, 1 + right - 1.6 * left], axis=1), -1, 1)


def move_both(state: Array, predator: Array, prey: Array) -> Array:
    """One control step: the wheels of each at these shares `(rows, 2)` of its top speed; at a wall no move is made."""
    poses = []
    for part, action, speed in ((PREDATOR, predator, PREDATOR_SPEED), (PREY, prey, PREY_SPEED)):
        before = state[:, part]
        after = drive(before, speed * action[:, 0], speed * action[:, 1], AXLE, STEP)
        inside = np.all((after[:, :2] >= RADIUS) & (after[:, :2] <= SIDE - RADIUS), axis=1)
        poses.append(np.where(inside[:, None], after, before))
    return np.concatenate([*poses, state[:, TIME:] + 1], axis=1)


def eye_readings(pose: Array, other: Array) -> Array:
    """Which part of each eye `(rows, 5)`, 0 to 1, the hull at `other (rows, 3)` fills, seen from `pose (rows, 3)`."""
    dx, dy = (other - pose)[:, :2].T
    bearing = np.arctan2(dy, dx) - pose[:, 2]
    bearing = ((bearing + np.pi) % (2 * np.pi) - np.pi)[:, None]
    half = np.arcsin(np.minimum(RADIUS / np.hypot(dx, dy), 1.0))[:, None]
    filled = np.minimum(bearing + half, EYES[:-1]) - np.maximum(bearing - half, EYES[1:])
    return np.maximum(filled, 0.0) / (EYES[:-1] - EYES[1:])


def infrared_readings(pose: Array, other: Array) -> Array:
    """The infrared readings `(rows, 8)`, 0 to 1, without noise, at `pose`, of the walls and of the hull at `other`.

    What `khepera.Arena` reads, quicker: of two opposite walls a sensor can only read the one that it faces.
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
