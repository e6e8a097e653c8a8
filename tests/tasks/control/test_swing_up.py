"""CartPole swing-up: its physics and reward in plain numbers and by energy, its starts, its teacher."""

from math import cos, pi, sin

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from scipy.linalg import solve_discrete_are

from evorobo import ControlTask, SettingsError
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.tasks.control.robots.swing_up import GAINS, SwingUp
from evorobo.testing import check_robot
from evorobo.testing.compiled import check_compiled


def chance(*seeds):
    return RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))


def in_plain_numbers(state, push):
    """One step of 0.01 s: cart and pole of 0.5 kg each, the pole 0.6 m long, from Newton's equations of a cart and a
    uniform rod whose tip is at x - l sin a: solved for x'' and a'' by hand, as two equations in two unknowns."""
    x, v, a, w = state
    mass, rod, half, g = 0.5 + 0.5, 0.5, 0.3, 9.82  # kg in all, kg, m to the rod's middle, m/s^2
    # mass x'' - rod half cos a a'' = F - 0.1 x' - rod half a'^2 sin a, and
    # -rod half cos a x'' + 4/3 rod half^2 a'' = rod g half sin a
    p, q, r = mass, -rod * half * cos(a), 4 / 3 * rod * half**2
    right_x, right_a = push - 0.1 * v - rod * half * w * w * sin(a), rod * g * half * sin(a)
    determinant = p * r - q * q
    x_acc, a_acc = (right_x * r - q * right_a) / determinant, (p * right_a - q * right_x) / determinant
    return [x + 0.01 * v, v + 0.01 * x_acc, a + 0.01 * w, w + 0.01 * a_acc]


@pytest.mark.parametrize("robot", ["evorobo/SwingUp-v0", SwingUp(spread=0.5, noise=0.1)])
def test_swing_up_keeps_its_contract(robot):
    check_robot(robot)


def test_swing_up_can_be_compiled_to_the_story_of_its_rows():
    assert check_compiled(SwingUp(noise=0.1), np.random.default_rng(0).uniform(-1, 1, (3, 60, 1)))


def test_gymnasiums_checker_finds_nothing():
    environment = gymnasium.make("evorobo/SwingUp-v0", noise=0.1)
    check_env(environment.unwrapped)
    assert (environment.spec.max_episode_steps, environment.spec.reward_threshold) == (1000, None)


def test_steps_and_rewards_are_those_of_newtons_equations_and_the_published_reward():
    rng = np.random.default_rng(0)
    states = rng.normal(0, [1, 2, 3, 4], (50, 4))
    actions = rng.uniform(-1, 1, (50, 1))
    after = SwingUp().transition(states, actions, chance(0))
    expected = [in_plain_numbers(state, 10 * float(action[0])) for state, action in zip(states, actions, strict=True)]
    np.testing.assert_allclose(after, expected, rtol=1e-10, atol=1e-12)
    rewards = [(1 + cos(a)) / 2 * cos(pi * x / 4.8) for x, _, a, _ in expected]
    np.testing.assert_allclose(SwingUp().reward(states, actions, after), rewards, rtol=1e-10, atol=1e-12)


def test_upright_in_the_middle_earns_one_a_step_and_hanging_nothing():
    states = np.array([[0, 0, 0, 0], [0, 0, np.pi, 0], [1.2, 0, 0, 0], [2.4, 0, 0, 0]])
    np.testing.assert_allclose(SwingUp().reward(None, None, states), [1, 0, cos(pi / 4), 0], atol=1e-12)


def test_it_ends_at_the_end_of_the_track():
    assert SwingUp().terminal(np.array([[2.41, 0, 0, 0], [-2.41, 0, 0, 0], [2.39, 0, 2, 9]])).tolist() == [1, 1, 0]


def test_it_starts_hanging_with_the_published_spread():
    starts = SwingUp().initial(chance(*range(2000)))
    np.testing.assert_allclose(starts.mean(0), [0, 0, np.pi, 0], atol=0.02)
    np.testing.assert_allclose(starts.std(0), 0.2, rtol=0.06)
    np.testing.assert_array_equal(SwingUp(spread=0).initial(chance(1)), [[0, 0, np.pi, 0]])


def test_noise_is_on_all_sensors():
    state = np.tile([0.1, -0.2, 2.0, 0.3], (2000, 1))
    clean = SwingUp().observation(state, chance(0))
    np.testing.assert_allclose(clean[0], [0.1, -0.2, cos(2.0), sin(2.0), 0.3])
    noisy = SwingUp(noise=0.5).observation(state, chance(*range(2000)))
    np.testing.assert_allclose((noisy - clean).std(0), 0.5, rtol=0.08)


@pytest.mark.parametrize("name", ["spread", "noise"])
def test_settings_that_cannot_be_are_reported(name):
    with pytest.raises(SettingsError, match=f"SwingUp: {name} must be a number of at least 0, not -1"):
        SwingUp(**{name: -1})


def test_the_teachers_last_part_is_the_optimal_regulator_of_the_linearised_robot():
    step, rest = 1e-6, np.zeros(4)

    def after(state, push):
        return SwingUp().transition(state[None], np.array([[push]]), chance(0))[0]

    a = np.stack([(after(step * way, 0) - after(-step * way, 0)) / (2 * step) for way in np.eye(4)], axis=1)
    b = ((after(rest, step) - after(rest, -step)) / (2 * step))[:, None]
    cost = solve_discrete_are(a, b, np.diag([1, 0.1, 1, 0.1]), np.diag([0.1]))
    np.testing.assert_allclose(GAINS, np.linalg.solve(0.1 + b.T @ cost @ b, b.T @ cost @ a)[0], rtol=1e-3)


def test_the_teacher_gains_energy_while_it_swings():
    state = np.array([[0.0, 0.0, np.pi - 0.3, 1.0]])
    action = SwingUp().teacher(SwingUp().observation(state, chance(0)))
    turn = SwingUp().transition(state, action, chance(0))[0, 3]
    assert abs(action[0, 0]) > 0.5
    assert turn > SwingUp().transition(state, 0 * action, chance(0))[0, 3]  # faster than by its weight alone


def test_the_teacher_swings_up_from_everywhere_and_chance_does_not():
    references = ControlTask("evorobo/SwingUp-v0", test_episodes=30).references()
    assert references["CMA-ES in estool"] == 900
    assert 850 < references["teacher"] < 920
    assert references["random"] < 150
