"""Cross-validation: one task becomes several, each tested on rows that the others train on."""

from __future__ import annotations

from dataclasses import replace

from evorobo.tasks.data.splits import FoldSplit
from evorobo.tasks.data.task import DatasetTask


def folds(
    task: DatasetTask, n: int = 5, *, seed: int | None = 0, column: str | None = None, stratify: bool = False
) -> tuple[DatasetTask, ...]:
    """Return the tasks of an n-fold cross-validation, for the `tasks` of a study.

    Parameters
    ----------
    task : DatasetTask
        The task; its own split is replaced.
    n : int, default 5
        Number of folds, at least 3.
    seed : int or None, default 0
        Seed of the random assignment. None makes each fold one stretch of rows; see `FoldSplit`.
    column : str, optional
        Name of a column whose groups stay together; see `FoldSplit`.
    stratify : bool, default False
        Whether all folds get the same fractions of the classes; see `FoldSplit`.

    Returns
    -------
    tuple of DatasetTask
        One task per fold, named after `task` and the fold.

    Examples
    --------
    >>> import evorobo as er
    >>> [fold.name for fold in er.folds(er.DatasetTask("scitos-24"), 3, column="lap")]
    ['scitos-24-fold-0', 'scitos-24-fold-1', 'scitos-24-fold-2']
    """
    splits = [FoldSplit(n, fold, seed, column, stratify=stratify) for fold in range(n)]
    return tuple(replace(task, split=split, label=f"{task.name}-fold-{split.fold}") for split in splits)
