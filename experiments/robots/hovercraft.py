"""A hovercraft that must find its dock and stay there. Change it into your robot, one function at a time.

After each change, `evorobo check-task hovercraft.py:Hovercraft` reports what is wrong and how to fix it.
"""

from dataclasses import dataclass

import numpy as np

import evorobo as er

STEP = 0.1  # seconds from one action to the next


@dataclass(frozen=True)
class Hovercraft(er.Robot):
    """Find a dock and stay there. The score of an episode is the mean nearness to the dock, in percent.

    Settings are fields: `er.ControlTask("my/Hovercraft-v0", env_kwargs={"gusts": 0.5})` is a task with stronger wind.
    """

    gusts: float = 0.2  # standard deviation of the acceleration by wind, m/s2

    sensors = ("east", "north", "speed east", "speed north")  # inputs of the network
    motors = ("thrust east", "thrust north")  # outputs, in [-1, 1]; or moves = ("left", "right")
    max_steps = 100

    # The functions are vectorized: arrays have shape (n_robots, ...), one row for each robot, and rows are independent.
    # Draw all random numbers from rng: rng.normal(scale, size) and rng.uniform(low, high, size) return one row for
    # each robot.

    def initial(self, rng):
        """Return the first state, (n_robots, n_state): here place in m and speed in m/s, east and north."""
        distance, direction = rng.uniform([1.0, -np.pi], [2.0, np.pi], 2).T
        place = distance[:, None] * np.stack([np.cos(direction), np.sin(direction)], axis=1)
        return np.hstack([place, rng.normal(0.3, 2)])

    def observation(self, state, rng):
        """Return what the robots sense, (n_robots, n_sensors)."""
        return state + rng.normal(0.02, 4)

    def transition(self, state, action, rng):
        """Return the state one step later as a new array; leave `state` unchanged."""
        place, speed = state[:, :2], state[:, 2:]
        speed = 0.98 * speed + STEP * (action + rng.normal(self.gusts, 2))
        return np.hstack([place + STEP * speed, speed])

    def reward(self, state, action, next_state):
        """Return the reward of the step, (n_robots,)."""
        distance = np.hypot(next_state[:, 0], next_state[:, 1])
        return np.exp(-2 * distance) * (100 / self.max_steps)

    def terminal(self, state):
        """Return which episodes end early, (n_robots,); delete it if none do."""
        return np.hypot(state[:, 0], state[:, 1]) > 5

    def teacher(self, sensors):
        """Return the actions of a simple rule; delete it if you have none, and only evolution can learn."""
        return np.clip(-sensors[:, :2] - 1.5 * sensors[:, 2:], -1, 1)

    def draw(self, ax, states):
        """Draw the states of one episode, (n_steps, n_state); delete it if there is nothing to draw."""
        ax.plot(states[:, 0], states[:, 1], linewidth=1.2)
        ax.plot(*states[0, :2], marker="o", markersize=4, color="black")
        ax.plot(0, 0, marker="s", markersize=8, color="gold", markeredgecolor="black", zorder=3)
        ax.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5))


er.register(Hovercraft, "my/Hovercraft-v0")
