"""What may be compared, read as results: a study, a part of one, or a table of somebody else's runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evorobo.errors import DataError, ResultsError
from evorobo.study.baselines import SCORE_COLUMNS, STEP_COLUMNS
from evorobo.study.results import Results, Run, load
from evorobo.tasks.base import COST_COLUMNS, MetricInfo
from evorobo.tasks.data.text_files import TEXT_SUFFIXES, TextTable, read_text_file

METHOD_COLUMNS = ("method", "algorithm", "algo")
SEED_COLUMNS = ("seed", "run")
UNNAMED_TASK = ""
"""The name of a task that a table does not tell: it is taken for the task that it is compared on."""


def read_results(path: str | Path, metric: str = "test", lower_is_better: bool = False) -> Results:
    """The results at `path`: `results/<study>`, `results/<study>/<task>`, `results/<study>/<task>/<method>`, or a file.

    A file is a table with a header (CSV or TSV): a column of `STEPS` or of the ledger, one of `SCORES` (or `metric`),
    and, where it holds several, one of `METHODS`, one of `SEEDS` and one called "task"; small or capital letters. A
    row is a look. `metric` is the column of scores, where it is not the test score. Raises `ResultsError` or
    `DataError` for what is neither.
    """
    path = Path(path)
    if path.is_file():
        return _table(path, metric, lower_is_better)
    for up, study in enumerate((path, *path.absolute().parents[:2])):
        if (study / "study.json").is_file():
            names = path.absolute().parts[-up:] if up else ()
            return _scored_by(replace(_part(load(study), *names), folder=path), metric, lower_is_better)
    inside = sorted(str(found.parent) for found in path.glob("*/study.json"))
    hint = f"it holds {', '.join(inside)}; choose one" if inside else "give a folder that an experiment wrote"
    raise ResultsError(f"{path} is no study, no part of one and no table: {hint}, or a CSV file with steps and scores.")


def is_table(source: Results | Run) -> bool:
    """Whether it was read from a table, of which nobody knows how its scores were measured."""
    return source.folder.is_file()


def _part(results: Results, task: str | None = None, method: str | None = None) -> Results:
    """Of a study only one task, or one method on it."""
    tasks = [each for each in results.tasks if task in (None, each)]
    methods = [each for each in results.methods if method in (None, each)]
    runs = [run for run in results.runs if run.task in tasks and run.method in methods]
    if not runs:
        where = "/".join(filter(None, [str(results.folder), task, method]))
        raise ResultsError(f"{where} holds no runs yet; run the study first.")
    methods = [each for each in methods if any(run.method == each for run in runs)]
    plain = zip(results.tasks, results.settings.get("tasks", ()), strict=False)
    settings = {**results.settings, "tasks": [each for name, each in plain if name in tasks]}
    return replace(results, tasks=tasks, methods=methods, settings=settings, runs=runs)


def _scored_by(results: Results, metric: str, lower_is_better: bool) -> Results:
    """The same with another column in the place of the test score; references are of test scores and go."""
    if metric == "test":
        return results
    runs = []
    for run in results.runs:
        if run.curve and metric not in run.curve:
            raise ResultsError(f"{run.folder} has no column {metric!r}; its columns are {', '.join(run.curve)}.")
        runs.append(replace(run, curve={**run.curve, "test": run.curve[metric]} if run.curve else {}))
    if metric == "validation":
        return replace(results, runs=runs)
    metrics = {task: MetricInfo(metric, higher_is_better=not lower_is_better) for task in results.tasks}
    return replace(results, runs=runs, metrics=metrics, references={task: {} for task in results.tasks})


def _table(path: Path, metric: str, lower_is_better: bool) -> Results:
    if not path.name.removesuffix(".gz").endswith(TEXT_SUFFIXES):
        raise DataError(f"{path.name} is no table that can be compared; save it as CSV, with a header.")
    sheet = read_text_file(path, header=True)
    columns = {name.lower().replace(" ", "_"): number for number, name in enumerate(sheet.names)}
    if not sheet.line_numbers:
        raise DataError(f"{path.name} has a header and no rows; give a file with a row for each look at a run.")
    score = _one_of(sheet, columns, SCORE_COLUMNS if metric == "test" else (metric.lower(),), "scores")
    evals = {name: sheet.numbers(columns[name], "leave the row out") for name in COST_COLUMNS if name in columns}
    if not evals:
        evals["env_steps"] = sheet.numbers(
            _one_of(sheet, columns, (*STEP_COLUMNS, *COST_COLUMNS), "steps"), "leave the row out"
        )
    evals["test"] = sheet.numbers(score, "leave the row out")
    marks = [
        _marks(sheet, columns, names, other)
        for names, other in ((("task",), UNNAMED_TASK), (METHOD_COLUMNS, path.stem), (SEED_COLUMNS, "0"))
    ]
    runs: list[Run] = []
    for task, method, seed in dict.fromkeys(zip(*marks, strict=True)):
        rows = np.flatnonzero([mark == (task, method, seed) for mark in zip(*marks, strict=True)])
        rows = rows[np.lexsort([evals[name][rows] for name in evals if name != "test"])]
        number = (
            int(seed) if seed.isdecimal() else len([run for run in runs if (run.task, run.method) == (task, method)])
        )
        curve = {name: column[rows] for name, column in evals.items()}
        runs.append(Run(path, task, method, number, "finished", "", curve))
    tasks, methods = (
        list(dict.fromkeys(names)) for names in ([run.task for run in runs], [run.method for run in runs])
    )
    measured = MetricInfo(sheet.names[score], higher_is_better=not lower_is_better)
    metrics = dict.fromkeys(tasks, measured)
    references: dict[str, dict[str, float]] = {task: {} for task in tasks}
    return Results(path, path.stem, tasks, methods, metrics, references, {}, runs=runs)


def _one_of(sheet: TextTable, columns: dict[str, int], names: Iterable[str], of: str) -> int:
    """The number of the first of `names` among the columns."""
    for name in names:
        if name in columns:
            return columns[name]
    raise DataError(
        f"{sheet.file} has no column of {of} ({', '.join(names)}) among its columns {', '.join(sheet.names)}; "
        "rename one of them."
    )


def _marks(sheet: TextTable, columns: dict[str, int], names: Iterable[str], otherwise: str) -> list[str]:
    """The text of the first column among `names`, for each row; `otherwise` where there is none."""
    for name in names:
        if name in columns:
            return [str(cell) for cell in sheet.complete(columns[name])]
    return [otherwise] * len(sheet.line_numbers)
