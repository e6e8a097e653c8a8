"""Robot execution failures: forces and torques at a gripper in the 315 ms after a failure, to the kind of failure.

There are five learning problems of one assembly robot: failures in approach to grasp ("lp1"), in the transfer of a part
("lp2"), the position of the part after that ("lp3"), failures in approach to ungrasp ("lp4"), and in motion with a part
("lp5"). Each row is one failure: 15 readings of 3 forces and 3 torques (90 inputs, "Fx1" to "Tz15"). The table's column
"sequence" numbers the failures in the order of the file.

With row="time_step" each row is one reading (6 inputs) and a failure has 15 rows, for recurrent networks. The column
"last" is 1 in the last row of a failure, which alone has a target: DatasetTask("lp4", loader_kwargs={"row":
"time_step"}, sequence="sequence", scored_steps="last"). The same failures train, validate and test in both forms.

The data sets are very small, and every network overfits its training rows. scaling="signlog", sign(x) log(1 + |x|),
compresses the rare very large forces. The split is one of 5 folds (`fold` 0 to 4), each with its fraction of every
class; 15 % of the other failures validate.

Published under another validation, so not among the reference scores: naive Bayes 93.85 % (Sensors 26(5), 2026). Here,
lp1: naive Bayes .934, networks .74 to .77; lp4: random forest .909, GRU(16) step by step .861
(experiments/failures.py); lp5: random forest .734.
Data: UCI 138 (Seabra Lopes & Camarinha-Matos), CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np

from evorobo.arrays import Array
from evorobo.downloads import DataFile
from evorobo.errors import DataError, unknown
from evorobo.fields import Limits
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import GivenSplit
from evorobo.tasks.data.tables import Table, make_table

STEPS, AXES = 15, ("Fx", "Fy", "Fz", "Tx", "Ty", "Tz")
FOLDS = 5

Fold = Annotated[int, Limits(ge=0, le=FOLDS - 1)]
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
def lp1(fold: Fold = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in approach to grasp: 15 x 6 forces and torques to 4 classes, 88 failures."""
    return _failures(1, fold, scaling, row)


@register_component("data set", "lp2")
def lp2(fold: Fold = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in the transfer of a part: 15 x 6 forces and torques to 5 classes, 47 failures."""
    return _failures(2, fold, scaling, row)


@register_component("data set", "lp3")
def lp3(fold: Fold = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Position of a part after a failed transfer: 15 x 6 forces and torques to 4 classes, 47 failures."""
    return _failures(3, fold, scaling, row)


@register_component("data set", "lp4")
def lp4(fold: Fold = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in approach to ungrasp: 15 x 6 forces and torques to 3 classes, 117 failures."""
    return _failures(4, fold, scaling, row)


@register_component("data set", "lp5")
def lp5(fold: Fold = 0, scaling: str = "raw", row: str = "failure") -> Dataset:
    """Robot failures in motion with a part: 15 x 6 forces and torques to 5 classes, 164 failures."""
    return _failures(5, fold, scaling, row)


def data_file(problem: int) -> DataFile:
    """Return the file of learning problem 1 to 5."""
    return DataFile(
        f"robot_execution_failures/lp{problem}.data",
        "https://archive.ics.uci.edu/dataset/138/robot+execution+failures",
        _SHA256[problem - 1],
        manual_download=True,
    )


def _failures(problem: int, fold: int, scaling: str, row: str) -> Dataset:
    """Load one learning problem."""
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
    table = _with_validation(replace(table, input_names=names, target_names=("failure",)), fraction=0.15)
    return Dataset(_time_steps(table) if row == "time_step" else table, (path,), GivenSplit("split"))


def _with_validation(table: Table, fraction: float) -> Table:
    """Return the table with a random fraction of the training rows assigned to validation."""
    split = table.columns["split"].astype("U10")
    split[GivenSplit("split", validation=fraction).split(table).validation] = "validation"
    return replace(table, columns={**table.columns, "split": split})


def _time_steps(table: Table) -> Table:
    """Return the table with 15 rows per failure, one per reading; the last has the target."""
    columns = {name: np.repeat(column, STEPS) for name, column in table.columns.items()}
    return replace(
        table,
        inputs=table.inputs.reshape(-1, len(AXES)),
        targets=np.repeat(table.targets, STEPS),
        input_names=AXES,
        columns={**columns, "last": np.tile(np.arange(STEPS) == STEPS - 1, len(table)).astype(np.int64)},
    )


def _read(path: Path) -> tuple[Array, np.ndarray]:
    """Return `readings (n_failures, 90)` and class names from lines with a name, each before 15 lines of readings."""
    lines = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
    sequences = [lines[start : start + 1 + STEPS] for start in range(0, len(lines), 1 + STEPS)]
    try:
        readings = np.array([sequence[1:] for sequence in sequences], np.float64)
        return readings.reshape(len(sequences), STEPS * len(AXES)), np.array([name for ((name,), *_) in sequences])
    except ValueError as error:
        raise DataError(
            f"{path.name} is damaged: a failure is a name and {STEPS} lines of {len(AXES)} numbers; download it again."
        ) from error


def _folds(labels: np.ndarray) -> np.ndarray:
    """Return the fold of each row. The rows of a class, in random order, go to the folds in turn."""
    folds, rng, turn = np.empty(len(labels), np.int64), np.random.default_rng(0), 0
    for name in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == name))
        folds[rows] = (turn + np.arange(len(rows))) % FOLDS
        turn += len(rows)
    return folds
