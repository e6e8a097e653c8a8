"""Baselines: learning curves that other tools wrote, shown beside the methods of a study."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, ResultsError, unknown
from evorobo.files import as_path, read_npz
from evorobo.registry import register_component
from evorobo.study.log import write_rows
from evorobo.study.records import write_record
from evorobo.study.results import seed_folders
from evorobo.tasks.base import COST_COLUMNS
from evorobo.tasks.data.text_files import MISSING, TextTable, read_text_file

WINDOW, N_EVALS = 100, 50
"""Number of episodes in each mean return of a `monitor.csv`, as in Stable-Baselines3, and number of means kept."""

STEP_COLUMNS = (
    "step", "steps", "timesteps", "total_timesteps", "global_step", "env_step", "environment_steps", "num_steps",
    "num_env_steps", "num_timesteps",
)  # fmt: skip
"""Names of a column with environment steps in the tables of other tools, besides the names of cost columns."""
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
    """Learning curves from files of another tool, shown as one more method of a study.

    Each file is one run; files `0.monitor.csv`, `1.monitor.csv`, ... of one folder are the parallel environments of
    one run. Three kinds are read: an `evaluations.npz` of Stable-Baselines3 (written by its
    `EvalCallback`; an eval is the mean return of an evaluation), a `monitor.csv` of Stable-Baselines3 (an eval is the
    mean return of the last 100 episodes), and any table with a header. Scores are taken as they are. Cost columns that
    a file does not contain stay empty.

    Parameters
    ----------
    name : str
        Name in tables and figures.
    task : str
        Name of the study's task on which the runs were made.
    files : str
        Path of a file, or a pattern such as `logs/ppo-*/evaluations.npz`.
    columns : dict of str to str, optional
        For tables, the column of the file for a column of evorobo:
        ``{"env_steps": "time/total_timesteps", "test": "rollout/ep_rew_mean"}``. Columns with the same or a usual name
        need no entry. "test" and one cost column are required. Rows without a score are left out.

    Raises
    ------
    SettingsError
        Where `columns` names a column that evorobo does not have.

    Examples
    --------
    >>> from evorobo import Baseline
    >>> Baseline("ppo", "phototaxis", "logs/ppo-*/evaluations.npz").name
    'ppo'
    """

    name: str
    task: str
    files: str
    columns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.columns:
            if column not in (*COST_COLUMNS, "test"):
                raise unknown("column of evorobo", column, (*COST_COLUMNS, "test"))

    def curves(self) -> dict[str, dict[str, Array]]:
        """Read the learning curves.

        Returns
        -------
        dict of str to dict
            By the path of the file, its columns: arrays of shape (n_evals,).

        Raises
        ------
        DataError
            Where no file fits `files`, or one cannot be read.
        """
        pattern = str(as_path(self.files)).replace("[", "[[]")  # brackets are letters
        paths = [path for path in sorted(glob(pattern, recursive=True), key=_by_number) if Path(path).is_file()]
        if not paths:
            raise DataError(f"no file fits {self.files} of the baseline {self.name}; give a path, or a pattern with *.")
        return {name: self._read(files) for name, files in files_by_run(map(Path, paths)).items()}

    def _read(self, paths: list[Path]) -> dict[str, Array]:
        path = paths[0]
        if len(paths) > 1:
            return read_monitors(paths)
        if path.suffix.lower() == ".npz":
            return read_evaluations(path)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            start = file.read(2)
        return read_monitors(paths) if start == "#{" else self._read_table(path)

    def _read_table(self, path: Path) -> dict[str, Array]:
        table = read_text_file(path, header=True)
        numbers = {name: self._find_column(table, name) for name in (*COST_COLUMNS, "test")}
        columns = {name: number for name, number in numbers.items() if number is not None}
        costs = [name for name in columns if name in COST_COLUMNS]
        if "test" not in columns or not costs:
            raise DataError(
                f"{path} has the columns {', '.join(table.names)}; name those of the baseline {self.name}: "
                'columns={"env_steps": "...", "test": "..."}.'
            )
        scored = _rows_with(table, columns["test"])
        curve = {name: scored.numbers(number, "leave the row out") for name, number in columns.items()}
        for name in costs:
            if (np.diff(curve[name]) < 0).any():
                raise DataError(
                    f"{table.names[columns[name]]} falls in {path}, but costs only grow; give a file for each run."
                )
        if all((np.diff(curve[name]) == 0).any() for name in costs):
            raise DataError(f"steps repeat in {path}, so several runs lie in it; give a file for each run.")
        _check_scores(curve["test"], path)
        return curve

    def _find_column(self, table: TextTable, name: str) -> int | None:
        """Return the number of the column for our column `name`: the one in `columns`, or one with a usual name."""
        if name in self.columns:
            return table.find(self.columns[name])
        usual = {"env_steps": STEP_COLUMNS, "test": SCORE_COLUMNS}.get(name, ())
        return only_column(
            table, (name, *usual), "scores" if name == "test" else "steps", f'name one with columns={{"{name}": "..."}}'
        )


def is_of_parallel_environment(path: Path) -> bool:
    """Whether it is the file of one of several environments of a run, such as 0.monitor.csv."""
    return re.fullmatch(r"\d+\.monitor\.csv", path.name.lower()) is not None


def files_by_run(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """The files of each run, by a name: those of the environments of one run lie in one folder."""
    runs: dict[str, list[Path]] = {}
    for path in paths:
        name = path.parent / "*.monitor.csv" if is_of_parallel_environment(path) else path
        runs.setdefault(str(name), []).append(path)
    return runs


def write_baselines(baselines: Sequence[Baseline], folder: Path) -> None:
    """Write the runs of `baselines` into the `folder` of a study like its own, without settings and genomes."""
    for baseline in baselines:
        cell = folder / baseline.task / baseline.name
        curves = baseline.curves()
        for seed, path in seed_folders(cell).items():
            if seed >= len(curves) or (path / "trial.json").exists():
                raise ResultsError(f"{path} holds a run that is none of {baseline.files}; move or delete {cell}.")
        for seed, (source, curve) in enumerate(curves.items()):
            values = zip(*map(np.ndarray.tolist, curve.values()), strict=True)
            rows = [dict(zip(curve, row, strict=True)) for row in values]
            write_rows(cell / f"seed-{seed}" / "curve.csv", rows)
            result = {"status": "finished", "test": float(curve["test"][-1]), "read_from": source}
            write_record(cell / f"seed-{seed}" / "result.json", result)


def check_baselines(baselines: Sequence[Baseline], tasks: Sequence[str]) -> None:
    """Raise `SettingsError` for a baseline of another task than these."""
    for baseline in baselines:
        if baseline.task not in tasks:
            raise unknown("task", baseline.task, tasks)


def _rows_with(table: TextTable, column: int) -> TextTable:
    """Return the rows in which a column is not empty."""
    filled = np.array([str(cell).lower() not in MISSING for cell in table.cells[column]], bool)
    if not filled.any():
        raise DataError(f"{table.file} holds no score in its column {table.names[column]!r}.")
    line_numbers = [number for number, keep in zip(table.line_numbers, filled, strict=True) if keep]
    return replace(table, cells=tuple(cells[filled] for cells in table.cells), line_numbers=line_numbers)


def read_evaluations(path: Path) -> dict[str, Array]:
    """Read the evaluations.npz of one run."""
    arrays = read_npz(path)
    if not {"timesteps", "results"} <= arrays.keys() or len(arrays["timesteps"]) != len(arrays["results"]):
        raise DataError(f"{path} has no timesteps and results of one length; give a file of an EvalCallback.")
    if not len(arrays["timesteps"]):
        raise DataError(f"{path} holds no evaluation yet.")
    if (np.diff(arrays["timesteps"]) <= 0).any():
        raise DataError(f"timesteps begin again in {path}, so several runs lie in it; give a file for each run.")
    scores = arrays["results"].reshape(len(arrays["results"]), -1).mean(1)
    _check_scores(scores, path)
    return {"env_steps": arrays["timesteps"].astype(float), "test": scores.astype(float)}


def read_monitors(paths: Sequence[Path]) -> dict[str, Array]:
    """Read the episodes of one run, from the files of its environments, in the order in which they ended."""
    parts = [_read_episodes(path) for path in paths]
    start = min(begin for begin, _ in parts)
    episodes = np.concatenate([rows + np.array([0.0, 0.0, begin - start]) for begin, rows in parts])
    returns, steps, seconds = episodes[np.argsort(episodes[:, 2], kind="stable")].T
    ends = np.unique(np.geomspace(1, len(returns), N_EVALS).round().astype(int))
    sums = np.concatenate([[0.0], np.cumsum(returns)])
    return {
        "env_steps": np.cumsum(steps)[ends - 1],
        "episodes": ends.astype(float),
        "wall_seconds": seconds[ends - 1],
        "test": (sums[ends] - sums[np.maximum(ends - WINDOW, 0)]) / np.minimum(ends, WINDOW),
    }


def _read_episodes(path: Path) -> tuple[float, Array]:
    """The time at which a monitor file begins, and a row for each episode: return, length, seconds since then."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    headers = [number for number, line in enumerate(lines, 1) if line.startswith("#")]
    if len(headers) > 1:
        raise DataError(
            f"{path}, line {headers[1]}: a second header begins, so two runs lie in one file; give a file for each run."
        )
    try:
        begin = float(json.loads(lines[0][1:]).get("t_start", 0.0))
        episodes = np.atleast_1d(np.genfromtxt(lines, delimiter=",", names=True, skip_header=1))
        rows = np.stack([episodes[name].astype(float) for name in "rlt"], axis=1)
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        raise DataError(f"{path} is not a complete monitor.csv of Stable-Baselines3 ({error}).") from error
    if not len(rows):
        raise DataError(f"{path} holds no episode yet.")
    _check_scores(rows, path)
    if (np.diff(rows[:, 2]) < 0).any():
        raise DataError(f"the time t falls in {path}, so two runs lie in it; give a file for each run.")
    return begin, rows


def _check_scores(scores: Array, path: Path) -> None:
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores.reshape(len(scores), -1)).all(1))[0])
        raise DataError(f"{path} holds a score that is not a finite number, in its row {row + 1}; leave the row out.")


def normalize_header(name: str) -> str:
    """The name of a column in small letters, with _ for blanks."""
    return name.strip().lower().replace(" ", "_")


def only_column(table: TextTable, names: Sequence[str], of: str, cure: str) -> int | None:
    """The index of the column with the first of `names`, which is ours, or with another one of them.

    Raises `DataError` where several columns have the other names: which of them is meant is not known.
    """
    headers = [normalize_header(header) for header in table.names]
    if names[0] in (*COST_COLUMNS, "test") and names[0] in headers:
        return headers.index(names[0])
    numbers = [number for number, header in enumerate(headers) if header in names]
    if len(numbers) > 1:
        several = ", ".join(table.names[number] for number in numbers)
        raise DataError(f"{table.file} has several columns of {of}, {several}; {cure}.")
    return numbers[0] if numbers else None


def _by_number(path: str) -> list[tuple[int, str]]:
    """Sort key that puts "run-9" before "run-10"."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)]
