"""System identification: the recent inputs of a machine to its output now.

"actuator" is a hydraulic robot arm (valve position to oil pressure, 1024 samples), "robot-arm" a flexible arm (reaction
torque to acceleration, 1024), "dryer" a hair dryer (heating voltage to air temperature, 1000).

Each row of the table contains the last 10 inputs, the newest first ("u", "u 1 ago", and so on), and the output at the
newest; `lags` sets the number of inputs. The prediction is a simulation: it never uses the measured output. With
feedback=True the previous outputs are inputs too ("y 1 ago", and so on). That is a prediction one step ahead, which is
far easier. The split is chronological: the second half tests, the 10 % before validate.

For recurrent networks, the column "run" makes all samples one sequence: DatasetTask("actuator", loader_kwargs={"lags":
1}, sequence="run"). Each part begins with a zero state.

There are no published scores for this split. Results here, actuator, trained on the first half, root mean squared error
divided by the standard deviation of the training half: linear .67, MLP(16) .46, Elman(16) on lags=1 .43; an MLP(16)
trained with feedback and then run on its own predictions .37. robot-arm is linear: with feedback, a linear fit reaches
.001.
Data: DaISy, KU Leuven, for academic use; actuator: Norgaard, Ravn, Poulsen & Hansen, "Neural Networks for Modelling
and Control of Dynamic Systems" (2000).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np

from evorobo.arrays import Array
from evorobo.downloads import DataFile
from evorobo.fields import Limits
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import ChronologicalSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.text_files import read_text_file

MAX_LAGS = 100

Lags = Annotated[int, Limits(ge=1, le=MAX_LAGS)]
_DAISY = "https://homes.esat.kuleuven.be/~smc/daisy/daisydata.html"
ACTUATOR = DataFile(
    "sysid/actuator.mat",
    "https://github.com/zhenwendai/RGP (its datasets/system_identification/actuator.mat)",
    "35d1f95176afd856eb4fe0e2f87e3dff39657db8e6fcf7c531078c8f4eb571e4",
    manual_download=True,
)
ROBOT_ARM = DataFile(
    "sysid/robot_arm.dat",
    _DAISY,
    "7577818296239b7a47d1db59abac7ae03fe106f246e0a001152fcc0a733d83c7",
    manual_download=True,
)
DRYER = DataFile(
    "sysid/dryer.dat",
    _DAISY,
    "adcb2f5a1d9e174d08dd49f7f037626745b5e69cbda0bc1e8dca2a7c687d4538",
    manual_download=True,
)


@register_component("data set", "actuator")
def actuator(lags: Lags = 10, feedback: bool = False) -> Dataset:
    """A hydraulic robot arm: its last lags=10 valve positions to the oil pressure, 1024 samples."""
    return _series(ACTUATOR, "pressure", lags, feedback)


@register_component("data set", "robot-arm")
def robot_arm(lags: Lags = 10, feedback: bool = False) -> Dataset:
    """A flexible robot arm: its last lags=10 torques to the acceleration, 1024 samples; feedback=True: linear."""
    return _series(ROBOT_ARM, "acceleration", lags, feedback)


@register_component("data set", "dryer")
def dryer(lags: Lags = 10, feedback: bool = False) -> Dataset:
    """A hair dryer: its last lags=10 heating voltages to the air's temperature, 1000 samples."""
    return _series(DRYER, "temperature", lags, feedback)


def _series(file: DataFile, target: str, lags: int, feedback: bool) -> Dataset:
    """Load one machine, with the last `lags` inputs in each row."""
    path = file.find()
    u, y = _read(path)
    first = lags if feedback else lags - 1  # the first sample with a full history
    past = {_ago("u", back): u[first - back : len(u) - back] for back in range(lags)}
    if feedback:
        past |= {_ago("y", back): y[first - back : len(y) - back] for back in range(1, lags + 1)}
    one_run = {"run": np.zeros(len(y) - first, np.int64)}
    table = Table(np.column_stack(list(past.values())), y[first:, None], tuple(past), (target,), (), one_run)
    return Dataset(table, (path,), ChronologicalSplit(validation=0.1, test=0.5), is_time_series=True)


def _ago(name: str, back: int) -> str:
    """Return the name of a variable `back` steps ago."""
    return f"{name} {back} ago" if back else name


def _read(path: Path) -> tuple[Array, Array]:
    """Return input and output of shape `(samples,)`."""
    if path.suffix == ".mat":
        from scipy.io import loadmat

        content = loadmat(path)
        return content["u"].ravel().astype(np.float64), content["p"].ravel().astype(np.float64)
    u, y = (column.astype(np.float64) for column in read_text_file(path, header=False).cells)
    return u, y
