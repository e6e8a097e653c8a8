"""UR3 CobotOps: a small collaborative robot at pick and place, from currents, temperatures and speeds to failures.

There are 7355 rows at 1 Hz of one working day, in 240 cycles numbered up to 264. The 19 inputs are current, temperature
and speed of six joints, and the current of the tool. There are two targets: target="protective_stop" (278 rows) or
"grip_lost" (243 rows). Both are rare, so compare an accuracy with that of the majority class. 54 of the 7409 rows of
the file have no readings and are left out.

The data are a time series, so random splits give scores that are too good. The split is chronological: the last 20 %
test, the 10 % before validate. The table's column "cycle" allows a split by whole cycles instead. Its numbers decrease
by nine once.

There are no published scores for this split. Results here, area under the ROC curve: protective stop .92 (a linear fit
.76), grip lost .74 (.86 on random rows).
Data: UCI 963, DOI 10.24432/C5J891, CC BY 4.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import unknown
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import ChronologicalSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.text_files import read_text_file

TARGETS = {"protective_stop": "Robot_ProtectiveStop", "grip_lost": "grip_lost"}
DATA = DataFile(
    "ur3_cobotops/dataset_02052023.csv",
    "https://archive.ics.uci.edu/dataset/963/ur3+cobotops (its table saved as CSV, with semicolons)",
    "63f170f2c6187b94afd2191b064fb0645448ab9c28c624edebfc11a215795388",
    manual_download=True,
)


@register_component("data set", "ur3")
def ur3(target: str = "protective_stop") -> Dataset:
    """A collaborative robot's 19 readings to failures, 7355 rows; target="protective_stop" or "grip_lost"."""
    if target not in TARGETS:
        raise unknown("target", target, TARGETS)
    path = DATA.find()
    return Dataset(_read(path, target), (path,), ChronologicalSplit(), is_time_series=True)


def _read(path: Path, target: str) -> Table:
    """Return the rows without empty cells."""
    text = read_text_file(path)
    not_inputs = (*TARGETS.values(), "Num", "Timestamp", "cycle")
    cells = dict(zip(text.names, np.array(text.cells), strict=True))
    complete = np.all([column != "" for column in cells.values()], axis=0)
    names = tuple(name for name in text.names if name not in not_inputs)
    return Table(
        np.column_stack([cells[name][complete].astype(np.float64) for name in names]),
        (cells[TARGETS[target]][complete] == "True").astype(np.int64),
        names,
        (target,),
        ("no", "yes"),
        {"cycle": cells["cycle"][complete].astype(np.int64)},
    )
