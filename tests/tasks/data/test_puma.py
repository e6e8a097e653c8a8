"""Puma dynamics: rows, smaller training sets, and which inputs matter."""

import numpy as np
import pytest
from at_hand import needs
from linear import nmse, ridge

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.puma import PUMA8NH, PUMA32H, puma8nh, puma32h


@pytest.fixture(autouse=True)
def _files():
    needs(PUMA8NH, PUMA32H)


@pytest.mark.parametrize(("load", "inputs", "target"), [(puma8nh, 8, "thetadd3"), (puma32h, 32, "thetadd6")])
def test_there_are_8192_rows_and_one_acceleration(load, inputs, target):
    data = load()
    table, parts = data.table, data.split.split(data.table)
    assert table.inputs.shape == (8192, inputs)
    assert (table.target_names, table.classes) == ((target,), ())
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (6963, 410, 819)
    assert not data.reference_scores


def test_fewer_rows_are_a_subset_of_the_training_rows_with_the_same_test():
    whole, fewer = DatasetTask("puma32H"), DatasetTask("puma32H", loader_kwargs={"rows": 1000})
    assert fewer.name == "puma32H-rows-1000"
    assert len(fewer.table) == 1000 + 410 + 819
    assert len(fewer.parts.train) == 1000
    x, y = whole.table.inputs, fewer.table.inputs
    np.testing.assert_array_equal(x[whole.parts.test], y[fewer.parts.test])
    np.testing.assert_array_equal(x[whole.parts.validation], y[fewer.parts.validation])
    assert {tuple(row) for row in y[fewer.parts.train]} < {tuple(row) for row in x[whole.parts.train]}
    np.testing.assert_array_equal(puma32h(rows=1000).table.inputs, y)


def test_another_seed_tests_on_other_rows():
    parts = [data.split.split(data.table) for data in (puma8nh(), puma8nh(seed=1))]
    assert len(np.intersect1d(parts[0].test, parts[1].test)) < 200


def test_a_linear_fit_of_puma32h_explains_a_quarter():
    tasks = [DatasetTask("puma32H", loader_kwargs={"seed": seed}) for seed in range(5)]
    assert np.mean([nmse(task, ridge(task)) for task in tasks]) == pytest.approx(0.752, abs=0.03)  # +- .03 by seed


def test_two_of_the_32_inputs_explain_nine_tenths():
    table = puma32h().table
    target = table.targets[:, 0]
    pair = table.inputs[:, [table.input_names.index(name) for name in ("theta5", "tau4")]]
    cuts = np.quantile(pair, np.linspace(0, 1, 13)[1:-1], axis=0)
    cell = np.searchsorted(cuts[:, 0], pair[:, 0]) * 12 + np.searchsorted(cuts[:, 1], pair[:, 1])
    means = np.bincount(cell, target) / np.bincount(cell)
    assert 1 - np.var(target - means[cell]) / np.var(target) == pytest.approx(0.917, abs=0.002)


def test_invalid_options_raise_one_sentence():
    for rows in (0, 0.5):
        with pytest.raises(SettingsError, match="puma32H: rows must be a whole number of at least 1 or None, not 0"):
            _ = DatasetTask("puma32H", loader_kwargs={"rows": rows}).table
    with pytest.raises(SettingsError, match="rows of puma32H must be at most 6963, or None for all, not 6964"):
        _ = DatasetTask("puma32H", loader_kwargs={"rows": 6964}).table
    with pytest.raises(SettingsError, match="unknown option of puma8NH 'row'; did you mean 'rows'"):
        _ = DatasetTask("puma8NH", loader_kwargs={"row": 5}).table
