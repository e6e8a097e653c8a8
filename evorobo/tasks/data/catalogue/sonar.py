"""Sonar rides: a mobile robot with 16 sonars around it drives; from what it hears to its two motors.

Five rides at about 10 Hz: "linaker5v" (11000 rows), "linaker1v" (2050), "maze" (1600), "complex" (1500), "irregular"
(1770). Each row of the table is the last 5 frames of 16 ranges (mm, cut at 5000), the newest first ("sonar1" to
"sonar16", then "sonar1 1 ago", ...), and the motors' commands, left and right, at the newest; `frames` sets how many.
Rows that would reach back before the ride's start are left out.

It is a time series: repeating the last command is hard to beat, and random rows flatter. The split is chronological:
the last 30 % of the ride test, the 10 % before validate. Neighbours across the border share frames. For networks that
remember, the column "run" says that all rows follow each other: sequence="run", with frames=1.

Nothing published. Here, linaker5v, 5 frames, squared error in parts of the variance, mean of left and right: .045 by a
(64, 64) network; .087 and .061 by repeating the last command, .19 and .12 by a linear fit.
Data: no licence stated.
"""

from __future__ import annotations

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import SettingsError, unknown
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
"""Each ride with the sha256 of its file."""


@register_component("data set", "sonar")
def sonar(ride: str = "linaker5v", frames: int = 5) -> Dataset:
    """A mobile robot's 16 sonars to its two motors, by the last frames=5; ride="linaker5v", "maze" and three others."""
    if ride not in RIDES:
        raise unknown("ride", ride, RIDES)
    if not isinstance(frames, int) or not 1 <= frames <= MAX_FRAMES:
        raise SettingsError(f"sonar looks at 1 to {MAX_FRAMES} frames, not {frames}.")
    path = data_file(ride).find()
    table = read_table(path, target=MOTORS, ignore=("time", "x", "y", "th"))
    return Dataset(_stacked(table, frames), (path,), ChronologicalSplit(validation=0.1, test=0.3), is_time_series=True)


def data_file(ride: str) -> DataFile:
    """The file of one ride."""
    name = f"mobile_robot_sonar/{ride}.arff"
    return DataFile(name, "whoever gave you evorobo (no public address is known)", RIDES[ride], manual_download=True)


def _stacked(table: Table, frames: int) -> Table:
    last = len(table) - frames + 1
    ago = [table.inputs[frames - 1 - back :][:last] for back in range(frames)]
    names = [f"{name} {back} ago" if back else name for back in range(frames) for name in table.input_names]
    one_run = {"run": np.zeros(last, np.int64)}
    return Table(np.hstack(ago), table.targets[frames - 1 :], tuple(names), table.target_names, (), one_run)
