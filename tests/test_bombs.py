"""Sizes are looked at before memory is taken, links and devices are left alone: each is one sentence."""

import gzip
import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from evorobo import (
    CMAES,
    GA,
    Backprop,
    Budget,
    ControlTask,
    DatasetTask,
    Evolution,
    EvoroboError,
    Genome,
    ResultsError,
    SettingsError,
    Study,
    files,
    import_genome,
)
from evorobo.files import MAX_EXPANSION, write_atomically
from evorobo.study.results import load
from evorobo.tasks.control.teaching.demonstrations import Demonstrations

ROWS = b"0.25,0.5,1\n" * 2**16
TASK = ControlTask("evorobo/Phototaxis-v0", max_steps=10, validation_episodes=1, test_episodes=1)
STUDY = Study.grid("lamp", tasks=[TASK], methods=[Evolution(CMAES())], seeds=1, budget=Budget(flops=1e5), hidden=(4,))


class Loud(ControlTask):
    def score(self, *args):
        raise RuntimeError("\x1b[2J\udc80" + "x" * 10**6)


def gzip_bomb(path, head=b""):
    with gzip.open(path, "wb", 9) as file:
        file.write(head)
        for _ in range(8):
            file.write(ROWS)


def npz_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("about.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (2**20,)})
        for _ in range(8):
            file.write(bytes(2**20))


def torch_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2**20))
        with archive.open("archive/data/0", "w") as file:
            for _ in range(8):
                file.write(bytes(2**20))


def policy_bomb(path):
    inner = io.BytesIO()
    torch_bomb(inner)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("policy.pth", inner.getvalue())
        archive.writestr("data", "{}")


def minari_bomb(path):
    (path / "data").mkdir(parents=True)
    with h5py.File(path / "data/main_data.hdf5", "w") as file:
        group = file.create_group("episode_0")
        for name in ("observations", "actions"):
            group.create_dataset(name, (10**10, 4), "f8", chunks=(1000, 4), compression="gzip")


BOMBS = {
    "data.csv.gz": (gzip_bomb, lambda path: DatasetTask(str(path)).table),
    "data.arff.gz": (
        lambda path: gzip_bomb(path, b"@relation r\n@attribute a real\n@attribute b real\n@attribute c real\n@data\n"),
        lambda path: DatasetTask(str(path)).table,
    ),
    "data.npz": (npz_bomb, lambda path: DatasetTask(str(path)).table),
    "genome.npz": (npz_bomb, Genome.load),
    "policy.pt": (torch_bomb, import_genome),
    "policy.zip": (policy_bomb, import_genome),
    "demos-v0": (minari_bomb, Demonstrations.load),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_unpacks_to_far_more_is_refused_before_memory_is_taken(tmp_path, name, monkeypatch):
    monkeypatch.setattr(files, "EXPANSION_FREE_BYTES", 2**20)
    write, read = BOMBS[name]
    if name.startswith("policy"):
        pytest.importorskip("torch")
    write(tmp_path / name)
    with pytest.raises(EvoroboError, match=rf"unpacks to [\d,]+, more than {MAX_EXPANSION} times as many"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (
            replace(STUDY, methods=(Evolution(GA(population_size=10**12)),)),
            "population_size=1,000,000,000,000 with 22 weights each would need",
        ),
        (replace(STUDY, tasks=(replace(TASK, test_episodes=10**13),)), "test_episodes=10,000,000,000,000 would need"),
        (replace(STUDY, tasks=(replace(TASK, episodes=10**13),)), "episodes=10,000,000,000,000 of 1 members"),
        (
            replace(STUDY, tasks=(replace(TASK, n_demonstrations=10**13),), methods=(Backprop(),)),
            "n_demonstrations=10,000,000,000,000 would need",
        ),
        (replace(STUDY, hidden=(5000, 5000)), "the covariance matrix of 25,030,002 weights would need"),
    ],
)
def test_settings_that_need_more_memory_than_the_machine_has_are_refused(tmp_path, study, sentence):
    for call in (lambda: study.run(tmp_path), study.trials()[0].start):
        with pytest.raises(SettingsError) as caught:
            call()
        assert sentence in str(caught.value)
        assert "and this machine has" in str(caught.value)
    assert not list(tmp_path.rglob("result.json"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    STUDY.run(folder)
    return folder / "lamp"


@pytest.mark.parametrize("name", ["result.json", "curve.csv", "genome.npz", "trial.json"])
@pytest.mark.parametrize("target", ["/dev/zero", "pipe"])
def test_a_link_to_a_device_or_a_pipe_in_results_is_one_sentence(evorobo, finished, tmp_path, name, target):
    os.mkfifo(tmp_path / "pipe")
    path = finished / "phototaxis/cma-es/seed-0" / name
    content = path.read_bytes()
    path.unlink()
    path.symlink_to(tmp_path / target)
    try:
        for words in ["table", finished], ["export", path.parent, "--to", "json", "--out", tmp_path / "out.json"]:
            assert evorobo(*words)[0] in (0, 2)
    finally:
        path.unlink()
        path.write_bytes(content)


# ---- what is written


@pytest.mark.parametrize("target", ["/dev/null", "link to a file", "link to nothing", "a folder", "pipe"])
def test_only_plain_files_are_replaced(tmp_path, target):
    (tmp_path / "mine").write_text("mine")
    path = tmp_path / "out.png" if target != "/dev/null" else Path(target)
    match target:
        case "link to a file":
            path.symlink_to(tmp_path / "mine")
        case "link to nothing":
            path.symlink_to(tmp_path / "nothing")
        case "a folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    with pytest.raises(ResultsError, match="only plain files are replaced"):
        write_atomically(path, "new")
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


def test_ones_own_linked_results_are_written_and_links_within_a_study_are_not(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    assert STUDY.run(tmp_path / "results").runs[0].status == "finished"
    trial = tmp_path / "results/lamp/phototaxis/cma-es/seed-0"
    write_atomically(trial / "replay.gif", b"")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "results/lamp/other"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (link / "report.html", link / "a/b/c.gif"):
        with pytest.raises(ResultsError, match=r"lamp/other is a link within a study; give another path"):
            write_atomically(path, "new")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_long_reason_is_stored_once_and_short(tmp_path):
    study = replace(STUDY, tasks=(Loud("evorobo/Phototaxis-v0"),))
    study.trials()[0].run(tmp_path / "trial")
    path = tmp_path / "trial/result.json"
    assert path.stat().st_size < 20_000
    content = json.loads(path.read_text())
    assert content["reason"].startswith("RuntimeError: \\x1b[2J\\udc80xxx")
    assert content["reason"].endswith("more characters)")


def test_results_with_escapes_and_half_characters_are_shown(finished):
    path = finished / "study.json"
    content = path.read_text()
    try:
        path.write_text(content.replace('"question": ""', '"question": "\\u001b[2J \\udc80 <b>"'))
        assert load(finished).question == "\\x1b[2J \\udc80 <b>"
    finally:
        path.write_text(content)
