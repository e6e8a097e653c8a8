"""Double pole balancing: a cart on a track must keep a long and a short pole upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register
from evorobo.tasks.control.robots.runge_kutta import rk4

GRAVITY, CART = np.array(-9.8), np.array(1.0)  # m/s^2, kg
PUSH, HALF_STEP = 10.0, 0.01  # N, s; a push lasts two Runge-Kutta steps
MASS, HALF_LENGTH = np.array([[0.1], [0.01]]), np.array([[0.5], [0.05]])  # of the long and of the short pole, kg and m
CART_FRICTION, PIVOT_FRICTION = np.array(5e-4), 2e-6
# constants of the equations of motion, as arrays: faster than Python numbers with few robots
LEVER, RUB = MASS * HALF_LENGTH, PIVOT_FRICTION / (MASS * HALF_LENGTH)
SHARE, TURN = 0.75 * MASS, -0.75 / HALF_LENGTH
TRACK, STEEPEST = 2.4, np.radians(36)
SCALE = np.array([4.8, 2.0, 0.52, 2.0, 0.52, 2.0])  # sensors are the state divided by this
TILTED = np.array([0.0, 0.0, 0.07, 0.0, 0.0, 0.0])
RANGES, POSITIONS = np.array([2.16, 1.35, 0.06283152, 0.15009752]), np.array([0.05, 0.25, 0.5, 0.75, 0.95])
GAINS = np.array([0.4285, 0.6492, 4.0803, 4.13, -2.9492, -1.0171])  # of the teacher
WINDOW = 100  # steps
STARTS, FITNESS = ("tilted", "spread"), ("steps", "damping")


@dataclass(frozen=True)
class DoublePoleBase(Robot):
    """The physics of both double pole robots (Wieland 1991), as given by Gomez & Miikkulainen (1997).

    The state is x, x', angle 1, angle 1', angle 2, angle 2' in m, rad and s; upright is 0. The cart (1 kg, on a track
    of 4.8 m) is pushed with up to 10 N, 50 times a second. The poles are 1 m and 0.1 m long. An episode ends when the
    cart leaves the track or a pole leans by more than 36 degrees. Sensors are scaled parts of the state.

    Parameters
    ----------
    fitness : str, default "steps"
        "steps" is 1 for each step without a fall. "damping" is 0.1 t / 1000 + 0.9 f after t steps (Gruau, Whitley &
        Pyeatt 1996), where f = 0.75 / (sum of |x| + |x'| + |angle 1| + |angle 1'| over the last 100 steps), and 0 in
        the first 100 steps; oscillations then score little.
    starts : str, default "tilted"
        "tilted" is the only start of the benchmark: at rest, the long pole 0.07 rad from upright. "spread" draws one of
        the 625 starts of the generalization test (see `generalization_starts`).
    noise : float, default 0.0
        Standard deviation of the Gaussian noise of the sensors.
    """

    fitness: Literal["steps", "damping"] = "steps"
    starts: Literal["tilted", "spread"] = "tilted"
    noise: NonNegativeFloat = 0.0

    motors = ("push",)
    max_steps = 1000
    length_unit = "m"

    def initial(self, rng: RandomStreams) -> Array:
        """The state above; for damping followed by the number of steps and the terms of f in the last 100 steps."""
        state = np.tile(TILTED, (len(rng.episode), 1))
        if self.starts == "spread":
            state = starts_at(rng.uniform(0, len(POSITIONS), 4).astype(int))
        if self.fitness == "damping":
            state = np.concatenate([state, np.zeros((len(state), 1 + WINDOW))], axis=1)
        return state

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        sensed = self._sensors(state[:, :6] / SCALE)
        return sensed + rng.normal(self.noise, sensed.shape[1]) if self.noise else sensed

    def _sensors(self, scaled: Array) -> Array:
        """The sensors `(rows, k)`, without noise, of the scaled state `(rows, 6)`."""
        raise NotImplementedError

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        push, after = PUSH * action[:, 0], state[:, :6].T
        for _ in range(2):
            after = rk4(lambda at: rates(at, push), after, HALF_STEP)
        if self.fitness == "steps":
            return after.T.copy()
        moved = np.abs(after[:4]).sum(0)
        return np.concatenate([after.T, state[:, 6:7] + 1, state[:, 8:], moved[:, None]], axis=1)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        reward = 1.0 if self.fitness == "steps" else 1e-4 + 0.9 * (_damped(next_state) - _damped(state))
        return np.where(self.terminal(next_state), 0.0, reward)

    def terminal(self, state: Array) -> np.ndarray:
        return (np.abs(state[:, 0]) > TRACK) | (np.abs(state[:, 2:6:2]) > STEEPEST).any(1)

    def limits(self) -> tuple[float, float]:
        """Speeds are not limited by the equations, but on 4.8 m of track with 10 N none comes near 20."""
        return limits_with_noise(self.noise, -20, 20)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the cart from the side with both poles, the long one left; earlier positions are gray."""
        ax.plot([-TRACK, TRACK], [-0.1, -0.1], color="black", linewidth=1)
        ghosts = states[np.linspace(0, len(states) - 1, 9).astype(int)]
        for at, color, width in [*((ghost, "0.75", 0.8) for ghost in ghosts), (states[-1], "black", 1.6)]:
            ax.plot(*_outline(at), color=color, linewidth=width, solid_capstyle="round")
        ax.plot(states[-1, 0] + np.array([-0.2, 0.2]), [-0.05, -0.05], color="black", linewidth=5)
        ax.set(xlim=(-2.5, 2.5), ylim=(-0.3, 1.2))


class DoublePole(DoublePoleBase):
    """Double pole balancing with velocities: the sensors are the whole state.

    The teacher is the linear quadratic regulator of the upright state without friction, with costs of 1 on each squared
    sensor and on the squared motor.
    """

    sensors = ("x", "x'", "angle 1", "angle 1'", "angle 2", "angle 2'")
    reward_threshold = 1000.0

    def _sensors(self, scaled: Array) -> Array:
        return scaled

    def teacher(self, sensors: Array) -> np.ndarray:
        return np.clip(-(sensors * GAINS).sum(1, keepdims=True), -1, 1)


class DoublePoleBlind(DoublePoleBase):
    """Double pole balancing without velocities: positions only, so a controller needs memory.

    There is no teacher.
    """

    sensors = ("x", "angle 1", "angle 2")

    def _sensors(self, scaled: Array) -> Array:
        return scaled[:, ::2]


def rates(state: Array, push: Array) -> Array:
    """The time derivative of `state (6, rows)` under `push (rows,)` in N.

    Wieland 1991; Gomez, Schmidhuber & Miikkulainen 2008, table 1.
    """
    speed, angles, turns = state[1], state[2::2], state[3::2]
    sin, cos = np.sin(angles), np.cos(angles)
    weight = GRAVITY * sin + RUB * turns
    pulls = LEVER * np.square(turns) * sin + SHARE * cos * weight
    masses = MASS - SHARE * np.square(cos)
    x_acc = (push - CART_FRICTION * np.sign(speed) + pulls[0] + pulls[1]) / (CART + masses[0] + masses[1])
    derived = np.empty_like(state)
    derived[0], derived[1], derived[2::2] = speed, x_acc, turns
    derived[3::2] = TURN * (x_acc * cos + weight)
    return derived


def generalization_starts() -> Array:
    """The 625 starts `(625, 6)` of the generalization test (Gruau, Whitley & Pyeatt 1996).

    x, x', angle 1 and angle 1' are at 5, 25, 50, 75 and 95 % of the ranges +-2.16 m, +-1.35 m/s, +-3.6 degrees and
    +-8.6 degrees/s; the short pole is upright at rest.
    """
    return starts_at(np.indices([len(POSITIONS)] * 4).reshape(4, -1).T)


def starts_at(choices: np.ndarray) -> Array:
    """The starts for `choices (rows, 4)`, each the number of one of the five positions."""
    states = np.zeros((len(choices), 6))
    states[:, :4] = RANGES * (2 * POSITIONS[choices] - 1)
    return states


def _damped(state: Array) -> Array:
    """f of the states `(rows, 107)`; the least movement is 1e-6, so that f is finite."""
    moved = np.maximum(state[:, 7:].sum(1), 1e-6)
    return np.where(state[:, 6] >= WINDOW, 0.75 / moved, 0.0)


def _outline(state: Array) -> tuple[Array, Array]:
    """Four points of a line: tip of the long pole, its foot, foot of the short pole, its tip."""
    feet = state[0] + np.array([-0.1, 0.1])
    lengths, angles = 2 * HALF_LENGTH[:, 0], state[2:6:2]
    tips, heights = feet + lengths * np.sin(angles), lengths * np.cos(angles)
    return np.array([tips[0], *feet, tips[1]]), np.array([heights[0], 0, 0, heights[1]])


register(DoublePole, "evorobo/DoublePole-v0")
register(DoublePoleBlind, "evorobo/DoublePoleBlind-v0")
