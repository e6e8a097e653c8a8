"""Stratified splits and folds, group folds, and learning curves over the number of rows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

import evorobo as er

RNG = np.random.default_rng(0)
CLASSES = np.repeat(["smooth", "rough", "stairs"], [160, 30, 10])[RNG.permutation(200)]
X = RNG.normal(size=(200, 2))
GROUP = np.repeat(np.arange(20), 10)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def table(labels=CLASSES, **columns):
    return er.make_table(X, labels, columns=columns)


def counts(rows, labels=CLASSES):
    return np.array([np.sum(labels[rows] == name) for name in np.unique(CLASSES)])


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_a_stratified_split_have_the_fractions_of_the_whole(seed):
    parts = er.RandomSplit(seed=seed, stratify=True).split(table())
    assert counts(parts.test).tolist() == [6, 32, 2] or np.abs(counts(parts.test) - [6, 32, 2]).max() <= 1
    assert np.abs(counts(parts.validation) - [3, 16, 1]).max() <= 1
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(200))
    plain = [counts(er.RandomSplit(seed=one).split(table()).test).tolist() for one in range(5)]
    assert any(abs(row[2] - 2) > 1 or abs(row[0] - 6) > 1 for row in plain)


def test_stratified_folds_differ_by_a_row_as_those_of_scikit_learn():
    for folds in (3, 5, 7):
        ours = [counts(er.FoldSplit(folds, fold, stratify=True).split(table()).test) for fold in range(folds)]
        theirs = [counts(test) for _, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(X, CLASSES)]
        assert np.ptp(ours, axis=0).max() <= max(2, np.ptp(theirs, axis=0).max())
        assert np.ptp(np.sum(ours, 1)) <= 1


def test_stratified_folds_of_groups_equal_those_of_scikit_learn():
    for seed in range(5):
        group = np.random.default_rng(seed).integers(0, 25, 200)
        expected = [test.tolist() for _, test in StratifiedGroupKFold(4).split(X, CLASSES, group)]
        data = table(lap=[f"{number:02}" for number in group])  # groups are sorted as texts
        ours = [
            er.FoldSplit(4, fold, seed=None, column="lap", stratify=True).split(data).test.tolist() for fold in range(4)
        ]
        assert sorted(ours) == sorted(expected)


def test_folds_pass_it_on_and_values_cannot_be_stratified():
    task = er.DatasetTask.from_arrays(X, CLASSES, columns={"lap": GROUP})
    assert all(fold.split.stratify for fold in er.folds(task, 4, column="lap", stratify=True))
    with pytest.raises(er.DataError, match="stratify=True needs classes"):
        er.RandomSplit(stratify=True).split(er.make_table(X, X[:, 0]))
    with pytest.raises(er.SettingsError, match="seed=None keeps their order; give a seed"):
        er.FoldSplit(3, seed=None, stratify=True)


def test_fewer_rows_are_among_more_and_keep_the_fractions_of_classes():
    task = er.DatasetTask.from_arrays(X, CLASSES, label="ground")
    everything = set(task.parts.train)
    few, more = (replace(task, rows=n, label=None) for n in (40, 80))
    assert set(few.parts.train) < set(more.parts.train) < everything
    assert len(few.parts.train) == 40
    assert few.name.endswith("-40-rows")
    assert np.abs(counts(few.parts.train) - [6, 32, 2]).max() <= 2
    assert (few.parts.test == task.parts.test).all()
    assert few.input_scaler.mean == pytest.approx(X[few.parts.train].mean(0))
    with pytest.raises(er.SettingsError, match=r"rows is 1000, but .* has 140 training rows; lower it"):
        _ = replace(task, rows=1000).parts


def test_fewer_rows_of_sequences_are_whole_sequences():
    task = er.DatasetTask.from_arrays(
        X, X[:, 0], columns={"lap": GROUP}, sequence="lap", split=er.FoldSplit(5, column="lap"), rows=55
    )
    _, sizes = np.unique(GROUP[task.parts.train], return_counts=True)
    assert sorted(sizes) == [5, 10, 10, 10, 10, 10]
