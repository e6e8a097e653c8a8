"""Sequences with one target each: only the rows that have it count in training, validation and test."""

import numpy as np
import pytest

from evorobo import (
    Adam,
    Backprop,
    DataError,
    DatasetTask,
    Elman,
    Genome,
    GroupSplit,
    NetworkSpec,
    SettingsError,
    forward,
)
from evorobo.testing import check_task

X = np.random.default_rng(0).normal(size=(160, 2))
WALK = np.repeat(np.arange(40), 4)
LAST = np.tile([0, 0, 0, 1], 40)
SUM = np.where(LAST == 1, np.repeat(X[:, 0].reshape(40, 4).sum(1), 4), 99.0)  # 99 is never used
SPLIT = GroupSplit("walk", validation=tuple(range(20, 30)), test=tuple(range(30, 40)))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def task(targets=SUM, **settings):
    columns = {"walk": WALK, "last": LAST, "times": np.arange(160), "never": LAST * (WALK < 30)}
    given = {"sequence": "walk", "scored_steps": "last", "normalize": False, "rows_per_score": None, "dtype": "float64"}
    return DatasetTask.from_arrays(X, targets, columns=columns, split=SPLIT, label="walks", **{**given, **settings})


def adder():
    """A network that sums its first sensor over time."""
    spec = NetworkSpec.build(2, (Elman(1, "identity"),), 1)
    weights = np.zeros(spec.n_params)
    for gene in ((0, "weight", 0, 0), (0, "recurrent", 0, 0), (1, "weight", 0, 0)):
        weights[spec.genes.index(*gene)] = 1
    return Genome(spec, weights)


def test_only_the_last_step_counts():
    assert task().test(adder()) == pytest.approx(0, abs=1e-12)
    assert task().validate(adder()) == pytest.approx(0, abs=1e-12)
    scored = task().score(adder().spec, adder().weights[None], np.random.default_rng(0), None)
    assert scored.values[0] == pytest.approx(0, abs=1e-12)
    assert task(scored_steps=None).test(adder()) > 50


def test_examples_and_scores_count_scored_steps_only():
    both = task(sample_weight="times")
    examples = both.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(examples.sample_weight, np.where(LAST == 1, np.arange(160), 0)[:80])
    spec = adder().spec
    weights = np.stack([spec.init(np.random.default_rng(seed)) for seed in range(3)])
    outputs = forward(spec, weights, X[:80], n_steps=4)[:, 3::4]
    expected = -examples.loss.value(outputs, SUM[3:80:4, None], np.arange(160.0)[3:80:4])
    scored = both.score(spec, weights, np.random.default_rng(0), None)
    np.testing.assert_allclose(scored.values, expected, rtol=1e-12)


def test_dummy_predictions_are_scored_on_the_same_rows():
    references = task().references()
    guess = SUM[3:80:4].mean()
    assert references["constant guess"] == pytest.approx(np.sqrt(np.mean((SUM[123::4] - guess) ** 2)))
    assert references["linear fit"] < 5


def test_backpropagation_through_time_learns_from_the_last_step():
    spec = NetworkSpec.build(2, (Elman(4, "identity"),), 1)
    learner = Backprop(Adam(0.02), batch_size=10).start(task(), spec, np.random.default_rng(0))
    for _ in range(600):
        learner.step(0.0)
    assert task().test(learner.genome) < 0.1 < task().references()["linear fit"]


def test_the_contract_of_tasks_holds():
    check_task(task(rows_per_score=16, window=4))


@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [
        ("lost", SettingsError, "unknown column of walks 'lost'; did you mean 'last'"),
        ("times", DataError, "column 'times' of walks must contain only 0 and 1, with a 1 in each part of the split"),
        ("never", DataError, "column 'never' of walks must contain only 0 and 1, with a 1 in each part of the split"),
    ],
)
def test_columns_without_0_and_1_raise_an_error(column, kind, sentence):
    with pytest.raises(kind, match=sentence):
        task(scored_steps=column).test(adder())
