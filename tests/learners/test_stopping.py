"""Early stopping: the solution is the best genome on validation, patience is exact, evals are charged."""

from dataclasses import replace

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import SGD, Adam, Backprop, DatasetTask, EarlyStopping, Genome, NetworkSpec, RandomSplit, SettingsError
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, MetricInfo

SPEC = NetworkSpec.build(2, (), 1)


class GivenScores:
    """Ten rows of a line whose validation scores come from a list, one per eval."""

    def __init__(self, scores, higher_is_better=True):
        self.scores, self.genomes = iter(scores), []
        self.metric_info = MetricInfo("score", higher_is_better=higher_is_better)

    def __getattr__(self, name):
        return getattr(Line(), name)

    def validate_with_cost(self, genome):
        self.genomes.append(genome.weights.copy())
        return next(self.scores), Cost(samples=7)


def start(early_stopping, task, method=None, seed=0):
    method = method or Backprop(SGD(0.01), batch_size=10)  # one step is one epoch
    return replace(method, early_stopping=early_stopping).start(task, SPEC, np.random.default_rng(seed))


def epochs_until_done(learner):
    epochs = 0
    while not learner.done:
        learner.step(0.0)
        epochs += 1
    return epochs


@pytest.mark.parametrize(
    ("scores", "settings", "epochs", "best"),
    [
        # eval 0 is before the first step
        ([0, 1, 2, 2, 1, 2], {"patience": 3}, 5, 2),  # an equal score is no improvement
        ([0, 1, 2, 1, 1, 3, 2, 2, 2], {"patience": 3}, 8, 5),  # an improvement restarts patience
        ([5, 1, 2], {"patience": 2}, 2, 0),  # the first genome is the best
        ([0, 1], {"patience": 1, "min_delta": 1.0}, 1, 1),  # too small for patience, but a better solution
        ([0, 0.4, 0.8, 1.2, 1.2, 1.2], {"patience": 3, "min_delta": 1.0}, 6, 3),
        ([0, 1, 0.5, np.nan, 0.9], {"patience": 3}, 4, 1),  # an overflow is no improvement
    ],
)
@pytest.mark.parametrize("direction", [1, -1])
def test_patience_is_counted_exactly(scores, settings, epochs, best, direction):
    padded = scores if len(scores) > epochs else [*scores, scores[-1]]
    task = GivenScores([direction * score for score in padded], higher_is_better=direction > 0)
    learner = start(EarlyStopping(**settings), task)
    assert epochs_until_done(learner) == epochs
    np.testing.assert_array_equal(learner.genome.weights, task.genomes[best])


def test_evals_are_at_the_end_of_every_nth_epoch():
    task = GivenScores([0, 1, 0, 0])
    learner = start(
        EarlyStopping(patience=2, eval_every=3), task, Backprop(SGD(0.01), batch_size=4)
    )  # three batches an epoch
    n_evals = []
    while not learner.done:
        learner.step(0.0)
        n_evals.append(len(task.genomes) - 1)
    assert n_evals == [0] * 8 + [1] * 9 + [2] * 9 + [3]


def test_within_the_first_epoch_the_solution_is_the_current_genome():
    stopped, plain = (
        start(EarlyStopping(), GivenScores([0, -1]), Backprop(batch_size=4)),
        start(None, Line(), Backprop(batch_size=4)),
    )
    for _ in range(2):
        stopped.step(0.0)
        plain.step(0.0)
        np.testing.assert_array_equal(stopped.genome.weights, plain.genome.weights)
    stopped.step(0.0)  # after the epoch the score is worse than before training
    np.testing.assert_array_equal(stopped.genome.weights, SPEC.init(np.random.default_rng(0)))


@pytest.fixture
def noisy(monkeypatch, tmp_path):
    """Few rows, many sensors, targets that are mostly noise, so that a network overfits."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 6))
    split = RandomSplit(validation=0.3, test=0.3)
    return DatasetTask.from_arrays(x, x[:, :1] + rng.normal(size=(60, 1)), split=split, label="noisy")


def test_the_solution_is_never_worse_on_validation_than_the_last_genome_and_overfits_less(noisy):
    spec = NetworkSpec.build(6, (20,), 1)
    method = Backprop(Adam(0.02), batch_size=8)
    gains = []
    for seed in range(5):
        stopped, plain = (
            replace(method, early_stopping=early_stopping).start(noisy, spec, np.random.default_rng(seed))
            for early_stopping in (EarlyStopping(patience=20), None)
        )
        while not stopped.done:
            epochs = stopped.epochs
            stopped.step(0.0)
            plain.step(0.0)
            if stopped.epochs > epochs:
                assert noisy.validate(stopped.genome) <= noisy.validate(plain.genome)
        for _ in range(300):
            plain.step(0.0)
        gains.append(noisy.test(plain.genome) - noisy.test(stopped.genome))
    assert np.mean(gains) > 0  # a lower error on test rows


def test_the_cost_includes_validation(noisy):
    spec = NetworkSpec.build(6, (20,), 1)
    plain = Backprop(batch_size=8).start(noisy, spec, np.random.default_rng(0))
    stopped = Backprop(batch_size=8, early_stopping=EarlyStopping()).start(noisy, spec, np.random.default_rng(0))
    validation = Cost(samples=18, forward_flops=18 * spec.forward_flops)  # three tenths of 60 rows
    assert (plain.cost, stopped.cost) == (Cost(), validation)
    for _ in range(6):  # 24 rows: two epochs of three batches
        plain.step(0.0)
        stopped.step(0.0)
    assert stopped.cost == plain.cost + validation + validation + validation


@pytest.mark.parametrize("steps", [0, 1, 7, 29])
def test_a_learner_restored_during_patience_continues_bit_for_bit(noisy, tmp_path, steps):
    method = Backprop(
        Adam(0.05), batch_size=8, early_stopping=EarlyStopping(patience=15, min_delta=0.01), dtype="float32"
    )
    learner, other = (method.start(noisy, NetworkSpec.build(6, (4,), 1), np.random.default_rng(0)) for _ in range(2))
    for _ in range(steps):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    assert not learner.done
    while not learner.done:
        assert (other.step(0.5), other.done, other.cost) == (learner.step(0.5), learner.done, learner.cost)
        np.testing.assert_array_equal(other.genome.weights, learner.genome.weights)
    np.testing.assert_equal(other.state(), learner.state())


def test_a_task_without_validation_rows_is_refused(noisy):
    bare = replace(noisy, split=RandomSplit(validation=0))
    spec = NetworkSpec.build(6, (), 1)
    with pytest.raises(
        SettingsError, match=r"noisy has no validation rows for early stopping; split some off, .*validation="
    ):
        EarlyStopping().start(bare, Genome(spec, spec.init(np.random.default_rng(0))))


def test_a_task_without_a_cost_of_validation_is_refused():
    class WithoutCost:
        name = "bare"

        def __getattr__(self, name):
            if name == "validate_with_cost":
                raise AttributeError(name)
            return getattr(Bowl(), name)

    with pytest.raises(
        SettingsError, match=r"bare does not report the cost of validation.*validate_with_cost\(genome\)"
    ):
        start(EarlyStopping(), WithoutCost())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"patience": 0}, "patience must be a whole number of at least 1, not 0"),
        ({"eval_every": 1.5}, "eval_every must be a whole number of at least 1, not 1.5"),
        ({"min_delta": -1.0}, "min_delta must be a number of at least 0, not -1.0"),
        ({"min_delta": float("nan")}, "min_delta must be a finite number of at least 0, not nan"),
    ],
)
def test_invalid_settings_are_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        EarlyStopping(**settings)
