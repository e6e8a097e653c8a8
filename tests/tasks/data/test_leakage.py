"""Leakage: splits whose test rows lie beside training rows in time get a caveat, and no others."""

import numpy as np
import pytest
from at_hand import needs

from evorobo import BlockSplit, DatasetTask, FoldSplit, Parts, RandomSplit
from evorobo.tasks.capabilities import HasCaveat
from evorobo.tasks.data.catalogue import scitos
from evorobo.tasks.data.leakage import adjacent_fraction, leakage_caveat

X = np.random.default_rng(0).normal(size=(200, 2))
WALK = np.repeat(np.arange(10), 20)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def walks(**settings):
    return DatasetTask.from_arrays(X, X[:, 0], columns={"walk": WALK}, **settings)


def test_adjacent_rows_are_counted_as_by_hand():
    parts = Parts(train=np.array([0, 1, 2, 7]), validation=np.array([4]), test=np.array([3, 5, 6, 8]))
    assert adjacent_fraction(parts) == 0.75  # 3, 6 and 8
    assert leakage_caveat(parts).startswith("75% of the test rows come right before or after a training row in time")
    assert leakage_caveat(Parts(np.arange(100), np.empty(0, int), np.arange(100, 120))) == ""


def test_random_rows_of_sequences_get_a_caveat_and_whole_stretches_do_not():
    assert isinstance(walks(), HasCaveat)
    assert "right before or after a training row" in walks(sequence="walk", split=RandomSplit()).caveat()
    for split in (BlockSplit(10), FoldSplit(5, seed=None), FoldSplit(5, column="walk")):
        assert walks(sequence="walk", split=split).caveat() == ""


def test_a_recording_of_a_robot_is_known_to_be_a_time_series():
    needs(scitos.data_file(24))
    assert DatasetTask("scitos-24").caveat() == ""
    caveat = DatasetTask("scitos-24", split=RandomSplit()).caveat()
    assert caveat.startswith("90% of the test rows come right before or after")  # 1 - 0.3 ** 2, and a little randomness
