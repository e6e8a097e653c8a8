"""The learning rate finder: its curve turns at the theoretical bound, and its suggestion trains."""

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import (
    SGD,
    Adam,
    Backprop,
    Cosine,
    EarlyStopping,
    LearningError,
    Momentum,
    NetworkSpec,
    SettingsError,
    learning_rate_finder,
)
from evorobo.tasks.base import Cost
from evorobo.testing.methods import Wave

FULL_BATCH = Backprop(SGD(0.1), batch_size=10)


def bound():
    """2 / lambda_max of the Hessian of a linear network's mean squared error, 2 X'X / rows, X with a column of ones."""
    x = np.column_stack([Line().examples(None).inputs, np.ones(10)])
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


def sweep(low, high, steps, method=FULL_BATCH, task=None, hidden=(), seed=0):
    return learning_rate_finder(task or Line(), hidden, method, np.random.default_rng(seed), low, high, steps)


def test_on_a_quadratic_the_loss_falls_up_to_the_exact_bound_and_then_diverges():
    # in each eigendirection the error is multiplied by 1 - rate lambda, so it grows if rate > 2 / lambda
    result = sweep(0.5 * bound(), 8 * bound(), 60)
    stable = result.rates[:-1] <= bound()
    assert (np.diff(result.losses)[stable] < 0).all()
    assert result.losses[-1] > 1e6 * result.losses[0]
    # in a slow sweep over the bound only the steepest direction remains, and the loss turns exactly there
    close = sweep(0.99 * bound(), 1.01 * bound(), 401)
    turn = int(np.flatnonzero(np.diff(close.losses[200:]) > 0)[0])
    assert close.rates[200 + turn] == pytest.approx(bound(), rel=1e-3)


@pytest.mark.parametrize(
    "optimizer", [SGD(1.0), Momentum(1.0), Adam(1.0)], ids=lambda optimizer: type(optimizer).__name__
)
def test_the_suggestion_trains_and_a_hundred_times_that_rate_does_not(optimizer):
    method = Backprop(optimizer, batch_size=16)
    suggestion = learning_rate_finder(Wave(), (8,), method, np.random.default_rng(1)).suggestion

    def final(rate):
        learner = Backprop(type(optimizer)(rate), batch_size=16).start(
            Wave(), NetworkSpec.build(2, (8,), 1), np.random.default_rng(0)
        )
        first = learner.step(0.0).score
        try:
            for _ in range(600):
                learner.step(0.0)
        except LearningError:
            return np.inf
        return Wave().test(learner.genome) / first

    assert final(suggestion) < 0.1
    assert final(100 * suggestion) > 2 * final(suggestion)
    assert final(suggestion / 1000) > 2 * final(suggestion)


def test_rates_are_spaced_evenly_on_a_logarithmic_scale_and_used_in_the_steps():
    result = sweep(1e-4, 1e-2, 3)
    np.testing.assert_allclose(result.rates, [1e-4, 1e-3, 1e-2])
    learner = FULL_BATCH.start(Line(), NetworkSpec.build(2, (), 1), np.random.default_rng(0))
    weights, losses = learner.genome.weights, []
    x, y = Line().examples(None).inputs, Line().examples(None).targets[:, 0]
    for rate in result.rates:
        error = x @ weights[:2] + weights[2] - y
        losses.append(np.square(error).mean())
        weights = weights - rate * 2 * np.append(error @ x, error.sum()) / 10
    np.testing.assert_allclose(result.losses, losses, rtol=1e-12)
    # 0.9 of the previous mean plus 0.1 of the new loss, divided by the sum of the weights
    second = (0.09 * losses[0] + 0.1 * losses[1]) / 0.19
    np.testing.assert_allclose(result.smoothed[:2], [losses[0], second], rtol=1e-12)


def test_a_sweep_ends_at_divergence_and_reports_its_cost():
    result = sweep(1.0, 1e9, 500, task=Bowl())
    assert len(result.rates) == len(result.losses) == len(result.smoothed) < 500
    assert np.isfinite(result.losses).all()
    teacher = Cost(env_steps=32, episodes=1)
    seen, updates = result.cost.samples, result.cost.update_flops
    assert result.cost == teacher + Cost(
        samples=seen, forward_flops=4 * seen, backward_flops=4 * seen, update_flops=updates
    )
    assert updates > 0
    assert seen > 0


def test_the_methods_own_rate_schedule_and_early_stopping_are_ignored():
    other = Backprop(SGD(7.0), batch_size=10, schedule=Cosine(), early_stopping=EarlyStopping(patience=1))
    np.testing.assert_allclose(sweep(1e-3, 1e-1, 30, other).losses, sweep(1e-3, 1e-1, 30).losses, rtol=1e-9)


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        ((0.0, 1.0, 10), "learning rates must satisfy 0 < low < high, not low=0.0 and high=1.0"),
        ((1.0, 0.1, 10), "not low=1.0 and high=0.1"),
        ((0.1, 1.0, 1), "steps must be a whole number of at least 2, not 1"),
    ],
)
def test_invalid_sweeps_are_refused(rates, sentence):
    with pytest.raises(SettingsError, match=sentence):
        sweep(*rates)
