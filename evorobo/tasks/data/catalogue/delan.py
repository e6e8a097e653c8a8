"""Characters drawn by a simulated arm with two joints: inverse dynamics, from motion to two torques.

There are 20 characters, with 2913 rows at 25 Hz. The inputs are both angles, velocities and accelerations. The table's
column "character" names the character of each row. The split is by whole characters: e, q and v test, g and n validate,
the others train.

Published: a torque error of 4.3e-4, squared and summed over both joints, by a network with built-in mechanics (Lutter,
Ritter & Peters, ICLR 2019). Their program tests on e, q and v; their figure shows a, d and e. The article does not say
which of them the number belongs to, so it is not among the reference scores. A plain (64, 64) tanh network reaches 8e-4
here.
Data: deep_lagrangian_networks, MIT license; its character_data.pickle converted to npz.
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
    "https://github.com/milutter/deep_lagrangian_networks (its character_data.pickle, converted to npz)",
    "158b6c04457138ffab0a963f4aa0d7c21d91889652236c8aec29ebb136602033",
    manual_download=True,
)


@register_component("data set", "delan")
def delan() -> Dataset:
    """Inverse dynamics of a two-joint arm that draws 20 characters: 6 inputs to 2 torques, 2913 rows."""
    path = DATA.find()
    arrays = read_npz(path)
    try:
        inputs = np.hstack([arrays[name] for name in ("qp", "qv", "qa")])
        character = np.repeat(arrays["labels"], arrays["lengths"])
    except KeyError as error:
        raise DataError(f"{path.name} has no array {error}; download it again from {DATA.url}.") from error
    names = tuple(f"{what} {joint}" for what in ("angle", "velocity", "acceleration") for joint in (1, 2))
    table = Table(inputs, arrays["tau"], names, ("torque 1", "torque 2"), (), {"character": character})
    return Dataset(
        table, (path,), GroupSplit("character", validation=("g", "n"), test=("e", "q", "v")), is_time_series=True
    )
