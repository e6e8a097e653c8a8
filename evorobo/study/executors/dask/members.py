"""The executor that runs trials in this process and scores the members of their generations on a Dask cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from distributed import Future, KilledWorker

from evorobo.arrays import Array
from evorobo.errors import SettingsError, TaskError
from evorobo.learners.evolution.evolution import Evolution
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.processes import charge_cpu
from evorobo.settings import to_plain
from evorobo.study.executors.base import EventFunction, Finding, Inspection
from evorobo.study.executors.dask.executor import DaskExecutor
from evorobo.study.executors.parts import Part, pack, score_part, unpack
from evorobo.study.executors.serial import SerialExecutor
from evorobo.study.executors.supervision import order
from evorobo.study.trial import Trial
from evorobo.tasks.base import Cost, Scores, Scoring
from evorobo.tasks.spreading import can_be_spread, score_here, spread_members
from evorobo.workers import Answer


class MemberExecutor:
    """Runs trials one after another in this process; each generation is scored in parts, one for each thread there.

    Scores and curves are those of one process, bit for bit. Where the cluster is lost, the study goes on without it.
    """

    n_slots = 1

    def __init__(self, cluster: Any, step_seconds: float | None = None) -> None:
        self._dask = DaskExecutor(cluster, step_seconds)
        self._serial = SerialExecutor()
        self._is_lost = False
        self._run: Future

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._dask.__exit__(kind, error, at)

    def run(
        self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction, pause_at: float = 1.0
    ) -> None:
        """Run the batches; see `Executor.run`."""
        trials = [trial for batch in batches for trial in batch]
        for trial in trials:
            if isinstance(trial.method, Evolution) and not can_be_spread(trial.task):
                raise SettingsError(
                    f"the members of a generation on {trial.task.name} cannot be scored apart from each other, because "
                    "the task normalizes observations over all of them or has a score of its own; leave out "
                    "spread='members' (--spread members)."
                )
        if trials:
            self._run = self._dask.start(trials)
            with spread_members(self._score):
                self._serial.run(batches, folder, on_event, pause_at)

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return what the inspections find; see `Executor.inspect`."""
        return self._serial.inspect(inspections)

    def _score(
        self,
        task: Scoring,
        measures: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        """Score the members in parts on the workers."""
        if self._is_lost:
            return score_here(task, measures, spec, weights, rng, input_scaler)
        settings = {
            "task": to_plain(task),
            "measures": list(measures),
            "spec": to_plain(spec),
            "rng": rng.bit_generator.state,
            "scaler": input_scaler and [pack(input_scaler.mean), pack(input_scaler.sd)],
        }
        n_parts = min(len(weights), self._dask.n_slots)
        try:
            parts = np.array_split(weights, n_parts)
            orders = [order(score_part, weights=pack(part), **settings) for part in parts]
            answers = [future.result() for future in self._dask.submit(self._run, orders)]
        except CancelledError:
            self._is_lost = True
            print("evorobo: the Dask cluster was lost; generations are scored in this process now.", file=sys.stderr)
            return score_here(task, measures, spec, weights, rng, input_scaler)
        except KilledWorker as error:
            raise TaskError(f"the Dask workers that scored members of {task.name} died again and again.") from error
        return _joined([_part(answer) for answer in answers], rng)


def _part(answer: Answer) -> Part:
    if answer.error:
        raise TaskError(f"a part of a generation failed on the cluster: {answer.error}")
    return Part(**answer.value)


def _joined(parts: Sequence[Part], rng: np.random.Generator) -> Scores:
    """Return the scores of all parts; each part has drawn the same random numbers, which count once."""
    rng.bit_generator.state = parts[0].rng
    charge_cpu(sum(part.cpu_seconds for part in parts))
    cost = sum((Cost(**part.cost) for part in parts), Cost())
    measures = [unpack(part.measures) for part in parts if part.measures is not None]
    values = np.concatenate([unpack(part.values) for part in parts])
    return Scores(values, cost, measures=np.concatenate(measures) if measures else None)
