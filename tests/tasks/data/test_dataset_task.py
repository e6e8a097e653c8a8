"""The data set task: where its data come from, what is scaled, scores, examples, test, and errors."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from training import trained

from evorobo import (
    MAE,
    MSE,
    BlockSplit,
    CrossEntropy,
    DataError,
    DatasetTask,
    GaussianNLL,
    Genome,
    GroupSplit,
    NetworkSpec,
    RandomSplit,
    SettingsError,
)
from evorobo.nets.scaling import Scaler
from evorobo.registry import components
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.base import Task

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (90, 4))
Y = np.column_stack([X @ [1, 2, 0, -1] * 10 + 5, np.sin(X[:, 0])])
LABELS = np.where(X[:, 0] > 3, "near", np.where(X[:, 1] > 3, "far", "gone"))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    return tmp_path / "cache"


def regression(**settings) -> DatasetTask:
    return DatasetTask.from_arrays(X, Y, **settings)


def classification(**settings) -> DatasetTask:
    return DatasetTask.from_arrays(X, LABELS, **settings)


def population(task: Task, n=5, hidden=(6,)):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    rng = np.random.default_rng(1)
    return spec, np.stack([spec.init(rng) for _ in range(n)])


# ---- settings and sizes


def test_the_task_states_its_sizes_and_its_metric():
    task: Task = regression()
    assert (task.n_inputs, task.n_outputs, task.output) == (4, 2, "identity")
    assert (task.metric_info.name, task.metric_info.higher_is_better) == ("RMSE", False)
    task = classification()
    assert (task.n_inputs, task.n_outputs, task.output) == (4, 3, "identity")
    assert (task.metric_info.name, task.metric_info.higher_is_better) == ("accuracy", True)
    assert task.output_scaler is None


def test_settings_are_plain_data_and_come_back_from_json(tmp_path):
    task = DatasetTask(
        "a.csv", ("x", 2), "regression", GroupSplit("lap", test=(6,)), {"ignore": ("day",)}, GaussianNLL(), label="arm"
    )
    assert from_plain(json.loads(json.dumps(to_plain(task)))) == task
    assert len({task, dataclasses.replace(task)}) == 1


def test_a_pickled_task_contains_no_data():
    task = classification()
    assert len(task.table) == 90
    assert len(pickle.dumps(task)) < 1000


def test_names_are_short_and_valid_for_folders():
    assert DatasetTask("scitos-24").name == "scitos-24"
    assert DatasetTask("scitos-24", loader_kwargs={"ranges": "inverse"}).name == "scitos-24-inverse"
    assert DatasetTask("kin8nm", loader_kwargs={"fold": 3}).name == "kin8nm-fold-3"
    assert DatasetTask("data/my robot.csv.gz").name == "my-robot"
    assert DatasetTask("a.csv", label="My arm: 1/2").name == "My-arm-1-2"
    assert regression().name == f"arrays-{regression().fingerprint[:8]}"


def test_the_kind_of_targets_is_inferred():
    def kind(targets, **settings):
        return DatasetTask.from_arrays(X, targets, **settings).kind

    assert kind(LABELS) == kind(LABELS == "near") == kind((LABELS == "near").astype(int)) == "classification"
    assert kind(Y) == kind(Y[:, 0]) == kind((LABELS == "near").astype(int), kind="regression") == "regression"
    assert DatasetTask.from_arrays(X, np.arange(90) % 2, classes=("no", "yes")).table.classes == ("no", "yes")


# ---- where the data come from


def test_a_csv_file_is_a_task_of_its_own(tmp_path):
    path = tmp_path / "robot.csv"
    path.write_text("us1,us2,lap,move\n" + "".join(f"{i % 7},{i % 5},{i // 10},{'ab'[i % 2]}\n" for i in range(40)))
    task = DatasetTask(str(path), split=GroupSplit("lap", test=(3,)))
    assert task.table.input_names == ("us1", "us2")  # the lap is for the split alone
    assert (task.name, task.n_outputs) == ("robot", 2)
    np.testing.assert_array_equal(task.parts.test, np.arange(30, 40))
    assert DatasetTask(str(path), split=None).table.input_names == ("us1", "us2", "lap")
    lap = DatasetTask(str(path), target="lap", kind="regression", loader_kwargs={"ignore": ("move",)})
    assert lap.metric_info.name == "RMSE"


def test_a_changed_file_is_read_again_and_has_another_fingerprint(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{i},{2 * i}\n" for i in range(20))
    path.write_text(rows)
    task = DatasetTask(str(path))
    before = task.fingerprint
    assert len(task.table) == 20
    path.write_text(rows + "20,40\n")
    assert len(task.table) == 21
    assert task.fingerprint != before


def test_the_same_arrays_are_one_file_and_the_same_task(cache):
    assert regression() == regression()
    assert regression() != DatasetTask.from_arrays(X, Y + 1)
    assert len(list(cache.rglob("*.npz"))) == 2
    np.testing.assert_array_equal(regression().table.inputs, X)
    np.testing.assert_array_equal(regression().table.targets, Y)


def test_another_process_finds_the_arrays(cache, tmp_path):
    task = classification(columns={"lap": np.arange(90) // 30}, split=GroupSplit("lap", test=(2,)))
    code = (
        "import json, sys; from evorobo.settings import from_plain\n"
        "task = from_plain(json.loads(sys.argv[1])); print(len(task.table), task.parts.test[0], task.table.classes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(to_plain(task))],
        env={**os.environ, "EVOROBO_DATA": str(cache)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "90 60 ('far', 'gone', 'near')\n"


def test_reading_data_imports_no_heavy_package():
    code = (
        "import sys, evorobo.tasks.data.task\n"
        "print([m for m in ('gymnasium', 'matplotlib', 'deap', 'scipy', 'pooch', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---- scaling


def test_scalers_are_fitted_to_training_rows_only():
    split = BlockSplit(9, 0.2, 0.3, seed=4)
    task = regression(split=split)
    others = np.concatenate([task.parts.validation, task.parts.test])
    x, y = X.copy(), Y.copy()
    x[others] += 1000
    y[others] -= 1000
    changed = DatasetTask.from_arrays(x, y, split=split)
    np.testing.assert_array_equal(changed.parts.train, task.parts.train)
    for name in ("input_scaler", "output_scaler"):
        np.testing.assert_array_equal(getattr(changed, name).mean, getattr(task, name).mean)
        np.testing.assert_array_equal(getattr(changed, name).sd, getattr(task, name).sd)
    spec, weights = population(task)
    scores = [one.score(spec, weights, np.random.default_rng(0), task.input_scaler).values for one in (task, changed)]
    np.testing.assert_array_equal(*scores)
    for one in (task, changed):
        examples = one.examples(np.random.default_rng(0))
        np.testing.assert_array_equal(examples.inputs, X[task.parts.train])


def test_examples_are_raw_inputs_and_scaled_values():
    task = regression()
    examples = task.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(examples.inputs, X[task.parts.train])
    np.testing.assert_allclose(examples.targets.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(examples.targets.std(0), 1)
    np.testing.assert_allclose(task.output_scaler.inverse_transform(examples.targets), Y[task.parts.train])
    assert examples.loss == MSE()
    task = classification()
    examples = task.examples(np.random.default_rng(0))
    names = np.array(task.table.classes)[examples.targets]
    np.testing.assert_array_equal(names, LABELS[task.parts.train])
    assert examples.loss == CrossEntropy()


def test_without_normalize_everything_stays_raw():
    task = regression(normalize=False)
    assert task.input_scaler is None
    assert task.output_scaler is None
    np.testing.assert_array_equal(task.examples(np.random.default_rng(0)).targets, Y[task.parts.train])


# ---- scores


@pytest.mark.parametrize("make", [regression, classification])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-4)])
def test_the_score_is_minus_the_loss(make, dtype, tolerance):
    task = make(rows_per_score=None, dtype=dtype)
    spec, weights = population(task)
    scores = task.score(spec, weights, np.random.default_rng(0), task.input_scaler)
    rows = task.parts.train
    x = (X[rows] - X[rows].mean(0)) / X[rows].std(0)
    for value, genome in zip(scores.values, weights, strict=True):
        hidden, last = spec.unpack(genome)
        outputs = np.tanh(x @ hidden["weight"] + hidden["bias"]) @ last["weight"] + last["bias"]
        if make is regression:
            expected = -np.mean((outputs - (Y[rows] - Y[rows].mean(0)) / Y[rows].std(0)) ** 2)
        else:
            shares = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
            right = [task.table.classes.index(label) for label in LABELS[rows]]
            expected = np.log(shares[np.arange(len(rows)), right]).mean()
        assert value == pytest.approx(expected, rel=tolerance)
    assert scores.cost.samples == 5 * len(rows)
    assert scores.cost.forward_flops == 5 * len(rows) * spec.forward_flops
    assert scores.cost.backward_flops == scores.cost.env_steps == 0


@pytest.mark.parametrize("make", [regression, classification])
@pytest.mark.parametrize("rows", [None, 7])
def test_a_population_gets_the_scores_of_its_members(make, rows, monkeypatch):
    task = make(rows_per_score=rows)
    spec, weights = population(task, n=9)

    def score(weights):
        return task.score(spec, weights, np.random.default_rng(5), task.input_scaler).values

    together = score(weights)
    np.testing.assert_array_equal(together, np.concatenate([score(member[None]) for member in weights]))
    monkeypatch.setattr("evorobo.tasks.data.task.MAX_ACTIVATIONS", 1000)  # in several chunks
    np.testing.assert_array_equal(together, score(weights))


def test_each_generation_gets_new_training_rows_and_its_members_the_same():
    task = regression(rows_per_score=10)
    spec, weights = population(task, n=1)
    twins, rng = np.repeat(weights, 3, axis=0), np.random.default_rng(0)
    first, second = (task.score(spec, twins, rng, task.input_scaler) for _ in range(2))
    assert len(set(first.values)) == len(set(second.values)) == 1
    assert first.values[0] != second.values[0]
    assert first.cost.samples == 30
    many = [task.score(spec, weights, rng, task.input_scaler).values[0] for _ in range(1000)]
    whole = dataclasses.replace(task, rows_per_score=None).score(spec, weights, rng, task.input_scaler).values[0]
    assert np.mean(many) == pytest.approx(whole, rel=0.05)


def test_a_network_that_overflows_scores_minus_infinity():
    for task in (regression(), classification()):
        spec, weights = population(task, n=2)
        weights[1] = 1e30
        values = task.score(spec, weights * [[1], [1e30]], np.random.default_rng(0), task.input_scaler).values
        assert np.isfinite(values[0])
        assert values[1] == -np.inf


# ---- validation and test


def test_the_exact_network_has_no_error():
    # one layer: y = x w + b in raw units; scaled by hand into the genome's units
    task = DatasetTask.from_arrays(X, Y[:, 0])
    spec = NetworkSpec.build(4, (), 1)
    inputs, outputs = task.input_scaler, task.output_scaler
    w = np.array([10, 20, 0, -10])
    weights = np.append(w * inputs.sd / outputs.sd, (inputs.mean @ w + 5 - outputs.mean) / outputs.sd)
    genome = Genome(spec, weights, inputs, outputs)
    assert task.test(genome) == pytest.approx(0, abs=1e-10)
    assert task.validate(genome) == pytest.approx(0, abs=1e-10)
    weights[-1] += 2 / outputs.sd[0]  # off by 2 in raw units
    assert task.test(genome) == pytest.approx(2)
    assert task.score(spec, weights[None], np.random.default_rng(0), inputs).values[0] == pytest.approx(
        -((2 / outputs.sd[0]) ** 2), rel=1e-3
    )


def test_accuracy_counts_correct_predictions():
    task = classification()
    spec = NetworkSpec.build(4, (), 3)
    for number, name in enumerate(task.table.classes):
        weights = np.zeros(spec.n_params)
        weights[-3 + number] = 1  # always this class
        assert task.test(Genome(spec, weights)) == np.mean(LABELS[task.parts.test] == name)
        assert task.validate(Genome(spec, weights)) == np.mean(LABELS[task.parts.validation] == name)


def test_without_validation_rows_validation_is_nan():
    task = classification(split=RandomSplit(validation=0))
    spec, weights = population(task)
    assert np.isnan(task.validate(Genome(spec, weights[0])))


def test_a_network_that_predicts_its_variance_predicts_in_raw_units():
    task = regression(loss=GaussianNLL(), rows_per_score=None, dtype="float64")
    assert task.n_outputs == 4
    spec, weights = population(task)
    genome = Genome(spec, weights[0], task.input_scaler, task.output_scaler)
    rows = task.parts.test
    scaled = Genome(spec, weights[0], task.input_scaler)(X[rows])
    mean, sd = Y[task.parts.train].mean(0), Y[task.parts.train].std(0)
    assert task.test(genome) == pytest.approx(np.sqrt(np.mean((scaled[:, :2] * sd + mean - Y[rows]) ** 2)))
    # the density of y in raw units is that of the scaled one over sd, so the log-likelihoods differ by log sd
    raw = GaussianNLL().value(genome(X[rows]), Y[rows])
    assert raw == pytest.approx(GaussianNLL().value(scaled, (Y[rows] - mean) / sd) + np.log(sd).mean())
    # and examples are what the loss takes
    examples = task.examples(np.random.default_rng(0))
    value = task.score(spec, weights, np.random.default_rng(0), task.input_scaler).values[0]
    outputs = Genome(spec, weights[0], task.input_scaler)(examples.inputs)
    assert value == pytest.approx(-examples.loss.value(outputs, examples.targets))


# ---- learning


@pytest.mark.parametrize(("make", "threshold"), [(regression, 8.0), (classification, 0.8)])
def test_backprop_on_the_examples_beats_the_constant_guess(make, threshold):
    task = make()
    score = task.test(trained(task, hidden=(8,), epochs=60, batch_size=16))
    guess = next(iter(task.references().values()))
    assert score > max(threshold, guess) if task.metric_info.higher_is_better else score < min(threshold, guess)


# ---- errors


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: DatasetTask("scitos-42").table, "unknown data set 'scitos-42'; did you mean 'scitos-4'?"),
        (
            lambda: DatasetTask("a.csv", kind="class"),
            'kind must be "classification", "regression" or None, not \'class\'.',
        ),
        (lambda: DatasetTask("a.csv", dtype="float16"), 'dtype must be "float32" or "float64", not \'float16\'.'),
        (lambda: DatasetTask("a.csv", rows_per_score=0), "must be a whole number of at least 1 or None, not 0."),
        (lambda: classification(loss=MAE()).n_outputs, "predicts classes, which MAE does not fit; use CrossEntropy()."),
        (
            lambda: regression(loss=CrossEntropy()).n_outputs,
            "predicts values, which CrossEntropy does not fit; use MSE().",
        ),
        (
            lambda: classification(loss=CrossEntropy(choices=(2, 1))).n_outputs,
            "which CrossEntropy with choices does not fit; use CrossEntropy().",
        ),
        (
            lambda: classification(columns={"file": LABELS}),
            "'file' is invalid as the name of a column, since it is reserved; rename it.",
        ),
        (
            lambda: classification(loader_kwargs={"header": True}).table,
            "unknown option of .npz files 'header'; known: none.",
        ),
        (lambda: classification(target="x").table, "keeps its targets in the array 'targets'; leave target out."),
        (lambda: classification(split=GroupSplit("lap", (), (1,))).parts, "column to split by 'lap'; known: none."),
        (
            lambda: DatasetTask("scitos-24", loader_kwargs={"range": 1}).table,
            "unknown option of scitos-24 'range'; did you mean 'ranges'?",
        ),
        (
            lambda: DatasetTask("scitos-24", target="lap").table,
            "scitos-24 has its own target; leave target out, or give the path of its file.",
        ),
    ],
)
def test_invalid_settings_raise_one_sentence(make, expected):
    with pytest.raises(SettingsError) as caught:
        make()
    assert str(caught.value).endswith(expected)


def test_arrays_from_another_computer_raise_one_sentence():
    with pytest.raises(DataError) as caught:
        _ = DatasetTask("arrays/sha256-12.npz").n_inputs
    assert str(caught.value) == (
        "the arrays arrays/sha256-12.npz are in the cache of another computer; run the script that made them."
    )


def test_damaged_arrays_raise_one_sentence(cache):
    task = DatasetTask.from_arrays(X, Y * 2)
    np.savez(cache / task.source, inputs=X, targets=Y)
    with pytest.raises(DataError) as caught:
        _ = task.n_inputs
    assert str(caught.value) == (f"{cache / task.source} is damaged; delete it, and run the script that made it again.")


def test_a_missing_file_raises_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        _ = DatasetTask("robots.csv").n_inputs
    assert str(caught.value) == (
        f"there is no file robots.csv in {tmp_path}, nor in a folder that EVOROBO_DATA names; "
        f"correct the path, or choose one of {', '.join(component.key for component in components('data set'))}."
    )


def test_arrays_with_nan_raise_one_sentence():
    x = X.copy()
    x[3, 1] = np.nan
    with pytest.raises(DataError) as caught:
        DatasetTask.from_arrays(x, Y)
    assert str(caught.value) == (
        "the arrays: inputs contain nan in row 3, column 1; fill or delete it, or set "
        'missing="drop", "mean" or "median" in the task.'
    )


def test_a_network_of_another_shape_raises_one_sentence():
    task = regression()
    spec, weights = population(task)
    other = NetworkSpec.build(4, (), 1)
    with pytest.raises(SettingsError, match="has 4 inputs and 2 outputs, the network 4 and 1"):
        task.score(other, np.zeros((1, other.n_params)), np.random.default_rng(0), None)
    with pytest.raises(SettingsError, match="has 4 inputs and 3 outputs, the network 4 and 2"):
        classification().test(Genome(spec, weights[0], Scaler(np.zeros(4), np.ones(4))))


def test_loss_on_is_the_loss_of_training_on_these_rows():
    for task, loss in ((regression(), MSE()), (classification(), CrossEntropy()), (regression(loss=MAE()), MAE())):
        spec, weights = population(task, n=1)
        genome = Genome(spec, weights[0], task.input_scaler, task.output_scaler)
        examples = task.examples(np.random.default_rng(0))
        outputs = Genome(spec, weights[0], task.input_scaler)(examples.inputs)
        assert task.loss_on(genome, task.parts.train) == pytest.approx(float(loss.value(outputs, examples.targets)))
        one, other = (task.loss_on(genome, task.parts.test[part]) for part in (slice(0, 9), slice(9, 18)))
        assert task.loss_on(genome, task.parts.test) == pytest.approx((one + other) / 2)
