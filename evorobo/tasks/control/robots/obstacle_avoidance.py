"""Obstacle avoidance: a Khepera in a corridor that forms a loop, with the fitness of Floreano & Mondada (1994)."""

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

OUTER = ((0, 0), (0.72, 0), (0.72, 0.48), (0.42, 0.48), (0.42, 0.36), (0.3, 0.36), (0.3, 0.48), (0, 0.48))
INNER = (
    (0.12, 0.12), (0.6, 0.12), (0.6, 0.36), (0.54, 0.36), (0.54, 0.24), (0.18, 0.24), (0.18, 0.36), (0.12, 0.36),
)  # fmt: skip
CORRIDOR = Arena(np.concatenate([outline(*OUTER), outline(*INNER)]))
STARTS = np.array(
    [(0.06, 0.06), (0.36, 0.06), (0.66, 0.06), (0.66, 0.25), (0.57, 0.42), (0.36, 0.3), (0.15, 0.42), (0.06, 0.25)]
)
CRUISE = 0.9  # speed of the teacher without walls nearby, as a share of top speed


@dataclass(frozen=True)
class ObstacleAvoidance(Robot):
    """A corridor 12 cm wide (the robot: 5.5 cm) that bends to both sides and forms a loop; an episode lasts 24 s.

    The score is the mean of V (1 - sqrt(dv)) (1 - i) over all steps (Floreano & Mondada 1994), each factor between 0
    and 1. V is the mean of the wheels' absolute speeds, dv the difference of their signed speeds, i the strongest
    infrared reading without noise. The robot must drive fast and straight, and avoid walls.

    V does not depend on the direction, and evolution exploits that: without inertia, rocking between two walls scores
    best. With `forward`, a wheel that turns backwards counts 0 in V, and the robot drives along the corridor.

    The teacher is a Braitenberg vehicle (Braitenberg 1984, chapter 3): each sensor speeds up the wheel on its own side
    and slows down the other, so the robot turns away.

    Parameters
    ----------
    noise : float, default 0.02
        Standard deviation of the Gaussian noise of the sensors.
    forward : bool, default False
        Count forward speeds only.
    """

    noise: NonNegativeFloat = 0.02
    forward: bool = False

    sensors = tuple(f"infrared {place}" for place in INFRARED)
    motors = ("wheel left", "wheel right")
    max_steps = 240
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """x, y, heading, within 1 cm of one of `STARTS` in the middle of the corridor; infrared readings."""
        start, dx, dy, heading = rng.uniform([0, -0.01, -0.01, -np.pi], [len(STARTS), 0.01, 0.01, np.pi], 4).T
        x, y = STARTS[start.astype(int)].T
        return CORRIDOR.state_at(np.stack([x + dx, y + dy, heading], axis=1))

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return state[:, SENSED] + rng.normal(self.noise, len(INFRARED))

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        return CORRIDOR.step(state, action)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        left, right = action.T
        wheels = np.maximum(action, 0) if self.forward else np.abs(action)
        speed, difference = wheels.mean(1), np.abs(left - right) / 2
        nearness = next_state[:, SENSED].max(1)
        return speed * (1 - np.sqrt(difference)) * (1 - nearness) / self.max_steps

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise)

    def teacher(self, sensors: Array) -> np.ndarray:
        return steer(CRUISE, (sensors * AVOID).sum(1))

    def draw(self, ax: Any, states: Array) -> None:
        CORRIDOR.draw(ax, states)


register(ObstacleAvoidance, "evorobo/ObstacleAvoidance-v0")
