"""Dummy predictions: the constant guess and the linear fit that stand beside a network's score."""

import numpy as np
import pytest

from evorobo import NMSE, RMSE, DatasetTask, GivenSplit

X = np.random.default_rng(0).normal(size=(60, 3))
COLUMNS = {"split": ["train"] * 30 + ["validation"] * 10 + ["test"] * 20}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def task(targets, **settings):
    return DatasetTask.from_arrays(X, targets, columns=COLUMNS, split=GivenSplit(), **settings)


def test_references_use_the_metric_and_a_linear_fit_solves_a_linear_task():
    targets = X @ [1.0, -2.0, 0.5] + 3
    references = task(targets, metric=NMSE()).references()
    assert list(references) == ["constant guess", "linear fit"]
    assert references["constant guess"] == pytest.approx(
        NMSE().value(np.full((20, 1), targets[:30].mean()), targets[40:, None])
    )
    assert references["linear fit"] < 0.01
    assert task(np.where(X[:, 0] > 0, "left", "right")).references()["linear fit"] > 0.9


def test_the_linear_fit_is_least_squares_with_a_small_penalty_on_slopes():
    rng = np.random.default_rng(1)
    targets = np.stack([np.exp(X[:, 0]), X[:, 1] ** 2], axis=1) + rng.normal(size=(60, 2))
    measured = task(targets, metric=RMSE())
    scaled = measured.input_scaler.transform(X)
    # the same fit as least squares on three more rows, one for each slope, with target 0
    rows = np.vstack([np.c_[scaled[:30], np.ones(30)], np.eye(3, 4)])
    slopes = np.linalg.lstsq(rows, np.vstack([targets[:30], np.zeros((3, 2))]))[0]
    expected = RMSE().value(np.c_[scaled[40:], np.ones(20)] @ slopes, targets[40:])
    assert measured.references()["linear fit"] == pytest.approx(expected, rel=1e-9)


def test_constant_guesses_are_fitted_to_training_rows_only():
    x = np.zeros((90, 1))
    split = {"columns": {"split": ["train"] * 60 + ["test"] * 30}, "split": GivenSplit()}
    labels = np.array(["a"] * 40 + ["b"] * 20 + ["a"] * 3 + ["b"] * 27)
    assert DatasetTask.from_arrays(x, labels, **split).references()["majority class"] == 0.1
    y = np.array([1.0] * 60 + [4.0] * 30)
    assert DatasetTask.from_arrays(x, y, **split).references()["constant guess"] == 3.0
