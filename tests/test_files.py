"""Files are written completely or not at all; what is damaged or too large is refused when it is read."""

import errno
import io
import json
import os
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from evorobo import DataError, ResultsError, files
from evorobo.files import MAX_JSON_DEPTH, npz_bytes, read_json, read_npz, write_atomically, write_json


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


def test_a_device_a_pipe_and_a_link_are_never_replaced(tmp_path):
    (tmp_path / "secret").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (
        (tmp_path / "link", "a link"),
        (tmp_path / "dangling", "a link"),
        (tmp_path / "pipe", "a device or a pipe"),
        (os.devnull, "a device or a pipe"),
    ):
        with pytest.raises(ResultsError, match=f"it is {kind}, and only plain files are replaced; give another path"):
            write_atomically(path, "new")
    assert (tmp_path / "secret").read_text() == "old"
    assert not (tmp_path / "nothing").exists()


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path):
    write_atomically(tmp_path / "page.html", "a\udc80b")
    assert (tmp_path / "page.html").read_text() == "a\\udc80b"


ARRAYS = {
    "weights": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "names": np.array(["left", "right"]),
    "flags": np.array([True, False]),
    "one": np.array(7, np.float32),
    "none": np.empty((0, 4)),
}


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_arrays_are_read_as_numpy_reads_them(tmp_path, write):
    write(tmp_path / "a.npz", **ARRAYS)
    arrays = read_npz(tmp_path / "a.npz")
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].flags.f_contiguous == array.flags.f_contiguous
        assert arrays[name].flags.writeable


def test_each_flipped_bit_is_noticed_or_changes_nothing(tmp_path):
    content, path = npz_bytes({"weights": np.arange(4.0), "about": np.array("spec")}), tmp_path / "genome.npz"
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with suppress(DataError):
            arrays = read_npz(path)
            np.testing.assert_array_equal(arrays["weights"], np.arange(4.0))
            assert str(arrays["about"]) == "spec"


def test_a_file_that_unpacks_to_far_more_is_refused_before_memory_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "EXPANSION_FREE_BYTES", 2**22)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**20,)})
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inputs.npy", header.getvalue() + bytes(2**23))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"bomb\.npz has [\d,]+ bytes and unpacks to 8,388,736, more than 100 times"):
        read_npz(tmp_path / "bomb.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("header", "content", "reason"),
    [
        ({"descr": "<f8", "shape": (10**12,)}, bytes(8), "does not have 8 bytes"),
        ({"descr": "<f8", "shape": (1,)}, bytes(16), "does not have 16 bytes"),
        ({"descr": "<f8", "shape": (-1, -1)}, bytes(8), "does not have 8 bytes"),
        ({"descr": "|O", "shape": (1,)}, bytes(8), "objects are never loaded"),
        ({"descr": [("x", "<f8")], "shape": (1,)}, bytes(8), "objects are never loaded"),
    ],
)
def test_an_array_whose_header_does_not_fit_is_refused(tmp_path, header, content, reason):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"fortran_order": False, **header})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", file.getvalue() + content)
    with pytest.raises(DataError, match=rf"a\.npz is damaged or no NPZ file .*{reason}"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name_and_other_members_are_refused(tmp_path):
    for number, names in enumerate([("a.npy", "a.npy"), ("a.txt",)]):
        with zipfile.ZipFile(tmp_path / f"{number}.npz", "w") as archive:
            for name in names:
                archive.writestr(name, npz_bytes({}))
        with pytest.raises(DataError, match=r"is damaged or no NPZ file"):
            read_npz(tmp_path / f"{number}.npz")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe{}", "utf-8"),
        (b'{"a": ', "Expecting value"),
        (b"[" * 100_000, "too deeply|levels deep"),
        (b"[" * 200 + b"]" * 200, f"nested more than {MAX_JSON_DEPTH} levels deep"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, f"nested more than {MAX_JSON_DEPTH} levels deep"),
        (b"1" * 10_000, "integer string"),
    ],
)
def test_json_that_is_damaged_or_too_deep_is_refused(tmp_path, content, reason):
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(DataError, match=rf"study\.json is damaged or no JSON file \(.*({reason})"):
        read_json(tmp_path / "study.json")


def test_json_of_the_deepest_allowed_nesting_is_read(tmp_path):
    (tmp_path / "a.json").write_text("[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH)
    assert read_json(tmp_path / "a.json")


def test_a_missing_and_a_huge_json_file_are_clear_errors(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read .*; give the path of a JSON file"):
        read_json(tmp_path / "none.json")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(DataError, match="has 1,099,511,627,776 bytes, and a JSON file has at most"):
        read_json(tmp_path / "huge.json")
