"""Minari data sets: written for others, read from others, and a sentence for whatever is wrong with them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import odd_environments  # noqa: F401 - registers its ids
import pytest
import road  # noqa: F401 - registers its id
from gymnasium import spaces

from evorobo import ControlTask, DataError, Demonstrations, SettingsError, TaskError
from evorobo.tasks.control.teaching.minari import DATA, METADATA, space_from_json, space_to_json

h5py = pytest.importorskip("h5py", reason="h5py is not installed; pip install 'evorobo[minari]'")


def rng(seed=0):
    return np.random.default_rng(seed)


def upright(observation):
    return int(observation[2] + 0.3 * observation[3] > 0)


def drop(observation):
    """For Mixed: a teacher that reads the parts of a Dict."""
    return np.array([observation["place"][0] < 0, 0, observation["gear"] == 0], np.int8)


def turn(observation):
    """For Pair: a teacher that reads the parts of a Tuple."""
    return np.array([1 if observation[0][0] < 0 else 2, 1 if observation[1][1] else -1])


ROAD = ControlTask("tests/Road-v0", n_demonstrations=3)
TASKS = [
    ROAD,
    ControlTask("CartPole-v1", teacher=upright, max_steps=30, n_demonstrations=3),
    ControlTask("odd/Mixed-v0", teacher=drop, n_demonstrations=3),
    ControlTask("odd/Pair-v0", teacher=turn, n_demonstrations=3),
]
every_space = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where Minari keeps its data sets."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    return tmp_path


@every_space
def test_what_is_saved_teaches_as_the_teacher_did(task, home):
    task.demonstrate(rng()).save(home / "shown-v0")
    live, read = task.examples(rng()), replace(task, teacher=str(home / "shown-v0")).examples(rng(9))
    np.testing.assert_array_equal(read.inputs, live.inputs)
    np.testing.assert_array_equal(read.targets, live.targets)
    np.testing.assert_array_equal(read.sequence, live.sequence)
    assert read.cost == live.cost


def test_the_layout_is_minaris(home):
    task = replace(TASKS[1], max_steps=60, teacher=tilt)
    shown = task.demonstrate(rng())
    shown.save(home / "pole" / "tilt-v3")
    folder, steps = home / "pole" / "tilt-v3", np.bincount(shown.episode)
    about = json.loads((folder / METADATA).read_text())
    assert (about["total_episodes"], about["total_steps"]) == (3, len(shown.actions))
    assert (about["dataset_id"], about["data_format"]) == ("pole/tilt-v3", "hdf5")
    assert json.loads(about["env_spec"])["id"] == "CartPole-v1"
    assert json.loads(about["env_spec"])["max_episode_steps"] == 60
    with h5py.File(folder / DATA) as file:
        assert list(file) == ["episode_0", "episode_1", "episode_2"]
        for number, group in enumerate(file.values()):
            assert group["observations"].shape == (steps[number] + 1, 4)
            assert len(group["actions"]) == len(group["rewards"]) == group.attrs["total_steps"] == steps[number]
            assert group["rewards"][:].tolist() == [1] * steps[number]
            assert group["terminations"][:].tolist() == [False] * (steps[number] - 1) + [True]  # it fell
            assert not group["truncations"][:].any()
            assert abs(group["observations"][-1, 2]) > 0.2094 >= abs(group["observations"][:-1, 2]).max()  # 12 degrees


def tilt(observation):
    return 1


def test_an_episode_that_lasts_to_the_limit_is_truncated(home):
    TASKS[1].demonstrate(rng()).save(home / "shown-v0")
    with h5py.File(home / "shown-v0" / DATA) as file:
        for group in file.values():
            assert group["truncations"][:].tolist() == [False] * 29 + [True]
            assert not group["terminations"][:].any()


@every_space
def test_minari_itself_reads_it(task, home):
    minari = pytest.importorskip("minari", reason="minari is not installed; pip install 'minari[hdf5]' pillow")
    shown = task.demonstrate(rng())
    shown.save(home / "lab" / "shown-v0")
    read = minari.load_dataset("lab/shown-v0")
    assert (read.total_episodes, read.total_steps) == (3, len(shown.actions))
    assert (read.observation_space, read.action_space) == (task.env_spec.observation_space, task.env_spec.action_space)
    for episode in read.iterate_episodes():
        np.testing.assert_array_equal(episode.actions, shown.actions[shown.episode == episode.id])
        assert len(episode.rewards) == len(episode)


@every_space
def test_spaces_come_back_from_their_texts(task):
    for space in (task.env_spec.observation_space, task.env_spec.action_space):
        assert space_from_json(space_to_json(space)) == space


def test_a_space_that_is_no_numbers_is_reported():
    with pytest.raises(SettingsError, match="a space of kind Text cannot be written for Minari"):
        space_to_json(spaces.Text(5))
    with pytest.raises(DataError, match="it holds a space of kind 'Text'; networks here need numbers"):
        space_from_json('{"type": "Text", "max_length": 5}')


def dataset(folder, about=None, **episodes):
    """A data set of another program."""
    (folder / DATA).parent.mkdir(parents=True)
    with h5py.File(folder / DATA, "w") as file:
        for name, columns in episodes.items():
            for column, values in columns.items():
                file[f"{name}/{column}"] = values
    if about is not None:
        (folder / METADATA).write_text(about)
    return folder


def test_episodes_are_read_in_the_order_of_their_numbers_without_the_last_observation(tmp_path):
    episodes = {
        f"episode_{number}": {"observations": np.full((3, 1), number), "actions": np.array([number, 0])}
        for number in (0, 2, 10)
    }
    read = Demonstrations.load(dataset(tmp_path / "theirs", **episodes))
    assert read.observations.ravel().tolist() == [0, 0, 2, 2, 10, 10]
    assert read.actions.tolist() == [0, 0, 2, 0, 10, 0]
    assert read.episode.tolist() == [0, 0, 1, 1, 2, 2]


ONE = {"observations": np.zeros((3, 2)), "actions": np.zeros((2, 1))}
UNKNOWN = json.dumps({"observation_space": json.dumps({"type": "Text"})})


@pytest.mark.parametrize(
    ("about", "episodes", "match"),
    [
        (None, {}, "is a Minari data set without episodes"),
        (None, {"episode_0": {"observations": np.zeros((3, 2))}}, "is a damaged Minari data set .*actions"),
        ("{", {"episode_0": ONE}, "is damaged or no Minari data set"),
        (UNKNOWN, {"episode_0": ONE}, "it holds a space of kind 'Text'"),
        (None, {"episode_x": ONE}, "is a damaged Minari data set"),
        (None, {"episode_0": {**ONE, "actions": np.full((2, 1), np.nan)}}, "holds numbers that are not finite"),
        (None, {"episode_0": {**ONE, "observations": np.full((3, 2), np.inf)}}, "holds numbers that are not finite"),
        (None, {"episode_0": {**ONE, "actions": np.zeros((5, 1))}}, "episode_0 has 3 observations and 5 act"),
        (None, {"episode_0": ONE, "episode_1": {**ONE, "actions": np.zeros((2, 4))}}, "is a damaged Minari data set"),
        (None, {"episode_0": {"observations": ONE["observations"], "actions/left": np.zeros(2)}}, "in parts"),
    ],
)
def test_data_sets_that_make_no_sense_are_reported(about, episodes, match, tmp_path):
    with pytest.raises(DataError, match=match):
        Demonstrations.load(dataset(tmp_path / "theirs", about, **episodes))


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n and no more", b"nothing of the kind"])
def test_a_damaged_file_is_reported(content, tmp_path):
    folder = dataset(tmp_path / "theirs", episode_0=ONE)
    (folder / DATA).write_bytes(content)
    with pytest.raises(DataError, match=r"theirs is a damaged Minari data set .*; download or record it again"):
        Demonstrations.load(folder)


def test_a_folder_that_is_none_is_reported(tmp_path):
    with pytest.raises(DataError, match=r"is no Minari data set; it has no data.main_data.hdf5"):
        replace(ROAD, teacher=str(tmp_path)).examples(rng())


def test_a_data_set_of_another_robot_is_reported(tmp_path):
    folder = dataset(tmp_path / "theirs", episode_0=ONE)
    with pytest.raises(TaskError, match="the demonstrations have 2 sensors and tests/Road-v0 has 3; record them on"):
        replace(ROAD, teacher=str(folder)).examples(rng())


@pytest.mark.parametrize("name", ["shown", "shown-v", "a/shown-v0", "sho wn-v0"])
def test_names_that_minari_would_not_find_are_refused(name, home):
    with pytest.raises(SettingsError, match="a Minari data set needs a name such as name-v0 or group/name-v0"):
        ROAD.demonstrate(rng()).save(home / name)


def test_what_was_loaded_has_no_rewards_to_write(home):
    ROAD.demonstrate(rng()).save(home / "shown.npz")
    with pytest.raises(SettingsError, match=r"needs rewards and final observations, .* make new ones with ControlTask"):
        Demonstrations.load(home / "shown.npz").save(home / "shown-v0")


def test_without_h5py_the_cure_is_named(home, monkeypatch):
    ROAD.demonstrate(rng()).save(home / "shown-v0")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SettingsError, match=r"Minari data sets need h5py; pip install 'evorobo\[minari\]'"):
        Demonstrations.load(home / "shown-v0")
