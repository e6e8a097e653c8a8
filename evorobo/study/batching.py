"""Which trials are stepped in one batch: the seeds of one task and method, where the method gains by it."""

from __future__ import annotations

from collections.abc import Sequence

from evorobo.learners.base import Batchable
from evorobo.study.trial import Trial


def batch_trials(trials: Sequence[Trial], jobs: int) -> list[list[Trial]]:
    """Group `trials` into batches for `run_batch`, in the order of their first trials, at least `jobs` of them.

    Seeds trained as one batch are charged equal shares of its run time. Trials with a time budget are never batched.
    """
    cells: dict[str, list[Trial]] = {}
    for trial in trials:
        cells.setdefault(trial.path.rpartition("/")[0], []).append(trial)
    batches = []
    for cell in cells.values():
        size = min(_max_batch_size(cell[0]), -(-len(cell) // jobs))
        batches += [cell[start : start + size] for start in range(0, len(cell), size)]
    position = {id(trial): number for number, trial in enumerate(trials)}
    return sorted(batches, key=lambda batch: position[id(batch[0])])


def _max_batch_size(trial: Trial) -> int:
    if not isinstance(trial.method, Batchable) or trial.budget.has_seconds:
        return 1
    return trial.method.max_batched_learners(trial.spec)
