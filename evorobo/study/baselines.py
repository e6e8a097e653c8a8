"""Baselines: learning curves made with other tools, laid beside a study's own as one more method."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, ResultsError, SettingsError, unknown
from evorobo.files import read_npz
from evorobo.registry import register_component
from evorobo.study.log import Log
from evorobo.study.records import write_record
from evorobo.study.results import seed_folders
from evorobo.tasks.base import COST_COLUMNS
from evorobo.tasks.data.text_files import MISSING, TextTable, read_text_file

WINDOW, N_EVALS = 100, 50
"""Episodes that a score of a `monitor.csv` is the mean of, as Stable-Baselines3 itself reports it, and how many of
these means are kept."""

STEP_COLUMNS = ("step", "steps", "timesteps", "total_timesteps", "global_step")
"""Columns of other people's tables that count environment steps; the ledger's own names will do as well."""
SCORE_COLUMNS = (
    "test",
    "score",
    "return",
    "reward",
    "episode_return",
    "episodic_return",
    "mean_reward",
    "fitness",
    "value",
)


@register_component("settings", "Baseline")
@dataclass(frozen=True)
class Baseline:
    """`Baseline("ppo", "phototaxis", "logs/ppo-*/evaluations.npz")`: each file that fits `files` is a run on `task`.

    A file is an `evaluations.npz` of Stable-Baselines3 (its EvalCallback: a look is the mean return of an evaluation),
    a `monitor.csv` of it (a look is the mean return of the last 100 episodes), or any table with a header. Of a table,
    columns called as ours, or by a usual name (`STEPS`, `SCORES`), are read, and those that `columns` names:
    {"env_steps": "time/total_timesteps", "test": "rollout/ep_rew_mean"}; there must be "test" and something that was
    paid. Rows without a score are no looks.

    Scores are as whoever made the files has measured them; of what the files do not tell, the ledger stays empty.
    """

    name: str
    task: str
    files: str
    columns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for ours in self.columns:
            if ours not in (*COST_COLUMNS, "test"):
                raise unknown("column of ours", ours, (*COST_COLUMNS, "test"))

    def curves(self) -> dict[str, dict[str, Array]]:
        """Of each file, by its path, the columns `(looks,)`. Raises `DataError` for what cannot be read so."""
        paths = sorted(glob(self.files, recursive=True), key=_by_number)
        if not paths:
            raise DataError(f"no file fits {self.files} of the baseline {self.name}; give a path, or a pattern with *.")
        return {path: self._read(Path(path)) for path in paths}

    def _read(self, path: Path) -> dict[str, Array]:
        if path.suffix == ".npz":
            return _evaluations(path)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            begins = file.read(2)
        return _monitor(path) if begins == "#{" else self._table(path)

    def _table(self, path: Path) -> dict[str, Array]:
        sheet = read_text_file(path, header=True)
        every = {ours: self._column(sheet, ours) for ours in (*COST_COLUMNS, "test")}
        found = {ours: column for ours, column in every.items() if column is not None}
        paid = [ours for ours in found if ours in COST_COLUMNS]
        if "test" not in found or not paid:
            raise DataError(
                f"{path} has the columns {', '.join(sheet.names)}; tell the baseline {self.name} which of them are "
                'ours: columns={"env_steps": "...", "test": "..."}.'
            )
        looks = _rows_with(sheet, found["test"])
        curve = {ours: looks.numbers(column, "leave the row out") for ours, column in found.items()}
        for ours in paid:
            if (np.diff(curve[ours]) < 0).any():
                raise DataError(
                    f"{sheet.names[found[ours]]} falls in {path}, and a bill never does; give a file for each run."
                )
        return curve

    def _column(self, sheet: TextTable, ours: str) -> int | None:
        """The number of the column that was named for ours, or that is called as such columns are."""
        if ours in self.columns:
            return sheet.find(self.columns[ours])
        usual = {"env_steps": STEP_COLUMNS, "test": SCORE_COLUMNS}.get(ours, ())
        names = [name.lower().replace(" ", "_") for name in sheet.names]
        return next((names.index(name) for name in (ours, *usual) if name in names), None)


def write_baselines(baselines: Sequence[Baseline], folder: Path) -> None:
    """Write the runs of `baselines` into a study's `folder`, as its own lie there, without settings and genomes."""
    for baseline in baselines:
        cell = folder / baseline.task / baseline.name
        curves = baseline.curves()
        for seed, place in seed_folders(cell).items():
            if seed >= len(curves) or (place / "trial.json").exists():
                raise ResultsError(f"{place} holds a run that is none of {baseline.files}; move or delete {cell}.")
        for seed, (path, curve) in enumerate(curves.items()):
            looks = [
                dict(zip(curve, row, strict=True)) for row in zip(*map(np.ndarray.tolist, curve.values()), strict=True)
            ]
            Log(cell / f"seed-{seed}" / "curve.csv", looks).write()
            result = {"status": "finished", "test": float(curve["test"][-1]), "read_from": path}
            write_record(cell / f"seed-{seed}" / "result.json", result)


def check_baselines(baselines: Sequence[Baseline], tasks: Sequence[str]) -> None:
    """Raise `SettingsError` for what is no baseline of one of these tasks."""
    for baseline in baselines:
        if not isinstance(baseline, Baseline):
            raise SettingsError(f"{baseline!r} is no baseline; write Baseline(name, task, files).")
        if baseline.task not in tasks:
            raise unknown("task", baseline.task, tasks)


def _rows_with(sheet: TextTable, column: int) -> TextTable:
    """The rows in which a column is not empty."""
    kept = np.array([str(cell).lower() not in MISSING for cell in sheet.cells[column]], bool)
    if not kept.any():
        raise DataError(f"{sheet.file} holds no score in its column {sheet.names[column]!r}.")
    places = [place for place, keep in zip(sheet.line_numbers, kept, strict=True) if keep]
    return replace(sheet, cells=tuple(cells[kept] for cells in sheet.cells), line_numbers=places)


def _evaluations(path: Path) -> dict[str, Array]:
    arrays = read_npz(path)
    if not {"timesteps", "results"} <= arrays.keys() or len(arrays["timesteps"]) != len(arrays["results"]):
        raise DataError(f"{path} has no timesteps and results of one length; it is no file of an EvalCallback.")
    if not len(arrays["timesteps"]):
        raise DataError(f"{path} holds no evaluation yet.")
    scores = arrays["results"].reshape(len(arrays["results"]), -1).mean(1)
    return {"env_steps": arrays["timesteps"].astype(float), "test": scores.astype(float)}


def _monitor(path: Path) -> dict[str, Array]:
    """Episodes with return `r`, length `l` and the seconds `t` since the start."""
    try:
        episodes = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True, skip_header=1))
        returns, steps, seconds = (episodes[name].astype(float) for name in "rlt")
    except (ValueError, IndexError) as error:
        raise DataError(f"{path} is no whole monitor.csv of Stable-Baselines3 ({error}).") from error
    if not len(returns):
        raise DataError(f"{path} holds no episode yet.")
    kept = np.unique(np.geomspace(1, len(returns), N_EVALS).round().astype(int))
    sums = np.concatenate([[0.0], np.cumsum(returns)])
    return {
        "env_steps": np.cumsum(steps)[kept - 1],
        "episodes": kept.astype(float),
        "wall_seconds": seconds[kept - 1],
        "test": (sums[kept] - sums[np.maximum(kept - WINDOW, 0)]) / np.minimum(kept, WINDOW),
    }


def _by_number(path: str) -> list[tuple[int, str]]:
    """Sorts "run-9" before "run-10"."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)]
