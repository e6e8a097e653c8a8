"""Rows of unequal weight: evolution and backpropagation optimize the same weighted loss."""

import numpy as np
import pytest

from evorobo import DataError, DatasetTask, Genome, NetworkSpec, SettingsError, forward
from evorobo.testing import check_task

X = np.random.default_rng(0).normal(size=(60, 3))
TIMES = np.arange(60) % 4
LABELS = np.where(X[:, 0] > 0, "left", "right")
KINDS = {"regression": X[:, 0] - X[:, 1], "classification": LABELS}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def task(kind="regression", **settings):
    columns = {"times": TIMES, "texts": LABELS, "signs": X[:, 0]}
    given = {"sample_weight": "times", "rows_per_score": None, "dtype": "float64", **settings}
    return DatasetTask.from_arrays(X, KINDS[kind], columns=columns, label="weighted", **given)


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_minus_the_loss_of_the_examples_and_their_weights(kind):
    weighted = task(kind)
    spec = NetworkSpec.build(3, (4,), weighted.n_outputs)
    weights = np.stack([spec.init(np.random.default_rng(seed)) for seed in range(3)])
    examples = weighted.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(examples.sample_weight, TIMES[weighted.parts.train])
    outputs = forward(spec, weights, weighted.input_scaler.transform(examples.inputs))
    expected = examples.loss.value(outputs, examples.targets, examples.sample_weight)
    scored = weighted.score(spec, weights, np.random.default_rng(0), weighted.input_scaler)
    np.testing.assert_allclose(scored.values, -expected, rtol=1e-12)
    plain = task(kind, sample_weight=None).score(spec, weights, np.random.default_rng(0), weighted.input_scaler)
    assert not np.allclose(scored.values, plain.values)


def test_in_validation_and_test_all_rows_count_equally():
    weighted, plain = task(), task(sample_weight=None)
    spec = NetworkSpec.build(3, (4,), 1)
    genome = Genome(spec, spec.init(np.random.default_rng(0)), weighted.input_scaler, weighted.output_scaler)
    assert (weighted.validate(genome), weighted.test(genome)) == (plain.validate(genome), plain.test(genome))


def test_the_contract_of_tasks_holds():
    check_task(task(rows_per_score=16))


def test_weights_are_read_from_a_file(tmp_path):
    lines = ["a,b,care,y", *(f"{a},{b},{i % 3},{a - b}" for i, (a, b, _) in enumerate(X))]
    (tmp_path / "walk.csv").write_text("\n".join(lines))
    read = DatasetTask(str(tmp_path / "walk.csv"), sample_weight="care", loader_kwargs={"columns": ("care",)})
    assert read.n_inputs == 2
    np.testing.assert_array_equal(read.examples(np.random.default_rng(0)).sample_weight, read.parts.train % 3)


@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [
        ("tims", SettingsError, "unknown column of weighted 'tims'; did you mean 'times'"),
        ("texts", DataError, "column 'texts' of weighted holds values that are no weights; give numbers of at least 0"),
        ("signs", DataError, "column 'signs' of weighted holds values that are no weights"),
    ],
)
def test_columns_that_are_no_weights_raise_an_error(column, kind, sentence):
    with pytest.raises(kind, match=sentence):
        task(sample_weight=column).examples(np.random.default_rng(0))
