"""Data sets as sequences, for networks that remember."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import DatasetTask, Elman, Genome, GroupSplit, NetworkSpec, SettingsError, forward


@pytest.fixture
def task(tmp_path, monkeypatch):
    """Four laps of 10 rows; the target is the input of the row before (0 at the start of a lap)."""
    monkeypatch.setenv("EVOROBO_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    inputs, lap = rng.normal(size=(40, 1)), np.repeat([1, 2, 3, 4], 10)
    targets = np.where(np.arange(40) % 10 == 0, 0.0, np.roll(inputs[:, 0], 1))
    split = GroupSplit("lap", validation=(3,), test=(4,))
    return DatasetTask.from_arrays(
        inputs, targets, columns={"lap": lap}, split=split, sequence="lap", normalize=False, window=10, dtype="float64"
    )


def delay():
    """A network that says what it saw a moment ago: one linear unit hands on, one remembers."""
    spec = NetworkSpec.build(1, (Elman(2, "identity"),), 1)
    weights = np.zeros(spec.n_params)
    weights[spec.genes.index(0, "weight", 0, 0)] = 1  # unit 0 is the input
    weights[spec.genes.index(0, "recurrent", 0, 1)] = 1  # unit 1 is what unit 0 was
    weights[spec.genes.index(1, "weight", 1, 0)] = 1
    return Genome(spec, weights)


def test_a_network_that_remembers_one_row_is_right_and_forgets_between_laps(task):
    assert task.test(delay()) == pytest.approx(0, abs=1e-12)
    assert task.validate(delay()) == pytest.approx(0, abs=1e-12)
    earned = task.score(delay().spec, delay().weights[None], np.random.default_rng(0), None)
    assert earned.values[0] == pytest.approx(0, abs=1e-12)
    assert earned.cost.samples == 20


def test_scores_draw_whole_windows(task):
    few = DatasetTask(**{**vars(task), "rows_per_score": 10})
    earned = few.score(delay().spec, delay().weights[None], np.random.default_rng(0), None)
    assert earned.cost.samples == 10
    assert earned.values[0] == pytest.approx(0, abs=1e-12)


def test_examples_tell_which_rows_follow_each_other(task):
    shown = task.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(shown.sequence, np.repeat([0, 1], 10))


def test_a_reactive_network_does_not_care_about_sequences(task):
    spec = NetworkSpec.build(1, (3,), 1)
    genome = Genome(spec, np.random.default_rng(1).normal(size=spec.n_params))
    alone = DatasetTask(**{**vars(task), "sequence": None})
    assert task.test(genome) == pytest.approx(alone.test(genome), rel=1e-12)


def test_a_network_that_remembers_asks_for_sequences(task):
    alone = DatasetTask(**{**vars(task), "sequence": None})
    with pytest.raises(SettingsError, match=r"rows of .* stand alone, .* for example sequence='lap'"):
        alone.test(delay())


def test_an_unknown_column_is_told_with_the_nearest(task):
    wrong = DatasetTask(**{**vars(task), "sequence": "lab"})
    with pytest.raises(SettingsError, match="did you mean 'lap'"):
        wrong.test(delay())


def test_a_genome_answers_sequences_as_its_network_does():
    x = np.random.default_rng(2).normal(size=(6, 1))
    np.testing.assert_array_equal(delay()(x, n_steps=3), forward(delay().spec, delay().weights, x, n_steps=3))


@pytest.mark.parametrize("setting", [{"window": 0}, {"window": 2.5}, {"window": "all"}, {"rows_per_score": 10.5}])
def test_windows_and_scores_count_whole_rows(setting):
    with pytest.raises(SettingsError, match="needs at least one row"):
        DatasetTask("kin8nm", **setting)
