"""Early stopping: the best genome on validation is the answer, patience is counted exactly, looking is paid for."""

from dataclasses import replace

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import SGD, Adam, Backprop, DatasetTask, EarlyStopping, Genome, NetworkSpec, RandomSplit, SettingsError
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, MetricInfo

SPEC = NetworkSpec.build(2, (), 1)


class Told:
    """Ten rows of a line whose validation scores are those of a list, one look after the other."""

    def __init__(self, scores, higher_is_better=True):
        self.scores, self.genomes = iter(scores), []
        self.metric_info = MetricInfo("told", higher_is_better=higher_is_better)

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
        # look 0 is before the first step
        ([0, 1, 2, 2, 1, 2], {"patience": 3}, 5, 2),  # an equal score is no gain
        ([0, 1, 2, 1, 1, 3, 2, 2, 2], {"patience": 3}, 8, 5),  # a gain starts patience over
        ([5, 1, 2], {"patience": 2}, 2, 0),  # nothing learned is better than the start
        ([0, 1], {"patience": 1, "min_delta": 1.0}, 1, 1),  # too small a gain for patience, yet the better answer
        ([0, 0.4, 0.8, 1.2, 1.2, 1.2], {"patience": 3, "min_delta": 1.0}, 6, 3),
        ([0, 1, 0.5, np.nan, 0.9], {"patience": 3}, 4, 1),  # answers that overflow are no gain
    ],
)
@pytest.mark.parametrize("direction", [1, -1])
def test_patience_is_counted_exactly(scores, settings, epochs, best, direction):
    settled = scores if len(scores) > epochs else [*scores, scores[-1]]
    task = Told([direction * score for score in settled], higher_is_better=direction > 0)
    learner = start(EarlyStopping(**settings), task)
    assert epochs_until_done(learner) == epochs
    np.testing.assert_array_equal(learner.genome.weights, task.genomes[best])


def test_looks_come_every_so_many_epochs_and_at_the_end_of_them():
    task = Told([0, 1, 0, 0])
    learner = start(
        EarlyStopping(patience=2, eval_every=3), task, Backprop(SGD(0.01), batch_size=4)
    )  # three batches an epoch
    looks = []
    while not learner.done:
        learner.step(0.0)
        looks.append(len(task.genomes) - 1)
    assert looks == [0] * 8 + [1] * 9 + [2] * 9 + [3]


def test_before_the_first_epoch_is_over_the_answer_is_what_was_learned_so_far():
    stopped, plain = (
        start(EarlyStopping(), Told([0, -1]), Backprop(batch_size=4)),
        start(None, Line(), Backprop(batch_size=4)),
    )
    for _ in range(2):
        stopped.step(0.0)
        plain.step(0.0)
        np.testing.assert_array_equal(stopped.genome.weights, plain.genome.weights)
    stopped.step(0.0)  # the epoch is over, and worse than the start
    np.testing.assert_array_equal(stopped.genome.weights, SPEC.init(np.random.default_rng(0)))


@pytest.fixture
def noisy(monkeypatch, tmp_path):
    """Few rows, many sensors, targets that are mostly noise: a net learns them by heart."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 6))
    split = RandomSplit(validation=0.3, test=0.3)
    return DatasetTask.from_arrays(x, x[:, :1] + rng.normal(size=(60, 1)), split=split, label="noisy")


def test_the_answer_is_never_worse_on_validation_than_the_last_genome_and_stops_overfitting(noisy):
    spec = NetworkSpec.build(6, (20,), 1)
    method = Backprop(Adam(0.02), batch_size=8)
    gains = []
    for seed in range(5):
        stopped, on = (
            replace(method, early_stopping=early_stopping).start(noisy, spec, np.random.default_rng(seed))
            for early_stopping in (EarlyStopping(patience=20), None)
        )
        while not stopped.done:
            stopped.step(0.0)
            on.step(0.0)
            if stopped._at >= len(stopped._inputs):
                assert noisy.validate(stopped.genome) <= noisy.validate(on.genome)
        for _ in range(300):
            on.step(0.0)
        gains.append(noisy.test(on.genome) - noisy.test(stopped.genome))
    assert np.mean(gains) > 0  # a lower error on rows that neither has seen


def test_validation_rows_are_on_the_bill(noisy):
    spec = NetworkSpec.build(6, (20,), 1)
    plain = Backprop(batch_size=8).start(noisy, spec, np.random.default_rng(0))
    stopped = Backprop(batch_size=8, early_stopping=EarlyStopping()).start(noisy, spec, np.random.default_rng(0))
    look = Cost(samples=18, forward_flops=18 * spec.forward_flops)  # three tenths of 60 rows
    assert (plain.cost, stopped.cost) == (Cost(), look)
    for _ in range(6):  # 24 rows: two epochs of three batches
        plain.step(0.0)
        stopped.step(0.0)
    assert stopped.cost == plain.cost + look + look + look


@pytest.mark.parametrize("steps", [0, 1, 7, 29])
def test_a_learner_restored_amid_its_patience_goes_on_to_the_last_bit(noisy, tmp_path, steps):
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


def test_a_task_without_validation_rows_is_refused_with_the_cure(noisy):
    bare = replace(noisy, split=RandomSplit(validation=0))
    spec = NetworkSpec.build(6, (), 1)
    with pytest.raises(SettingsError, match=r"noisy has no validation rows to stop by; split some off, .*validation="):
        EarlyStopping().start(bare, Genome(spec, spec.init(np.random.default_rng(0))))


def test_a_task_that_does_not_tell_what_validating_costs_is_refused():
    class Bare:
        name = "bare"

        def __getattr__(self, name):
            if name == "validate_with_cost":
                raise AttributeError(name)
            return getattr(Bowl(), name)

    with pytest.raises(SettingsError, match=r"bare does not tell what validating costs.*validation"):
        start(EarlyStopping(), Bare())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"patience": 0}, "patience must be a whole number of at least 1, not 0"),
        ({"eval_every": 1.5}, "eval_every must be a whole number of at least 1, not 1.5"),
        ({"min_delta": -1.0}, "min_delta must be 0 or more, not -1.0"),
        ({"min_delta": float("nan")}, "min_delta must be 0 or more, not nan"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        EarlyStopping(**settings)
