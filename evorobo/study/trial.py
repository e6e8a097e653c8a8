"""One trial: one method on one task at one seed, paid from one budget, logged, and never lost."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evorobo.errors import EvoroboError, LearningError, ResultsError, SettingsError
from evorobo.files import write_json
from evorobo.learners.base import Learner, Method, Progress
from evorobo.nets.layer import Layer
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import from_plain, to_plain
from evorobo.study import checkpoint
from evorobo.study.budget import Budget
from evorobo.study.log import Log
from evorobo.study.provenance import provenance
from evorobo.tasks.base import Cost, Task

CHECKPOINT_SECONDS = 20.0
WATCH_SECONDS = 0.2

Watch = Callable[[float], None]
"""Told now and then which share of the budget is spent."""


class Interrupted(EvoroboError):
    """The run was asked to stop; everything is kept, and the same command goes on."""


@dataclass(frozen=True)
class Trial:
    """Settings of one run. `hidden` are the layers between the task's inputs and outputs, as users write them.

    At one seed every method starts from the same genome, and the same trial gives the same curve wherever it runs.
    """

    task: Task
    method: Method
    budget: Budget
    hidden: tuple[int | Layer, ...]
    seed: int

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or self.seed < 0:
            raise SettingsError(f"a seed is a whole number of at least 0, not {self.seed!r}.")

    @property
    def path(self) -> str:
        """Where it lies in its study: task/method/seed-N."""
        return f"{self.task.name}/{self.method.name}/seed-{self.seed}"

    @cached_property
    def spec(self) -> NetworkSpec:
        return NetworkSpec.build(self.task.n_inputs, self.hidden, self.task.n_outputs, self.task.output)

    def start(self) -> Learner:
        """The method at the beginning of its work."""
        return self.method.start(self.task, self.spec, np.random.default_rng(self.seed))

    def run(self, folder: str | Path, watch: Watch = lambda share: None, stop: Callable[[], bool] = bool) -> str:
        """Run in `folder`, or go on where an interrupted run stopped, or do nothing where it has finished.

        Returns "finished", "diverged" (its learning ran away; the last genome before that is kept) or "failed"; the
        reason of these two is in `result.json`, and next time they start over.
        Raises `Interrupted`, with everything kept, when `stop()` says so.
        """
        folder = Path(folder)
        self.check(folder)
        if status(folder) == "finished":
            return "finished"
        write_json(folder / "trial.json", to_plain(self))
        write_json(folder / "machine.json", provenance(self.task))
        (folder / "result.json").unlink(missing_ok=True)
        try:
            with threadpool_limits(1):  # the same sums in the same order on any machine
                ending = _Run(self, folder, watch, stop).finish()
        except (Interrupted, ResultsError):
            raise
        except Exception as error:
            ended = "diverged" if isinstance(error, LearningError) else "failed"
            lines = traceback.format_exc().splitlines()
            write_json(folder / "result.json", {"status": ended, "reason": in_words(error), "traceback": lines})
            # it would fail again at the same step, unless robot or code are mended: then it must begin anew
            (folder / "checkpoint.npz").unlink(missing_ok=True)
            return ended
        write_json(folder / "result.json", {"status": "finished", **ending})
        (folder / "checkpoint.npz").unlink(missing_ok=True)
        return "finished"

    def check(self, folder: Path) -> None:
        """Raise `ResultsError` where `folder` holds a trial of other settings, or of data that have changed since."""
        if not (folder / "trial.json").exists():
            return
        there, here = _read(folder / "trial.json"), json.loads(json.dumps(to_plain(self)))
        if there == here and (folder / "machine.json").exists():
            data = "data_sha256"
            there, here = ({data: each.get(data)} for each in (_read(folder / "machine.json"), provenance(self.task)))
        if there != here:
            raise ResultsError(
                f"{folder} holds a run of other settings ({difference(there, here)}). Keep it and give another folder "
                "with --results, or delete it."
            )

    @classmethod
    def load(cls, path: str | Path) -> Trial:
        """The trial of a `trial.json`; it runs again to the identical curve."""
        try:
            trial = from_plain(json.loads(Path(path).read_text()))
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path} is no trial.json that can be read: {error}.") from error
        if not isinstance(trial, cls):
            raise ResultsError(f"{path} holds no trial; give the trial.json of one seed.")
        return trial


class _Run:
    """The loop, the same for every method: step, pay, look now and then, keep a checkpoint."""

    def __init__(self, trial: Trial, folder: Path, watch: Watch, stop: Callable[[], bool]) -> None:
        self.trial, self.folder, self.watch, self.stop = trial, folder, watch, stop
        self.learner = trial.start()
        self.generations = 0
        self.seconds = Cost()
        self.begun = trial.budget.shares(self.cost, 0)
        self.looks = 0
        self.log = Log(folder / "curve.csv")
        kept = folder / "checkpoint.npz"
        if kept.exists():
            state = checkpoint.load(kept)
            self.learner.restore(state["learner"])
            self.generations, self.looks = state["generations"], state["looks"]
            self.seconds = Cost(cpu_seconds=state["cpu_seconds"], wall_seconds=state["wall_seconds"])
            self.log = Log(folder / "curve.csv", state["rows"])
            self.log.write()

    @property
    def cost(self) -> Cost:
        return self.learner.cost + self.seconds

    def finish(self) -> dict[str, Any]:
        """Go on until the budget is spent or the learner is done; returns what to tell of the end: the test score of
        the answer, and `"stopped_early": True` where budget is left."""
        budget, looks = self.trial.budget, self.trial.budget.look_shares
        if not self.log.rows:
            self.look(None)
        spent = budget.shares(self.cost, self.generations)
        if max(spent) >= 1 and not self.generations:
            raise SettingsError(
                f"what {self.trial.task.name} shows to {self.trial.method.name} costs the whole budget of "
                f"{budget.in_words}, and nothing is left to learn with; give more, or ask for fewer demonstrations."
            )
        kept = watched = time.perf_counter()
        while max(spent) < 1 and not self.learner.done:
            progress = self.step(max(spent))
            before, spent = spent, budget.shares(self.cost, self.generations)
            if spent == before:
                raise SettingsError(
                    f"{self.trial.method.name} spends none of {', '.join(budget.limits)} on {self.trial.task.name}, so "
                    "this budget never ends; add a limit that it does spend, for example flops=1e9."
                )
            way = self.way(spent)
            if way >= looks[self.looks]:
                while self.looks < len(looks) - 1 and looks[self.looks] <= way:
                    self.looks += 1
                self.look(progress)
                self.keep()
                kept = time.perf_counter()
            now = time.perf_counter()
            if now - kept > CHECKPOINT_SECONDS:
                self.keep()
                kept = now
            if now - watched > WATCH_SECONDS:
                self.watch(way)
                watched = now
                if self.stop():
                    self.keep()
                    raise Interrupted(f"{self.trial.path} was interrupted and can go on.")
        self.learner.genome.save(self.folder / "genome.npz")
        early = {"stopped_early": True} if max(spent) < 1 else {}
        return {"test": float(self.log.rows[-1]["test"]), **early}

    def way(self, spent: list[float]) -> float:
        """How far the trial is from its start (0) to its end (1), whatever the teacher had cost before."""
        if self.learner.done:
            return 1.0
        ways = ((now - begun) / (1 - begun) for now, begun in zip(spent, self.begun, strict=True))
        return 1.0 if max(spent) >= 1 else max(ways)

    def step(self, spent: float) -> Progress:
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            progress = self.learner.step(spent)
        except LearningError:
            self.learner.genome.save(self.folder / "genome.npz")
            raise
        self.generations += 1
        spent_now = Cost(cpu_seconds=time.process_time() - cpu, wall_seconds=time.perf_counter() - wall)
        self.seconds = self.seconds + spent_now
        return progress

    def look(self, progress: Progress | None) -> None:
        genome, task = self.learner.genome, self.trial.task
        self.log.look(self.cost, self.generations, progress, task.validate(genome), task.test(genome))

    def keep(self) -> None:
        state: dict[str, Any] = {
            "learner": self.learner.state(),
            "generations": self.generations,
            "looks": self.looks,
            "cpu_seconds": self.seconds.cpu_seconds,
            "wall_seconds": self.seconds.wall_seconds,
            "rows": self.log.rows,
        }
        checkpoint.save(self.folder / "checkpoint.npz", state)


def status(folder: Path) -> str:
    """ "finished", "diverged", "failed" or "unfinished"."""
    path = folder / "result.json"
    if not path.exists():
        return "unfinished"
    try:
        return str(_read(path)["status"])
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{path} is damaged (no status); delete it, and the trial goes on.") from error


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ResultsError(f"{path} is damaged ({error}); delete its folder.") from error


def reason(folder: Path) -> str:
    """Why the trial there failed or diverged; empty if it did not."""
    return str(json.loads((folder / "result.json").read_text()).get("reason", ""))


def in_words(error: Exception) -> str:
    """Why a trial failed: our own errors speak for themselves, of others the kind is told too."""
    return str(error) if isinstance(error, EvoroboError) else f"{type(error).__name__}: {error}"


def difference(there: Any, here: Any, path: str = "") -> str:
    """The first field in which two plain settings differ, in words."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in [*there, *here]:
            if there.get(key) != here.get(key) or (key in there) != (key in here):
                return difference(there.get(key), here.get(key), f"{path}.{key}" if path else str(key))
    return f"{path or 'settings'} is {json.dumps(there)} there and {json.dumps(here)} here"
