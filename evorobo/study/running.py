"""Trials on their way: the loop, the same for every method; step, pay, look now and then, keep a checkpoint."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from evorobo.errors import LearningError, ResultsError, SettingsError
from evorobo.files import write_atomically, write_json
from evorobo.learners.base import Batchable, Learner, StepResult
from evorobo.settings import to_plain
from evorobo.study import callbacks, checkpoint
from evorobo.study.base import TrialSettings
from evorobo.study.folders import Interrupted, error_text, trial_status
from evorobo.study.log import Log
from evorobo.study.provenance import provenance
from evorobo.tasks.base import Cost

CHECKPOINT_SECONDS = 20.0
WATCH_SECONDS = 0.2

ProgressFunction = Callable[[float], None]
"""Told now and then which share of the budget is spent."""


def run_batch(
    trials: Sequence[TrialSettings],
    folders: Sequence[Path],
    on_progress: Sequence[ProgressFunction],
    should_stop: Callable[[], bool],
) -> list[str | ResultsError]:
    """Run each of `trials` in its folder, or go on where it stopped; how each ended, or why its results have no place.

    Several must be of one task and one method that is `Together`; they are stepped in one call, and each comes to the
    numbers that it comes to alone. Raises `Interrupted`, with everything kept, when `stop()` says so.
    """
    with threadpool_limits(1):  # the same sums in the same order on any machine
        runs = [
            RunningTrial(trial, folder, watch)
            for trial, folder, watch in zip(trials, folders, on_progress, strict=True)
        ]
        for run in runs:
            run.prepare()
        _run_until_done(runs, should_stop)
    return [run.outcome for run in runs]


def _run_until_done(runs: list[RunningTrial], should_stop: Callable[[], bool]) -> None:
    """Step all that have not ended until all have."""
    watched = time.perf_counter()
    active: list[RunningTrial] = []
    while going_on := [run for run in runs if not run.outcome]:
        if len(going_on) != len(active):
            active, step = going_on, _stepper(going_on)
        cpu, wall = time.process_time(), time.perf_counter()
        told = step([run.budget_fraction for run in active])
        now = time.perf_counter()
        share = 1 / len(active)
        seconds = Cost(cpu_seconds=(time.process_time() - cpu) * share, wall_seconds=(now - wall) * share)
        for run, news in zip(active, told, strict=True):
            run.after_step(news, seconds)
        if now - watched > WATCH_SECONDS:
            watched = now
            for run in active:
                run.on_progress(run.completed_fraction)
            going_on = [run for run in active if not run.outcome]
            if going_on and should_stop():
                for run in going_on:
                    run.save_checkpoint()
                raise Interrupted(f"{', '.join(run.trial.path for run in going_on)} was interrupted and can go on.")


def _stepper(runs: list[RunningTrial]) -> Callable[[list[float]], Sequence[StepResult | Exception]]:
    """One step of all learners: what each has to tell, or the error that ended it."""
    learners = [run.learner for run in runs]
    method = runs[0].trial.method
    crew = method.batch_learners(learners) if len(runs) > 1 and isinstance(method, Batchable) else None

    def step(spent: list[float]) -> Sequence[StepResult | Exception]:
        try:
            return crew.step(spent) if crew else [learners[0].step(spent[0])]
        except Exception as error:
            return [error] * len(learners)

    return step


class RunningTrial:
    """One trial in its folder. `ending` is empty while it goes on; `spent` is the share of its budget that is gone;
    `stopped` tells which callback stopped it and why."""

    def __init__(self, trial: TrialSettings, folder: Path, watch: ProgressFunction) -> None:
        self.trial, self.folder, self.on_progress = trial, folder, watch
        self.outcome: str | ResultsError = ""
        self.stops: list[callbacks.Stop] = []
        self.budget_fraction = 0.0
        self.generations, self.n_evals, self.seconds = 0, 0, Cost()
        self.log = Log(folder / "curve.csv")
        self.learner: Learner
        self._generation_callbacks = callbacks.with_on_generation(trial.callbacks)

    def prepare(self) -> None:
        """Up to the first step; a trial that has finished already has nothing to do."""
        try:
            self.trial.check(self.folder)
            if trial_status(self.folder) == "finished":
                self.outcome = "finished"
                return
            write_json(self.folder / "trial.json", to_plain(self.trial))
            write_json(self.folder / "machine.json", provenance(self.trial))
            (self.folder / "result.json").unlink(missing_ok=True)
            self._start()
            self._end_if_over()
        except Exception as error:
            self._end_with_error(error)

    def after_step(self, result: StepResult | Exception, seconds: Cost) -> None:
        """After a step that took `seconds`: up to the next one, or to the end."""
        try:
            if isinstance(result, Exception):
                if isinstance(result, LearningError):
                    self.learner.genome.save(self.folder / "genome.npz")
                raise result
            self.generations += 1
            self.seconds = self.seconds + seconds
            self._account_and_log(result)
            self._end_if_over()
        except Exception as error:
            self._end_with_error(error)

    def save_checkpoint(self) -> None:
        """Write down all that it takes to go on from here."""
        state: dict[str, Any] = {
            "learner": self.learner.state(),
            "generations": self.generations,
            "n_evals": self.n_evals,
            "stops": [list(stop) for stop in self.stops],
            "cpu_seconds": self.seconds.cpu_seconds,
            "wall_seconds": self.seconds.wall_seconds,
            "rows": self.log.rows,
        }
        checkpoint.save(self.folder / "checkpoint.npz", state)
        self._checkpoint_time = time.perf_counter()

    @property
    def cost(self) -> Cost:
        return self.learner.cost + self.seconds

    @property
    def completed_fraction(self) -> float:
        """How far the trial is from its start (0) to its end (1), whatever the teacher had cost before."""
        if self._is_over:
            return 1.0
        return max(
            (now - begun) / (1 - begun) for now, begun in zip(self._fractions, self._initial_fractions, strict=True)
        )

    @property
    def _is_over(self) -> bool:
        return self.budget_fraction >= 1 or self.learner.done or bool(self.stops)

    def _start(self) -> None:
        budget = self.trial.budget
        self.learner = self.trial.start()
        self._initial_fractions, self._eval_fractions = budget.used_fractions(self.cost, 0), budget.eval_fractions
        kept = self.folder / "checkpoint.npz"
        if kept.exists():
            try:
                self._resume(checkpoint.load(kept))
            except KeyError as missing:
                raise ResultsError(
                    f"{kept} lacks {missing}, as it was written by another version of evorobo; delete it and this "
                    "trial starts over."
                ) from missing
        if not self.log.rows:
            self._evaluate(None)
        self._fractions = budget.used_fractions(self.cost, self.generations)
        self.budget_fraction = max(self._fractions)
        self._checkpoint_time = time.perf_counter()
        if self.budget_fraction >= 1 and not self.generations:
            raise SettingsError(
                f"what {self.trial.task.name} shows to {self.trial.method.name} costs the whole budget of "
                f"{budget.as_text}, and nothing is left to learn with; give more, or ask for fewer demonstrations."
            )

    def _resume(self, state: dict[str, Any]) -> None:
        self.learner.restore(state["learner"])
        self.generations, self.n_evals = state["generations"], state["n_evals"]
        self.stops = [callbacks.Stop(*stop) for stop in state["stops"]]
        self.seconds = Cost(cpu_seconds=state["cpu_seconds"], wall_seconds=state["wall_seconds"])
        self.log = Log(self.folder / "curve.csv", state["rows"])
        self.log.write()

    def _account_and_log(self, progress: StepResult) -> None:
        """See what the step has cost; log and keep what it is time to log and keep."""
        budget = self.trial.budget
        before, self._fractions = self._fractions, budget.used_fractions(self.cost, self.generations)
        self.budget_fraction = max(self._fractions)
        if self._fractions == before:
            raise SettingsError(
                f"{self.trial.method.name} spends none of {', '.join(budget.limits)} on {self.trial.task.name}, so "
                "this budget never ends; add a limit that it does spend, for example flops=1e9."
            )
        if self._generation_callbacks:
            self.stops = callbacks.notify(self._generation_callbacks, "on_generation", self._trial_state, progress)
        looks, way = self._eval_fractions, self.completed_fraction
        if way >= looks[self.n_evals]:
            while self.n_evals < len(looks) - 1 and looks[self.n_evals] <= way:
                self.n_evals += 1
            self._evaluate(progress)
            self.save_checkpoint()
        elif time.perf_counter() - self._checkpoint_time > CHECKPOINT_SECONDS:
            self.save_checkpoint()

    def _evaluate(self, progress: StepResult | None) -> None:
        genome, task = self.learner.genome, self.trial.task
        self.log.append(self.cost, self.generations, progress, task.validate(genome), task.test(genome))
        if self.trial.callbacks:
            self.stops = self.stops or callbacks.notify(self.trial.callbacks, "on_eval", self._trial_state)

    @property
    def _trial_state(self) -> callbacks.TrialState:
        judged = ({name: value for name, value in row.items() if name != "test"} for row in self.log.rows)
        genome = self.learner.genome
        return callbacks.TrialState(self.trial, self.folder, genome, self.cost, self.generations, tuple(judged))

    def _end_if_over(self) -> None:
        """The end, once the budget is spent, the learner is done or a callback has had enough: the answer, its test
        score, and `"stopped_early": True` where budget is left, with the callback's reason."""
        if not self._is_over:
            return
        self.learner.genome.save(self.folder / "genome.npz")
        for name, content in self.learner.artifacts().items():
            write_atomically(self.folder / name, content)
        self._notify_finish("finished")
        early: dict[str, Any] = {"stopped_early": True} if self.budget_fraction < 1 else {}
        if early and self.stops:
            early["reason"] = "; ".join(f"stopped by {stop.callback}: {stop.reason}" for stop in self.stops)
            early["stopped_by"] = [stop.callback for stop in self.stops]
        test = float(self.log.rows[-1]["test"])
        write_json(self.folder / "result.json", {"status": "finished", "test": test, **early})
        (self.folder / "checkpoint.npz").unlink(missing_ok=True)
        self.outcome = "finished"

    def _end_with_error(self, error: Exception) -> None:
        """Write down what ended this trial before its time."""
        if isinstance(error, ResultsError):
            self.outcome = error
            return
        ending = "diverged" if isinstance(error, LearningError) else "failed"
        try:
            self._notify_finish(ending)
        except SettingsError as broken:
            ending, error = "failed", broken
        lines = "".join(traceback.format_exception(error)).splitlines()
        write_json(self.folder / "result.json", {"status": ending, "reason": error_text(error), "traceback": lines})
        # it would fail again at the same step, unless robot or code are mended: then it must begin anew
        (self.folder / "checkpoint.npz").unlink(missing_ok=True)
        self.outcome = ending

    def _notify_finish(self, ending: str) -> None:
        if self.trial.callbacks and self.log.rows:
            callbacks.notify(self.trial.callbacks, "on_finish", self._trial_state, ending)
