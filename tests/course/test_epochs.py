"""Training epoch by epoch gives the same weights as training without a pause."""

import numpy as np
import pytest
from toys import Bowl

from evorobo import SGD, Backprop, Cosine, EarlyStopping, LearningError, NetworkSpec, SettingsError
from evorobo.course import epochs
from evorobo.testing.methods import Wave


def weights_by_epoch(method, n_epochs, task=None):
    return [genome.weights for genome in epochs(task or Wave(), (4,), method, np.random.default_rng(1), n_epochs)]


def test_there_is_a_solution_before_training_and_one_after_each_epoch():
    method = Backprop(SGD(0.1), batch_size=10)
    weights = weights_by_epoch(method, 3)
    learner = method.start(Wave(), NetworkSpec.build(2, (4,), 1), np.random.default_rng(1))
    n_batches = -(-len(Wave().examples(np.random.default_rng(0)).inputs) // 10)
    for epoch in range(4):
        np.testing.assert_array_equal(weights[epoch], learner.genome.weights)
        for _ in range(n_batches):
            learner.step(0.0)
    assert len(weights) == 4


def test_the_schedule_advances_from_epoch_to_epoch():
    first, *_, before, last = weights_by_epoch(Backprop(SGD(0.1), schedule=Cosine()), 20)
    assert np.linalg.norm(last - before) < 0.02 * np.linalg.norm(last - first)


def test_early_stopping_ends_training():
    method = Backprop(SGD(1e-12), early_stopping=EarlyStopping(patience=3, min_delta=1.0))
    assert len(weights_by_epoch(method, 50, Bowl())) == 4


def test_diverging_training_raises_after_the_solutions_before_that():
    solutions = epochs(Wave(), (4,), Backprop(SGD(1e200)), np.random.default_rng(0), 5)
    assert np.isfinite(next(solutions).weights).all()
    with pytest.raises(LearningError):
        list(solutions)


@pytest.mark.parametrize("n_epochs", [0, 1.5, True])
def test_an_invalid_number_of_epochs_is_refused(n_epochs):
    with pytest.raises(SettingsError, match="n_epochs must be a whole number of at least 1"):
        next(epochs(Wave(), (4,), Backprop(), np.random.default_rng(0), n_epochs))
