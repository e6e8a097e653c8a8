"""Characters drawn by an arm: rows, split, and a small network."""

import numpy as np
import pytest
from at_hand import needs
from linear import nmse, ridge
from training import trained

from evorobo import DatasetTask
from evorobo.tasks.data.catalogue.delan import DATA, delan


@pytest.fixture(autouse=True)
def _files():
    needs(DATA)


def test_there_are_20_characters_in_2913_rows_of_two_joints():
    table = delan().table
    assert table.inputs.shape == (2913, 6)
    assert table.targets.shape == (2913, 2)
    characters = table.columns["character"]
    assert len(set(characters)) == 20
    assert np.count_nonzero(characters[1:] != characters[:-1]) == 19


def test_whole_characters_test_and_validate():
    data = delan()
    parts, characters = data.split.split(data.table), data.table.columns["character"]
    assert set(characters[parts.test]) == {"e", "q", "v"}
    assert set(characters[parts.validation]) == {"g", "n"}
    assert not {"e", "q", "v", "g", "n"} & set(characters[parts.train])
    assert not data.reference_scores


def test_velocities_are_the_change_of_angles_within_a_character():
    table = delan().table
    first = table.columns["character"] == table.columns["character"][0]
    angles, velocities = table.inputs[first, :2], table.inputs[first, 2:4]
    middle = (angles[2:] - angles[:-2]) / 0.08
    assert np.abs(middle - velocities[1:-1]).max() < 0.1 * np.abs(velocities).max()


def test_a_small_network_beats_a_linear_fit():
    task = DatasetTask("delan")
    linear = nmse(task, ridge(task)).mean()
    genome = trained(task, hidden=(32,), epochs=60, batch_size=64)
    assert nmse(task, genome(task.table.inputs[task.parts.test])).mean() < linear / 10
