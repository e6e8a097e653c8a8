"""The command under test; and `toys` importable from every folder of tests, and from the workers they start."""

import sys

import pytest

from evorobo.cli import main


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
