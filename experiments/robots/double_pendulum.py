"""A double pendulum with a motor at its elbow: chaotic, and smooth in every number."""

import numpy as np

import evorobo as er
from evorobo.tasks.control.robots.runge_kutta import rk4

GRAVITY, LENGTH, STEP = 9.81, 0.5, 0.02  # m/s^2, m of each arm, which ends in a ball of 1 kg, s
TORQUE, FRICTION = 1.0, 0.1  # N m, 1/s


class DoublePendulum(er.Robot):
    """Two arms, released a little above horizontal, must keep their tip high; a step scores its height, 0 to 1.

    The state is both angles from the vertical, 0 hanging, and both speeds, in rad and s. Friction is slight.
    """

    sensors = ("sin 1", "cos 1", "sin 2", "cos 2", "speed 1", "speed 2")
    motors = ("torque",)
    max_steps = 400

    def initial(self, rng):
        return np.array([2.0, 2.0, 0.0, 0.0]) + rng.normal(0.1, 4)

    def observation(self, state, rng):
        first, second, speed_1, speed_2 = state.T
        angles = [np.sin(first), np.cos(first), np.sin(second), np.cos(second)]
        return np.stack([*angles, 0.1 * speed_1, 0.1 * speed_2], axis=1)

    def transition(self, state, action, rng):
        torque, fall = TORQUE * action[:, 0] / LENGTH**2, GRAVITY / LENGTH

        def rates(state):
            first, second, speed_1, speed_2 = state.T
            sin, cos = np.sin(first - second), np.cos(first - second)
            pull_1 = -speed_2 * speed_2 * sin - 2 * fall * np.sin(first) - FRICTION * speed_1 - torque
            pull_2 = speed_1 * speed_1 * sin - fall * np.sin(second) - FRICTION * speed_2 + torque
            share = 2 - cos * cos  # determinant of the mass matrix [[2, cos], [cos, 1]]
            turn_1, turn_2 = (pull_1 - cos * pull_2) / share, (2 * pull_2 - cos * pull_1) / share
            return np.stack([speed_1, speed_2, turn_1, turn_2], axis=1)

        return rk4(rates, state, STEP)

    def reward(self, state, action, next_state):
        return (2 - np.cos(next_state[:, 0]) - np.cos(next_state[:, 1])) / 4


er.register(DoublePendulum, "my/DoublePendulum-v0")
