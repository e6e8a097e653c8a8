"""Every optimizer against PyTorch's trajectory, and by the laws that it must follow."""

import json

import numpy as np
import pytest
from counting import Counter, wrap
from record_torch_reference import FILE, OPTIMIZERS, START, STEPS, rosenbrock_gradient

import evorobo
from evorobo import SGD, Adam, AdamW, ClipUp, Cosine, Momentum, Nesterov, RMSprop, SettingsError

TORCH = json.loads(FILE.read_text())["optimizers"]
every_rule = pytest.mark.parametrize("rule", [SGD, Momentum, Nesterov, RMSprop, Adam, AdamW])


def walk(rule, start, steps, factor=lambda step: 1.0):
    """The weights `(steps, ...)` from `start` on the recorded problem."""
    weights = np.array(start, float)
    state = rule.start(weights)
    path = []
    for step in range(steps):
        rule.update(weights, np.apply_along_axis(rosenbrock_gradient, -1, weights), state, factor(step))
        path.append(weights.copy())
    return np.array(path)


def test_the_gradient_of_the_recorded_problem_is_correct():
    def value(w):
        return (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum() / 100

    start, h = np.array(START), 1e-6
    differences = [(value(start + h * axis) - value(start - h * axis)) / (2 * h) for axis in np.eye(6)]
    np.testing.assert_allclose(rosenbrock_gradient(start), differences, rtol=1e-7)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_follow_torch(name):
    kind, settings, _, _ = OPTIMIZERS[name]
    path = walk(getattr(evorobo, kind)(**settings), START, STEPS[-1])
    np.testing.assert_allclose(path[np.array(STEPS) - 1], TORCH[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_annealed_steps_follow_torch(name):
    kind, settings, _, _ = OPTIMIZERS[name]
    path = walk(getattr(evorobo, kind)(**settings), START, STEPS[-1], lambda step: Cosine().factor(step / 100, {}))
    np.testing.assert_allclose(path[np.array(STEPS) - 1], TORCH[f"{name}, annealed"], rtol=0, atol=1e-10)


@every_rule
def test_several_networks_are_updated_as_one_by_one(rule):
    starts = np.array([START, START[::-1], np.zeros(6)])
    together = walk(rule(), starts, 20)
    for row, start in enumerate(starts):
        np.testing.assert_array_equal(together[:, row], walk(rule(), start, 20))


@every_rule
def test_a_saved_state_resumes_bit_for_bit(rule):
    whole = walk(rule(), START, 30)[-1]
    weights = np.array(START)
    state = rule().start(weights)
    for step in range(30):
        if step == 13:
            state = {name: np.array(array.tolist()) for name, array in json_of(state).items()}
        rule().update(weights, rosenbrock_gradient(weights), state)
    np.testing.assert_array_equal(weights, whole)


def json_of(state):
    """The state through JSON and back, which only plain arrays survive."""
    plain = json.loads(json.dumps({name: array.tolist() for name, array in state.items()}))
    return {name: np.array(numbers, float) for name, numbers in plain.items()}


@every_rule
def test_the_gradient_is_not_changed_and_single_precision_is_kept(rule):
    weights, gradient = np.array(START, np.float32), np.ones(6, np.float32)
    state = rule().start(weights)
    rule().update(weights, gradient, state)
    assert weights.dtype == np.float32
    assert all(array.dtype == np.float32 for name, array in state.items() if name != "t")
    np.testing.assert_array_equal(gradient, 1)


@every_rule
def test_the_first_step_is_downhill_and_a_zero_gradient_gives_no_step(rule):
    weights = np.array([1.0, 1.0])
    rule().update(weights, np.array([3.0, 0.0]), rule().start(weights))
    unchanged = 1.0 if rule is not AdamW else 1 - 0.001 * 0.01
    assert weights[0] < 1
    assert weights[1] == unchanged


def test_the_first_steps_by_hand():
    # SGD: w - rate g; momentum 0.5 and g = 1 twice: velocities 1, then 1.5
    np.testing.assert_allclose(two_steps(SGD(0.1)), [0.9, 0.8])
    np.testing.assert_allclose(two_steps(Momentum(0.1, 0.5)), [0.9, 0.75])
    # Nesterov adds the gradient to half the velocity: 1.5, then 1.75
    np.testing.assert_allclose(two_steps(Nesterov(0.1, 0.5)), [0.85, 0.675])
    # RMSprop: the mean square is 0.1, then 0.19
    np.testing.assert_allclose(two_steps(RMSprop(0.1, 0.9, 0)), np.cumsum([-0.1 / 0.1**0.5, -0.1 / 0.19**0.5]) + 1)
    # Adam: with bias correction, mean and mean square of a constant gradient are 1: steps of one learning rate
    np.testing.assert_allclose(two_steps(Adam(0.1, epsilon=0)), [0.9, 0.8])
    # AdamW shrinks the weight by rate times decay before each of them: 0.95 - 0.1, then 0.8075 - 0.1
    np.testing.assert_allclose(two_steps(AdamW(0.1, epsilon=0, weight_decay=0.5)), [0.85, 0.7075])


def two_steps(rule):
    weights = np.ones(1)
    state = rule.start(weights)
    path = []
    for _ in range(2):
        rule.update(weights, np.ones(1), state)
        path.append(float(weights[0]))
    return path


def test_sgd_diverges_above_two_over_the_curvature_and_converges_below():
    def end(rate):
        weights = np.ones(1)
        for _ in range(200):
            SGD(rate).update(weights, 10 * weights, {})
        return abs(weights[0])

    assert end(0.99 * 0.2) < 0.02
    assert end(1.01 * 0.2) > 50


@every_rule
def test_steps_of_adam_like_rules_do_not_depend_on_the_size_of_the_gradient(rule):
    weights, steep = np.ones(1), np.ones(1)
    rule().update(weights, np.ones(1), rule().start(weights))
    rule().update(steep, np.full(1, 1000.0), rule().start(steep))
    ratio = (1 - steep[0]) / (1 - weights[0])
    assert ratio == pytest.approx(1 if rule in (RMSprop, Adam, AdamW) else 1000, rel=1e-3)


def test_invalid_settings_are_refused():
    for rate in (0, -0.1, float("nan")):
        with pytest.raises(SettingsError, match=r"learning_rate must be a (finite )?number above 0, not"):
            SGD(rate)
    with pytest.raises(SettingsError, match="momentum must be"):
        Momentum(momentum=-0.1)
    for settings in ({"beta1": 1.0}, {"beta2": 1.0}):
        with pytest.raises(SettingsError, match="must be a number of at least 0 and below 1, not 1"):
            Adam(**settings)


def test_clip_up_follows_its_paper():
    # Toklu et al. 2020, algorithm 2, by hand: directions (0.6, 0.8) and (0, 1), rate 1, momentum 0.5
    weights = np.zeros(2)
    rule = ClipUp(1.0, momentum=0.5, max_speed=1.2)
    state = rule.start(weights)
    rule.update(weights, np.array([30.0, 40.0]), state)
    np.testing.assert_allclose(weights, [-0.6, -0.8])
    # velocity 0.5 (0.6, 0.8) + (0, 1) = (0.3, 1.4), of length sqrt(2.05), shortened to 1.2
    rule.update(weights, np.array([0.0, 1e-3]), state)
    np.testing.assert_allclose(weights, -np.array([0.6, 0.8]) - 1.2 / np.sqrt(2.05) * np.array([0.3, 1.4]))


def test_clip_up_treats_each_row_as_a_vector_and_a_zero_gradient_gives_no_step():
    rows = np.zeros((2, 3))
    rule = ClipUp(0.5)
    rule.update(rows, np.array([[0.0, 3, 4], [0, 0, 0]]), rule.start(rows))
    np.testing.assert_allclose(rows, [[0, -0.3, -0.4], [0, 0, 0]])
    assert rule.max_speed == 1.0


@pytest.mark.parametrize("rule", [SGD(), Momentum(), Nesterov(), RMSprop(), Adam(), AdamW(), ClipUp()])
def test_the_cost_of_an_update_is_what_it_computes(rule):
    """Against arrays that count their own operations; single numbers are not counted."""
    counter, n = Counter(), 50
    weights, gradient = (wrap(np.random.default_rng(seed).normal(size=n), counter) for seed in range(2))
    state = {name: wrap(array, counter) for name, array in rule.start(np.zeros(n)).items()}
    for _ in range(3):
        counter.take()
        rule.update(weights, gradient, state)
        assert rule.update_flops(n) == pytest.approx(counter.take(), abs=5)


def test_the_cost_of_an_update_by_hand():
    """Adam: two sums, m = b m + g (2) and v = b v + g g (3); root and epsilon (2); quotient, rate, difference (3)."""
    assert [rule.update_flops(7) for rule in (SGD(), Momentum(), Adam(), AdamW())] == [14, 28, 70, 77]
