"""The loop that runs trials of every method: step, add the cost, evaluate at times, keep a checkpoint."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from evorobo.errors import LearningError, ResultsError, SettingsError
from evorobo.files import remove_temporary_files, write_atomically, write_json
from evorobo.learners.base import BatchedLearners, HasStages, Learner, ManySteps, StepResult
from evorobo.printable import MAX_SHOWN, printable
from evorobo.processes import cpu_seconds
from evorobo.settings import to_plain
from evorobo.study import callbacks, checkpoint
from evorobo.study.base import TrialSettings
from evorobo.study.digests import check_files, digests
from evorobo.study.folders import PROGRESS_FILE, TAKEN, UNFINISHED, Refused, trial_lock, trial_status
from evorobo.study.log import Log
from evorobo.study.pauses import PAUSED, PAUSES_FILE, Pause, record_pause
from evorobo.study.provenance import continuations, provenance, trial_sha256
from evorobo.study.records import read_record, write_record
from evorobo.study.stepping import batch_learners, step_together, upcoming_fractions
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import HasDataFormat, HasJointEval, HasMetrics
from evorobo.user_code import as_error, error_text
from evorobo.workers import closed_descriptors

CHECKPOINT_SECONDS = 20.0
MAX_TRACEBACK_LINES = 200
PROGRESS_SECONDS = 0.2

ProgressFunction = Callable[[float], None]
"""Called with the completed fraction of a trial, before its first step and now and then after it."""


def run_batch(
    trials: Sequence[TrialSettings],
    folders: Sequence[Path],
    on_progress: Sequence[ProgressFunction],
    should_stop: Callable[[], bool],
    pause_at: float = 1.0,
) -> list[str | ResultsError]:
    """Run each trial in its folder, or continue it; return the status of each, or why its results cannot be kept.

    Several trials must be of one task and one `Batchable` method. They are stepped in one call, and each gives the
    same numbers as alone. The status of a trial that another process runs now is `TAKEN`. When `should_stop()` returns
    True, trials that have not ended are left `UNFINISHED`, with checkpoints. A trial that has spent the fraction
    `pause_at` of its budget is left `PAUSED`, with a checkpoint and a record of the pause; its curve does not change.
    """
    runs = [RunningTrial(*each, pause_at) for each in zip(trials, folders, on_progress, strict=True)]
    try:
        with threadpool_limits(1):  # sums have the same order on machines with any number of cores
            for run in runs:
                run.prepare()
                if not run.outcome:
                    run.on_progress(run.completed_fraction)  # the time limit of the first step starts anew
            _step_to_the_end(runs, should_stop)
    finally:
        for run in runs:
            run.lock.release()
    return [run.outcome for run in runs]


def _step_to_the_end(runs: Sequence[RunningTrial], should_stop: Callable[[], bool]) -> None:
    """Step the learners of `runs` until each has an outcome."""
    active: list[RunningTrial] = []
    batched: BatchedLearners | None = None
    progress_time = time.perf_counter()
    while unfinished := [run for run in runs if not run.outcome]:
        if len(unfinished) != len(active):
            active = unfinished
            batched = batch_learners(active[0].trial.method, [run.learner for run in active])
        results: Sequence[tuple[int, StepResult | Exception]]
        cpu, wall = cpu_seconds(), time.perf_counter()
        try:
            single = active[0]  # without batched learners there is no other
            results = step_together(active, batched) or [(1, single.learner.step(single.budget_fraction))]
        except BaseException as error:
            results = [(0, as_error(error))] * len(active)
        now, share = time.perf_counter(), 1 / len(active)
        seconds = Cost(cpu_seconds=(cpu_seconds() - cpu) * share, wall_seconds=(now - wall) * share)
        for run, (n_steps, result) in zip(active, results, strict=True):
            run.after_steps(n_steps, result, seconds)
        if now - progress_time > PROGRESS_SECONDS:
            progress_time = now
            for run in active:
                run.on_progress(run.completed_fraction)
            if (unfinished := [run for run in active if not run.outcome]) and should_stop():
                for run in unfinished:
                    run.interrupt()


class _LostLock(Exception):
    """Another process has taken the trial over, because this one did not touch its lock for long."""


class RunningTrial:
    """A trial that runs in its folder.

    `outcome` is empty until it ends; `budget_fraction` is spent; `stops` has the callbacks that ended it, with reasons.
    """

    def __init__(self, trial: TrialSettings, folder: Path, on_progress: ProgressFunction, pause_at: float) -> None:
        self.trial, self.folder, self.on_progress, self._pause_at = trial, folder, on_progress, pause_at
        self.outcome: str | ResultsError = ""
        self.stops: list[callbacks.Stop] = []
        self.budget_fraction, self.generations, self.n_evals, self.seconds = 0.0, 0, 0, Cost()
        self.log = Log(folder / "curve.csv")
        self.lock = trial_lock(folder)
        self.learner: Learner
        self._owns_folder = False
        self._generation_callbacks = callbacks.with_on_generation(trial.callbacks)
        self._continued: dict[str, Any] = {}

    def prepare(self) -> None:
        """Do everything up to the first step; a trial that is finished or taken gets its outcome at once."""
        try:
            if self._is_finished():  # a finished trial is only read
                return
            if not self.lock.acquire():
                self.outcome = TAKEN
                return
            if self._is_finished():  # by another process, meanwhile
                return
            self._owns_folder = True
            remove_temporary_files(self.folder)
            (self.folder / PROGRESS_FILE).unlink(missing_ok=True)
            settings = self._recorded_settings()
            self._identity = trial_sha256(self.trial, settings)
            state = self._read_checkpoint()
            write_record(self.folder / "trial.json", settings)
            machine = provenance(self.trial, self.folder)
            write_json(self.folder / "machine.json", machine)
            self._continued = {"continued": texts} if (texts := continuations(machine)) else {}
            (self.folder / "result.json").unlink(missing_ok=True)
            self._start(state)
            self._end_if_over()
            self._pause_if_due()
        except BaseException as error:
            self._end_with_error(as_error(error))

    def _is_finished(self) -> bool:
        """Check that the folder is this trial's; return whether the trial is finished, which is then its outcome."""
        self.trial.check(self.folder)
        if trial_status(self.folder) != "finished":
            return False
        check_files(self.folder)
        self.outcome = "finished"
        return True

    def _recorded_settings(self) -> dict[str, Any]:
        """Return the plain settings of the trial as its folder has them: an earlier version wrote fewer fields.

        They stay so, since the checkpoint belongs to them.
        """
        path = self.folder / "trial.json"
        settings: dict[str, Any] = read_record(path) if path.exists() else to_plain(self.trial)
        return settings

    def _read_checkpoint(self) -> dict[str, Any] | None:
        """Return the state in the checkpoint; None where the trial starts from its first step.

        A failed trial whose settings, data or code have changed since starts over. An unfinished one is refused.
        """
        path = self.folder / "checkpoint.npz"
        if not path.exists():
            return None
        state = checkpoint.load(path)
        if state.get("trial_sha256") == self._identity:
            return state
        if trial_status(self.folder) == "unfinished":
            raise ResultsError(
                f"{path} was saved by a trial of other settings, data or code; delete it and this trial starts over."
            )
        path.unlink()
        return None

    def fractions_before_steps(self, costs: Cost) -> list[float]:
        """Return the spent fraction of the budget before each of the next steps that can be done in one call."""
        budget = self.trial.budget
        if self._generation_callbacks or budget.has_seconds:
            return [self.budget_fraction]
        next_eval = self._eval_fractions[self.n_evals]
        initial = self._initial_fractions
        after = upcoming_fractions(budget, costs, self.generations, initial, next_eval, self._pause_at)
        return [self.budget_fraction, *after[:-1]]

    def after_steps(self, n_steps: int, result: StepResult | Exception, seconds: Cost) -> None:
        """Account for steps that took `seconds`, the last with this `result`; end the trial if it is over."""
        try:
            if isinstance(result, Exception):
                if isinstance(result, LearningError):
                    self._save_genome()
                raise result
            self.generations += n_steps
            self.seconds = self.seconds + seconds
            self._account_and_log(result)
            self._end_if_over()
            self._pause_if_due()
        except BaseException as error:
            self._end_with_error(as_error(error))

    def save_checkpoint(self) -> None:
        """Write the whole state, from which the trial continues exactly."""
        self._check_lock()
        state: dict[str, Any] = {
            "trial_sha256": self._identity,
            "learner": self.learner.state(),
            "generations": self.generations,
            "n_evals": self.n_evals,
            "stops": [list(stop) for stop in self.stops],
            "cpu_seconds": self.seconds.cpu_seconds,
            "wall_seconds": self.seconds.wall_seconds,
            "log": self.log.state(),
        }
        checkpoint.save(self.folder / "checkpoint.npz", state)
        self._checkpoint_time = time.perf_counter()

    def interrupt(self) -> None:
        """Leave the trial unfinished, with a checkpoint."""
        with suppress(_LostLock):
            self.save_checkpoint()
        self.outcome = UNFINISHED

    @property
    def cost(self) -> Cost:
        """What the trial has spent so far."""
        return self.learner.cost + self.seconds

    @property
    def completed_fraction(self) -> float:
        """Progress from the first step (0) to the end (1); costs before the first step do not count."""
        if self._is_over:
            return 1.0
        return max(
            (now - initial) / (1 - initial)
            for now, initial in zip(self._fractions, self._initial_fractions, strict=True)
        )

    @property
    def _is_over(self) -> bool:
        return self.budget_fraction >= 1 or self.learner.done or bool(self.stops)

    def _start(self, state: dict[str, Any] | None) -> None:
        budget = self.trial.budget
        self.learner = self.trial.start()
        self._stages = self.learner if isinstance(self.learner, HasStages) else None
        self.many_steps = self.learner if isinstance(self.learner, ManySteps) else None
        self._initial_fractions, self._eval_fractions = budget.used_fractions(self.cost, 0), budget.eval_fractions
        if state is None:
            (self.folder / PAUSES_FILE).unlink(missing_ok=True)
            self._evaluate(None)
        else:
            self._resume(state)
        self._fractions = budget.used_fractions(self.cost, self.generations)
        self.budget_fraction = max(self._fractions)
        self._checkpoint_time = time.perf_counter()
        if self.budget_fraction >= 1 and not self.generations:
            raise SettingsError(
                f"the demonstrations of {self.trial.task.name} for {self.trial.method.name} cost the whole budget of "
                f"{budget.as_text}, and nothing is left to learn with; give more, or ask for fewer demonstrations."
            )

    def _resume(self, state: dict[str, Any]) -> None:
        self.learner.restore(state["learner"])
        self.generations, self.n_evals = state["generations"], state["n_evals"]
        self.stops = [callbacks.Stop(*stop) for stop in state["stops"]]
        self.seconds = Cost(cpu_seconds=state["cpu_seconds"], wall_seconds=state["wall_seconds"])
        self.log.restore(state["log"])

    def _account_and_log(self, result: StepResult) -> None:
        """Update the spent fractions; evaluate and keep a checkpoint where these are due."""
        budget = self.trial.budget
        before, self._fractions = self._fractions, budget.used_fractions(self.cost, self.generations)
        self.budget_fraction = max(self._fractions)
        stages = self._stages
        if self._fractions == before and not (stages and stages.has_own_limit):
            raise SettingsError(
                f"{self.trial.method.name} spends none of {', '.join(budget.limits)} on {self.trial.task.name}, so "
                "this budget never ends; add a limit that it does spend, for example flops=1e9."
            )
        if self._generation_callbacks:
            self.stops = callbacks.notify(self._generation_callbacks, "on_generation", self._trial_state, result)
        due, completed = self._eval_fractions, self.completed_fraction
        if completed >= due[self.n_evals] or (stages and stages.ends_stage(self.budget_fraction)):
            while self.n_evals < len(due) - 1 and due[self.n_evals] <= completed:
                self.n_evals += 1
            self._evaluate(result)
            self.save_checkpoint()
        elif time.perf_counter() - self._checkpoint_time > CHECKPOINT_SECONDS:
            self.save_checkpoint()

    def _evaluate(self, result: StepResult | None) -> None:
        """Log the scores of the current solution and call the callbacks."""
        genome, task = self.learner.genome, self.trial.task
        if error := closed_descriptors():  # files that are written now could take their place
            raise error
        if isinstance(task, HasJointEval):
            validation, test = task.validate_and_test(genome)
        else:
            validation, test = task.validate(genome), task.test(genome)
        metrics = task.test_metrics(genome) if isinstance(task, HasMetrics) else {}
        self._check_lock()
        self.log.append(self.cost, self.generations, result, validation, test, metrics)
        if self.trial.callbacks:
            self.stops = self.stops or callbacks.notify(self.trial.callbacks, "on_eval", self._trial_state)

    @property
    def _trial_state(self) -> callbacks.TrialState:
        genome = self.learner.genome
        return callbacks.TrialState(self.trial, self.folder, genome, self.cost, self.generations, self.log.evals)

    def _end_if_over(self) -> None:
        """End the trial once its budget is spent, the learner is done or a callback stops it.

        `result.json` gets the test score of the solution. Where budget is left it also gets `"stopped_early": true`,
        and the callbacks that stopped the trial.
        """
        if not self._is_over:
            return
        self._check_lock()
        self._save_genome()
        artifacts = self.learner.artifacts()
        for name, content in artifacts.items():
            write_atomically(self.folder / name, content)
        self._notify_finish("finished")
        early: dict[str, Any] = {"stopped_early": True} if self.budget_fraction < 1 else {}
        if early and self.stops:
            early["reason"] = "; ".join(f"stopped by {stop.callback}: {stop.reason}" for stop in self.stops)
            early["stopped_by"] = [stop.callback for stop in self.stops]
        test = float(self.log.rows[-1]["test"])
        self._write_result({"status": "finished", "test": test, **early}, artifacts)
        (self.folder / "checkpoint.npz").unlink(missing_ok=True)
        self._end("finished")

    def _pause_if_due(self) -> None:
        """Leave the trial where it is, once it has spent the fraction of its budget at which it pauses."""
        if self.outcome or self.budget_fraction < self._pause_at:
            return
        validation = self.trial.task.validate(self.learner.genome)
        self.save_checkpoint()
        record_pause(self.folder, Pause(self._pause_at, float(validation), self.cost))
        self._end(PAUSED)

    def _save_genome(self) -> None:
        genome, task = self.learner.genome, self.trial.task
        if isinstance(task, HasDataFormat):
            genome = replace(genome, data=task.data_format)
        genome.save(self.folder / "genome.npz")

    def _write_result(self, result: dict[str, Any], artifacts: Iterable[str] = ()) -> None:
        """Write `result.json`, with the digests of the files that belong to it."""
        curve = {"curve.csv": self.log.sha256} if self.log.rows else {}
        sha256 = curve | digests(self.folder, ("genome.npz", *artifacts))
        write_record(self.folder / "result.json", {**result, **self._continued, "sha256": sha256})

    def _end(self, outcome: str | ResultsError) -> None:
        self.outcome = outcome
        self.lock.release()

    def _check_lock(self) -> None:
        """Raise `_LostLock` where another process has taken this trial over; nothing may be written then."""
        if not self.lock.is_held():
            raise _LostLock

    def _end_with_error(self, error: Exception) -> None:
        """End the trial as "diverged" or "failed" and write the reason; a `ResultsError` is the outcome itself."""
        error = closed_descriptors() or error  # then files of our own cannot be written or read
        if isinstance(error, _LostLock) or (self._owns_folder and not self.lock.is_held()):
            self._end(TAKEN)
            return
        if isinstance(error, ResultsError):
            if self._owns_folder:
                write_record(self.folder / "result.json", {"status": "failed", "reason": error_text(error)})
            self._end(error if self._owns_folder else Refused(str(error)))
            return
        status = "diverged" if isinstance(error, LearningError) else "failed"
        try:
            self._notify_finish(status)
        except SettingsError as callback_error:
            status, error = "failed", callback_error
        lines = "".join(traceback.format_exception(error)).splitlines()[-MAX_TRACEBACK_LINES:]
        self._write_result(
            {"status": status, "reason": error_text(error), "traceback": [printable(line, MAX_SHOWN) for line in lines]}
        )
        # from a checkpoint it would fail at the same step again; after a fix it has to start over
        (self.folder / "checkpoint.npz").unlink(missing_ok=True)
        self._end(status)

    def _notify_finish(self, status: str) -> None:
        if self.trial.callbacks and self.log.rows:
            callbacks.notify(self.trial.callbacks, "on_finish", self._trial_state, status)
