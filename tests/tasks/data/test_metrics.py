"""Metrics against numbers worked by hand, and in a task."""

import numpy as np
import pytest

from evorobo import NMSE, RMSE, Accuracy, DataError, DatasetTask, Genome, GivenSplit, NetworkSpec, SettingsError
from evorobo.settings import from_plain, to_plain

TARGETS = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 50.0]])
PREDICTIONS = np.array([[2.0, 10.0], [3.0, 30.0], [4.0, 60.0]])
X = np.random.default_rng(0).normal(size=(60, 3))
COLUMNS = {"split": ["train"] * 30 + ["validation"] * 10 + ["test"] * 20}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def task(targets, **settings):
    return DatasetTask.from_arrays(X, targets, columns=COLUMNS, split=GivenSplit(), **settings)


def test_metrics_equal_numbers_worked_by_hand():
    # squared errors 1, 0, 1 and 0, 0, 100
    assert RMSE().value(PREDICTIONS, TARGETS) == pytest.approx(np.sqrt(102 / 6))
    # variances 8/3 and 800/3: a quarter of 2/3 over 8/3, and 100/3 over 800/3
    assert NMSE().value(PREDICTIONS, TARGETS) == pytest.approx((2 / 8 + 100 / 800) / 2)
    assert Accuracy().value(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])) == 0.75


def test_the_nmse_is_independent_of_units_and_one_for_the_mean():
    units = np.array([0.001, 1000.0])
    assert NMSE().value(PREDICTIONS * units + 7, TARGETS * units + 7) == pytest.approx(
        NMSE().value(PREDICTIONS, TARGETS)
    )
    assert NMSE().value(TARGETS.mean(0), TARGETS) == pytest.approx(1)


def test_a_constant_target_has_no_nmse():
    with pytest.raises(DataError, match=r"target 1 is 10 in all 3 rows evaluated, .* use RMSE\(\)"):
        NMSE().value(PREDICTIONS, TARGETS * [1, 0] + [0, 10])


def test_a_task_validates_and_tests_by_its_metric():
    targets = np.stack([X[:, 0], 100 * X[:, 1] + X[:, 2]], axis=1)
    measured = task(targets, metric=NMSE())
    spec = NetworkSpec.build(3, (4,), 2)
    genome = Genome(spec, spec.init(np.random.default_rng(0)), measured.input_scaler, measured.output_scaler)
    assert (measured.metric_info.name, measured.metric_info.higher_is_better) == ("nMSE", False)
    errors = (genome(X[40:]) - targets[40:]) ** 2
    assert measured.test(genome) == pytest.approx(np.mean(errors.mean(0) / targets[40:].var(0)))
    assert measured.validate(genome) == pytest.approx(NMSE().value(genome(X[30:40]), targets[30:40]))
    assert from_plain(to_plain(measured)) == measured


@pytest.mark.parametrize("metric", [NMSE(), RMSE()])
def test_a_metric_that_does_not_fit_the_targets_is_refused(metric):
    with pytest.raises(SettingsError, match=r"predicts classes, which .* cannot evaluate; use Accuracy\(\)"):
        _ = task(np.where(X[:, 0] > 0, "left", "right"), metric=metric).metric_info
    with pytest.raises(SettingsError, match=r"predicts values, which Accuracy\(\) cannot evaluate; use RMSE\(\)"):
        _ = task(X[:, 0], metric=Accuracy()).metric_info
