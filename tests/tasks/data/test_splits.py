"""Splits: which rows train, validate and test."""

import dataclasses

import numpy as np
import pytest

from evorobo import BlockSplit, ChronologicalSplit, DataError, GivenSplit, GroupSplit, RandomSplit, SettingsError
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.data.tables import Table

ROWS = 203
LAPS = np.arange(ROWS) * 6 // ROWS + 1
WORDS = np.array(["train", "test", "train"] * 67 + ["test", "train"])
TABLE = Table(
    np.zeros((ROWS, 1)), np.zeros((ROWS, 1)), ("x",), ("y",), columns={"lap": LAPS, "split": WORDS, "day": WORDS}
)
SPLITS = (
    RandomSplit(),
    RandomSplit(0, 0.5, seed=7),
    BlockSplit(),
    BlockSplit(7, 0.01, 0.3, seed=1),
    ChronologicalSplit(),
    ChronologicalSplit(0, 0.5),
    GroupSplit("lap", (5,), (6,)),
    GroupSplit("lap", test=("1", 2.0)),
    GroupSplit("day", test=("test",)),
    GivenSplit(),
    GivenSplit("day", validation=0.1, seed=3),
)


@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_every_row_is_in_one_part_once_and_sorted(split):
    parts = split.split(TABLE)
    every = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(every), np.arange(ROWS))
    for rows in (parts.train, parts.validation, parts.test):
        assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_equal_settings_give_equal_splits_also_after_json(split):
    again = from_plain(to_plain(split))
    assert again == split
    for rows, others in zip(
        dataclasses.astuple(split.split(TABLE)), dataclasses.astuple(again.split(TABLE)), strict=True
    ):
        np.testing.assert_array_equal(rows, others)


def test_fractions_of_rows_are_those_of_the_settings():
    parts = RandomSplit(0.1, 0.2).split(TABLE)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (142, 20, 41)


def test_another_seed_selects_other_rows():
    for kind in (RandomSplit, BlockSplit):
        assert not np.array_equal(kind(seed=0).split(TABLE).test, kind(seed=1).split(TABLE).test)


def test_a_chronological_split_trains_on_the_first_rows_and_tests_on_the_last():
    parts = ChronologicalSplit(0.1, 0.2).split(TABLE)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (142, 20, 41)
    assert parts.train[-1] < parts.validation[0] < parts.validation[-1] < parts.test[0]
    assert not len(ChronologicalSplit(0, 0.5).split(TABLE).validation)
    with pytest.raises(SettingsError, match="leave no rows to train on"):
        ChronologicalSplit(0.5, 0.5)


def test_blocks_stay_whole():
    parts = BlockSplit(20, 0.1, 0.2).split(TABLE)
    blocks = np.array_split(np.arange(ROWS), 20)
    for rows, n_blocks in ((parts.train, 14), (parts.validation, 2), (parts.test, 4)):
        inside = [np.isin(block, rows) for block in blocks]
        assert all(block.all() or not block.any() for block in inside)
        assert sum(block.all() for block in inside) == n_blocks


def test_groups_stay_whole_in_the_part_that_is_set():
    parts = GroupSplit("lap", validation=(5, 2), test=(6,)).split(TABLE)
    assert set(LAPS[parts.test]) == {6}
    assert set(LAPS[parts.validation]) == {2, 5}
    assert set(LAPS[parts.train]) == {1, 3, 4}


def test_a_given_split_is_read_as_words_or_as_numbers():
    as_numbers = np.array([{"train": 0, "test": 2}[word] for word in WORDS])
    as_numbers[:9] = 1
    table = dataclasses.replace(TABLE, columns={"split": as_numbers, "floats": as_numbers.astype(float)})
    for column in ("split", "floats"):
        parts = GivenSplit(column, validation=0.3).split(table)
        np.testing.assert_array_equal(parts.validation, np.arange(9))  # given, so no further rows are taken
        np.testing.assert_array_equal(parts.test, np.flatnonzero(as_numbers == 2))
    parts = GivenSplit(validation=0.1).split(TABLE)
    np.testing.assert_array_equal(parts.test, np.flatnonzero(WORDS == "test"))
    assert len(parts.validation) == round(0.1 * (WORDS == "train").sum())


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda: RandomSplit(0.5, 0.5),
            "fractions of validation 0.5 and test 0.5 leave no rows to train on; lower one of them.",
        ),
        (lambda: RandomSplit(0.5, 0), "RandomSplit: test must be a number above 0 and below 1, not 0."),
        (lambda: BlockSplit(validation=-0.1), "validation must be a number of at least 0 and below 1, not -0.1."),
        (lambda: BlockSplit(test=float("nan")), "test must be a finite number above 0 and below 1, not nan."),
        (lambda: BlockSplit(1), "blocks must be a whole number of at least 2, not 1."),
        (lambda: GroupSplit("lap"), "no value of 'lap' is for testing; name some, as test=(...,)."),
        (lambda: GroupSplit("lap", (1, 2), (2,)), "'lap' 2 is both in validation and in test."),
        (lambda: GivenSplit(validation=1), "GivenSplit: validation must be a number of at least 0 and below 1, not 1."),
        (lambda: GroupSplit("lpa", test=(6,)).split(TABLE), "unknown column to split by 'lpa'; did you mean 'lap'?"),
        (
            lambda: GroupSplit("lap", test=(7,)).split(TABLE),
            "unknown value of column 'lap' '7'; known: 1, 2, 3, 4, 5, 6.",
        ),
        (
            lambda: GivenSplit("lap").split(TABLE),
            "unknown value of column 'lap' '3'; known: 0, 1, 2, test, train, validation.",
        ),
    ],
)
def test_invalid_settings_raise_one_sentence(make, expected):
    with pytest.raises(SettingsError) as caught:
        make()
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize(
    ("split", "rows", "expected"),
    [
        (RandomSplit(0, 0.01), 5, "the split leaves no test rows; give more rows or other fractions."),
        (RandomSplit(0.6, 0.35), 3, "the split leaves no training rows; give more rows or other fractions."),
        (BlockSplit(2, 0.1, 0.2), 6, "the split leaves no training rows; give more rows or other fractions."),
        (BlockSplit(20), 6, "6 rows are too few for 20 blocks; choose fewer blocks."),
    ],
)
def test_a_table_too_small_for_its_split_raises_one_sentence(split, rows, expected):
    table = Table(np.zeros((rows, 1)), np.zeros((rows, 1)), ("x",), ("y",))
    with pytest.raises(DataError) as caught:
        split.split(table)
    assert str(caught.value) == expected
