"""Watching training epoch by epoch changes nothing about it."""

import numpy as np
import pytest
from toys import Bowl

from evorobo import SGD, Backprop, Cosine, EarlyStopping, LearningError, NetworkSpec, SettingsError, epochs
from evorobo.testing.methods import Wave


def watched(method, count, task=None):
    return [genome.weights for genome in epochs(task or Wave(), (4,), method, np.random.default_rng(1), count)]


def test_there_is_an_answer_before_training_and_one_after_each_epoch():
    method = Backprop(SGD(0.1), batch_size=10)
    seen = watched(method, 3)
    learner = method.start(Wave(), NetworkSpec.build(2, (4,), 1), np.random.default_rng(1))
    batches = -(-len(Wave().examples(np.random.default_rng(0)).inputs) // 10)
    for epoch in range(4):
        np.testing.assert_array_equal(seen[epoch], learner.genome.weights)
        for _ in range(batches):
            learner.step(0.0)
    assert len(seen) == 4


def test_the_schedule_runs_along():
    begun, *_, before, last = watched(Backprop(SGD(0.1), schedule=Cosine()), 20)
    assert np.linalg.norm(last - before) < 0.02 * np.linalg.norm(last - begun)


def test_early_stopping_ends_it():
    assert len(watched(Backprop(SGD(1e-12), early_stopping=EarlyStopping(patience=3, min_delta=1.0)), 50, Bowl())) == 4


def test_training_that_runs_away_is_told_after_the_answers_before_that():
    answers = epochs(Wave(), (4,), Backprop(SGD(1e200)), np.random.default_rng(0), 5)
    assert np.isfinite(next(answers).weights).all()
    with pytest.raises(LearningError, match="ran away"):
        list(answers)


@pytest.mark.parametrize("count", [0, 1.5, True])
def test_no_epochs_are_refused(count):
    with pytest.raises(SettingsError, match="epochs must be a whole number of at least 1"):
        next(epochs(Wave(), (4,), Backprop(), np.random.default_rng(0), count))
