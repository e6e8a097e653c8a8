"""Results as one pandas table, a row for each look, for whatever you want to work out yourself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evorobo.errors import ResultsError, SettingsError
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.study.results import Results, Run, load
from evorobo.tasks.base import COST_COLUMNS

if TYPE_CHECKING:
    import pandas

NUMERIC_COLUMNS = (*COST_COLUMNS, "flops", "generations", "train", "validation", "test")


def load_results(path: str | Path) -> pandas.DataFrame:
    """All looks under `path` (`results/<study>`, or a folder with studies in it) as a DataFrame, a row for each.

    The columns: `study`, `task`, `method`, `seed`, `status` ("finished", "diverged", "failed", "unfinished"), `reason`,
    `eval_index` (0 comes before the first step), the ledger and `flops` (forward and backward together), `generations`,
    `train`, `validation`, `test`, and what the methods have to tell; NaN where there is nothing. A trial that was never
    looked at has one row, so that it is counted. Raises `ResultsError` where no study lies.
    """
    pandas = _pandas()
    columns: dict[str, list[Any]] = {}
    rows = 0
    for results in load_studies(path):
        for run in results.runs:
            evals = _evals(results, run)
            length = len(evals["eval_index"])
            for name in {**columns, **evals}:
                columns.setdefault(name, [np.full(rows, np.nan)]).append(evals.get(name, np.full(length, np.nan)))
            rows += length
    return pandas.DataFrame({name: np.concatenate(parts) for name, parts in columns.items()})


def load_studies(path: str | Path) -> Iterator[Results]:
    """The study at `path`, or those in it by name."""
    folder = Path(path)
    folders = [folder] if (folder / "study.json").exists() else sorted(at.parent for at in folder.glob("*/study.json"))
    if not folders:
        raise ResultsError(f"{folder} holds no study, nor do the folders in it; give one that an experiment wrote.")
    return map(load, folders)


def _evals(results: Results, run: Run) -> dict[str, np.ndarray]:
    """A run as columns of equal length."""
    curve = run.curve if "test" in run.curve and len(run.curve["test"]) else {"test": np.array([np.nan])}
    length = len(curve["test"])
    marks = {
        "study": results.name,
        "task": run.task,
        "method": run.method,
        "seed": run.seed,
        "status": run.status,
        "reason": run.reason,
    }
    columns = {
        name: np.repeat(np.array(mark, object if isinstance(mark, str) else int), length)
        for name, mark in marks.items()
    }
    columns["eval_index"] = np.arange(length)
    if {"forward_flops", "backward_flops"} <= curve.keys():
        curve = {**curve, "flops": cumulative_cost(run, "flops")}
    numbers = {name: curve.get(name, np.full(length, np.nan)) for name in NUMERIC_COLUMNS}
    return {**columns, **numbers, **curve}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SettingsError("results as a DataFrame need pandas: pip install 'evorobo[pandas]'.") from error
    return pandas
