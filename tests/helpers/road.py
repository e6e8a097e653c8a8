"""A car on a winding road whose teacher never leaves the middle: copy it, and one error is enough to be lost."""

from __future__ import annotations

import numpy as np

from evorobo import Robot, register


class Road(Robot):
    """A hundred steps along a road two units wide; the score is how many of them the car stays on it.

    The teacher steers along the bend at once, so its offset and heading stay zero and its demonstrations do not show
    that they matter.
    """

    sensors = ("bend", "offset", "heading")
    motors = ("steering",)
    max_steps = 100

    def initial(self, rng):
        """Time, offset, heading, and two phases of the road."""
        phases = rng.uniform([0, 0], [2 * np.pi, 2 * np.pi], 2)
        return np.concatenate([np.zeros((len(phases), 3)), phases], axis=1)

    def observation(self, state, rng):
        return np.column_stack([bend(state), state[:, 1:3]])

    def transition(self, state, action, rng):
        heading = state[:, 2] + 0.1 * (action[:, 0] - bend(state))
        return np.column_stack([state[:, 0] + 1, state[:, 1] + 0.5 * heading, heading, state[:, 3:]])

    def reward(self, state, action, next_state):
        return np.where(self.terminal(next_state), 0.0, 1.0)

    def terminal(self, state):
        return np.abs(state[:, 1]) > 1

    def teacher(self, sensors):
        return np.clip(sensors @ np.array([[1.0], [-2.0], [-5.0]]), -1, 1)


def bend(state):
    time, phases = state[:, 0], state[:, 3:]
    return 0.6 * np.sin(0.11 * time + phases[:, 0]) + 0.4 * np.sin(0.23 * time + phases[:, 1])


register(Road, "tests/Road-v0")
