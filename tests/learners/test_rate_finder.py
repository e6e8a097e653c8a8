"""The learning rate finder: its curve turns where theory says, and what it suggests trains."""

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

WHOLE = Backprop(SGD(0.1), batch_size=10)


def bound():
    """2 / lambda_max of the Hessian of a linear network's mean squared error, 2 X'X / rows, X with a column of ones."""
    x = np.column_stack([Line().examples(None).inputs, np.ones(10)])
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]


def sweep(low, high, steps, method=WHOLE, task=None, hidden=(), seed=0):
    return learning_rate_finder(task or Line(), hidden, method, np.random.default_rng(seed), low, high, steps)


def test_on_a_quadratic_the_loss_falls_up_to_the_exact_bound_and_then_diverges():
    # in each eigendirection the error is multiplied by 1 - rate lambda: it grows from rate = 2 / lambda on
    found = sweep(0.5 * bound(), 8 * bound(), 60)
    stable = found.rates[:-1] <= bound()
    assert (np.diff(found.losses)[stable] < 0).all()
    assert found.losses[-1] > 1e6 * found.losses[0]
    # from the middle of the sweep on the bound, the steepest direction alone is left to decide: it turns right there
    close = sweep(0.99 * bound(), 1.01 * bound(), 401)
    turn = int(np.flatnonzero(np.diff(close.losses[200:]) > 0)[0])
    assert close.rates[200 + turn] == pytest.approx(bound(), rel=1e-3)


@pytest.mark.parametrize("optimizer", [SGD(1.0), Momentum(1.0), Adam(1.0)], ids=lambda each: type(each).__name__)
def test_its_suggestion_trains_and_a_hundred_times_more_does_not(optimizer):
    method = Backprop(optimizer, batch_size=16)
    suggested = learning_rate_finder(Wave(), (8,), method, np.random.default_rng(1)).suggestion

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

    assert final(suggested) < 0.1
    assert final(100 * suggested) > 2 * final(suggested)
    assert final(suggested / 1000) > 2 * final(suggested)


def test_rates_are_even_on_a_logarithmic_scale_and_are_those_of_the_steps():
    found = sweep(1e-4, 1e-2, 3)
    np.testing.assert_allclose(found.rates, [1e-4, 1e-3, 1e-2])
    learner = WHOLE.start(Line(), NetworkSpec.build(2, (), 1), np.random.default_rng(0))
    weights, losses = learner.genome.weights, []
    x, y = Line().examples(None).inputs, Line().examples(None).targets[:, 0]
    for rate in found.rates:
        error = x @ weights[:2] + weights[2] - y
        losses.append(np.square(error).mean())
        weights = weights - rate * 2 * np.append(error @ x, error.sum()) / 10
    np.testing.assert_allclose(found.losses, losses, rtol=1e-12)
    # 0.9 of what was, a tenth of the new, over the sum of the weights so far
    second = (0.09 * losses[0] + 0.1 * losses[1]) / 0.19
    np.testing.assert_allclose(found.smoothed[:2], [losses[0], second], rtol=1e-12)


def test_a_sweep_that_runs_away_ends_there_and_its_bill_is_kept():
    found = sweep(1.0, 1e9, 500, task=Bowl())
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < 500
    assert np.isfinite(found.losses).all()
    teacher = Cost(env_steps=32, episodes=1)
    seen = found.cost.samples
    assert found.cost == teacher + Cost(samples=seen, forward_flops=4 * seen, backward_flops=8 * seen)
    assert seen > 0


def test_the_methods_own_rate_schedule_and_patience_have_no_say():
    other = Backprop(SGD(7.0), batch_size=10, schedule=Cosine(), early_stopping=EarlyStopping(patience=1))
    np.testing.assert_allclose(sweep(1e-3, 1e-1, 30, other).losses, sweep(1e-3, 1e-1, 30).losses, rtol=1e-9)


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        ((0.0, 1.0, 10), "go from a low to a high one above 0, not from 0.0 to 1.0"),
        ((1.0, 0.1, 10), "not from 1.0 to 0.1"),
        ((0.1, 1.0, 1), "a sweep needs at least 2 steps, not 1"),
    ],
)
def test_sweeps_that_cannot_be_are_refused(rates, sentence):
    with pytest.raises(SettingsError, match=sentence):
        sweep(*rates)
