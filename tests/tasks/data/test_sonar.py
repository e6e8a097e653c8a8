"""Sonar rides: frames, sequences, and simple predictions."""

import numpy as np
import pytest
from at_hand import needs
from linear import nmse, ridge

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.sonar import RIDES, data_file, sonar


@pytest.fixture(autouse=True)
def _files():
    needs(*map(data_file, RIDES))


@pytest.mark.parametrize(
    ("ride", "rows"),
    [("linaker5v", 11000), ("linaker1v", 2054), ("maze", 1600), ("complex", 1500), ("irregular", 1770)],
)
def test_each_ride_has_16_sonars_and_two_motors(ride, rows):
    table = sonar(ride, frames=1).table
    assert table.inputs.shape == (rows, 16)
    assert table.input_names[15] == "sonar16"
    assert table.target_names == ("left_motor", "right_motor")
    assert table.inputs.max() <= 5000


def test_frames_are_the_last_rows_newest_first():
    one, five = sonar(frames=1).table, sonar().table
    assert five.inputs.shape == (10996, 80)
    for row in (0, 7, 10995):
        np.testing.assert_array_equal(five.inputs[row].reshape(5, 16), one.inputs[row : row + 5][::-1])
    np.testing.assert_array_equal(five.targets, one.targets[4:])
    assert five.input_names[16] == "sonar1 1 ago"


def test_a_ride_is_one_sequence_for_recurrent_networks():
    sequence = (
        DatasetTask("sonar", loader_kwargs={"frames": 1}, sequence="run").examples(np.random.default_rng(0)).sequence
    )
    np.testing.assert_array_equal(sequence, np.zeros(6600))


def test_a_linear_fit_is_worse_than_repeating_the_last_command():
    task = DatasetTask("sonar")
    assert task.parts.train[-1] < task.parts.validation[0] < task.parts.validation[-1] < task.parts.test[0]
    assert nmse(task, task.table.targets[task.parts.test - 1]) == pytest.approx([0.087, 0.061], abs=0.001)
    assert nmse(task, ridge(task)) == pytest.approx([0.19, 0.12], abs=0.01)


def test_invalid_options_raise_one_sentence():
    with pytest.raises(SettingsError, match="unknown ride 'linaker'; did you mean 'linaker"):
        sonar("linaker")
    for frames in (0, 101, 2.5):
        with pytest.raises(SettingsError, match=f"sonar: frames must be a whole number from 1 to 100, not {frames}"):
            _ = DatasetTask("sonar", loader_kwargs={"frames": frames}).table
