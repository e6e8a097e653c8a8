"""Splits that let a network see the test through its neighbours in time are told, and no others."""

import numpy as np
import pytest
from at_hand import needs

from evorobo import BlockSplit, DatasetTask, FoldSplit, RandomSplit
from evorobo.tasks.capabilities import HasCaveat
from evorobo.tasks.data.catalogue import scitos
from evorobo.tasks.data.splits import Parts, leakage_caveat, share_beside_training

X = np.random.default_rng(0).normal(size=(200, 2))
WALK = np.repeat(np.arange(10), 20)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def walks(**settings):
    return DatasetTask.from_arrays(X, X[:, 0], columns={"walk": WALK}, **settings)


def test_neighbours_are_counted_as_by_hand():
    parts = Parts(train=np.array([0, 1, 2, 7]), validation=np.array([4]), test=np.array([3, 5, 6, 8]))
    assert share_beside_training(parts) == 0.75  # 3, 6 and 8
    assert leakage_caveat(parts).startswith("75% of the test rows stand right beside a training row in time")
    assert leakage_caveat(Parts(np.arange(100), np.empty(0, int), np.arange(100, 120))) == ""


def test_random_rows_of_sequences_are_told_and_whole_stretches_are_not():
    assert isinstance(walks(), HasCaveat)
    assert "beside a training row" in walks(sequence="walk", split=RandomSplit()).caveat()
    assert walks(split=RandomSplit()).caveat() == ""  # nobody says that these rows follow each other
    for split in (BlockSplit(10), FoldSplit(5, seed=None), FoldSplit(5, column="walk")):
        assert walks(sequence="walk", split=split).caveat() == ""


def test_a_robots_ride_is_known_to_be_in_time():
    needs(scitos.data_file(24))
    assert DatasetTask("scitos-24").caveat() == ""
    told = DatasetTask("scitos-24", split=RandomSplit()).caveat()
    assert told.startswith("90% of the test rows stand right beside")  # 1 - 0.3 ** 2, and a little chance
