"""Files are written completely or not at all."""

import errno
import json
import os

import pytest

from evorobo import ResultsError
from evorobo.files import write_atomically, write_json


@pytest.mark.parametrize("content", ["curve: \N{GREEK SMALL LETTER MU}\n", b"\x00\xff", ""])
def test_content_is_read_back_as_it_was_written(tmp_path, content):
    write_atomically(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == (content.encode() if isinstance(content, str) else content)


def test_new_content_replaces_the_old_and_folders_are_created(tmp_path):
    path = tmp_path / "results" / "study" / "curve.csv"
    write_atomically(path, "a long old line")
    write_atomically(str(path), "new")
    assert path.read_text() == "new"
    assert [each.name for each in path.parent.iterdir()] == ["curve.csv"]


def test_other_users_may_read_the_file(tmp_path):
    write_atomically(tmp_path / "file", "shared")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
def test_old_content_survives_a_full_disk_and_no_temporary_file_stays(tmp_path, monkeypatch, call):
    path = tmp_path / "checkpoint.npz"
    write_atomically(path, "old")
    monkeypatch.setattr(os, call, full)
    with pytest.raises(
        ResultsError, match=r"cannot write .*checkpoint\.npz: No space left on device\. Free some space"
    ):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_just_before_the_replacement_both_the_old_and_the_new_file_are_complete(tmp_path, monkeypatch):
    path, seen = tmp_path / "file", []
    write_atomically(path, "old")
    swap = os.replace

    def look_then_swap(source, target):
        with open(source) as new, open(target) as old:
            seen.append((old.read(), new.read()))
        swap(source, target)

    monkeypatch.setattr(os, "replace", look_then_swap)
    write_atomically(path, "new")
    assert seen == [("old", "new")]


def test_the_content_is_on_the_disk_before_the_replacement(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, real=real, name=name: (calls.append(name), real(*given)))
    write_atomically(tmp_path / "file", "content")
    assert calls == ["fsync", "replace"]


def test_a_folder_that_cannot_be_created_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResultsError, match=r"cannot write .* choose a folder that you may write to with --results"):
        write_atomically(tmp_path / "file" / "curve.csv", "")


def test_a_folder_with_the_name_of_the_file_is_a_clear_error_and_stays(tmp_path):
    (tmp_path / "curve.csv").mkdir()
    with pytest.raises(ResultsError, match=r"cannot write .*curve\.csv"):
        write_atomically(tmp_path / "curve.csv", "content")
    assert [each.name for each in tmp_path.iterdir()] == ["curve.csv"]


def test_json_is_written_for_people_and_read_back_the_same(tmp_path):
    plain = {"seed": 3, "tasks": ["maze"], "best": None}
    write_json(tmp_path / "trial.json", plain)
    text = (tmp_path / "trial.json").read_text()
    assert json.loads(text) == plain
    assert text == '{\n  "seed": 3,\n  "tasks": [\n    "maze"\n  ],\n  "best": null\n}\n'
