"""Values that stand for a missing one: the largest floats are errors, codes like 9999 are cautions."""

import numpy as np
import pytest

from evorobo import DataError, DatasetTask, make_table
from evorobo.tasks.data.readers import read_table
from evorobo.tasks.data.sentinels import find_codes, find_sentinels

RNG = np.random.default_rng(0)
X = RNG.uniform(0.2, 4, (60, 2)).round(3)


@pytest.fixture
def write(tmp_path):
    def write(cell, n_cells=9):
        cells = [cell] * n_cells + X[n_cells:, 0].tolist()
        lines = [f"{a},{b},{('go', 'turn')[row % 2]}" for row, (a, b) in enumerate(zip(cells, X[:, 1], strict=True))]
        (tmp_path / "robots.csv").write_text("\n".join(["front,left,move", *lines]))
        return tmp_path / "robots.csv"

    return write


@pytest.mark.parametrize(
    "cell",
    [
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "3.4028235e+38",
        "3.402823e38",
        "-3.4028234663852886e+38",
        "1e30",
        "1e+38",
    ],
)
def test_the_largest_floats_are_named_with_their_column(write, cell):
    with pytest.raises(DataError) as caught:
        read_table(write(cell))
    assert str(caught.value) == (
        f"robots.csv, line 2, column 'front': '{cell}' is no measurement and stands for a missing value; correct the "
        "cell, or leave the column out: loader_kwargs={'ignore': ('front',)}, or --ignore front (9 such cells in the "
        f"column: '{cell}' 9 times from line 2 on)."
    )


def test_the_limit_of_whole_numbers_is_named(write):
    with pytest.raises(DataError, match=r"'9223372036854775807' is the limit of whole numbers of 64 bits; correct the"):
        read_table(write("9223372036854775807"))
    with pytest.raises(DataError, match=r"'-9223372036854775808' is the limit of whole numbers of 64 bits"):
        read_table(write("-9223372036854775808"))


@pytest.mark.parametrize("value", [np.finfo(np.float32).max, np.finfo(np.float64).max, -np.finfo(np.float32).max, 1e30])
def test_the_largest_floats_of_arrays_are_named_with_their_column(value):
    inputs = X.copy()
    inputs[3:5, 1] = value
    with pytest.raises(DataError) as caught:
        make_table(inputs, X[:, 0])
    assert str(caught.value) == (
        f"the data: inputs contain {float(value)!r} in column 1, 2 times, which stands for a missing value; fill or "
        "delete these rows."
    )
    with pytest.raises(DataError, match=r"the data: targets contain .* in column 1, 2 times"):
        make_table(X, inputs)


@pytest.mark.parametrize("code", [9999, -999, 999, -9999, 65535, 32767, -32768, 2147483647, 99999])
def test_a_code_far_from_all_other_values_gets_a_caution_and_no_error(write, code):
    task = DatasetTask(str(write(code)))
    others = X[9:, 0]
    assert task.caveat() == (
        f"'front' holds {code} in 9 of 60 rows, far from its other values ({others.min():.4g} to {others.max():.4g}); "
        "if it stands for a missing value, delete these rows or leave the column out."
    )
    assert (task.table.inputs[:9, 0] == code).all()


def test_a_code_among_the_targets_gets_a_caution():
    y = np.r_[np.full(5, -999.0), X[5:, 0]]
    assert "'target' holds -999 in 5 of 60 rows" in DatasetTask.from_arrays(X, y).caveat()


def test_large_measurements_are_no_codes():
    values = np.column_stack([np.linspace(0, 9999, 60), np.linspace(1e14, 1e16, 60), RNG.normal(0, 1e20, 60)])
    assert find_codes(values) == {}
    assert find_sentinels(values) == {}
    assert find_codes(np.c_[[9998.0, 9999.0, 9997.5]]) == {}
    assert find_codes(np.c_[[999.0, 999.0, 999.0]]) == {}


def test_several_columns_with_codes_are_one_caution():
    inputs = np.tile(X[:, :1], (1, 5))
    inputs[0] = 9999
    caution = DatasetTask.from_arrays(inputs, X[:, 0]).caveat()
    assert caution.count("holds 9999 in 1 of 60 rows") == 3
    assert ", and so do 2 more columns; if it stands for" in caution
