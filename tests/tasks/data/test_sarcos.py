"""SARCOS: blocks and the published split, linear fits, and the training file that has no address."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from at_hand import needs
from linear import nmse, ridge
from scipy.io import savemat

from evorobo import NMSE, BlockSplit, DataError, DatasetTask, RandomSplit, SettingsError
from evorobo.tasks.data.catalogue import sarcos as module
from evorobo.tasks.data.catalogue.sarcos import TEST, sarcos


@pytest.fixture(autouse=True)
def _files():
    needs(TEST)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A data folder with the real test rows, and no other."""
    (tmp_path / "sarcos").mkdir()
    (tmp_path / TEST.name).write_bytes(TEST.find().read_bytes())
    monkeypatch.setattr("evorobo.downloads.data_folders", lambda: [tmp_path])
    return tmp_path / "sarcos"


def test_there_are_4449_rows_of_21_inputs_and_seven_torques():
    table = sarcos().table
    assert table.inputs.shape == (4449, 21)
    assert table.targets.shape == (4449, 7)
    assert (table.input_names[7], table.target_names[6]) == ("velocity 1", "torque 7")


def test_whole_blocks_test_without_published_scores():
    task = DatasetTask("sarcos")
    runs = np.split(task.parts.test, np.flatnonzero(np.diff(task.parts.test) > 1) + 1)
    assert min(map(len, runs)) >= 4449 // 20
    assert sum(map(len, runs)) == pytest.approx(0.2 * 4449, abs=4)
    assert (task.n_outputs, list(task.references())) == (7, ["constant guess", "linear fit"])


@pytest.mark.parametrize(("split", "error"), [(BlockSplit, 0.156), (RandomSplit, 0.116)])
def test_a_linear_fit_reaches_the_known_errors_and_random_rows_give_lower_ones(split, error):
    tasks = [DatasetTask("sarcos", split=split(seed=seed)) for seed in range(5)]
    assert np.mean([nmse(task, ridge(task)) for task in tasks]) == pytest.approx(error, abs=0.001)


def test_a_missing_training_file_raises_an_error_with_its_address(folder):
    with pytest.raises(DataError) as caught:
        sarcos(parts="published")
    assert str(caught.value).startswith(
        "sarcos_inv.mat is not on this computer and has no address to download it from. Get it from "
        "http://www.gaussianprocess.org/gpml/data/sarcos_inv.mat "
        "(git hash-object: 687b7aaa5faf5a9c67fc6655fd59fd8b4539ad55), and put it at "
    )
    (folder / "sarcos_inv.mat").write_bytes(b"")
    with pytest.raises(DataError, match=r"damaged or another file \(e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\)"):
        sarcos(parts="published")  # git's name of an empty file


def test_with_the_training_file_published_scores_are_references(folder, monkeypatch):
    path = folder / "sarcos_inv.mat"
    savemat(path, {"sarcos_inv": np.random.default_rng(0).normal(size=(100, 28))})  # in place of the real file
    content = path.read_bytes()
    monkeypatch.setattr(module, "TRAIN_BLOB", hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest())
    data = sarcos(parts="published")
    parts = data.split.split(data.table)
    np.testing.assert_array_equal(parts.test, np.arange(100, 4549))
    np.testing.assert_array_equal(data.table.inputs[100:], sarcos().table.inputs)
    assert (len(parts.train), len(parts.validation)) == (95, 5)
    task = DatasetTask("sarcos", loader_kwargs={"parts": "published"})
    assert task.caveat().startswith("The published test rows lie between the published training rows in time")
    assert "published MLP" in task.references()
    assert "published MLP" not in replace(task, metric=NMSE()).references()  # they are published as squared errors
    assert (DatasetTask("sarcos").caveat(), replace(task, split=BlockSplit()).caveat()) == ("", "")
    assert data.reference_scores["published MLP"] == pytest.approx(1.459, abs=0.001)  # the root of 2.13


def test_unknown_parts_raise_one_sentence():
    with pytest.raises(SettingsError, match="unknown parts 'publish'; did you mean 'published'"):
        sarcos(parts="publish")
