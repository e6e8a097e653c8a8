"""What tests need and may lack, data and MuJoCo: at hand, downloaded, or a skip that says how to get it."""

from __future__ import annotations

import pytest

from evorobo import DataError
from evorobo.downloads import DataFile, find_file
from evorobo.tasks.control.simulators.mujoco.physics import has_batch


def needs(*files: DataFile) -> None:
    """Skip the test when one of `files` is neither at hand nor to be had. A damaged one is no reason to skip."""
    for file in files:
        if find_file(file.name) is None:
            try:
                file.find()
            except DataError as error:
                pytest.skip(str(error))


def needs_mujoco() -> None:
    """Skip the test where MuJoCo is missing, or too old to step many robots in one call."""
    if not has_batch():
        pytest.skip("needs mujoco 4 or later: pip install 'evorobo[mujoco]'")
