"""Scalers, and running moments."""

import numpy as np
import pytest

from evorobo.nets.scaling import RunningMoments, Scaler


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal([5, -3, 0, 1e4], [2, 0.1, 30, 1], (500, 4))


def test_fitted_rows_have_mean_zero_and_standard_deviation_one(rows):
    scaled = Scaler.fit(rows).transform(rows)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(0), 1)


def test_inverse_transform_is_the_inverse_of_transform(rows):
    scaler = Scaler.fit(rows)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(rows)), rows, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scaler.transform(scaler.inverse_transform(rows)), rows, rtol=1e-9, atol=1e-9)


def test_scaling_by_hand():
    # 1, 3: mean 2, deviation 1; 10, 50: mean 30, deviation 20
    scaler = Scaler.fit(np.array([[1.0, 10.0], [3.0, 50.0]]))
    np.testing.assert_array_equal(scaler.transform(np.array([[2.0, 70.0]])), [[0, 2]])
    np.testing.assert_array_equal(scaler.inverse_transform(np.array([-1.0, 0.5])), [1, 40])


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3, 1e9 / 3])
def test_a_constant_column_is_shifted_but_not_scaled(constant):
    # the mean of many 0.1 is not exactly 0.1, so the standard deviation may be above zero
    rows = np.full((10, 1), constant)
    for scaler in (
        Scaler.fit(rows),
        RunningMoments.from_rows(rows).scaler,
        (RunningMoments.from_rows(rows) + RunningMoments.from_rows(rows)).scaler,
    ):
        assert scaler.sd == 1
        np.testing.assert_allclose(scaler.transform(rows + 0.25), 0.25, atol=1e-6)


@pytest.mark.parametrize("cuts", [[250], [1], [10, 10, 11, 499], []])
def test_running_moments_of_parts_add_up_to_those_of_all_rows(rows, cuts):
    total = RunningMoments.empty(4)
    for part in np.split(rows, cuts):
        if len(part):
            total = total + RunningMoments.from_rows(part)
    whole = RunningMoments.from_rows(rows)
    assert total.count == whole.count == 500
    np.testing.assert_allclose(total.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(total.squared_deviations, whole.squared_deviations, rtol=1e-9)


def test_the_order_of_addition_does_not_matter(rows):
    one, other = RunningMoments.from_rows(rows[:100]), RunningMoments.from_rows(rows[100:])
    np.testing.assert_allclose((one + other).mean, (other + one).mean, rtol=1e-12)
    np.testing.assert_allclose((one + other).squared_deviations, (other + one).squared_deviations, rtol=1e-9)


def test_the_scaler_of_running_moments_equals_the_fitted_scaler(rows):
    ours, fitted = RunningMoments.from_rows(rows).scaler, Scaler.fit(rows)
    np.testing.assert_allclose(ours.mean, fitted.mean)
    np.testing.assert_allclose(ours.sd, fitted.sd)


def test_running_moments_by_hand():
    # 1, 3 | 8: mean 4, squares 9 + 1 + 16
    both = RunningMoments.from_rows(np.array([[1.0], [3.0]])) + RunningMoments.from_rows(np.array([[8.0]]))
    assert (both.count, both.mean[0], both.squared_deviations[0]) == (3, 4, 26)


def test_running_moments_of_no_rows_change_nothing(rows):
    np.testing.assert_array_equal(RunningMoments.empty(4).scaler.transform(rows), rows)
    whole = RunningMoments.from_rows(rows)
    for total in (whole + RunningMoments.empty(4), RunningMoments.empty(4) + whole):
        np.testing.assert_array_equal(total.mean, whole.mean)
        np.testing.assert_array_equal(total.squared_deviations, whole.squared_deviations)


def test_running_moments_of_single_precision_rows_have_double_precision():
    rows = (1e4 + np.random.default_rng(1).normal(size=(1000, 1))).astype(np.float32)
    running = RunningMoments.from_rows(rows)
    assert running.mean.dtype == np.float64
    np.testing.assert_allclose(running.scaler.sd, rows.astype(float).std(0), rtol=1e-10)


def test_a_column_that_varies_by_rounding_only_is_not_scaled():
    wave = np.tile([1.0, -1.0], 50)[:, None]
    for size, is_scaled in ((1e-9, False), (1e-7, True)):
        assert (RunningMoments.from_rows(size * wave).scaler.sd[0] != 1) == is_scaled
