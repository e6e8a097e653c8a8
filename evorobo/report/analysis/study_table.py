"""The runs of a study as a table with a cell for each task and method; built once and passed to tables and figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import EvoroboError, ResultsError, SettingsError, unknown
from evorobo.report.analysis.runs import cumulative_cost, learning_curve
from evorobo.report.statistics import Curve, bootstrap_interval, iqm
from evorobo.study.results import Results, Run
from evorobo.study.study import Study
from evorobo.study.trust import read_settings


@dataclass(frozen=True, eq=False)
class Cell:
    """The runs of one method on one task, by seed, and their final scores and costs.

    `worst` is the score of a run that diverged: minus infinity, or infinity where lower scores are better.
    """

    task: str
    method: str
    runs: list[Run]
    worst: float = -np.inf

    @cached_property
    def logged(self) -> list[Run]:
        """The runs that have a log."""
        return [run for run in self.runs if "test" in run.curve]

    @cached_property
    def finished(self) -> list[Run]:
        """The runs that ended with a solution: finished, with a score."""
        return [run for run in self.runs if run.status == "finished" and np.isfinite(run.score)]

    @cached_property
    def counted(self) -> list[Run]:
        """The runs that scores and verdicts are about: finished with a score, or diverged."""
        return [run for run in self.runs if run in self.finished or run in self.diverged]

    @cached_property
    def visible(self) -> list[Run]:
        """The runs that figures show: all with a score, except failed ones."""
        return [run for run in self.logged if run not in self.failed and len(run.curve["test"])]

    @cached_property
    def diverged(self) -> list[Run]:
        """The runs whose training diverged."""
        return [run for run in self.runs if run.status == "diverged"]

    @cached_property
    def failed(self) -> list[Run]:
        """The runs that ended with an error, or without a score."""
        return [run for run in self.runs if run.status == "failed" or self._lacks_score(run)]

    @cached_property
    def unfinished(self) -> list[Run]:
        """The runs that have not ended, or were interrupted."""
        return [run for run in self.runs if run.status not in ("finished", "diverged", "failed")]

    @cached_property
    def with_genome(self) -> list[Run]:
        """The finished runs that left a genome; baselines from other tools have none."""
        return [run for run in self.finished if (run.folder / "genome.npz").exists()]

    @cached_property
    def scores(self) -> Array:
        """The final test scores of the finished runs `(n,)`."""
        return np.array([run.score for run in self.finished], float)

    @cached_property
    def outcomes(self) -> Array:
        """The final test scores of the counted runs `(n,)`: that of a diverged run is `worst`."""
        return np.array([run.score if run in self.finished else self.worst for run in self.counted], float)

    @cached_property
    def mean(self) -> float:
        """The mean of the final scores; NaN without runs, and where a run diverged, because it is not defined then."""
        return float(self.scores.mean()) if len(self.scores) == len(self.counted) > 0 else float("nan")

    @cached_property
    def iqm(self) -> float:
        """The interquartile mean of the outcomes; NaN without any, infinite where it is not defined."""
        return float(iqm(self.outcomes)) if len(self.outcomes) else float("nan")

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95% bootstrap interval of the IQM; NaN with fewer than two outcomes."""
        if not len(self.outcomes):
            return float("nan"), float("nan")
        low, high = bootstrap_interval(self.outcomes)
        return float(low), float(high)

    @property
    def median_run(self) -> Run | None:
        """The run with a genome that is the median by final score."""
        runs = sorted(self.with_genome, key=lambda run: run.score)
        return runs[len(runs) // 2] if runs else None

    def final_costs(self, cost_column: str) -> Array:
        """The total costs of the finished runs `(n,)`."""
        return np.array([cumulative_cost(run, cost_column)[-1] for run in self.finished], float)

    def curves(self, cost_column: str, log: bool = False) -> list[Curve]:
        """The learning curves of the finished runs, without those that have no point to show."""
        curves = [learning_curve(run, cost_column, log) for run in self.finished]
        return [(x, y) for x, y in curves if len(x)]

    @staticmethod
    def _lacks_score(run: Run) -> bool:
        return run.status == "finished" and not np.isfinite(run.score)


@dataclass(frozen=True, eq=False)
class StudyTable:
    """A study's results with its runs sorted into a cell for each task and method.

    `origins` holds the names that renamed tasks and methods have in the study (see `rename`).
    """

    results: Results
    cells: dict[tuple[str, str], Cell]
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_results(cls, results: Results) -> StudyTable:
        """Sort the runs of `results` into cells."""
        worst = {task: -np.inf if metric.higher_is_better else np.inf for task, metric in results.metrics.items()}
        cells = {
            (task, method): Cell(task, method, [], worst[task]) for task in results.tasks for method in results.methods
        }
        for run in results.runs:
            if (run.task, run.method) in cells:
                cells[run.task, run.method].runs.append(run)
        return cls(results, cells)

    @property
    def tasks(self) -> list[str]:
        """The names of the tasks."""
        return self.results.tasks

    @property
    def methods(self) -> list[str]:
        """The names of the methods."""
        return self.results.methods

    def cells_of(self, task: str, having: Callable[[Cell], object] = lambda cell: cell.runs) -> dict[str, Cell]:
        """The cells of a task by method, where `having(cell)` is true; by default those with runs."""
        return {method: cell for method in self.methods if having(cell := self.cells[task, method])}

    def references(self, task: str) -> dict[str, float]:
        """The reference scores of a task that are finite, by name."""
        return {name: value for name, value in self.results.references[task].items() if np.isfinite(value)}

    def sign(self, task: str) -> int:
        """1 where higher scores are better, -1 where lower ones are."""
        return 1 if self.results.metrics[task].higher_is_better else -1

    @cached_property
    def study(self) -> Study:
        """The study, made again from its settings.

        Raises `EvoroboError` where that is impossible, or would run code of other people that is not trusted.
        """
        study = read_settings(self.results.settings, self.results.folder / "study.json", self.results.trust)
        if not isinstance(study, Study):
            raise ResultsError("These results have no settings, so their tasks cannot be shown.")
        return study

    def import_own_files(self) -> None:
        """Import the user's files that the settings refer to, so that the styles registered there are known."""
        if ".py:" in json.dumps(self.results.settings):
            with suppress(EvoroboError):
                self.study  # noqa: B018

    def select(self, tasks: Iterable[str], methods: Iterable[str]) -> StudyTable:
        """The part of the table with these tasks and methods, in the order of the study."""
        chosen_tasks, chosen_methods = set(tasks), set(methods)
        cells = [cell for (task, name), cell in self.cells.items() if task in chosen_tasks and name in chosen_methods]
        part = replace(
            self.results,
            tasks=[task for task in self.tasks if task in chosen_tasks],
            methods=[method for method in self.methods if method in chosen_methods],
            runs=[run for cell in cells for run in cell.runs],
        )
        return StudyTable(part, {(cell.task, cell.method): cell for cell in cells}, self.origins)

    def rename(self, names: Mapping[str, str]) -> StudyTable:
        """The table with new names of tasks, methods and references, by their old ones.

        Raises `SettingsError` for a name that is not there, and where two tasks or two methods would have one name.
        """
        results = self.results
        references = {name for scores in results.references.values() for name in scores}
        for name in names:
            if name not in {*self.tasks, *self.methods, *references}:
                raise unknown("task, method or reference", name, [*self.tasks, *self.methods, *references])

        def new(name: str) -> str:
            return names.get(name, name)

        for old in (self.tasks, self.methods):
            if len(set(map(new, old))) < len(old):
                raise SettingsError(f"two of {', '.join(old)} would have one name; give different new names.")
        part = replace(
            results,
            tasks=[new(task) for task in self.tasks],
            methods=[new(method) for method in self.methods],
            metrics={new(task): metric for task, metric in results.metrics.items()},
            references={
                new(task): {new(name): score for name, score in scores.items()}
                for task, scores in results.references.items()
            },
            reference_metrics={
                new(task): {new(name): metrics for name, metrics in of_task.items()}
                for task, of_task in results.reference_metrics.items()
            },
            cautions={new(task): caution for task, caution in results.cautions.items()},
            method_settings={new(method): settings for method, settings in results.method_settings.items()},
            runs=[replace(run, task=new(run.task), method=new(run.method)) for run in results.runs],
        )
        origins = {new(name): self.origins.get(name, name) for name in [*self.tasks, *self.methods]}
        return replace(StudyTable.from_results(part), origins=origins)

    def map_runs(self, change: Callable[[Run], Run]) -> StudyTable:
        """The table with every run replaced by `change(run)`."""
        changed = StudyTable.from_results(replace(self.results, runs=[change(run) for run in self.results.runs]))
        return replace(changed, origins=self.origins)
