"""System identification: lags, feedback, and linear fits."""

import numpy as np
import pytest
from at_hand import needs
from linear import ridge

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.sysid import ACTUATOR, DRYER, ROBOT_ARM, actuator, dryer, robot_arm


@pytest.fixture(autouse=True)
def _files():
    needs(ACTUATOR, ROBOT_ARM, DRYER)


def rmse(name, **options):
    """Error of a linear fit divided by the standard deviation of the rows that do not test."""
    task = DatasetTask(name, loader_kwargs=options)
    targets, test = task.table.targets, task.parts.test
    return np.sqrt(np.mean((ridge(task, 1e-6) - targets[test]) ** 2)) / np.delete(targets, test).std()


@pytest.mark.parametrize(("load", "samples"), [(actuator, 1024), (robot_arm, 1024), (dryer, 1000)])
def test_lags_are_the_last_inputs_newest_first(load, samples):
    one, ten = load(lags=1).table, load().table
    assert one.inputs.shape == (samples, 1)
    assert ten.inputs.shape == (samples - 9, 10)
    for row in (0, 7, samples - 10):
        np.testing.assert_array_equal(ten.inputs[row], one.inputs[row : row + 10, 0][::-1])
    np.testing.assert_array_equal(ten.targets, one.targets[9:])
    assert ten.input_names[:2] == ("u", "u 1 ago")


def test_feedback_adds_the_previous_outputs():
    plain, both = dryer(lags=1).table, dryer(lags=3, feedback=True).table
    assert both.input_names == ("u", "u 1 ago", "u 2 ago", "y 1 ago", "y 2 ago", "y 3 ago")
    assert len(both) == 997
    np.testing.assert_array_equal(both.inputs[0], np.r_[plain.inputs[[3, 2, 1], 0], plain.targets[[2, 1, 0], 0]])
    assert both.targets[0] == plain.targets[3]


def test_a_series_is_one_sequence_for_recurrent_networks():
    task = DatasetTask("actuator", loader_kwargs={"lags": 1}, sequence="run")
    np.testing.assert_array_equal(task.examples(np.random.default_rng(0)).sequence, np.zeros(410))


def test_the_second_half_tests():
    data = actuator(lags=1)
    parts = data.split.split(data.table)
    assert (len(parts.train), len(parts.validation), parts.test[0], len(parts.test)) == (410, 102, 512, 512)


def test_linear_fits_reach_the_known_errors():
    assert rmse("actuator", lags=1) == pytest.approx(0.69, abs=0.01)
    assert rmse("actuator") == pytest.approx(0.67, abs=0.01)
    assert rmse("robot-arm") > 0.8
    assert rmse("robot-arm", feedback=True) < 0.002


def test_invalid_options_raise_one_sentence():
    for lags in (0, 101, "10"):
        with pytest.raises(SettingsError, match=f"dryer: lags must be a whole number from 1 to 100, not {lags!r}"):
            _ = DatasetTask("dryer", loader_kwargs={"lags": lags}).table
    with pytest.raises(SettingsError, match="feedback must be True or False, not 'no'"):
        _ = DatasetTask("dryer", loader_kwargs={"feedback": "no"}).table
    with pytest.raises(SettingsError, match="unknown option of dryer 'lag'; did you mean 'lags'"):
        _ = DatasetTask("dryer", loader_kwargs={"lag": 2}).table
