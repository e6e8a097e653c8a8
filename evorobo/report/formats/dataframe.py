"""Results as a pandas DataFrame with a row for each eval, for analyses of your own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evorobo.errors import ResultsError, SettingsError
from evorobo.files import as_path
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.study.results import Results, Run, load
from evorobo.tasks.base import COST_COLUMNS, FLOPS_COLUMNS

if TYPE_CHECKING:
    import pandas

NUMERIC_COLUMNS = (*COST_COLUMNS, "flops", "generations", "train", "validation", "test")


def load_results(path: str | Path) -> pandas.DataFrame:
    """Load all evals of one or several studies as a pandas DataFrame.

    Parameters
    ----------
    path : str or Path
        The folder of a study, `results/<study>`, or a folder with studies in it.

    Returns
    -------
    pandas.DataFrame
        A row for each eval; a trial without evals has one row. Missing values are NaN. The columns are:

        - `study`, `task`, `method` and `seed`;
        - `status` ("finished", "diverged", "failed", "unfinished" or "paused") and `reason`;
        - `eval_index` (0 is before the first step) and `generations`;
        - the cost columns, and `flops` for forward, backward and update FLOPs together;
        - `train`, `validation` and `test`;
        - the columns that the methods log.

    Raises
    ------
    ResultsError
        If there is no study at `path`.
    SettingsError
        If pandas is not installed.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> table = er.load_results(results.folder)  # needs pandas
    >>> table.groupby("method").seed.nunique().to_dict()
    {'backprop': 2, 'cma-es': 2}
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
    """The study at `path`, or the studies in this folder in the order of their names."""
    folder = as_path(path)
    is_study = (folder / "study.json").exists()
    folders = [folder] if is_study else sorted(file.parent for file in folder.glob("*/study.json"))
    if not folders:
        raise ResultsError(
            f"{folder} holds no study, nor do the folders in it; give a folder that an experiment wrote."
        )
    return map(load, folders)


def _evals(results: Results, run: Run) -> dict[str, np.ndarray]:
    """The evals of a run as columns of equal length."""
    curve = run.curve if "test" in run.curve and len(run.curve["test"]) else {"test": np.array([np.nan])}
    length = len(curve["test"])
    labels = {
        "study": results.name,
        "task": run.task,
        "method": run.method,
        "seed": run.seed,
        "status": run.status,
        "reason": run.reason,
    }
    columns = {
        name: np.repeat(np.array(label, object if isinstance(label, str) else int), length)
        for name, label in labels.items()
    }
    columns["eval_index"] = np.arange(length)
    if set(FLOPS_COLUMNS) <= curve.keys():
        curve = {**curve, "flops": cumulative_cost(run, "flops")}
    numbers = {name: curve.get(name, np.full(length, np.nan)) for name in NUMERIC_COLUMNS}
    return {**columns, **numbers, **curve}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SettingsError("results as a DataFrame need pandas: pip install 'evorobo[pandas]'.") from error
    return pandas
