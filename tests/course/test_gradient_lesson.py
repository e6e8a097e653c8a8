"""Lesson 11: both estimates are the exact gradient where that is known, and the double pendulum keeps its energy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import evorobo as er
from evorobo.loading import load_script

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
N_STEPS = 6


class Rail(er.Robot):
    """A linear robot with quadratic costs: each step adds the motor to the position."""

    sensors = ("position",)
    motors = ("move",)
    max_steps = N_STEPS

    def initial(self, rng):
        return np.array([0.5]) + rng.normal(0.0, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + action

    def reward(self, state, action, next_state):
        return -np.square(next_state[:, 0]) - np.square(action[:, 0])


er.register(Rail, "lesson/Rail-v0")


def exact_gradient(gain, bias):
    """The gradient of the score of the motor gain * position + bias, by the recursion of the position's derivatives."""
    x, dx, total = 0.5, np.zeros(2), np.zeros(2)
    for _ in range(N_STEPS):
        move, d_move = gain * x + bias, gain * dx + [x, 1]
        x, dx = x + move, dx + d_move
        total -= 2 * (x * dx + move * d_move)
    return total


def test_both_estimates_agree_with_the_exact_gradient_of_a_linear_quadratic_robot(monkeypatch):
    lesson = load_script(EXPERIMENTS / "lessons" / "11_gradients_are_not_all.py")
    monkeypatch.setattr(lesson, "SIGMA", 1e-3)  # scores are polynomials: a small step has hardly any bias
    task, spec = er.ControlTask("lesson/Rail-v0"), er.NetworkSpec.build(1, (), 1, "identity")
    genome = er.Genome(spec, np.array([-0.3, 0.1]))
    exact, rng = exact_gradient(-0.3, 0.1), np.random.default_rng(0)
    assert task.return_gradient()(genome, 1, rng).gradients[0] == pytest.approx(exact, rel=1e-9)
    estimates = lesson.evolution(task, genome, 4000, rng, block=1000)
    error = estimates.std(0) / np.sqrt(len(estimates))
    assert np.abs(estimates.mean(0) - exact) == pytest.approx(np.zeros(2), abs=4 * error.max())
    # the law of lesson 9 for one pair: the variance of all numbers together is (d + 1) |g|^2
    assert estimates.var(0).sum() == pytest.approx((spec.n_params + 1) * exact @ exact, rel=0.1)


def test_the_double_pendulum_keeps_its_energy_without_friction(monkeypatch):
    module = load_script(EXPERIMENTS / "robots" / "double_pendulum.py")
    monkeypatch.setattr(module, "FRICTION", 0.0)
    robot, state = module.DoublePendulum(), np.array([[2.0, 1.5, 0.5, -1.0]])

    def energy(state):
        first, second, speed_1, speed_2 = state[0]
        kinetic = speed_1**2 + speed_2**2 / 2 + speed_1 * speed_2 * np.cos(first - second)
        return kinetic - module.GRAVITY / module.LENGTH * (2 * np.cos(first) + np.cos(second))

    start = energy(state)
    for _ in range(50):
        state = robot.transition(state, np.zeros((1, 1)), None)
    assert energy(state) == pytest.approx(start, abs=0.02)


@pytest.mark.slow
@pytest.mark.reproduction
def test_the_chaotic_robot_has_huge_gradients_in_long_episodes_and_evolution_does_not():
    lesson = load_script(EXPERIMENTS / "lessons" / "11_gradients_are_not_all.py")
    data = lesson.run_seed(0, pairs=512, groups=2, horizons=(25, 400))
    (whole, _, evolved), noise = data["cosine"][1].T, data["noise"][1]
    assert whole[0] > 0.9 > evolved[0]  # 512 pairs: the reference itself has a cosine of 0.97 to the exact one
    assert evolved[1] > whole[1]
    assert noise[1, 0] > 100 > 20 > noise[1, 2]
