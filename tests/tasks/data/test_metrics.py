"""Measures against numbers worked by hand, and in a task."""

import numpy as np
import pytest

from evorobo import NMSE, RMSE, Accuracy, DataError, DatasetTask, Genome, GivenSplit, NetworkSpec, SettingsError
from evorobo.settings import from_plain, to_plain

TARGETS = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 50.0]])
ANSWERS = np.array([[2.0, 10.0], [3.0, 30.0], [4.0, 60.0]])
X = np.random.default_rng(0).normal(size=(60, 3))
WAYS = {"split": ["train"] * 30 + ["validation"] * 10 + ["test"] * 20}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def task(targets, **settings):
    return DatasetTask.from_arrays(X, targets, columns=WAYS, split=GivenSplit(), **settings)


def test_errors_and_accuracies_are_those_worked_by_hand():
    # squared errors 1, 0, 1 and 0, 0, 100
    assert RMSE().value(ANSWERS, TARGETS) == pytest.approx(np.sqrt(102 / 6))
    # variances 8/3 and 800/3: a quarter of 2/3 over 8/3, and 100/3 over 800/3
    assert NMSE().value(ANSWERS, TARGETS) == pytest.approx((2 / 8 + 100 / 800) / 2)
    assert Accuracy().value(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])) == 0.75


def test_the_nmse_does_not_care_about_units_and_is_one_for_the_mean():
    units = np.array([0.001, 1000.0])
    assert NMSE().value(ANSWERS * units + 7, TARGETS * units + 7) == pytest.approx(NMSE().value(ANSWERS, TARGETS))
    assert NMSE().value(TARGETS.mean(0), TARGETS) == pytest.approx(1)


def test_a_target_that_never_changes_has_no_nmse():
    with pytest.raises(DataError, match=r"target 1 is 10 in all 3 judged rows, .* judge by RMSE\(\)"):
        NMSE().value(ANSWERS, TARGETS * [1, 0] + [0, 10])


def test_a_task_validates_and_tests_by_its_measure():
    targets = np.stack([X[:, 0], 100 * X[:, 1] + X[:, 2]], axis=1)
    judged = task(targets, metric=NMSE())
    spec = NetworkSpec.build(3, (4,), 2)
    genome = Genome(spec, spec.init(np.random.default_rng(0)), judged.input_scaler, judged.output_scaler)
    assert (judged.metric_info.name, judged.metric_info.higher_is_better) == ("nMSE", False)
    errors = (genome(X[40:]) - targets[40:]) ** 2
    assert judged.test(genome) == pytest.approx(np.mean(errors.mean(0) / targets[40:].var(0)))
    assert judged.validate(genome) == pytest.approx(NMSE().value(genome(X[30:40]), targets[30:40]))
    assert from_plain(to_plain(judged)) == judged


def test_references_are_in_the_measure_and_a_linear_task_needs_no_network():
    targets = X @ [1.0, -2.0, 0.5] + 3
    found = task(targets, metric=NMSE()).references()
    assert list(found) == ["constant guess", "linear fit"]
    assert found["constant guess"] == pytest.approx(
        NMSE().value(np.full((20, 1), targets[:30].mean()), targets[40:, None])
    )
    assert found["linear fit"] < 0.01
    assert task(np.where(X[:, 0] > 0, "left", "right")).references()["linear fit"] > 0.9


def test_the_linear_fit_is_least_squares_with_a_small_penalty_on_slopes():
    rng = np.random.default_rng(1)
    targets = np.stack([np.exp(X[:, 0]), X[:, 1] ** 2], axis=1) + rng.normal(size=(60, 2))
    made = task(targets, metric=RMSE())
    scaled = made.input_scaler.transform(X)
    # the same fit as least squares on three more rows, one for each slope, that ask it to be 0
    rows = np.vstack([np.c_[scaled[:30], np.ones(30)], np.eye(3, 4)])
    slopes = np.linalg.lstsq(rows, np.vstack([targets[:30], np.zeros((3, 2))]))[0]
    expected = RMSE().value(np.c_[scaled[40:], np.ones(20)] @ slopes, targets[40:])
    assert made.references()["linear fit"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", [NMSE(), RMSE()])
def test_classes_are_not_judged_by_distances_nor_values_by_accuracy(metric):
    with pytest.raises(SettingsError, match=r"has classes to tell, which .* cannot judge; use Accuracy\(\)"):
        _ = task(np.where(X[:, 0] > 0, "left", "right"), metric=metric).metric_info
    with pytest.raises(SettingsError, match=r"has values to tell, which Accuracy\(\) cannot judge; use RMSE\(\)"):
        _ = task(X[:, 0], metric=Accuracy()).metric_info
