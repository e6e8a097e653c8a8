"""Wall following: the rule of the labels, laps, and the accuracy of a small network."""

import numpy as np
import pytest
from at_hand import needs
from training import trained

from evorobo import DatasetTask, RandomSplit, SettingsError
from evorobo.tasks.data.catalogue.scitos import MOVES, data_file, scitos_2, scitos_4, scitos_24


@pytest.fixture(autouse=True)
def _files():
    needs(*(data_file(sensors) for sensors in (24, 4, 2)))


def rule(ahead, left):
    """The robot's program, as class numbers."""
    moves = np.select([ahead <= 0.90, left < 0.495, left <= 0.90], [2, 1, 0], 3)
    assert MOVES == ("Move-Forward", "Slight-Right-Turn", "Sharp-Right-Turn", "Slight-Left-Turn")
    return moves


@pytest.mark.parametrize(("load", "sensors"), [(scitos_24, 24), (scitos_4, 4), (scitos_2, 2)])
def test_the_three_files_contain_the_same_ride(load, sensors):
    table = load().table
    assert table.inputs.shape == (5456, sensors)
    assert len(table.input_names) == sensors
    assert dict(zip(table.classes, np.bincount(table.targets), strict=True)) == {
        "Move-Forward": 2205,
        "Slight-Right-Turn": 826,
        "Sharp-Right-Turn": 2097,
        "Slight-Left-Turn": 328,
    }
    np.testing.assert_array_equal(table.targets, scitos_2().table.targets)


def test_the_labels_are_an_exact_rule_of_two_ranges():
    ahead, left = scitos_2().table.inputs.T
    np.testing.assert_array_equal(rule(ahead, left), scitos_2().table.targets)


def test_the_labels_are_an_exact_rule_of_the_24_ranges():
    table = scitos_24().table
    at = dict(zip(table.input_names, table.inputs.T, strict=True))
    ahead = np.min([at[f"US{number}"] for number in range(11, 16)], axis=0)
    left = np.min([at[f"US{number}"] for number in range(18, 21)], axis=0)
    np.testing.assert_array_equal(rule(ahead, left), table.targets)


def test_laps_are_six_runs_and_the_last_two_validate_and_test():
    data = scitos_24()
    laps = data.table.columns["lap"]
    assert (np.diff(laps) >= 0).all()
    np.testing.assert_array_equal(np.bincount(laps)[1:], [910, 909, 909, 910, 909, 909])
    parts = data.split.split(data.table)
    assert set(laps[parts.train]) == {1, 2, 3, 4}
    np.testing.assert_array_equal(parts.validation, np.flatnonzero(laps == 5))
    np.testing.assert_array_equal(parts.test, np.flatnonzero(laps == 6))


def test_inverse_ranges_are_one_over_meters():
    raw, inverse = scitos_24().table, scitos_24(ranges="inverse").table
    np.testing.assert_array_equal(inverse.inputs, 1 / raw.inputs)
    assert np.isfinite(inverse.inputs).all()
    with pytest.raises(SettingsError, match="unknown ranges 'invers'; did you mean 'inverse'"):
        scitos_24(ranges="invers")


def test_published_scores_belong_to_the_standard_split_only():
    assert DatasetTask("scitos-24").references()["published MLP(24, 8, 4), other split"] == 0.8482
    assert list(DatasetTask("scitos-24", split=RandomSplit()).references()) == ["majority class", "linear fit"]


def test_another_kind_raises_one_sentence():
    with pytest.raises(SettingsError) as caught:
        _ = DatasetTask("scitos-24", kind="regression").n_inputs
    assert str(caught.value) == "scitos-24 is a classification data set, not regression; leave kind out."


def test_a_small_network_on_24_inverse_ranges_reaches_the_known_accuracy():
    # five laps to train on, many epochs: .939; here four laps and few epochs
    task = DatasetTask("scitos-24", loader_kwargs={"ranges": "inverse"})
    assert task.test(trained(task, hidden=(20,), epochs=15, batch_size=64)) > 0.9
