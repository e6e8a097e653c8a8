"""The results of a study, read back from its folder: runs, their curves and reference scores."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_name
from evorobo.errors import ResultsError
from evorobo.files import as_path, read_content
from evorobo.notebooks import to_html
from evorobo.printable import MAX_SHOWN, printable
from evorobo.study.digests import check_content, check_exists, recorded_digests
from evorobo.study.folders import STATUSES, UNFINISHED, suggest_study
from evorobo.study.pauses import PAUSED, describe_pause, latest_pause
from evorobo.study.records import read_record
from evorobo.tasks.base import MetricInfo


@dataclass(frozen=True, eq=False)
class Run:
    """One trial as it was run.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the trial.
    task, method : str
        Names of the task and the method.
    seed : int
        Seed of the trial.
    status : {"finished", "diverged", "failed", "unfinished", "paused"}
        How the trial ended; tuning with halving leaves most trials "paused" at a part of their budget.
    reason : str
        Why it failed, diverged, was paused or was stopped by a callback, in one sentence; empty otherwise.
    curve : dict of str to array of shape (n_evals,)
        Columns of the log, NaN where a cell is empty. The dict is empty before the first eval.
    stopped_by : tuple of str, optional
        Class names of the callbacks that stopped the trial before its budget was spent.
    continued : tuple of str, optional
        What changed each time that the trial went on with other package versions or on another type of processor.
    """

    folder: Path
    task: str
    method: str
    seed: int
    status: str
    reason: str
    curve: dict[str, Array]
    stopped_by: tuple[str, ...] = ()
    continued: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Test score of the solution, NaN before the first eval."""
        test = self.curve.get("test", np.empty(0))
        return float(test[-1]) if len(test) else float("nan")


@dataclass(frozen=True, eq=False)
class Results:
    """The results of a study: its runs, in the order of its settings, and what to compare them with.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the study.
    name : str
        Name of the study.
    tasks, methods : list of str
        Names of the tasks and of the methods, baselines included.
    metrics : dict of str to MetricInfo
        Metric of each task.
    references : dict of str to dict
        Reference scores of each task, by name: "random", "teacher", ...
    settings : dict
        The settings of the study as plain data.
    cautions : dict of str to str, optional
        By task, a sentence on what makes its scores look too good.
    runs : list of Run, optional
        All runs, task by task, method by method, by seed.
    question : str, optional
        The docstring of the experiment's script.
    trust : bool, default False
        Whether code that the settings name is run although this user's runs did not write them (see `load`).
    earlier_verdicts : tuple of int, optional
        The numbers of seeds with which the study had been finished before seeds were added.
    method_settings : dict of str to dict, optional
        By method, its settings as plain data; those of a baseline are empty.
    reference_metrics : dict of str to dict, optional
        By task and name of the reference, its further metrics by name.
    """

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
    trust: bool = False
    earlier_verdicts: tuple[int, ...] = ()
    method_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    reference_metrics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        return to_html(self)

    def runs_of(self, task: str, method: str) -> list[Run]:
        """Return the runs of one task and method that have a log.

        Parameters
        ----------
        task : str
            Name of the task.
        method : str
            Name of the method.

        Returns
        -------
        list of Run
            The runs, by seed.
        """
        return [run for run in self.runs if (run.task, run.method) == (task, method) and "test" in run.curve]


def load(folder: str | Path, *, trust: bool = False) -> Results:
    """Read the results in `results/<study>`; this runs no code. Raises `ResultsError` where there is no study.

    Reports, films and tests of the results run code that the settings name: that of the user's own studies always, that
    of other results only with `trust`.
    """
    results = replace(load_study(folder), trust=trust)
    for task in results.tasks:
        for method in results.methods:
            trials = seed_folders(results.folder / task / method).values()
            results.runs.extend(_read_run(path, task, method) for path in trials)
    return results


def seed_folders(cell: Path) -> dict[int, Path]:
    """Return the folders of the trials of one task and method, by seed."""
    folders = {int(path.name[5:]): path for path in sorted(cell.glob("seed-*")) if path.name[5:].isdecimal()}
    return dict(sorted(folders.items()))


def load_study(folder: str | Path) -> Results:
    """Read what `load` reads, without the runs."""
    folder = as_path(folder)
    path = folder / "study.json"
    if not path.is_file():
        raise ResultsError(f"{folder} holds no study; {suggest_study(folder)}")
    content = read_record(path)
    try:
        tasks: dict[str, dict[str, Any]] = content["tasks"]
        for name in (content["name"], *tasks, *content["methods"]):
            check_name(name)
        if not isinstance(content["settings"], dict) or not isinstance(content["methods"], dict):
            raise TypeError("settings or methods without fields")
        return Results(
            folder,
            content["name"],
            list(tasks),
            list(content["methods"]),
            {task: _metric_info(**info["metric"]) for task, info in tasks.items()},
            {
                task: {printable(name): float(score) for name, score in info["references"].items()}
                for task, info in tasks.items()
            },
            content["settings"],
            {task: printable(info["caution"]) for task, info in tasks.items() if "caution" in info},
            question=printable(content.get("question", "")),
            earlier_verdicts=tuple(int(n_seeds) for n_seeds in content.get("earlier_verdicts", ())),
            method_settings=content["methods"],
            reference_metrics={
                task: {
                    printable(name): {printable(metric): float(value) for metric, value in metrics.items()}
                    for name, metrics in info.get("reference_metrics", {}).items()
                }
                for task, info in tasks.items()
            },
        )
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ResultsError(f"{path} is damaged ({error}); run the experiment again.") from error


def _metric_info(name: str, unit: str = "", higher_is_better: bool = True) -> MetricInfo:
    if not isinstance(higher_is_better, bool):
        raise TypeError(f"higher_is_better is {higher_is_better!r}, not true or false")
    return MetricInfo(printable(name), printable(unit), higher_is_better)


def _read_run(folder: Path, task: str, method: str) -> Run:
    path = folder / "result.json"
    result = read_record(path) if path.exists() else {"status": UNFINISHED}
    if result.get("status") not in STATUSES:
        raise ResultsError(f"{path} is damaged (no status); delete its folder and run the study again.")
    path = folder / "curve.csv"
    recorded = recorded_digests(result, folder)
    for name in recorded:
        check_exists(folder / name)
    curve = read_curve(path, recorded.get(path.name)) if path.exists() else {}
    if result["status"] == "finished" and not len(curve.get("test", ())):
        raise ResultsError(f"{path} is damaged (no test scores); delete its folder and run the study again.")
    status, reason = result["status"], printable(result.get("reason", ""), MAX_SHOWN)
    if status == UNFINISHED and (pause := latest_pause(folder)):
        status, reason = PAUSED, describe_pause(pause)
    stopped_by, continued = (_read_texts(folder, result, name) for name in ("stopped_by", "continued"))
    return Run(folder, task, method, int(folder.name[5:]), status, reason, curve, stopped_by, continued)


def _read_texts(folder: Path, result: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts in `result.json`; an empty one where it is missing."""
    texts = result.get(name) or []
    if not isinstance(texts, list):
        raise ResultsError(f"{folder / 'result.json'} is damaged ({name} is no list); delete its folder.")
    return tuple(printable(text) for text in texts)


def read_curve(path: Path, sha256: str | None = None) -> dict[str, Array]:
    """Return the columns of a `curve.csv`, each of shape `(n_evals,)`.

    The last row of a trial that runs, or whose process died, may be half written; it is left out. Raises `ResultsError`
    where the file is damaged or does not have the digest `sha256`.
    """
    try:
        content = read_content(path, "log")
        check_content(path, content, sha256)
        text = content[: content.rfind(b"\n") + 1].decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        cells = [[float(cell) if cell else np.nan for cell in row] for row in rows[1:]]
        return dict(zip(rows[0], np.array(cells, float).reshape(-1, len(rows[0])).T, strict=True))
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete its folder and run the study again.") from error
