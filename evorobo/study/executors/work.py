"""What executors let run: a batch of trials in their folders, and the inspection of a task."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from evorobo import errors
from evorobo.errors import EvoroboError, ResultsError, TaskError
from evorobo.learners.base import HasStages
from evorobo.settings import from_plain
from evorobo.study.executors.base import Finding, Inspection
from evorobo.study.folders import (
    PROGRESS_FILE,
    REFUSED,
    TAKEN,
    UNFINISHED,
    Refused,
    remove_progress,
    trial_reason,
)
from evorobo.study.pauses import PAUSED
from evorobo.study.provenance import fingerprints
from evorobo.study.running import run_batch
from evorobo.study.trial import Trial
from evorobo.tasks.capabilities import HasCaveat, HasReferenceMetrics
from evorobo.user_code import as_error, defer_interrupts
from evorobo.workers import stop_requested

MIN_START_MULTIPLE = 20
"""A batch that is run in parts runs at least so many times as long as it takes to start, so that little is lost."""


def run_trials(
    trials: list[Any],
    folders: list[str],
    seconds: float | None = None,
    expected: list[Any] | None = None,
    pause_at: float = 1.0,
) -> list[list[str]]:
    """Run a batch of trials, given as plain settings, in a worker; return the status of each, and the reason.

    Trials that have not ended when the worker is asked to stop are "unfinished", with checkpoints. So are those that
    have not ended after `seconds`, or after `MIN_START_MULTIPLE` times their start. `expected` are the fingerprints of
    the trials where the study was started; a trial that has others here is refused. At the fraction `pause_at` of their
    budgets, trials are paused.
    """
    paths = [Path(folder) for folder in folders]
    batch = [from_plain(trial, imports=True) for trial in trials]
    if refusal := next(filter(None, map(_refusal, batch, expected or [])), ""):
        return [[REFUSED, refusal]] * len(batch)
    writers = [_progress_writer(path / PROGRESS_FILE) for path in paths]
    is_over = _time_limit(seconds)
    try:
        with defer_interrupts() as interrupted:
            outcomes = run_batch(
                batch, paths, writers, lambda: stop_requested() or interrupted() or is_over(), pause_at
            )
    finally:
        for path in paths:
            remove_progress(path)
    return [[*ending(path, outcome)] for path, outcome in zip(paths, outcomes, strict=True)]


def _refusal(trial: Trial, expected: dict[str, Any]) -> str:
    """Return a sentence where the data or the code of a trial are not the expected ones."""
    for name, value in fingerprints(trial).items():
        if expected.get(name, value) != value:
            return (
                f"{trial.path} would run with another {name.removesuffix('_sha256').replace('_', ' ')} on "
                f"{platform.node()} than here; copy the files there, or put them into the current folder."
            )
    return ""


def _time_limit(seconds: float | None) -> Callable[[], bool]:
    """Return a function that is called after each step; it returns whether the batch has had its time."""
    begin, limit = time.monotonic(), seconds

    def is_over() -> bool:
        nonlocal limit
        elapsed = time.monotonic() - begin
        if seconds is not None and limit == seconds:  # the first call: now it is known how long the start took
            limit = max(seconds, MIN_START_MULTIPLE * elapsed)
        return limit is not None and elapsed > limit

    return is_over


def _progress_writer(path: Path) -> Callable[[float], None]:
    def write(completed_fraction: float) -> None:
        with suppress(OSError):  # no trial fails for want of a progress bar
            path.write_text(repr(completed_fraction))

    return write


def ending(folder: Path, outcome: str | ResultsError) -> tuple[str, str]:
    """Return the status of a trial and the reason of it, for an outcome of `run_batch`."""
    if isinstance(outcome, ResultsError):
        return REFUSED if isinstance(outcome, Refused) else "failed", str(outcome)
    return outcome, "" if outcome in (TAKEN, UNFINISHED, PAUSED) else trial_reason(folder)


def inspect_plain(task: Any, trial: Any) -> dict[str, Any]:
    """Inspect a task, or one of its trials, in a worker."""
    return vars(inspect_task(Inspection(from_plain(task, imports=True), from_plain(trial, imports=True))))


def inspect_task(inspection: Inspection) -> Finding:
    """Return the scores and the caution of a task, or the error of a trial whose settings do not fit together."""
    with threadpool_limits(1):
        if inspection.trial:
            return Finding(error=_start_briefly(inspection.trial))
        task, references, caution, metrics = inspection.task, None, "", {}
        with _errors_left_to_trials(TaskError):
            references = dict(task.references())
            metrics = task.reference_metrics() if isinstance(task, HasReferenceMetrics) else {}
        with _errors_left_to_trials(TaskError):
            caution = task.caveat() if isinstance(task, HasCaveat) else ""
        return Finding(references, caution, metrics)


def _start_briefly(trial: Trial) -> dict[str, str]:
    try:
        with _errors_left_to_trials():
            learner = trial.start()
            if isinstance(learner, HasStages):
                learner.check_later_stages()
    except EvoroboError as error:
        return {"type": type(error).__name__, "message": str(error)}
    return {}


def raise_error(finding: Finding) -> None:
    """Raise the error of a finding, if it has one."""
    if finding.error:
        kind: type[EvoroboError] = getattr(errors, finding.error["type"], EvoroboError)
        raise kind(finding.error["message"])


@contextmanager
def _errors_left_to_trials(*kinds: type[EvoroboError]) -> Iterator[None]:
    """Suppress what user code raises, and our own errors of these kinds: the trials will report it."""
    try:
        yield
    except kinds:
        pass
    except BaseException as raised:
        error = as_error(raised)
        if isinstance(error, EvoroboError) and not (isinstance(error, TaskError) and error.__cause__):
            raise
