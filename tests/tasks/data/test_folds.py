"""Cross-validation: every row is tested once, groups stay whole, and a study accepts the folds as tasks."""

import numpy as np
import pytest

from evorobo import Backprop, Budget, DataError, DatasetTask, FoldSplit, SettingsError, Study, folds
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.data.tables import Table

ROWS = 103
LAPS = np.repeat(np.arange(9), [1, 30, 2, 20, 7, 20, 11, 5, 7])
TABLE = Table(np.zeros((ROWS, 1)), np.zeros((ROWS, 1)), ("x",), ("y",), columns={"lap": LAPS, "day": LAPS.astype(str)})


def splits(n=4, **settings):
    return [FoldSplit(n, fold, **settings) for fold in range(n)]


@pytest.mark.parametrize(
    "settings", [{}, {"seed": 7}, {"seed": None}, {"column": "lap"}, {"validation": False}], ids=str
)
def test_every_row_is_tested_once_and_in_each_fold_is_in_one_part(settings):
    parts = [split.split(TABLE) for split in splits(**settings)]
    tested = np.concatenate([fold.test for fold in parts])
    np.testing.assert_array_equal(np.sort(tested), np.arange(ROWS))
    for fold in parts:
        rows = np.concatenate([fold.train, fold.validation, fold.test])
        np.testing.assert_array_equal(np.sort(rows), np.arange(ROWS))
    if settings.get("validation", True):
        for fold, following in zip(parts, [*parts[1:], parts[0]], strict=True):
            np.testing.assert_array_equal(fold.validation, following.test)
    else:
        assert all(not len(fold.validation) for fold in parts)


@pytest.mark.parametrize("seed", [0, 3, None])
def test_folds_of_rows_differ_in_size_by_at_most_one(seed):
    sizes = {len(split.split(TABLE).test) for split in splits(seed=seed)}
    assert sizes == {25, 26}


def test_without_a_seed_each_fold_is_one_stretch_of_the_recording():
    for split in splits(seed=None):
        assert (np.diff(split.split(TABLE).test) == 1).all()


def test_another_seed_selects_other_rows_and_groups():
    for column in (None, "lap"):
        selected = {tuple(FoldSplit(4, 1, seed, column).split(TABLE).test) for seed in range(9)}
        assert len(selected) > 1


def test_groups_stay_whole_and_folds_are_about_equal():
    parts = [split.split(TABLE) for split in splits(column="lap")]
    for fold in parts:
        for rows in (fold.train, fold.validation, fold.test):
            inside = [np.isin(np.flatnonzero(lap == LAPS), rows) for lap in range(9)]
            assert all(lap.all() or not lap.any() for lap in inside)
    # by hand: 30, 20, 20 and 11; both 7 to the 11, which is 25 then; 5 to one of the 20; 2 and 1 to the other
    assert sorted(len(fold.test) for fold in parts) == [23, 25, 25, 30]


def test_numbers_and_their_texts_are_the_same_groups():
    for one, other in zip(splits(column="lap"), splits(column="day"), strict=True):
        np.testing.assert_array_equal(one.split(TABLE).test, other.split(TABLE).test)


def test_a_study_runs_the_folds_as_tasks_of_their_own_names(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    x = np.random.default_rng(0).normal(size=(60, 2))
    task = DatasetTask.from_arrays(x, x @ [1.0, -1.0], columns={"lap": np.arange(60) // 6}, label="line")
    study = Study.grid(
        "cross",
        tasks=folds(task, 3, column="lap"),
        methods=[Backprop()],
        seeds=1,
        budget=Budget(samples=200, n_evals=2),
    )
    results = study.run(tmp_path)
    assert results.tasks == ["line-fold-0", "line-fold-1", "line-fold-2"]
    assert [run.status for run in results.runs] == ["finished"] * 3
    tested = np.concatenate([fold.parts.test for fold in study.tasks])
    np.testing.assert_array_equal(np.sort(tested), np.arange(60))
    assert from_plain(to_plain(study)) == study


@pytest.mark.parametrize(
    ("make", "kind", "sentence"),
    [
        (lambda: FoldSplit(2), SettingsError, "folds must be a whole number of at least 3, not 2"),
        (
            lambda: FoldSplit(1, validation=False),
            SettingsError,
            "folds must be a whole number of at least 2, not 1",
        ),
        (lambda: FoldSplit(5, 5), SettingsError, "fold must be a whole number from 0 to 4, not 5"),
        (lambda: FoldSplit(5, -1), SettingsError, "fold must be a whole number of at least 0, not -1"),
        (
            lambda: FoldSplit(10, column="lap").split(TABLE),
            DataError,
            "9 values of 'lap' are too few for 10 folds; choose fewer folds",
        ),
        (lambda: FoldSplit(column="lpa").split(TABLE), SettingsError, "did you mean 'lap'"),
    ],
)
def test_invalid_folds_raise_one_sentence(make, kind, sentence):
    with pytest.raises(kind, match=sentence):
        make()
