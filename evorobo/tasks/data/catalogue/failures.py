"""Robot execution failures: what a gripper felt in the 315 ms after something went wrong; from forces to what it was.

Five learning problems of one assembly robot: failures in approach to grasp ("lp1"), in the transfer of a part ("lp2"),
the part's position after that ("lp3"), in approach to ungrasp ("lp4"), in motion with a part ("lp5"). Each row is one
failure: 15 readings of 3 forces and 3 torques, one after the other (90 inputs, "Fx1" to "Tz15"). The table's column
"sequence" numbers them in the order of the file.

With row="time_step" each row is one reading (6 inputs) and a failure 15 rows, for networks that remember; the column
"last" is 1 where the answer is due: DatasetTask("lp4", loader_kwargs={"row": "time_step"}, sequence="sequence", scored_steps="last").
Both ways, the same failures train, validate and test.

Tiny: every network comes to know its training rows by heart. scaling="signlog", sign(x) log(1 + |x|), tames the rare
huge forces. The split is one of 5 folds (`fold` 0 to 4), each with its share of every class; 15 % of the other
failures validate.

Published under another validation, so no published line: naive Bayes 93.85 % (Sensors 26(5), 2026). Here, lp1: naive
Bayes .934, networks .74 to .77; lp4: random forest .909, GRU(16) moment by moment .861 (experiments/failures.py); lp5:
random forest .734.
Data: UCI 138 (Seabra Lopes & Camarinha-Matos), CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.downloads import DataFile
from evorobo.errors import DataError, SettingsError, unknown
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import GivenSplit
from evorobo.tasks.data.tables import Table, make_table

STEPS, AXES = 15, ("Fx", "Fy", "Fz", "Tx", "Ty", "Tz")
FOLDS = 5
ROWS = ("failure", "time_step")
SCALINGS: dict[str, Callable[[Array], Array]] = {
    "raw": lambda x: x,
    "signlog": lambda x: np.sign(x) * np.log1p(np.abs(x)),
}
_SHA256 = (
    "dcce343c3bb8d4b93a384273510a07ff96a51ecaad8c505e940c03ebee0de635",
    "39d0e6a505004e474ead6b7869845ca7d694b5776da33b28205be952154e2e1a",
    "9afeb5beb427283f1d763ee776575905c36da4b83060c7841c874fe5461fb0c9",
    "57f68e2513daa1a65c7a316386dac2e4de56439da01ab844827ec1156aa0866f",
    "3b76b63eb5368d53b1d977c89ab11a2cf0674731c3d717b225e5c239d344b4fb",
)


@register_component("data set", "lp1")
def lp1(fold: int = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in approach to grasp: 15 x 6 forces and torques to 4 classes, 88 sequences."""
    return _failures(1, fold, scaling, row)


@register_component("data set", "lp2")
def lp2(fold: int = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in the transfer of a part: 15 x 6 forces and torques to 5 classes, 47 sequences."""
    return _failures(2, fold, scaling, row)


@register_component("data set", "lp3")
def lp3(fold: int = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Where the part is after a failed transfer: 15 x 6 forces and torques to 4 classes, 47 sequences."""
    return _failures(3, fold, scaling, row)


@register_component("data set", "lp4")
def lp4(fold: int = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in approach to ungrasp: 15 x 6 forces and torques to 3 classes, 117 sequences."""
    return _failures(4, fold, scaling, row)


@register_component("data set", "lp5")
def lp5(fold: int = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in motion with a part: 15 x 6 forces and torques to 5 classes, 164 sequences."""
    return _failures(5, fold, scaling, row)


def data_file(problem: int) -> DataFile:
    """The file of learning problem 1 to 5."""
    return DataFile(
        f"robot_execution_failures/lp{problem}.data",
        "https://archive.ics.uci.edu/dataset/138/robot+execution+failures",
        _SHA256[problem - 1],
        manual_download=True,
    )


def _failures(problem: int, fold: int, scaling: str, row: str) -> Dataset:
    if not isinstance(fold, int) or fold not in range(FOLDS):
        raise SettingsError(f"lp{problem} has the folds 0 to {FOLDS - 1}, not {fold}.")
    if scaling not in SCALINGS:
        raise unknown("scaling", scaling, SCALINGS)
    if row not in ROWS:
        raise unknown("row", row, ROWS)
    path = data_file(problem).find()
    readings, labels = _read(path)
    columns = {
        "sequence": np.arange(len(labels)),
        "split": np.where(_folds(labels) == fold, "test", "train"),
    }
    table = make_table(SCALINGS[scaling](readings), labels, "classification", columns=columns, where=path.name)
    names = tuple(f"{axis}{step}" for step in range(1, STEPS + 1) for axis in AXES)
    table = _validating(replace(table, input_names=names, target_names=("failure",)), share=0.15)
    return Dataset(_time_steps(table) if row == "time_step" else table, (path,), GivenSplit("split"))


def _validating(table: Table, share: float) -> Table:
    """Some of the training rows, taken at random, validate instead."""
    split = table.columns["split"].astype("U10")
    split[GivenSplit("split", validation=share).split(table).validation] = "validation"
    return replace(table, columns={**table.columns, "split": split})


def _time_steps(table: Table) -> Table:
    """Each row as 15, one for each reading, of which the last gives the answer."""
    columns = {name: np.repeat(column, STEPS) for name, column in table.columns.items()}
    return replace(
        table,
        inputs=table.inputs.reshape(-1, len(AXES)),
        targets=np.repeat(table.targets, STEPS),
        input_names=AXES,
        columns={**columns, "last": np.tile(np.arange(STEPS) == STEPS - 1, len(table)).astype(np.int64)},
    )


def _read(path: Path) -> tuple[Array, np.ndarray]:
    """`readings (sequences, 90)` and a name for each: in the file, a line with the name, 15 of readings, blank ones."""
    lines = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
    sequences = [lines[at : at + 1 + STEPS] for at in range(0, len(lines), 1 + STEPS)]
    try:
        readings = np.array([sequence[1:] for sequence in sequences], np.float64)
        return readings.reshape(len(sequences), STEPS * len(AXES)), np.array([name for ((name,), *_) in sequences])
    except ValueError as error:
        raise DataError(f"{path.name} is not made of a name and {STEPS} lines of {len(AXES)} numbers each.") from error


def _folds(labels: np.ndarray) -> np.ndarray:
    """The fold of each row: the rows of a class in random order, dealt out in turn."""
    folds, rng, turn = np.empty(len(labels), np.int64), np.random.default_rng(0), 0
    for name in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == name))
        folds[rows] = (turn + np.arange(len(rows))) % FOLDS
        turn += len(rows)
    return folds
