"""Backprop with batch normalization: running statistics are updated, stored and restored with the weights."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import (
    GRU,
    MSE,
    SGD,
    Adam,
    Backprop,
    BatchNorm,
    Cosine,
    Dense,
    EarlyStopping,
    LearningError,
    NetworkSpec,
    SettingsError,
    learning_rate_finder,
)
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Examples, MetricInfo

HIDDEN = (BatchNorm(), Dense(4, "identity"), BatchNorm(activation="tanh"))
SPEC = NetworkSpec.build(2, HIDDEN, 1)


def start(method, task=None, spec=SPEC, seed=0):
    return method.start(task or Line(), spec, np.random.default_rng(seed))


def test_running_statistics_follow_those_of_the_batches():
    x = Line().examples(None).inputs
    learner = start(Backprop(batch_size=10))  # all rows in one batch
    np.testing.assert_array_equal(learner.genome.running_stats, SPEC.init_running_stats())
    for steps in range(1, 4):
        learner.step(0.0)
        first = SPEC.unpack_running_stats(learner.genome.running_stats)[0]
        share = 1 - 0.9**steps
        np.testing.assert_allclose(first["mean"], share * x.mean(0), rtol=1e-12)
        np.testing.assert_allclose(first["variance"], 1 - share + share * x.var(0, ddof=1), rtol=1e-12)


@dataclass(frozen=True)
class Sine(Bowl):
    """Four hundred rows of y = sin(3 a) + b, with inputs far from zero."""

    def examples(self, rng):
        x = np.random.default_rng(5).normal(size=(400, 2))
        return Examples(100 + 20 * x, np.sin(3 * x[:, :1]) + x[:, 1:], MSE())


def test_outside_training_the_genome_has_the_loss_of_training():
    spec = NetworkSpec.build(2, (BatchNorm(), Dense(16), BatchNorm()), 1)
    # running statistics lag behind changing weights, so the learning rate decays to zero
    method, examples = Backprop(Adam(0.03), batch_size=400, schedule=Cosine()), Sine().examples(None)
    learner = start(method, Sine(), spec)
    for step in range(400):
        learner.step(step / 400)
    assert learner.loss < 0.05 * examples.targets.var()
    assert MSE().value(learner.genome(examples.inputs), examples.targets) == pytest.approx(learner.loss, rel=0.05)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_restored_learner_continues_bit_for_bit(tmp_path, dtype):
    method = Backprop(batch_size=4, dtype=dtype)
    learner, other = start(method), start(method, seed=1)
    for _ in range(5):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(5):
        assert other.step(0.5) == learner.step(0.5)
    np.testing.assert_array_equal(other.genome.running_stats, learner.genome.running_stats)
    assert other.genome.running_stats.dtype == np.float64


@dataclass(frozen=True)
class Spiked(Bowl):
    """Ten ordinary rows, and one with inputs that overflow."""

    def examples(self, rng):
        x = np.random.default_rng(5).normal(size=(11, 2))
        x[7] = 1e200
        return Examples(x, x[:, :1] / 1e200, MSE())


@pytest.mark.parametrize(
    "spec", [SPEC, NetworkSpec.build(2, HIDDEN[:1], 1)], ids=["two", "one, whose loss stays finite"]
)
def test_after_divergence_the_running_statistics_are_those_of_the_last_finite_weights(spec):
    for seed in range(20):
        learner = start(Backprop(SGD(1e-6), batch_size=3), Spiked(), spec, seed)
        before = []
        with pytest.raises(LearningError, match="training diverged"):  # noqa: PT012, it may be any of the four
            for _ in range(5):
                before.append(learner.genome.running_stats)
                learner.step(0.0)
        np.testing.assert_array_equal(learner.genome.running_stats, before[-1])
        if len(before) > 2:
            return
    raise AssertionError("the spike was always in the first batch")


class PeakedValidation:
    """Ten rows of a line whose validation improves until the third eval and then gets worse."""

    metric_info = MetricInfo("score")

    def __init__(self):
        self.seen = []

    def __getattr__(self, name):
        return getattr(Line(), name)

    def validate_with_cost(self, genome):
        self.seen.append(genome)
        return -abs(len(self.seen) - 3.0), Cost(samples=1)


def test_early_stopping_returns_the_running_statistics_of_the_best_weights(tmp_path):
    method, task = Backprop(batch_size=10, early_stopping=EarlyStopping(patience=2)), PeakedValidation()
    learner = start(method, task)
    while not learner.done:
        learner.step(0.0)
    assert len(task.seen) == 5
    best = task.seen[2]
    assert not np.array_equal(best.running_stats, task.seen[4].running_stats)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other = start(method, PeakedValidation())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for solution in (learner.genome, other.genome):
        np.testing.assert_array_equal(solution.weights, best.weights)
        np.testing.assert_array_equal(solution.running_stats, best.running_stats)


def test_the_learning_rate_finder_accepts_batch_normalization():
    sweep = learning_rate_finder(Line(), HIDDEN, Backprop(batch_size=5), np.random.default_rng(0), steps=40)
    assert np.isfinite(sweep.losses).all()
    assert 1e-6 <= sweep.suggestion <= 10


def test_padding_of_sequences_does_not_enter_the_running_statistics():
    @dataclass(frozen=True)
    class Uneven(Line):
        def examples(self, rng):
            return replace(super().examples(rng), sequence=np.repeat([0, 1, 2], [5, 1, 4]))

    spec = NetworkSpec.build(2, (BatchNorm(1.0), GRU(3)), 1)
    learner = start(Backprop(batch_size=3), Uneven(), spec)
    learner.step(0.0)
    x, stats = Line().examples(None).inputs, spec.unpack_running_stats(learner.genome.running_stats)[0]
    np.testing.assert_allclose(stats["mean"], x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(stats["variance"], x.var(0, ddof=1), rtol=1e-12)


def test_the_last_batch_of_an_epoch_may_have_one_row():
    learner = start(Backprop(batch_size=3))  # ten rows: 3, 3, 3, 1
    for _ in range(8):
        assert np.isfinite(learner.step(0.0).score)


def test_batches_of_one_row_are_refused():
    with pytest.raises(
        SettingsError, match="batch normalization needs batches of several rows, not of 1; set batch_size=2 or more"
    ):
        start(Backprop(batch_size=1))
