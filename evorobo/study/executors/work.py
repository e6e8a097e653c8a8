"""What executors let run: a batch of trials in their folders, and the inspection of a task."""

from __future__ import annotations

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
from evorobo.study.folders import PROGRESS_FILE, REFUSED, TAKEN, Interrupted, Refused, remove_progress, trial_reason
from evorobo.study.running import run_batch
from evorobo.study.trial import Trial
from evorobo.tasks.capabilities import HasCaveat
from evorobo.user_code import as_error, defer_interrupts
from evorobo.workers import stop_requested


def run_trials(trials: list[Any], folders: list[str]) -> list[list[str]] | None:
    """Run a batch of trials, given as plain settings, in a worker; return the status of each, and the reason.

    The result is None where the worker is asked to stop: then the trials have checkpoints.
    """
    paths = [Path(folder) for folder in folders]
    batch = [from_plain(trial, imports=True) for trial in trials]
    writers = [_progress_writer(path / PROGRESS_FILE) for path in paths]
    try:
        with defer_interrupts() as interrupted:
            outcomes = run_batch(batch, paths, writers, lambda: stop_requested() or interrupted())
    except Interrupted:
        return None
    finally:
        for path in paths:
            remove_progress(path)
    return [[*ending(path, outcome)] for path, outcome in zip(paths, outcomes, strict=True)]


def _progress_writer(path: Path) -> Callable[[float], None]:
    def write(completed_fraction: float) -> None:
        with suppress(OSError):  # no trial fails for want of a progress bar
            path.write_text(repr(completed_fraction))

    return write


def ending(folder: Path, outcome: str | ResultsError) -> tuple[str, str]:
    """Return the status of a trial and the reason of it, for an outcome of `run_batch`."""
    if isinstance(outcome, ResultsError):
        return REFUSED if isinstance(outcome, Refused) else "failed", str(outcome)
    return outcome, "" if outcome == TAKEN else trial_reason(folder)


def inspect_plain(task: Any, trial: Any) -> dict[str, Any]:
    """Inspect a task, or one of its trials, in a worker."""
    return vars(inspect_task(Inspection(from_plain(task, imports=True), from_plain(trial, imports=True))))


def inspect_task(inspection: Inspection) -> Finding:
    """Return the scores and the caution of a task, or the error of a trial whose settings do not fit together."""
    with threadpool_limits(1):
        if inspection.trial:
            return Finding(error=_start_briefly(inspection.trial))
        task, references, caution = inspection.task, None, ""
        with _errors_left_to_trials(TaskError):
            references = dict(task.references())
        with _errors_left_to_trials(TaskError):
            caution = task.caveat() if isinstance(task, HasCaveat) else ""
        return Finding(references, caution)


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
