"""Cart-pole swing-up: swing up a hanging pole and balance it near the middle of the track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

CART, POLE, LENGTH, GRAVITY, FRICTION, PUSH, STEP = 0.5, 0.5, 0.6, 9.82, 0.1, 10.0, 0.01  # kg, m, m/s^2, N s/m, N, s
MASS, SWUNG = CART + POLE, POLE * LENGTH
TRACK = 2.4
HANGING = np.array([0.0, 0.0, np.pi, 0.0])
GAINS = np.array([-2.4487, -2.2438, 9.6748, 1.9777])  # of the teacher near the top ...
PUMP, HOME, BRAKE, NEAR = 0.1, 0.5, 0.1, 0.7  # ... and of its swinging, below the angle with cosine NEAR


@dataclass(frozen=True)
class SwingUp(Robot):
    """The physics of Gal, McAllister & Rasmussen (2016) with reward and limits of Ha (2017); episodes last 10 s.

    The state is x, x', angle, angle' in m, rad and s. The angle is 0 upright and grows to the left. Explicit Euler at
    100 Hz, with pushes of up to 10 N. A step scores (1 + cos angle) / 2 * cos(pi x / 4.8), so 1000 would be upright in
    the middle from the first step on. Leaving the track (2.4 m to each side) ends the episode. Episodes start at rest,
    hanging, in the middle.

    The teacher brings the energy of the pole to that of the upright state (Astrom & Furuta 2000). There the linear
    quadratic regulator takes over (costs of 1, 0.1, 1, 0.1 on the squared state and 0.1 on the squared motor).

    Parameters
    ----------
    spread : float, default 0.2
        Standard deviation of the Gaussian noise on each number of the first state.
    noise : float, default 0.0
        Standard deviation of the Gaussian noise of the sensors.
    """

    spread: NonNegativeFloat = 0.2
    noise: NonNegativeFloat = 0.0

    sensors = ("x", "x'", "cos angle", "sin angle", "angle'")
    motors = ("push",)
    max_steps = 1000
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        return HANGING + rng.normal(self.spread, 4)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        x, speed, angle, turn = state.T
        sensed = np.stack([x, speed, np.cos(angle), np.sin(angle), turn], axis=1)
        return sensed + rng.normal(self.noise, 5) if self.noise else sensed

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        _, speed, angle, turn = state.T
        cos, sin = np.cos(angle), np.sin(angle)
        push, swing = PUSH * action[:, 0] - FRICTION * speed, SWUNG * np.square(turn) * sin
        share = 4 * MASS - 3 * POLE * np.square(cos)
        speed_rate = (4 * push + 3 * POLE * GRAVITY * sin * cos - 2 * swing) / share
        turn_rate = (6 * MASS * GRAVITY * sin + 6 * push * cos - 3 * swing * cos) / (LENGTH * share)
        return state + STEP * np.array([speed, speed_rate, turn, turn_rate]).T

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        x, _, angle, _ = next_state.T
        return (1 + np.cos(angle)) / 2 * np.cos(np.pi / 2 * x / TRACK)

    def terminal(self, state: Array) -> np.ndarray:
        return np.abs(state[:, 0]) > TRACK

    def limits(self) -> tuple[float, float]:
        """Speeds are not limited by the equations, but with 10 N none comes near 100 in 10 s."""
        return limits_with_noise(self.noise, -100, 100)

    def teacher(self, sensors: Array) -> np.ndarray:
        x, speed, cos, sin, turn = sensors.T
        energy = LENGTH * np.square(turn) / 3 + GRAVITY * (cos - 1)  # of m l / 2, less that of standing upright
        pump = -PUMP * energy * np.sign(turn * cos) - HOME * x - BRAKE * speed
        upright = np.stack([x, speed, np.arctan2(sin, cos), turn], axis=1)
        return np.clip(np.where(cos > NEAR, -(upright * GAINS).sum(1), pump), -1, 1)[:, None]

    def draw(self, ax: Any, states: Array) -> None:
        """Draw from the side: the path of the pole's tip, and the cart with its pole at the last step."""
        x, _, angle, _ = states.T
        tip_x, tip_y = x - LENGTH * np.sin(angle), LENGTH * np.cos(angle)
        ax.plot([-TRACK, TRACK], [0, 0], color="black", linewidth=1)
        ax.plot(tip_x, tip_y, linewidth=0.9)
        ax.plot([x[-1], tip_x[-1]], [0, tip_y[-1]], color="black", linewidth=2, solid_capstyle="round")
        ax.plot(x[-1], 0, marker="s", markersize=7, color="black")
        ax.set(xlim=(-2.5, 2.5), ylim=(-0.8, 0.8))


register(SwingUp, "evorobo/SwingUp-v0")
