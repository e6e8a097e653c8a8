"""Characters drawn by an arm with two joints, in simulation: inverse dynamics, from how it moves to its two torques.

20 characters, 2913 rows at 25 Hz; inputs are both angles, velocities and accelerations. The table's column "character"
says whose row it is. The split is by whole characters: e, q and v test, g and n validate, the others train.

Published: torque error 4.3e-4, squared and summed over both joints, by a network that knows mechanics (Lutter, Ritter &
Peters, ICLR 2019). Their program tests on e, q and v, their figure shows a, d and e: which one the number belongs to
is not said, so there is no published line. A plain (64, 64) tanh network here: 8e-4.
Data: deep_lagrangian_networks, MIT; its character_data.pickle as npz.
"""

from __future__ import annotations

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import DataError
from evorobo.files import read_npz
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import GroupSplit
from evorobo.tasks.data.tables import Table

DATA = DataFile(
    "delan_character/character_data.npz",
    "whoever gave you evorobo (made of https://github.com/milutter/deep_lagrangian_networks, character_data.pickle)",
    "158b6c04457138ffab0a963f4aa0d7c21d91889652236c8aec29ebb136602033",
    manual_download=True,
)


@register_component("data set", "delan")
def delan() -> Dataset:
    """A two-joint arm draws 20 characters: angles, velocities and accelerations to 2 torques, 2913 rows."""
    path = DATA.find()
    arrays = read_npz(path)
    try:
        inputs = np.hstack([arrays[name] for name in ("qp", "qv", "qa")])
        character = np.repeat(arrays["labels"], arrays["lengths"])
    except KeyError as error:
        raise DataError(f"{path.name} has no array {error}; get it again from {DATA.url}.") from error
    names = tuple(f"{what} {joint}" for what in ("angle", "velocity", "acceleration") for joint in (1, 2))
    table = Table(inputs, arrays["tau"], names, ("torque 1", "torque 2"), (), {"character": character})
    return Dataset(
        table, (path,), GroupSplit("character", validation=("g", "n"), test=("e", "q", "v")), is_time_series=True
    )
