"""Data sets as sequences, for recurrent networks."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import DataError, DatasetTask, Elman, Genome, GroupSplit, NetworkSpec, SettingsError, forward


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


def numbered(**columns):
    """Return a task of 40 rows with columns, the first of which separates sequences."""
    inputs = np.random.default_rng(0).normal(size=(40, 2))
    return DatasetTask.from_arrays(inputs, inputs[:, 0], columns=columns, sequence=next(iter(columns)))


@pytest.mark.parametrize(
    ("values", "n_runs"),
    [
        (np.arange(40) % 2, 40),  # two robots take turns
        (np.arange(40) // 5 % 2, 8),  # in packets of five rows
        (np.resize(["a", "b", "c", "b"], 40), 40),
        (np.arange(40) // 5 % 4, 8),  # laps that are counted anew each day
    ],
)
def test_rows_of_a_sequence_that_are_apart_are_refused(values, n_runs):
    n_values = len(np.unique(values))
    with pytest.raises(DataError) as caught:
        numbered(robot=values).sequences(np.arange(40))
    assert str(caught.value).partition(" in arrays-")[0] == f"{n_values} values of 'robot'"
    assert str(caught.value).endswith(
        f"stand in {n_runs} separate runs of rows; sort the rows by 'robot' and time if each value is one sequence, or "
        "name a further column that numbers the runs if each run is one, as in sequence=('robot', 'run')."
    )


def test_several_columns_separate_sequences_together():
    lap, day = np.arange(40) // 5 % 4, np.arange(40) // 20
    inputs = np.random.default_rng(0).normal(size=(40, 2))
    task = DatasetTask.from_arrays(inputs, inputs[:, 0], columns={"lap": lap, "day": day}, sequence=("day", "lap"))
    np.testing.assert_array_equal(task.sequences(np.arange(40)), np.arange(40) // 5)


def test_a_counter_that_goes_back_once_numbers_runs_as_the_cycles_of_ur3_do():
    cycle = np.repeat([1, 2, 3, 4, 5, 6, 7, 8, 7, 8], 4)
    np.testing.assert_array_equal(numbered(cycle=cycle).sequences(np.arange(40)), np.arange(40) // 4)


@pytest.mark.parametrize("values", [np.arange(40) // 10 / 2, np.repeat([1.1, 1.25, 1.2, 7.5], 10)])
def test_fractions_number_sequences(values):
    np.testing.assert_array_equal(numbered(episode=values).sequences(np.arange(40)), np.arange(40) // 10)
