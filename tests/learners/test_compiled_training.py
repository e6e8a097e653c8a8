"""Training in machine code: an update equals NumPy's, many at once equal single ones, a study has the same evals."""

from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
import pytest
from curves import all_curves
from interpreted import run_by_python
from own_layer import Doubled

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
    Budget,
    ClipUp,
    Cosine,
    CrossEntropy,
    DatasetTask,
    Dense,
    Dropout,
    EarlyStopping,
    Elman,
    GaussianNLL,
    Huber,
    LayerNorm,
    LearningError,
    Momentum,
    Nesterov,
    NetworkSpec,
    Parameter,
    RMSprop,
    SettingsError,
    Trial,
)
from evorobo.learners.backprop import compiled
from evorobo.nets.batch_norm import Affine
from evorobo.study.running import run_batch
from evorobo.tasks.base import Examples, MetricInfo

ROWS = 43
LENGTHS = [7, 3, 9, 1, 8, 9, 6]
needs_numba = pytest.mark.skipif(
    find_spec("numba") is None, reason="compiling needs numba: pip install 'evorobo[fast]'"
)


@pytest.fixture
def interpreted(monkeypatch):
    """The text for numba is run by Python."""

    monkeypatch.setattr(compiled, "compile_kernel", run_by_python)


@dataclass(frozen=True)
class Table:
    """Random rows for a loss, or sequences of unequal length."""

    spec: NetworkSpec
    loss: object
    weighted: bool = False
    name: str = "table"
    input_scaler = output_scaler = None
    output, metric_info = "identity", MetricInfo("loss", False)

    @property
    def n_inputs(self):
        return self.spec.n_inputs

    @property
    def n_outputs(self):
        return self.spec.n_outputs

    def examples(self, rng):
        rng, width = np.random.default_rng(3), self.spec.n_outputs
        x = rng.normal(size=(ROWS, self.spec.n_inputs))
        if isinstance(self.loss, CrossEntropy):
            targets = rng.integers(self.loss.choices or width, size=(ROWS, len(self.loss.choices or [width])))
            targets = targets if self.loss.choices else targets[:, 0]
        else:
            targets = rng.normal(size=(ROWS, width // 2 if isinstance(self.loss, GaussianNLL) else width))
        weights = rng.choice([0.0, 0.5, 2.0], ROWS) if self.weighted else None
        sequence = np.repeat(np.arange(len(LENGTHS)), LENGTHS) if self.spec.recurrent else None
        return Examples(x, targets, self.loss, sample_weight=weights, sequence=sequence)


def learners(task, method):
    """The same training by NumPy and in machine code."""
    return [replace(method, compiled=each).start(task, task.spec, np.random.default_rng(1)) for each in (False, True)]


def check_equal(task, method, steps, tolerance):
    plain, found = learners(task, method)
    for step in range(steps):
        one, other = plain.step(step / 20), found.step(step / 20)
        assert other.score == pytest.approx(one.score, rel=tolerance, abs=tolerance)
        assert other.info == pytest.approx(one.info, rel=1e3 * tolerance)
    np.testing.assert_allclose(found.weights, plain.weights, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.running_stats, plain.running_stats, rtol=tolerance, atol=tolerance)
    assert plain.cost == found.cost
    assert plain.rng.bit_generator.state == found.rng.bit_generator.state
    assert plain.epochs == found.epochs


CASES = {
    "every part of the update": (
        Table(NetworkSpec.build(3, (5,), 4), CrossEntropy(0.1, (1.0, 2.0, 0.5, 1.5)), weighted=True),
        Backprop(AdamW(0.01), 20, Cosine(), max_grad_norm=0.1, penalty=L2(0.1), max_norm=0.5, input_noise=0.1),
    ),
    "normalization and dropout": (
        Table(
            NetworkSpec.build(
                3, (9, Dropout(0.3), BatchNorm(activation="relu"), LayerNorm(), Dense(2, "gelu", bias=False)), 4
            ),
            GaussianNLL(),
        ),
        Backprop(Nesterov(0.01), 14, penalty=L1(0.1)),  # the last batch has one row
    ),
    "recurrent layers": (
        Table(NetworkSpec.build(2, (GRU(3), Dropout(0.2), Elman(2), BatchNorm()), 3), Huber(0.5), weighted=True),
        Backprop(RMSprop(0.01), 3, bptt_steps=4, input_noise=0.1),
    ),
    "a GRU first, whole sequences": (
        Table(NetworkSpec.build(2, (Elman(2, "relu", bias=False), GRU(2)), 2), MAE()),
        Backprop(ClipUp(0.1), 2, bptt_steps=None),
    ),
    "an LSTM and a CTRNN": (
        Table(NetworkSpec.build(2, (LSTM(3), CTRNN(2), Affine("relu")), 2), MSE(), weighted=True),
        Backprop(Adam(0.01), 3, bptt_steps=5),
    ),
    "a CTRNN first, whole sequences": (
        Table(NetworkSpec.build(2, (CTRNN(2, max_tau=3.0), LSTM(2), Affine()), 2), MSE()),
        Backprop(Momentum(0.5), 4, bptt_steps=None),
    ),
    "several choices": (
        Table(NetworkSpec.build(2, (), 5), CrossEntropy(choices=(2, 3)), weighted=True),
        Backprop(Momentum(0.1), 30),
    ),
    "no hidden layer": (Table(NetworkSpec.build(2, (), 1), MSE(), weighted=True), Backprop(SGD(0.1), 43)),
}


@pytest.mark.parametrize(("task", "method"), CASES.values(), ids=CASES)
def test_updates_in_double_precision_are_those_of_numpy(task, method, interpreted):
    check_equal(task, method, steps=5, tolerance=1e-12)


SINGLE = {name: CASES[name] for name in list(CASES)[:3] + list(CASES)[4:6]}


@pytest.mark.parametrize(("task", "method"), SINGLE.values(), ids=SINGLE)
def test_updates_in_single_precision_are_those_of_numpy(task, method, interpreted):
    check_equal(task, replace(method, dtype="float32"), steps=2, tolerance=1e-5)


@pytest.mark.slow
@pytest.mark.reproduction
@needs_numba
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("task", "method"), CASES.values(), ids=CASES)
def test_machine_code_computes_what_its_text_says(task, method, dtype):
    check_equal(task, replace(method, dtype=dtype), steps=12, tolerance=1e-11 if dtype == "float64" else 1e-4)


CLASSES = Table(NetworkSpec.build(3, (6,), 4), CrossEntropy())
TRAINING = Backprop(Adam(0.01), batch_size=10, schedule=Cosine())


@needs_numba
def test_hundreds_of_updates_follow_those_of_numpy_and_many_at_once_equal_single_ones():
    plain, single = learners(CLASSES, TRAINING)
    _, several = learners(CLASSES, TRAINING)
    schedule = [step / 400 for step in range(400)]
    for fraction in schedule:
        plain.step(fraction)
        last = single.step(fraction)
    done = 0
    while done < 400:
        before = several.cost
        costs = several.upcoming_costs(schedule[done])
        n = len(costs.samples)
        assert n <= 5  # those of one epoch
        n_done, result = several.take_steps(schedule[done : done + n])
        assert n_done == n
        done += n
        assert several.cost.samples == costs.samples[-1] > before.samples
        assert several.cost.update_flops == costs.update_flops[-1]
    np.testing.assert_allclose(single.weights, plain.weights, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(several.weights, single.weights)
    assert result == last
    assert several.cost == single.cost == plain.cost


@needs_numba
def test_a_study_has_the_evals_of_numpy_and_continues_byte_for_byte(tmp_path):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 3))
    task = DatasetTask.from_arrays(inputs, (inputs.sum(1) > 0).astype(int), label="sign")
    trials = [
        Trial(task, replace(TRAINING, compiled=each), Budget(flops=3e5, n_evals=6), (6,), seed)
        for each in (False, True)
        for seed in range(2)
    ]
    folders = {name: [tmp_path / name / str(seed) for seed in range(2)] for name in ("plain", "compiled", "stopped")}
    silent = [lambda share: None] * 2
    assert run_batch(trials[:2], folders["plain"], silent, bool) == ["finished"] * 2
    assert run_batch(trials[2:], folders["compiled"], silent, bool) == ["finished"] * 2
    for seed in range(2):
        for pause in (0.1, 0.5, 1.0):  # alone, and interrupted twice
            run_batch(trials[2 + seed : 3 + seed], folders["stopped"][seed : seed + 1], silent[:1], bool, pause)
    curves = {name: all_curves(tmp_path / name) for name in folders}
    assert list(curves["stopped"].values()) == list(curves["compiled"].values())
    rows = [np.genfromtxt(tmp_path / name / "0" / "curve.csv", delimiter=",", names=True) for name in folders]
    for column in ("samples", "forward_flops", "update_flops"):
        np.testing.assert_array_equal(rows[0][column], rows[1][column])
    np.testing.assert_allclose(rows[0]["test"], rows[1]["test"], rtol=1e-9)


@needs_numba
def test_divergence_is_reported_at_its_step_with_the_last_finite_weights():
    method = Backprop(Adam(1.5e308), batch_size=10)
    plain, found = learners(CLASSES, method)
    errors = []
    for learner in (plain, found):
        with pytest.raises(LearningError) as caught:
            take(learner, 20)
        errors.append(str(caught.value))
        assert np.isfinite(learner.weights).all()
    assert errors[0].split("after")[1] == errors[1].split("after")[1]
    np.testing.assert_allclose(found.weights, plain.weights, rtol=1e-9)


def take(learner, steps):
    for _ in range(steps):
        learner.step(0.0)


@dataclass(frozen=True)
class Quiet(Dense):
    """A layer of other initial weights."""

    def parameters(self, n_inputs):
        weight, bias = super().parameters(n_inputs).values()
        return {"weight": Parameter(weight.shape, lambda rng: 0.1 * weight.init(rng)), "bias": bias}


def test_derived_layers_that_compute_the_same_are_compiled_as_their_parents(interpreted):
    task = Table(NetworkSpec.build(3, (Quiet(5),), 4), CrossEntropy())
    check_equal(task, TRAINING, steps=2, tolerance=1e-12)


class OwnLoss(MSE):
    pass


class OwnOptimizer(SGD):
    pass


class OwnPenalty(L2):
    pass


@pytest.mark.parametrize(
    ("layers", "changes", "named"),
    [
        ((Doubled(2),), {}, "Doubled"),
        ((), {"loss": OwnLoss()}, "OwnLoss"),
        ((), {"optimizer": OwnOptimizer()}, "OwnOptimizer"),
        ((), {"penalty": OwnPenalty()}, "OwnPenalty"),
    ],
)
def test_what_cannot_be_compiled_is_refused_at_the_start(layers, changes, named):
    task = Table(NetworkSpec.build(2, layers, 1), MSE())
    with pytest.raises(SettingsError, match=f"{named}.*cannot be compiled.*leave compiled=True out"):
        Backprop(**changes, compiled=True).start(task, task.spec, np.random.default_rng(0))


@pytest.mark.parametrize("targets", [np.full(ROWS, 4), np.full(ROWS, -1), np.zeros((ROWS, 2), int)])
def test_classes_that_the_outputs_do_not_have_are_refused(targets, interpreted):
    @dataclass(frozen=True)
    class Wrong(Table):
        def examples(self, rng):
            return replace(super().examples(rng), targets=targets)

    task = Wrong(CLASSES.spec, CrossEntropy())
    with pytest.raises(SettingsError, match="class numbers of shape"):
        Backprop(compiled=True).start(task, task.spec, np.random.default_rng(0))


@needs_numba
def test_early_stopping_ends_an_epoch_as_with_numpy():
    method = replace(TRAINING, early_stopping=EarlyStopping(patience=3, held_out=0.3))
    plain, found = learners(CLASSES, method)
    while not plain.done:
        plain.step(0.5)
    while not found.done:
        steps = len(found.upcoming_costs(0.5).samples)
        found.take_steps([0.5] * steps)
    assert found.epochs == plain.epochs
    assert found.cost == plain.cost
    np.testing.assert_allclose(found.genome.weights, plain.genome.weights, rtol=1e-9)
