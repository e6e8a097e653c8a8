"""Many networks trained at once: each comes to the very numbers, to the last bit, that it comes to alone."""

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
)
from evorobo.tasks.base import Examples

SEEDS, STEPS = 4, 23
PLAIN = Backprop(Adam(0.02), batch_size=8)


@dataclass(frozen=True)
class Own(Bowl):
    """Every seed has examples of its own, and not equally many of them."""

    def examples(self, rng):
        x = rng.normal(size=(rng.integers(20, 40), 2))
        return Examples(x, x.sum(1, keepdims=True), MSE())


@dataclass(frozen=True)
class Classes(Bowl):
    """Three classes, rows that count unequally."""

    n_outputs = 3

    def examples(self, rng):
        x = np.random.default_rng(1).normal(size=(50, 2))
        return Examples(x, (x[:, 0] > 0) * 1 + (x[:, 1] > 0) * 1, CrossEntropy(), sample_weight=np.linspace(0, 2, 50))


@dataclass(frozen=True)
class Trips(Bowl):
    """Sequences of unequal length."""

    def examples(self, rng):
        x = np.random.default_rng(2).normal(size=(60, 2))
        lengths = [3, 7, 5, 5, 10, 2, 8, 5, 5, 10]
        return Examples(x, np.cumsum(x[:, :1], 0), MSE(), sequence=np.repeat(np.arange(10), lengths))


def learners(method, task, hidden, seeds=SEEDS):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs)
    return [method.start(task, spec, np.random.default_rng(seed)) for seed in range(seeds)]


def assert_together_is_alone(method, task=None, hidden=(5,), steps=STEPS):
    task = task or Line()
    alone, crowd = learners(method, task, hidden), learners(method, task, hidden)
    crew = method.batch_learners(crowd)
    for step in range(steps):
        shares = [step / steps / (1 + at % 2) for at in range(SEEDS)]
        told = crew.step(shares)
        for at, learner in enumerate(alone):
            expected = learner.step(shares[at])
            assert (told[at].score, told[at].info) == (expected.score, expected.info)
    for one, other in zip(alone, crowd, strict=True):
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
def test_every_way_to_train(method):
    assert_together_is_alone(method)


@pytest.mark.parametrize(
    "layer",
    [Dense(4, "relu"), LayerNorm(), Dropout(0.4), Elman(4), GRU(3), LSTM(3), CTRNN(4), BatchNorm()],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer(layer, dtype):
    assert_together_is_alone(replace(PLAIN, dtype=dtype), hidden=(Dense(5), layer))


def test_examples_of_their_own():
    assert_together_is_alone(PLAIN, Own())


@pytest.mark.parametrize("loss", [None, CrossEntropy(0.1, (1.0, 0.5, 2.0))])
def test_classes_and_rows_that_count_unequally(loss):
    assert_together_is_alone(replace(PLAIN, loss=loss), Classes())


@pytest.mark.parametrize("bptt_steps", [None, 4])
def test_sequences_of_unequal_length(bptt_steps):
    hidden = (BatchNorm(), GRU(4), Dropout(0.2), BatchNorm())
    assert_together_is_alone(replace(PLAIN, batch_size=3, bptt_steps=bptt_steps), Trips(), hidden)


def test_learners_that_have_made_unequal_numbers_of_steps():
    alone, crowd = learners(PLAIN, Line(), (5,), 2), learners(PLAIN, Line(), (5,), 2)
    for early in (alone[0], crowd[0]):
        for _ in range(7):
            early.step(0.0)
    crew = PLAIN.batch_learners(crowd)
    for _ in range(STEPS):
        crew.step([0.0, 0.0])
        for learner in alone:
            learner.step(0.0)
    for one, other in zip(alone, crowd, strict=True):
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)


def test_one_that_leaves_and_the_others_that_go_on():
    alone, crowd = learners(PLAIN, Line(), (5,)), learners(PLAIN, Line(), (5,))
    crew, size = PLAIN.batch_learners(crowd), SEEDS
    for step in range(STEPS):
        if step == 9:
            crowd[1].step(0.0)  # by itself
            crew, size = PLAIN.batch_learners([crowd[0], *crowd[2:]]), SEEDS - 1
        crew.step([0.0] * size)
    for at, learner in enumerate(alone):
        for _ in range(10 if at == 1 else STEPS):
            learner.step(0.0)
        np.testing.assert_array_equal(learner.genome.weights, crowd[at].genome.weights)


def test_what_a_crew_has_kept_goes_on_alone():
    straight, crowd, later = (learners(PLAIN, Line(), (5,), 2) for _ in range(3))
    crew = PLAIN.batch_learners(crowd)
    for _ in range(5):
        crew.step([0.0, 0.0])
    for one, other in zip(later, crowd, strict=True):
        one.restore(other.state())
    for learner in straight:
        [learner.step(0.0) for _ in range(12)]
    for learner in later:
        [learner.step(0.0) for _ in range(7)]
    for one, other in zip(straight, later, strict=True):
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)


@dataclass(frozen=True)
class Steep(Bowl):
    """One seed of two has targets that no step size survives."""

    def examples(self, rng):
        x = np.random.default_rng(3).normal(size=(8, 2))
        return Examples(x, x[:, :1] * (1e200 if rng.random() < 0.5 else 1.0), MSE())


def test_one_that_runs_away_keeps_its_last_sound_weights_and_harms_nobody():
    method = Backprop(SGD(0.1), batch_size=8)
    alone, crowd = learners(method, Steep(), (), 6), learners(method, Steep(), (), 6)
    told = method.batch_learners(crowd).step([0.0] * 6)
    lost = [isinstance(each, LearningError) for each in told]
    assert 0 < sum(lost) < 6
    for at, learner in enumerate(alone):
        if lost[at]:
            with pytest.raises(LearningError) as caught:
                learner.step(0.0)
            assert str(caught.value) == str(told[at])
        else:
            learner.step(0.0)
        np.testing.assert_array_equal(learner.genome.weights, crowd[at].genome.weights)


def test_as_many_go_together_as_fit_into_a_cores_cache():
    small, wide = NetworkSpec.build(24, (32,), 4), NetworkSpec.build(21, (128, 128), 7)
    assert Backprop(batch_size=32, dtype="float32").max_batched_learners(small) > 10
    assert Backprop(batch_size=256, dtype="float32").max_batched_learners(wide) < 5
    assert Backprop(batch_size=100_000).max_batched_learners(wide) == 1


@dataclass(frozen=True)
class Moody(Line):
    """Its validation breaks down for one genome."""

    def validate_with_cost(self, genome):
        if abs(genome.weights[0]) > 0.6:
            raise RuntimeError("the arena is closed")
        return super().validate_with_cost(genome)


def test_one_whose_validation_breaks_down_leaves_and_the_others_go_on():
    method = replace(PLAIN, early_stopping=EarlyStopping(), optimizer=SGD(0.05))
    spec = NetworkSpec.build(2, (), 1)
    crowd = []
    for seed in range(12):
        try:
            crowd.append(method.start(Moody(), spec, np.random.default_rng(seed)))
        except RuntimeError:
            continue
    crew, kinds = method.batch_learners(crowd), set()
    for _ in range(4):
        kinds |= {type(each).__name__ for each in crew.step([0.0] * len(crowd))}
    assert kinds == {"StepResult", "RuntimeError"}
