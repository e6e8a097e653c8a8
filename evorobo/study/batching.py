"""Which trials are stepped together: the seeds of one cell, where the method gains by it."""

from __future__ import annotations

from collections.abc import Sequence

from evorobo.learners.base import Batchable
from evorobo.study.trial import Trial

_SECONDS = {"cpu_seconds", "wall_seconds"}


def batch_trials(trials: Sequence[Trial], jobs: int) -> list[list[Trial]]:
    """`trials` in lists to be run by `run_crew`, in the order of their first; enough lists for `jobs` at a time.

    A budget of seconds is spent alone, for there a faster crew would buy more steps.
    """
    cells: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        cells.setdefault((trial.task.name, trial.method.name), []).append(trial)
    found = []
    for cell in cells.values():
        size = min(_batch_size(cell[0]), -(-len(cell) // jobs))
        found += [cell[at : at + size] for at in range(0, len(cell), size)]
    place = {id(trial): at for at, trial in enumerate(trials)}
    return sorted(found, key=lambda batch: place[id(batch[0])])


def _batch_size(trial: Trial) -> int:
    if not isinstance(trial.method, Batchable) or _SECONDS & trial.budget.limits.keys():
        return 1
    return trial.method.max_batched_learners(trial.spec)
