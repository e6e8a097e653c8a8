"""Sonar rides: a mobile robot with 16 sonars drives, from the ranges of its sonars to its two motors.

There are five rides at about 10 Hz: "linaker5v" (11000 rows), "linaker1v" (2050), "maze" (1600), "complex" (1500),
"irregular" (1770). Each row of the table contains the last 5 frames of 16 ranges (mm, at most 5000), the newest first
("sonar1" to "sonar16", then "sonar1 1 ago", and so on). The targets are the commands of the left and right motor at the
newest frame. `frames` sets the number of frames. Rows without a full history are left out.

The data are a time series: repeating the last command is hard to beat, and random splits give scores that are too good.
The split is chronological: the last 30 % of the ride test, the 10 % before validate. Neighbors across the border share
frames. For recurrent networks, the column "run" makes all rows one sequence: sequence="run", with frames=1.

There are no published scores. Results here, linaker5v, 5 frames, squared error divided by the variance, for left and
right: .087 and .061 by repeating the last command, .19 and .12 by a linear fit; .045 on average by a (64, 64) network.
Data: no license stated.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import unknown
from evorobo.fields import Limits
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.readers import read_table
from evorobo.tasks.data.splits import ChronologicalSplit
from evorobo.tasks.data.tables import Table

MOTORS = ("left_motor", "right_motor")
MAX_FRAMES = 100
RIDES = {
    "linaker5v": "3d3e28db47f01d36284191e7980f5149a41fbe3cc2d5f884f09adad13ce56857",
    "linaker1v": "bdb82c96431a4f8c0ff42cf8a41af2d7c5264b5501d21bc7e2ea6eb10afb7d40",
    "maze": "74d6810516f5ac01b675815aefdd79a616bccb5df1f9c330c1ea0f5faf9039d3",
    "complex": "8a03f2c38cc7da12bccd163d33a9385bd3a81d3625152cc813f3cf2223b1128b",
    "irregular": "12c8f62992ffabef5c7bc77fa9725b059baef4480693e0df94f3b2e907320281",
}
"""The sha256 of the file of each ride."""


@register_component("data set", "sonar")
def sonar(ride: str = "linaker5v", frames: Annotated[int, Limits(ge=1, le=MAX_FRAMES)] = 5) -> Dataset:
    """A mobile robot's 16 sonars to its two motors, over frames=5; ride="linaker5v", "maze" and three others."""
    if ride not in RIDES:
        raise unknown("ride", ride, RIDES)
    path = data_file(ride).find()
    table = read_table(path, target=MOTORS, ignore=("time", "x", "y", "th"))
    return Dataset(_stacked(table, frames), (path,), ChronologicalSplit(validation=0.1, test=0.3), is_time_series=True)


def data_file(ride: str) -> DataFile:
    """Return the file of one ride."""
    name = f"mobile_robot_sonar/{ride}.arff"
    return DataFile(name, "the maintainers of evorobo (no public address is known)", RIDES[ride], manual_download=True)


def _stacked(table: Table, frames: int) -> Table:
    """Return a table whose rows contain the last `frames` rows of inputs, the newest first."""
    last = len(table) - frames + 1
    ago = [table.inputs[frames - 1 - back :][:last] for back in range(frames)]
    names = [f"{name} {back} ago" if back else name for back in range(frames) for name in table.input_names]
    one_run = {"run": np.zeros(last, np.int64)}
    return Table(np.hstack(ago), table.targets[frames - 1 :], tuple(names), table.target_names, (), one_run)
