"""Data sets as sequences, for recurrent networks."""

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
    """A network that outputs the input of the step before: one linear unit passes it on, one stores it."""
    spec = NetworkSpec.build(1, (Elman(2, "identity"),), 1)
    weights = np.zeros(spec.n_params)
    weights[spec.genes.index(0, "weight", 0, 0)] = 1  # unit 0 is the input
    weights[spec.genes.index(0, "recurrent", 0, 1)] = 1  # unit 1 is what unit 0 was
    weights[spec.genes.index(1, "weight", 1, 0)] = 1
    return Genome(spec, weights)


def test_a_delay_of_one_row_is_exact_and_its_memory_is_reset_between_laps(task):
    assert task.test(delay()) == pytest.approx(0, abs=1e-12)
    assert task.validate(delay()) == pytest.approx(0, abs=1e-12)
    scored = task.score(delay().spec, delay().weights[None], np.random.default_rng(0), None)
    assert scored.values[0] == pytest.approx(0, abs=1e-12)
    assert scored.cost.samples == 20


def test_scores_sample_whole_windows(task):
    few = DatasetTask(**{**vars(task), "rows_per_score": 10})
    scored = few.score(delay().spec, delay().weights[None], np.random.default_rng(0), None)
    assert scored.cost.samples == 10
    assert scored.values[0] == pytest.approx(0, abs=1e-12)


def test_examples_number_their_sequences(task):
    examples = task.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(examples.sequence, np.repeat([0, 1], 10))


def test_a_feedforward_network_is_independent_of_sequences(task):
    spec = NetworkSpec.build(1, (3,), 1)
    genome = Genome(spec, np.random.default_rng(1).normal(size=spec.n_params))
    alone = DatasetTask(**{**vars(task), "sequence": None})
    assert task.test(genome) == pytest.approx(alone.test(genome), rel=1e-12)


def test_a_recurrent_network_needs_sequences(task):
    alone = DatasetTask(**{**vars(task), "sequence": None})
    with pytest.raises(SettingsError, match=r"rows of .* are independent, .* for example sequence='lap'"):
        alone.test(delay())


def test_an_unknown_column_raises_an_error_with_the_nearest_name(task):
    wrong = DatasetTask(**{**vars(task), "sequence": "lab"})
    with pytest.raises(SettingsError, match="did you mean 'lap'"):
        wrong.test(delay())


def test_a_genome_passes_sequences_as_its_network_does():
    x = np.random.default_rng(2).normal(size=(6, 1))
    np.testing.assert_array_equal(delay()(x, n_steps=3), forward(delay().spec, delay().weights, x, n_steps=3))


@pytest.mark.parametrize("setting", [{"window": 0}, {"window": 2.5}, {"window": "all"}, {"rows_per_score": 10.5}])
def test_windows_and_scores_are_whole_numbers_of_rows(setting):
    with pytest.raises(SettingsError, match="must be a whole number of at least 1"):
        DatasetTask("kin8nm", **setting)
