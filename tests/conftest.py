"""The command under test; and `toys` importable from every folder of tests, and from the workers they start."""

import os
import sys

import pytest

from evorobo.cli import main
from evorobo.study.trust import RECORD_VARIABLE

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and lines of a terminal are wrapped


@pytest.fixture(scope="session", autouse=True)
def own_record(tmp_path_factory):
    """The record of the user's own results is a folder of the tests, also in the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RECORD_VARIABLE, str(tmp_path_factory.mktemp("record")))
        yield


@pytest.fixture
def evorobo(capsys, monkeypatch, tmp_path):
    """`evorobo WORDS` in an empty folder: exit status, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return call
