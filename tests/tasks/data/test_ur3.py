"""UR3 CobotOps: complete rows, cycles, and linear fits."""

import numpy as np
import pytest
from at_hand import needs
from linear import ridge
from scipy.stats import rankdata

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.ur3 import DATA, ur3
from evorobo.tasks.data.text_files import read_text_file


@pytest.fixture(autouse=True)
def _files():
    needs(DATA)


def auc(task):
    """Area under the ROC curve of a linear fit: the fraction of (yes, no) pairs that it ranks correctly."""
    predictions, yes = ridge(task)[:, 1], task.table.targets[task.parts.test] == 1
    return (rankdata(predictions)[yes].mean() - (yes.sum() + 1) / 2) / (~yes).sum()


def test_7355_of_7409_rows_are_complete():
    table = ur3().table
    assert len(read_text_file(DATA.find()).line_numbers) == 7409
    assert table.inputs.shape == (7355, 19)
    assert (table.input_names[0], table.input_names[-1]) == ("Current_J0", "Tool_current")
    assert table.inputs[0, 0] == 0.109627604  # 0,109627604 in the file
    assert table.classes == ("no", "yes")
    assert table.targets.sum() == 278
    assert ur3(target="grip_lost").table.targets.sum() == 243


def test_cycles_are_in_order_of_time_and_the_last_rows_test():
    data = ur3()
    parts, cycles = data.split.split(data.table), data.table.columns["cycle"]
    assert (len(set(cycles)), cycles[0], cycles[-1]) == (240, 1, 264)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (5148, 736, 1471)
    assert parts.train[-1] < parts.validation[0] < parts.validation[-1] < parts.test[0]


def test_each_run_of_a_cycle_is_a_sequence():
    task = DatasetTask("ur3", sequence="cycle")
    assert task.sequences(np.arange(7355)).max() + 1 == 249


def test_a_linear_fit_reaches_the_known_areas():
    assert auc(DatasetTask("ur3", loader_kwargs={"target": "grip_lost"})) == pytest.approx(0.74, abs=0.01)
    assert auc(DatasetTask("ur3")) == pytest.approx(0.76, abs=0.01)  # networks: .92


def test_unknown_targets_raise_one_sentence():
    with pytest.raises(SettingsError, match="unknown target 'grip'; did you mean 'grip_lost'"):
        ur3(target="grip")
