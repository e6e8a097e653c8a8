"""Tables made of arrays, and their checks."""

import numpy as np
import pytest

from evorobo import DataError
from evorobo.tasks.data.tables import make_table


def test_arrays_become_a_checked_table():
    table = make_table([[1, 2], [3, 4], [5, 6]], ["b", "a", "b"], columns={"lap": [1, 1, 2]})
    assert table.inputs.dtype == np.float64
    assert (table.classes, table.input_names) == (("a", "b"), ("0", "1"))
    np.testing.assert_array_equal(table.targets, [1, 0, 1])
    np.testing.assert_array_equal(table.columns["lap"], [1, 1, 2])
    assert make_table(table.inputs, [0.5, 1, 2]).targets.shape == (3, 1)
    assert make_table(table.inputs, np.eye(3)).target_names == ("target 0", "target 1", "target 2")
    assert make_table(table.inputs, [0.5, 1, 0.5], "classification").classes == ("0.5", "1")


def test_invalid_arrays_raise_one_sentence():
    x, y = np.ones((4, 2)), np.arange(4.0)
    for arrays, options, expected in [
        ((x[:, 0], y), {}, "inputs must be numbers of shape (rows, columns), not float64 (4,)."),
        ((x, y[:3]), {}, "targets (3,) do not fit inputs (4, 2); give one target per row."),
        ((x[:2], y[:2]), {}, "2 rows are too few to train, validate and test; give at least 3."),
        (
            (np.where(np.eye(4, 2), np.nan, x), y),
            {},
            "inputs contain nan in row 0, column 0; fill or delete it, or set missing=",
        ),
        ((x, np.array([1, 2, np.inf, 3])), {}, "targets contain inf in row 2, column 0; fill or delete it."),
        ((x, list("abab")), {"kind": "regression"}, "targets are <U1, and regression needs numbers; set kind='classi"),
        ((x, [0, 1, 2, 1]), {"classes": ("a", "b")}, "with 2 names in classes, targets are numbers 0 to 1."),
        ((x, np.ones((4, 2), int)), {}, "classification has one target for each row, not 2."),
        ((x, y), {"columns": {"lap": [1, 2]}}, "column 'lap' has shape (2,) instead of (4,)."),
        ((x, y), {"columns": {"lap": [1, None, 2, 3]}}, "column 'lap' mixes types; make it all numbers or all text."),
    ]:
        with pytest.raises(DataError) as caught:
            make_table(*arrays, **options, where="here")
        assert str(caught.value).startswith(f"here: {expected}")
