"""pumadyn32nm and kin40k: simulated robot arms, with ten given folds.

"pumadyn32nm" is the dynamics of a Puma 560 arm: 32 inputs, of which few matter, to an acceleration. Its 8192 rows are
nonlinear with medium noise. A linear fit is no better than a constant guess (squared error 1.007 divided by the
variance, here), so the task needs a hidden layer. "kin40k" is the forward kinematics of an arm with eight joints:
angles to a distance. Its 40000 rows are nonlinear with low noise. Inputs and targets are standardized in the files, so
errors have no unit.

A second file of each says which rows test in fold 0 to 9: column k contains a 1 for those of fold k, and each row is in
one fold. 5 % of the other rows validate. No published score uses these folds.
Data: collection uci_datasets, MIT license.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from evorobo.downloads import DataFile
from evorobo.errors import DataError
from evorobo.fields import Limits
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.readers import read_table
from evorobo.tasks.data.splits import GivenSplit
from evorobo.tasks.data.text_files import read_text_file

FOLDS = 10

Fold = Annotated[int, Limits(ge=0, le=FOLDS - 1)]
_FROM = "https://github.com/treforevans/uci_datasets"
PUMADYN32NM = (
    DataFile(
        "pumadyn32nm/data.csv.gz",
        _FROM,
        "10d1698944e0f6e586f2781e4b62c17c05174d4c6cdb6fb824a3e5a1b3630ae4",
        manual_download=True,
    ),
    DataFile(
        "pumadyn32nm/test_mask.csv.gz",
        _FROM,
        "5a70d06c54813712456b3631ef406094c121a20fdc68b2dd400a1045f45b3f43",
        manual_download=True,
    ),
)
KIN40K = (
    DataFile(
        "kin40k/data.csv.gz",
        _FROM,
        "9bee7f2a9f39aa61a015f239378368601fb3978c5bb9a96433e88a55d40883ba",
        manual_download=True,
    ),
    DataFile(
        "kin40k/test_mask.csv.gz",
        _FROM,
        "d15fd645d0e81a9a17ce2d0b8dde470bb2efba4d5f417459965abe4b237e2aea",
        manual_download=True,
    ),
)


@register_component("data set", "pumadyn32nm")
def pumadyn32nm(fold: Fold = 0) -> Dataset:
    """Dynamics of a Puma 560 arm: 32 inputs to an acceleration, 8192 rows; fold=0 to 9 are the given folds."""
    return _tenfold("pumadyn32nm", PUMADYN32NM, fold)


@register_component("data set", "kin40k")
def kin40k(fold: Fold = 0) -> Dataset:
    """Kinematics of a robot arm: 8 angles to one distance, 40000 rows; fold=0 to 9 are the given folds."""
    return _tenfold("kin40k", KIN40K, fold)


def _tenfold(name: str, files: tuple[DataFile, DataFile], fold: int) -> Dataset:
    """Load the data and the mask of one fold."""
    data, masks = (file.find() for file in files)
    table = read_table(data, header=False)
    test = read_text_file(masks, header=False).cells[fold] == "1"
    if len(test) != len(table):
        raise DataError(f"{masks} has {len(test)} rows, but {name} has {len(table)}; download both files again.")
    table = replace(table, columns={"split": np.where(test, "test", "train")})
    return Dataset(table, (data, masks), GivenSplit("split", validation=0.05))
