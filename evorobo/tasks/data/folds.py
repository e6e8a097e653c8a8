"""Cross-validation: one task becomes several, each tested on the rows that the others learn from."""

from __future__ import annotations

from dataclasses import replace

from evorobo.tasks.data.splits import FoldSplit
from evorobo.tasks.data.task import DatasetTask


def folds(task: DatasetTask, n: int = 5, *, seed: int | None = 0, column: str | None = None) -> tuple[DatasetTask, ...]:
    """The `n` tasks of an n-fold cross-validation, for `Study.grid(tasks=folds(DatasetTask("scitos-24"), 5), ...)`.

    They are named after `task` and their fold. `seed` and `column` are those of `FoldSplit`.
    """
    splits = [FoldSplit(n, fold, seed, column) for fold in range(n)]
    return tuple(replace(task, split=each, label=f"{task.name}-fold-{each.fold}") for each in splits)
