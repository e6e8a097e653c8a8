"""The cart of the README: it must stop at its dock."""

import numpy as np

import evorobo as er


class Docking(er.Robot):
    """A cart on rails, 1 to 3 m from its dock, must stop there; the score is the mean nearness in percent."""

    sensors = ("distance", "speed")  # names of the network's inputs
    motors = ("thrust",)  # names of its outputs, each in [-1, 1]; or moves = ("left", "right")
    max_steps = 100

    def initial(self, rng):  # state of shape (n, 2): distance in m, speed in m/s
        return rng.uniform([1.0, -0.5], [3.0, 0.5], 2)

    def observation(self, state, rng):
        return state + rng.normal(0.01, 2)

    def transition(self, state, action, rng):  # one step of 0.1 s; action of shape (n, 1)
        speed = state[:, 1] + 0.1 * action[:, 0]
        return np.stack([state[:, 0] - 0.1 * speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return np.exp(-np.abs(next_state[:, 0]))

    def teacher(self, sensors):  # an expert controller; without one, backpropagation has no examples
        return np.clip(sensors[:, :1] - 2 * sensors[:, 1:], -1, 1)


er.register(Docking, "my/Docking-v0")
