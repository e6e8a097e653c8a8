"""A glimpse of a task: training rows without labels, or what a robot sees that chance drives, and its price."""

import numpy as np
import pytest

from evorobo import BlockSplit, ControlTask, DatasetTask
from evorobo.nets.sequences import SequenceBatches
from evorobo.tasks.base import Cost


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path)


def numbered(rows, **settings):
    """Rows that hold their own numbers."""
    x = np.arange(rows, dtype=float)[:, None]
    return DatasetTask.from_arrays(x, np.zeros(rows), split=BlockSplit(), **settings)


def test_a_data_set_shows_different_training_rows_for_nothing():
    task = numbered(500)
    shown = task.unlabelled_inputs(np.random.default_rng(0), 128)
    rows = shown.inputs[:, 0].astype(int)
    assert len(set(rows)) == 128
    assert set(rows) <= set(task.parts.train)
    assert shown.sequence is None
    assert shown.cost == Cost()
    assert not np.array_equal(task.unlabelled_inputs(np.random.default_rng(1), 128).inputs, shown.inputs)


def test_a_small_data_set_shows_all_it_has():
    task = numbered(50)
    shown = task.unlabelled_inputs(np.random.default_rng(0), 128)
    np.testing.assert_array_equal(np.sort(shown.inputs[:, 0]), np.sort(task.parts.train))


def test_a_data_set_in_time_shows_windows_in_order():
    lap = np.repeat(np.arange(8), 70)
    task = numbered(560, columns={"lap": lap}, sequence="lap", window=32)
    shown = task.unlabelled_inputs(np.random.default_rng(0), 128)
    units = SequenceBatches(len(shown.inputs), shown.sequence)
    assert len(units) == 4  # of at most 32 rows
    for at in range(4):
        rows = shown.inputs[units.take(np.array([at])).rows, 0].astype(int)
        np.testing.assert_array_equal(np.diff(rows), 1)
        assert len(set(lap[rows])) == 1
        assert set(rows) <= set(task.parts.train)


def test_robots_act_at_random_and_their_steps_count():
    task = ControlTask("evorobo/Phototaxis-v0")
    shown = task.unlabelled_inputs(np.random.default_rng(0), 100)
    assert shown.inputs.shape == (100, task.n_inputs)
    assert shown.cost == Cost(8 * 13, 8, robot_flops=8 * 13 * 56)  # 8 robots, 13 steps each, the last rows left out
    np.testing.assert_array_equal(np.unique(shown.sequence), np.arange(8))
    assert len(np.unique(shown.inputs, axis=0)) == 100
    again = task.unlabelled_inputs(np.random.default_rng(0), 100)
    np.testing.assert_array_equal(again.inputs, shown.inputs)


def test_robots_that_fall_early_are_set_up_again_until_enough_was_seen():
    task = ControlTask("CartPole-v1", max_steps=3)
    shown = task.unlabelled_inputs(np.random.default_rng(0), 60)
    assert shown.inputs.shape == (60, 4)
    assert shown.cost == Cost(env_steps=3 * 24, episodes=24, robot_flops=3 * 24 * 28)
    assert len(np.unique(shown.sequence)) == 20
    starts = shown.inputs[np.flatnonzero(np.diff(shown.sequence, prepend=-1))]
    assert (np.abs(starts) <= 0.05).all()  # where CartPole begins
