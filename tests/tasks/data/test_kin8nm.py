"""kin8nm: rows, official folds, and the error of a constant guess."""

import numpy as np
import pytest
from at_hand import needs

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.kin8nm import DATA, fold_file, kin8nm

FOLDS = range(20)


@pytest.fixture(autouse=True)
def _files():
    needs(DATA, *map(fold_file, FOLDS))


def test_there_are_8192_rows_of_eight_angles_and_one_distance():
    table = kin8nm().table
    assert table.inputs.shape == (8192, 8)
    assert table.targets.shape == (8192, 1)
    assert table.input_names == tuple(f"theta{number}" for number in range(1, 9))
    assert not table.classes
    assert np.abs(table.inputs).max() < np.pi / 2


def test_the_20_folds_have_819_test_rows_each_and_the_error_of_a_constant_guess_is_the_deviation_of_the_targets():
    tests, guesses = set(), []
    for fold in FOLDS:
        data = kin8nm(fold)
        parts = data.split.split(data.table)
        assert (len(parts.train), len(parts.validation), len(parts.test)) == (7004, 369, 819)
        tests.add(tuple(parts.test))
        y = data.table.targets[:, 0]
        guesses.append(np.sqrt(np.mean((y[parts.train].mean() - y[parts.test]) ** 2)))
    assert len(tests) == 20
    assert np.mean(guesses) == pytest.approx(0.264, abs=0.002)  # the targets' standard deviation
    assert DatasetTask("kin8nm", loader_kwargs={"fold": 19}).references()["constant guess"] == guesses[-1]


def test_invalid_folds_raise_one_sentence():
    for fold in (20, -1, "1"):
        with pytest.raises(SettingsError, match=f"kin8nm: fold must be a whole number from 0 to 19, not {fold!r}."):
            _ = DatasetTask("kin8nm", loader_kwargs={"fold": fold}).table
