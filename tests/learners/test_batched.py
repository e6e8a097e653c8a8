"""Many networks trained in one batch: each gets, bit for bit, the numbers that it gets alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import (
    CTRNN,
    GRU,
    L1,
    L2,
    LSTM,
    MAE,
    MSE,
    SGD,
    Adam,
    AdamW,
    Backprop,
    BatchNorm,
    Cosine,
    CrossEntropy,
    Dense,
    Dropout,
    EarlyStopping,
    Elman,
    Huber,
    LayerNorm,
    LearningError,
    Momentum,
    Nesterov,
    NetworkSpec,
    ReduceOnPlateau,
    RMSprop,
    SettingsError,
)
from evorobo.tasks.base import Examples

SEEDS, STEPS = 4, 23
PLAIN = Backprop(Adam(0.02), batch_size=8)


@dataclass(frozen=True)
class DifferentExamples(Bowl):
    """Every seed has its own examples, in different numbers."""

    def examples(self, rng):
        x = rng.normal(size=(rng.integers(20, 40), 2))
        return Examples(x, x.sum(1, keepdims=True), MSE())


@dataclass(frozen=True)
class Classes(Bowl):
    """Three classes, rows with unequal weights."""

    n_outputs = 3

    def examples(self, rng):
        x = np.random.default_rng(1).normal(size=(50, 2))
        return Examples(x, (x[:, 0] > 0) * 1 + (x[:, 1] > 0) * 1, CrossEntropy(), sample_weight=np.linspace(0, 2, 50))


@dataclass(frozen=True)
class Sequences(Bowl):
    """Sequences of unequal length."""

    def examples(self, rng):
        x = np.random.default_rng(2).normal(size=(60, 2))
        lengths = [3, 7, 5, 5, 10, 2, 8, 5, 5, 10]
        return Examples(x, np.cumsum(x[:, :1], 0), MSE(), sequence=np.repeat(np.arange(10), lengths))


def learners(method, task, hidden, seeds=SEEDS):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs)
    return [method.start(task, spec, np.random.default_rng(seed)) for seed in range(seeds)]


def assert_batched_equals_alone(method, task=None, hidden=(5,), steps=STEPS):
    task = task or Line()
    alone, together = learners(method, task, hidden), learners(method, task, hidden)
    batched = method.batch_learners(together)
    for step in range(steps):
        fractions = [step / steps / (1 + seed % 2) for seed in range(SEEDS)]
        results = batched.step(fractions)
        expected = [learner.step(fraction) for learner, fraction in zip(alone, fractions, strict=True)]
        assert [(result.score, result.info) for result in results] == [(e.score, e.info) for e in expected]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)
        np.testing.assert_array_equal(one.genome.running_stats, other.genome.running_stats)
        assert one.cost == other.cost
        assert repr(one.state()) == repr(other.state())


METHODS = {
    "adam": PLAIN,
    "single precision": replace(PLAIN, dtype="float32"),
    "sgd": replace(PLAIN, optimizer=SGD(0.1)),
    "momentum": replace(PLAIN, optimizer=Momentum(0.02)),
    "nesterov": replace(PLAIN, optimizer=Nesterov(0.02)),
    "rmsprop": replace(PLAIN, optimizer=RMSprop(0.01)),
    "adamw": replace(PLAIN, optimizer=AdamW(0.02, weight_decay=0.1)),
    "cosine": replace(PLAIN, schedule=Cosine()),
    "plateau": replace(PLAIN, schedule=ReduceOnPlateau(patience=1)),
    "clipped": replace(PLAIN, max_grad_norm=0.1),
    "l2": replace(PLAIN, penalty=L2(0.01)),
    "l1, max-norm": replace(PLAIN, penalty=L1(0.01), max_norm=0.7),
    "noise": replace(PLAIN, input_noise=0.3),
    "early stopping": replace(PLAIN, early_stopping=EarlyStopping(patience=50)),
    "held out": replace(PLAIN, early_stopping=EarlyStopping(patience=50, held_out=0.3)),
    "mae": replace(PLAIN, loss=MAE()),
    "huber": replace(PLAIN, loss=Huber(0.3)),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_setting_of_backprop(method):
    assert_batched_equals_alone(method)


@pytest.mark.parametrize(
    "layer",
    [Dense(4, "relu"), LayerNorm(), Dropout(0.4), Elman(4), GRU(3), LSTM(3), CTRNN(4), BatchNorm()],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer(layer, dtype):
    assert_batched_equals_alone(replace(PLAIN, dtype=dtype), hidden=(Dense(5), layer))


def test_different_examples_for_each_seed():
    assert_batched_equals_alone(PLAIN, DifferentExamples())


@pytest.mark.parametrize("loss", [None, CrossEntropy(0.1, (1.0, 0.5, 2.0))])
def test_classes_and_rows_with_unequal_weights(loss):
    assert_batched_equals_alone(replace(PLAIN, loss=loss), Classes())


@pytest.mark.parametrize("bptt_steps", [None, 4])
def test_sequences_of_unequal_length(bptt_steps):
    hidden = (BatchNorm(), GRU(4), Dropout(0.2), BatchNorm())
    assert_batched_equals_alone(replace(PLAIN, batch_size=3, bptt_steps=bptt_steps), Sequences(), hidden)


def test_learners_with_unequal_numbers_of_steps():
    alone, together = learners(PLAIN, Line(), (5,), 2), learners(PLAIN, Line(), (5,), 2)
    for early in (alone[0], together[0]):
        for _ in range(7):
            early.step(0.0)
    batched = PLAIN.batch_learners(together)
    for _ in range(STEPS):
        batched.step([0.0, 0.0])
        for learner in alone:
            learner.step(0.0)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)


def test_one_learner_leaves_and_the_others_continue():
    alone, together = learners(PLAIN, Line(), (5,)), learners(PLAIN, Line(), (5,))
    batched, size = PLAIN.batch_learners(together), SEEDS
    for step in range(STEPS):
        if step == 9:
            together[1].step(0.0)  # alone
            batched, size = PLAIN.batch_learners([together[0], *together[2:]]), SEEDS - 1
        batched.step([0.0] * size)
    for seed, learner in enumerate(alone):
        for _ in range(10 if seed == 1 else STEPS):
            learner.step(0.0)
        np.testing.assert_array_equal(learner.genome.weights, together[seed].genome.weights)


def test_learners_resume_alone_from_states_of_a_batch():
    straight, together, later = (learners(PLAIN, Line(), (5,), 2) for _ in range(3))
    batched = PLAIN.batch_learners(together)
    for _ in range(5):
        batched.step([0.0, 0.0])
    for one, other in zip(later, together, strict=True):
        one.restore(other.state())
    for learner in straight:
        [learner.step(0.0) for _ in range(12)]
    for learner in later:
        [learner.step(0.0) for _ in range(7)]
    for one, other in zip(straight, later, strict=True):
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)


@dataclass(frozen=True)
class Steep(Bowl):
    """With half of the seeds, targets are so large that training diverges."""

    def examples(self, rng):
        x = np.random.default_rng(3).normal(size=(8, 2))
        return Examples(x, x[:, :1] * (1e200 if rng.random() < 0.5 else 1.0), MSE())


def test_after_divergence_a_learner_has_its_last_finite_weights_and_the_others_are_not_affected():
    method = Backprop(SGD(0.1), batch_size=8)
    alone, together = learners(method, Steep(), (), 6), learners(method, Steep(), (), 6)
    results = method.batch_learners(together).step([0.0] * 6)
    diverged = [isinstance(result, LearningError) for result in results]
    assert 0 < sum(diverged) < 6
    for seed, learner in enumerate(alone):
        if diverged[seed]:
            with pytest.raises(LearningError) as caught:
                learner.step(0.0)
            assert str(caught.value) == str(results[seed])
        else:
            learner.step(0.0)
        np.testing.assert_array_equal(learner.genome.weights, together[seed].genome.weights)


def test_a_batch_is_as_large_as_the_cache_of_a_core_allows():
    small, wide = NetworkSpec.build(24, (32,), 4), NetworkSpec.build(21, (128, 128), 7)
    assert Backprop(batch_size=32, dtype="float32").max_batched_learners(small) > 10
    assert Backprop(batch_size=256, dtype="float32").max_batched_learners(wide) < 5
    assert Backprop(batch_size=100_000).max_batched_learners(wide) == 1


@dataclass(frozen=True)
class FailingValidation(Line):
    """Validation fails for some genomes."""

    def validate_with_cost(self, genome):
        if abs(genome.weights[0]) > 0.6:
            raise RuntimeError("the arena is closed")
        return super().validate_with_cost(genome)


def test_a_learner_whose_validation_fails_leaves_and_the_others_continue():
    method = replace(PLAIN, early_stopping=EarlyStopping(), optimizer=SGD(0.05))
    spec = NetworkSpec.build(2, (), 1)
    together = []
    for seed in range(12):
        try:
            together.append(method.start(FailingValidation(), spec, np.random.default_rng(seed)))
        except RuntimeError:
            continue
    batched, kinds = method.batch_learners(together), set()
    for _ in range(4):
        kinds |= {type(result).__name__ for result in batched.step([0.0] * len(together))}
    assert kinds == {"StepResult", "RuntimeError"}


def test_a_loss_that_averages_over_networks_is_refused():
    @dataclass(frozen=True)
    class OneMean(MSE):
        def value_and_gradient(self, outputs, targets, sample_weight=None):
            value, gradient = super().value_and_gradient(outputs, targets)
            return value.mean(), gradient

    with pytest.raises(
        SettingsError, match=r"OneMean\(\) returned values of shape \(\) for 1 networks; return one mean"
    ):
        learners(replace(PLAIN, loss=OneMean()), Line(), (5,), 1)[0].step(0.0)
