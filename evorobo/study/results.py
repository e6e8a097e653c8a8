"""A study as it lies on disk, read back: its runs, their curves, and what to compare them with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import ResultsError
from evorobo.study.folders import suggest_study
from evorobo.tasks.base import MetricInfo


@dataclass(frozen=True, eq=False)
class Run:
    """One trial: which it is, how it ended, and its log as columns `(looks,)` with NaN where a cell is empty."""

    folder: Path
    task: str
    method: str
    seed: int
    status: str
    """ "finished", "diverged", "failed" or "unfinished"."""
    reason: str
    """Why it failed, diverged or was stopped by a callback, in one sentence; empty otherwise."""
    curve: dict[str, Array]
    stopped_by: tuple[str, ...] = ()
    """The names of the callbacks that stopped it before its budget was spent."""

    @property
    def score(self) -> float:
        """The test score of the answer; NaN before the first look."""
        test = self.curve.get("test", np.empty(0))
        return float(test[-1]) if len(test) else float("nan")


@dataclass(frozen=True, eq=False)
class Results:
    """A study's runs, in the order of its settings. `metrics` and `references` go by task name, and so do `cautions`,
    sentences on what flatters the scores of some tasks."""

    folder: Path
    name: str
    tasks: list[str]
    methods: list[str]
    metrics: dict[str, MetricInfo]
    references: dict[str, dict[str, float]]
    settings: dict[str, Any]
    cautions: dict[str, str] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    question: str = ""
    """What the experiment's script says about itself."""

    def runs_of(self, task: str, method: str) -> list[Run]:
        """The runs of one cell that have a log, by seed."""
        return [run for run in self.runs if (run.task, run.method) == (task, method) and "test" in run.curve]

    def cells(self) -> Iterator[tuple[str, str, list[Run]]]:
        """Each task with each method that has runs."""
        for task in self.tasks:
            for method in self.methods:
                if runs := self.runs_of(task, method):
                    yield task, method, runs


def load(folder: str | Path) -> Results:
    """Read `results/<study>`. Raises `ResultsError` where no study lies."""
    results = load_study(folder)
    for task in results.tasks:
        for method in results.methods:
            trials = seed_folders(results.folder / task / method).values()
            results.runs.extend(_read_run(path, task, method) for path in trials)
    return results


def seed_folders(cell: Path) -> dict[int, Path]:
    """The folders of one task and method, by seed."""
    found = {int(path.name[5:]): path for path in cell.glob("seed-*") if path.name[5:].isdecimal()}
    return dict(sorted(found.items()))


def load_study(folder: str | Path) -> Results:
    """What `load` reads, without the runs."""
    folder = Path(folder)
    about = _read_json(folder / "study.json", f"{folder} holds no study; {suggest_study(folder)}")
    try:
        return Results(
            folder,
            about["name"],
            list(about["tasks"]),
            list(about["methods"]),
            {task: MetricInfo(**each["metric"]) for task, each in about["tasks"].items()},
            {task: each["references"] for task, each in about["tasks"].items()},
            about["settings"],
            {task: each["caution"] for task, each in about["tasks"].items() if "caution" in each},
            question=str(about.get("question", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{folder / 'study.json'} is of no study ({error!r}); run the experiment again.") from error


def _read_run(folder: Path, task: str, method: str) -> Run:
    result = {"status": "unfinished"}
    if (folder / "result.json").exists():
        result = _read_json(folder / "result.json", "")
    path = folder / "curve.csv"
    curve = read_curve(path) if path.exists() else {}
    if result["status"] == "finished" and not len(curve.get("test", ())):
        raise ResultsError(f"{path} is damaged (no test scores); delete its folder and run the study again.")
    reason, stopped_by = result.get("reason", ""), tuple(result.get("stopped_by", ()))
    return Run(folder, task, method, int(folder.name[5:]), result["status"], reason, curve, stopped_by)


def read_curve(path: Path) -> dict[str, Array]:
    """The columns of a `curve.csv`."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    try:
        cells = [[float(cell) if cell else np.nan for cell in row] for row in rows[1:]]
        return dict(zip(rows[0], np.array(cells, float).reshape(-1, len(rows[0])).T, strict=True))
    except (ValueError, IndexError) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete its folder and run the study again.") from error


def _read_json(path: Path, missing: str) -> dict[str, Any]:
    if not path.is_file():
        raise ResultsError(missing)
    try:
        plain: dict[str, Any] = json.loads(path.read_text())
        return plain
    except ValueError as error:
        raise ResultsError(f"{path} is damaged ({error}); delete it and run the study again.") from error
