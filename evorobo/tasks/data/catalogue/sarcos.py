"""SARCOS: inverse dynamics of a real robot arm with seven joints, from its motion to the torques that cause it.

The 21 inputs are positions, velocities and accelerations of the joints. The 7 torques (N m) are predicted together.
The movements are rhythmic and others. The inputs differ in size; without scaling, plain gradient descent diverges.

The split cuts the 4449 rows of the published test file into 20 blocks and tests on whole ones. With parts="published",
`sarcos_inv.mat` (44,484 rows) trains, 5 % of its rows validate, and the test file tests. The published test rows are
every tenth row of the same trajectory, so they lie between training rows in time. Scores on that split are too good for
networks that memorize, but only they compare with published ones.

Published test error on that split, as mean squared error over the 7 torques: MLP 2.13, gradient-boosted trees 1.44,
TabNet-L .14 (Arik & Pfister, AAAI 2021). The reference scores are their square roots, with parts="published" only,
since they do not apply to blocks. Results here, squared error divided by the variance of each torque, on blocks and on
random rows: ridge regression .156 and .116, the network of experiments/sarcos.py .034 and .023.
Data: gaussianprocess.org (Vijayakumar & Schaal), no license stated.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.downloads import DataFile, cache_folder, find_file
from evorobo.errors import DataError, unknown
from evorobo.registry import register_component
from evorobo.tasks.data.dataset import Dataset
from evorobo.tasks.data.splits import BlockSplit, GivenSplit
from evorobo.tasks.data.tables import Table

JOINTS = 7
PARTS = ("blocks", "published")
PUBLISHED = {
    "published MLP": 2.13**0.5,
    "published boosted trees": 1.44**0.5,
    "published TabNet-L": 0.14**0.5,
}
CAVEAT = (
    "The published test rows lie between the published training rows in time, every tenth of one trajectory. These "
    "scores are too good for networks that memorize, and compare with published scores only."
)
_ADDRESS = "http://www.gaussianprocess.org/gpml/data"
TEST = DataFile(
    "sarcos/sarcos_inv_test.mat",
    f"{_ADDRESS}/sarcos_inv_test.mat",
    "161a59b5c3b4f4b404584323f181607b2acbe620eb134dc720760dc3f38f5cec",
)
TRAIN = "sarcos/sarcos_inv.mat"
TRAIN_BLOB = "687b7aaa5faf5a9c67fc6655fd59fd8b4539ad55"


@register_component("data set", "sarcos")
def sarcos(parts: str = "blocks") -> Dataset:
    """Inverse dynamics of a SARCOS arm: 21 inputs to 7 torques; parts="blocks" or "published"."""
    if parts not in PARTS:
        raise unknown("parts", parts, PARTS)
    test = TEST.find()
    if parts == "blocks":
        return Dataset(_table(_rows(test)), (test,), BlockSplit(20), is_time_series=True)
    train = train_file()
    rows = [_rows(train), _rows(test)]
    split = np.repeat(["train", "test"], [len(part) for part in rows])
    table = _table(np.concatenate(rows), {"split": split})
    return Dataset(table, (train, test), GivenSplit("split", validation=0.05), PUBLISHED, caveat=CAVEAT)


def train_file() -> Path:
    """Return the file of the published training rows, checked by the only checksum known of it, the one of git."""
    path = find_file(TRAIN)
    source = f"{_ADDRESS}/sarcos_inv.mat (git hash-object: {TRAIN_BLOB})"
    if path is None:
        raise DataError(
            "sarcos_inv.mat is not on this computer and has no address to download it from. "
            f"Get it from {source}, and put it at {cache_folder() / TRAIN}, or at {TRAIN} in a folder of your own that "
            'the environment variable EVOROBO_DATA names; or leave out parts="published".'
        )
    content = path.read_bytes()
    git_hash = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if git_hash != TRAIN_BLOB:
        raise DataError(f"{path} is damaged or another file ({git_hash}); get it again from {source}.")
    return path


def _rows(path: Path) -> Array:
    """Return all rows `(n_rows, 28)` of a MATLAB file."""
    from scipy.io import loadmat

    return np.asarray(loadmat(path)[path.stem], np.float64)


def _table(rows: Array, columns: dict[str, np.ndarray] | None = None) -> Table:
    """Return a table of rows `(n_rows, 28)`: 21 inputs and 7 torques."""
    joints = range(1, JOINTS + 1)
    inputs = tuple(f"{what} {joint}" for what in ("position", "velocity", "acceleration") for joint in joints)
    torques = tuple(f"torque {joint}" for joint in joints)
    return Table(rows[:, : 3 * JOINTS], rows[:, 3 * JOINTS :], inputs, torques, (), columns or {})
