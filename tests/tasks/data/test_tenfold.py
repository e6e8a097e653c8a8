"""pumadyn32nm and kin40k: rows, given folds, and linear fits."""

import numpy as np
import pytest
from at_hand import needs
from linear import nmse, ridge

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.tenfold import KIN40K, PUMADYN32NM, kin40k, pumadyn32nm
from evorobo.tasks.data.text_files import read_text_file


@pytest.fixture(autouse=True)
def _files():
    needs(*PUMADYN32NM, *KIN40K)


@pytest.mark.parametrize(("load", "shape", "test"), [(pumadyn32nm, (8192, 32), 819), (kin40k, (40000, 8), 4000)])
def test_rows_and_columns_are_as_documented_and_standardized(load, shape, test):
    data = load()
    table, parts = data.table, data.split.split(data.table)
    assert table.inputs.shape == shape
    assert table.targets.shape == (shape[0], 1)
    assert (len(parts.test), len(parts.validation)) == (test, round(0.05 * (shape[0] - test)))
    np.testing.assert_allclose(table.inputs.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(table.inputs.std(0), 1, atol=0.02)
    assert not data.reference_scores


@pytest.mark.parametrize("file", [PUMADYN32NM[1], KIN40K[1]])
def test_each_row_tests_in_one_fold(file):
    masks = np.array(read_text_file(file.find(), header=False).cells).astype(int)
    assert masks.shape[0] == 10
    assert (masks.sum(0) == 1).all()


def test_the_mask_of_a_fold_says_which_rows_test():
    masks = read_text_file(PUMADYN32NM[1].find(), header=False)
    data = pumadyn32nm(fold=3)
    np.testing.assert_array_equal(data.split.split(data.table).test, np.flatnonzero(masks.cells[3] == "1"))


def test_a_linear_fit_is_no_better_than_a_constant_guess():
    assert [
        float(np.mean([nmse(task, ridge(task)) for task in tasks]))
        for tasks in (
            [DatasetTask("pumadyn32nm", loader_kwargs={"fold": fold}) for fold in range(3)],
            [DatasetTask("kin40k")],
        )
    ] == pytest.approx([1.007, 1.0], abs=0.01)


def test_invalid_folds_raise_one_sentence():
    for fold in (10, -1, "1"):
        with pytest.raises(SettingsError, match=f"kin40k: fold must be a whole number from 0 to 9, not {fold!r}."):
            _ = DatasetTask("kin40k", loader_kwargs={"fold": fold}).table
