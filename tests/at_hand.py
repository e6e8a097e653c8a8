"""Real data for tests: present, downloaded, or a skip that says how to get it."""

from __future__ import annotations

import pytest

from evorobo.errors import DataError
from evorobo.tasks.datasets.files import DataFile, find


def needs(*files: DataFile) -> None:
    """Skip the test when one of `files` is neither at hand nor to be had. A damaged one is no reason to skip."""
    for file in files:
        if find(file.name) is None:
            try:
                file.find()
            except DataError as error:
                pytest.skip(str(error))
