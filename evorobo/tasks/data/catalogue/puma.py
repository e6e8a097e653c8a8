"""Puma dynamics: a simulated Puma 560 robot arm, from state and torques of its joints to the acceleration of one joint.

Both data sets are nonlinear and very noisy ("nh"). "puma8NH": angles, velocities and torques of three joints to the
acceleration of the third (rad/s^2). "puma32H": angles and velocities of six joints, five torques and fifteen changes of
mass and links to the acceleration of the sixth. Only two of these inputs matter (theta5 and tau4), so regularization
helps.

There are 8192 independent rows. The split assigns them at random by `seed`: 10 % test, 5 % validate, the rest train.
With `rows`, only the first so many training rows of that order are used. The test rows stay the same, so that small
training sets can be compared.

Results here, 90/10, squared error divided by the variance of the test rows: puma32H ridge regression .752, random
forest .065; with rows=1000, experiments/puma32h.py, a plain network 1.13, with L1 .076. No published score uses a split
that can be reproduced, so there are no reference scores.
Data: DELVE, University of Toronto, no license stated, as OpenML 225 and 308.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import SettingsError
from evorobo.fields import PositiveInt, Seed
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.readers import read_table
from evorobo.tasks.data.splits import GivenSplit
from evorobo.tasks.data.tables import Table

PUMA8NH = DataFile(
    "delve/puma8NH.arff",
    "https://www.openml.org/d/225",
    "564cb4fc17bde4a96971059076efce9ee1ef3719c98688d400de4036f12f6c81",
    manual_download=True,
)
PUMA32H = DataFile(
    "delve/puma32H.arff",
    "https://www.openml.org/d/308",
    "4337051c09905933d445380746aa0190fb77513b0a18bed48fcb4314dacb7755",
    manual_download=True,
)


@register_component("data set", "puma8NH")
def puma8nh(rows: PositiveInt | None = None, seed: Seed = 0) -> Dataset:
    """Robot arm: 8 angles, velocities and torques to an acceleration, 8192 rows; rows=1000 trains on fewer."""
    return _puma("puma8NH", PUMA8NH, rows, seed)


@register_component("data set", "puma32H")
def puma32h(rows: PositiveInt | None = None, seed: Seed = 0) -> Dataset:
    """Robot arm: 32 inputs, of which 2 matter, to an acceleration, 8192 rows; rows=1000 trains on fewer."""
    return _puma("puma32H", PUMA32H, rows, seed)


def _puma(name: str, file: DataFile, rows: int | None, seed: int) -> Dataset:
    """Load one of the two data sets, split at random by `seed`."""
    path = file.find()
    table = read_table(path)
    order = np.random.default_rng(seed).permutation(len(table))
    test, validation, train = np.split(order, [round(0.10 * len(table)), round(0.15 * len(table))])
    if rows is not None and rows > len(train):
        raise SettingsError(f"rows of {name} must be at most {len(train)}, or None for all, not {rows}.")
    split = np.full(len(table), "left out", "U10")
    split[test], split[validation], split[train[:rows]] = "test", "validation", "train"
    return Dataset(_take(replace(table, columns={"split": split}), split != "left out"), (path,), GivenSplit("split"))


def _take(table: Table, rows: np.ndarray) -> Table:
    """Return the rows of a table where the mask `rows` is True."""
    columns = {name: column[rows] for name, column in table.columns.items()}
    return replace(table, inputs=table.inputs[rows], targets=table.targets[rows], columns=columns)
