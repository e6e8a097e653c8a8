"""Read what can be compared as results: a study, a part of one, or a table of runs of another tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, ResultsError, unknown
from evorobo.files import as_path
from evorobo.report.analysis.log_files import find_logs, is_log, read_logs
from evorobo.study.baselines import SCORE_COLUMNS, STEP_COLUMNS, normalize_header, only_column
from evorobo.study.folders import STATUSES
from evorobo.study.results import Results, Run, load
from evorobo.tasks.base import COST_COLUMNS, MetricInfo
from evorobo.tasks.data.text_files import MISSING, TEXT_SUFFIXES, TextTable, read_text_file

METHOD_COLUMNS = ("method", "algorithm", "algo", "exp_name", "agent")
SEED_COLUMNS = ("seed", "run", "run_id", "trial", "replicate", "repetition")
UNNAMED_TASK = ""
"""The task of a table without a column of tasks; it is assumed to be the task that it is compared on."""


def read_results(
    path: str | Path, metric: str = "test", lower_is_better: bool = False, columns: Mapping[str, str] | None = None
) -> Results:
    """The results at `path`: `results/<study>`, `results/<study>/<task>`, `results/<study>/<task>/<method>`, or a file.

    A file is a CSV or TSV table with a header and a row for each eval. It has a column of `STEP_COLUMNS` or cost
    columns, and one of `SCORE_COLUMNS` (or `metric`). If it holds several runs it also has columns of `METHOD_COLUMNS`
    and `SEED_COLUMNS`, and one called "task". Case does not matter. `metric` is the column of scores. `columns`
    holds the file's name of a column for "task", "method", "seed", "test" or a cost column. Raises `ResultsError` or
    `DataError` for anything else. A monitor file or an `evaluations.npz` of Stable-Baselines3 is a run; of a folder all
    are read, and the monitor files of parallel environments are one run.
    """
    path = as_path(path)
    if path.is_file() and is_log(path):
        return read_logs(path, [path], UNNAMED_TASK, lower_is_better)
    if path.is_file():
        return _table(path, metric, lower_is_better, columns or {})
    for up, study in enumerate((path, *path.absolute().parents[:2])):
        if (study / "study.json").is_file():
            names = path.absolute().parts[-up:] if up else ()
            return _with_metric(replace(_part(load(study), *names), folder=path), metric, lower_is_better)
    if path.is_dir() and not any(path.glob("*/study.json")) and (logs := find_logs(path)):
        return read_logs(path, logs, UNNAMED_TASK, lower_is_better)
    inside = sorted(str(file.parent) for file in path.glob("*/study.json"))
    hint = f"it holds {', '.join(inside)}; choose one" if inside else "give a folder that an experiment wrote"
    raise ResultsError(f"{path} is not a study, a part of one or a table: {hint}, or a CSV file with steps and scores.")


def is_table(source: Results | Run) -> bool:
    """Whether it was read from a table, whose scores were measured in an unknown way."""
    return source.folder.is_file()


def _part(results: Results, task: str | None = None, method: str | None = None) -> Results:
    """One task of a study, or one method on it."""
    tasks = [name for name in results.tasks if task in (None, name)]
    methods = [name for name in results.methods if method in (None, name)]
    runs = [run for run in results.runs if run.task in tasks and run.method in methods]
    if not runs:
        path = "/".join(filter(None, [str(results.folder), task, method]))
        raise ResultsError(f"{path} holds no runs yet; run the study first.")
    methods = [name for name in methods if any(run.method == name for run in runs)]
    by_task = zip(results.tasks, results.settings.get("tasks", ()), strict=False)
    settings = {**results.settings, "tasks": [settings for name, settings in by_task if name in tasks]}
    return replace(results, tasks=tasks, methods=methods, settings=settings, runs=runs)


def _with_metric(results: Results, metric: str, lower_is_better: bool) -> Results:
    """The results with another column as the score; reference scores are test scores and are left out."""
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


def _table(path: Path, metric: str, lower_is_better: bool, names_of_columns: Mapping[str, str]) -> Results:
    if not path.name.lower().removesuffix(".gz").endswith(TEXT_SUFFIXES):
        raise DataError(f"{path.name} is not a table that can be compared; save it as CSV with a header.")
    sheet = _rename_columns(read_text_file(path, header=True), names_of_columns)
    columns = {normalize_header(name): number for number, name in enumerate(sheet.names)}
    if not sheet.line_numbers:
        raise DataError(f"{path.name} has a header and no rows; give a file with a row for each eval of a run.")
    names = SCORE_COLUMNS if metric == "test" else (normalize_header(metric),)
    score = _find_column(sheet, names, "scores", "name one with metric=... (--metric)")
    every_status = _labels(sheet, columns, ("status",), "finished")
    every_run = list(zip(*(_labels(sheet, columns, *one) for one in _run_columns(path)), strict=True))
    ends = {run: end for run, end in zip(every_run, every_status, strict=True) if end in STATUSES[1:]}
    sheet = _without_rows(sheet, [run in ends and cell == "" for run, cell in _cells_of(every_run, sheet, score)])
    filled = [name for name in COST_COLUMNS if name in columns and not _has_holes(sheet, columns[name])]
    evals = {name: sheet.numbers(columns[name], "leave the row out") for name in filled}
    if not evals:
        cure = "name the one that counts environment steps: columns={'env_steps': ...} (--column env_steps=NAME)"
        steps = _find_column(sheet, STEP_COLUMNS, "steps", cure)
        evals["env_steps"] = sheet.numbers(steps, "leave the row out")
    evals["test"] = sheet.numbers(score, "leave the row out")
    labels = list(zip(*(_labels(sheet, columns, *one) for one in _run_columns(path)), strict=True))
    runs: list[Run] = []
    for task, method, seed in dict.fromkeys(every_run):
        rows = np.flatnonzero([label == (task, method, seed) for label in labels])
        if len(rows):
            _check_one_run(sheet, evals, rows, columns)
        rows = rows[np.lexsort([evals[name][rows] for name in evals if name != "test"])]
        taken = [run.seed for run in runs if (run.task, run.method) == (task, method)]
        whole = seed.removesuffix(".0")  # as pandas writes them
        number = int(whole) if whole.isdecimal() and int(whole) not in taken else max(taken, default=-1) + 1
        curve = {name: column[rows] for name, column in evals.items()}
        runs.append(Run(path, task, method, number, ends.get((task, method, seed), "finished"), "", curve))
    tasks, methods = (
        list(dict.fromkeys(names)) for names in ([run.task for run in runs], [run.method for run in runs])
    )
    metrics = dict.fromkeys(tasks, MetricInfo(sheet.names[score], higher_is_better=not lower_is_better))
    references: dict[str, dict[str, float]] = {task: {} for task in tasks}
    return Results(path, path.stem, tasks, methods, metrics, references, {}, runs=runs)


def _run_columns(path: Path) -> list[tuple[tuple[str, ...], str]]:
    """The names of the columns that tell runs apart, each with its value where there is no such column."""
    return [(("task",), UNNAMED_TASK), (METHOD_COLUMNS, path.stem), (SEED_COLUMNS, "0")]


def _rename_columns(sheet: TextTable, columns: Mapping[str, str]) -> TextTable:
    """The table with the columns that the user named under our names; a column that had our name gets another one."""
    names = list(sheet.names)
    for ours, theirs in columns.items():
        if ours not in (allowed := ("task", "method", "seed", "test", *COST_COLUMNS)):
            raise unknown("column of evorobo", ours, allowed)
        number = sheet.find(theirs)
        names = [f"{name} (unused)" if normalize_header(name) == ours else name for name in names]
        names[number] = ours
    return replace(sheet, names=type(sheet.names)(names))


def _cells_of(runs: Sequence[tuple[str, ...]], sheet: TextTable, column: int) -> list[tuple[tuple[str, ...], str]]:
    """Each row's run with the text of its cell, which is empty where it is missing."""
    texts = ["" if str(cell).lower() in MISSING else str(cell) for cell in sheet.cells[column]]
    return list(zip(runs, texts, strict=True))


def _without_rows(sheet: TextTable, dropped: Sequence[bool]) -> TextTable:
    """The table without some rows: a run that diverged or failed has no score at its end."""
    keep = ~np.array(dropped, bool)
    line_numbers = [number for number, kept in zip(sheet.line_numbers, keep, strict=True) if kept]
    return replace(sheet, cells=tuple(cells[keep] for cells in sheet.cells), line_numbers=line_numbers)


def _find_column(sheet: TextTable, names: Sequence[str], of: str, cure: str) -> int:
    """The index of the only column with one of `names`."""
    if (found := only_column(sheet, names, of, cure)) is not None:
        return found
    listed = ", ".join((*names, *COST_COLUMNS) if of == "steps" else names)
    raise DataError(
        f"{sheet.file} has no column of {of} ({listed}) among its columns {', '.join(sheet.names)}; {cure}."
    )


def _check_one_run(sheet: TextTable, evals: dict[str, Array], rows: np.ndarray, columns: dict[str, int]) -> None:
    """Raise `DataError` where these rows are of more than one run: their costs repeat, or begin again."""
    costs = [name for name in evals if name != "test"]
    counted = [name for name in costs if not name.endswith("_seconds")] or costs
    spent = np.stack([evals[name][rows] for name in counted], axis=1)
    has_seeds = any(name in columns for name in SEED_COLUMNS)
    begins_again = not has_seeds and (np.diff(spent, axis=0) < 0).any()
    if len(np.unique(spent, axis=0)) == len(rows) and not begins_again:
        return
    used = {"task", *METHOD_COLUMNS, *SEED_COLUMNS, *STEP_COLUMNS, *SCORE_COLUMNS, *COST_COLUMNS}
    others = []
    for header, number in columns.items():
        cells = [str(cell) for cell in sheet.cells[number][rows]]
        if header not in used - set(METHOD_COLUMNS) - set(SEED_COLUMNS) and 1 < len(set(cells)) < len(rows):
            others.append(sheet.names[number])
    line = sheet.line_numbers[int(rows[0])]
    hint = f"one of {', '.join(others)}, renamed to seed or method" if others else "add a column seed"
    raise DataError(
        f"{sheet.file}: steps repeat or begin again in the run that starts in line {line}, so several runs lie in it; "
        f"name the column that separates them: {hint}."
    )


def _has_holes(sheet: TextTable, column: int) -> bool:
    """Whether a cell is empty, as costs are that some of several methods do not have."""
    return any(str(cell).lower() in MISSING for cell in sheet.cells[column])


def _labels(sheet: TextTable, columns: dict[str, int], names: Iterable[str], default: str) -> list[str]:
    """The text of the first of `names` that is a column, for each row; `default` where there is none."""
    for name in names:
        if name in columns:
            return [str(cell) for cell in sheet.complete(columns[name])]
    return [default] * len(sheet.line_numbers)
