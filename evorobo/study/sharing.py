"""Several runs of one study in one folder, on any machines that share it: each trial is run by one of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from evorobo.errors import ResultsError
from evorobo.study.batching import batch_trials
from evorobo.study.executors.base import EventFunction, Executor, TrialEvent
from evorobo.study.folders import REFUSED, TAKEN, Interrupted, trial_lock, trial_reason, trial_status
from evorobo.study.locks import FolderLock
from evorobo.study.trial import Trial

FIRST_POLL_SECONDS, MAX_POLL_SECONDS = 0.1, 5.0


def run_trials(
    trials: Sequence[Trial], folder: Path, on_event: EventFunction, executor: Executor, pause_at: float = 1.0
) -> None:
    """Run trials in an executor, and wait for those that other runs have taken.

    A trial whose other run dies is run here. With `pause_at`, trials run to this fraction of their budgets. Raises
    `ResultsError` where a folder turns out to hold another trial.
    """
    taken: dict[str, FolderLock] = {}
    refusals: list[str] = []

    def forward(event: TrialEvent) -> None:
        if event.status == TAKEN:
            taken[event.trial] = trial_lock(folder / event.trial)
        elif event.status == REFUSED:
            refusals.append(event.reason)
        on_event(event)

    waiting = list(trials)
    while waiting:
        executor.run(batch_trials(waiting, executor.n_slots), folder, forward, pause_at)
        free = _wait_for_others(taken, folder, on_event)
        waiting = [trial for trial in trials if trial.path in free]
    if refusals:
        raise ResultsError(refusals[0])


def _wait_for_others(taken: dict[str, FolderLock], folder: Path, on_event: EventFunction) -> set[str]:
    """Wait until other runs have ended all `taken` trials, or have left some; remove these, and return the latter."""
    seconds = FIRST_POLL_SECONDS
    try:
        while taken:
            free = {path for path, lock in taken.items() if lock.acquire()}
            for path in free:
                taken.pop(path).release()
            ended = {path for path in free if trial_status(folder / path) != "unfinished"}
            for path in sorted(ended):
                on_event(TrialEvent(path, 1.0, trial_status(folder / path), trial_reason(folder / path)))
            if left := free - ended:
                return left
            if taken:
                time.sleep(seconds)
                seconds = min(2 * seconds, MAX_POLL_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    return set()
