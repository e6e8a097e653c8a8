"""Sequences of unequal length in one batch: nothing is lost, nothing is invented."""

import numpy as np

from evorobo import MSE, Dense, Elman, NetworkSpec, forward, gradient
from evorobo.nets.sequences import SequenceBatches, sequence_ids

LENGTHS = (3, 1, 5)
SEQUENCE = np.repeat([7, 2, 9], LENGTHS)
SPEC = NetworkSpec(2, (Elman(3), Dense(1, "identity")))


def test_a_new_sequence_begins_where_any_key_changes():
    laps, rows = np.array([1, 1, 1, 2, 2, 1]), np.array([0, 0, 4, 4, 4, 4])
    np.testing.assert_array_equal(sequence_ids(laps), [0, 0, 0, 1, 1, 2])
    np.testing.assert_array_equal(sequence_ids(laps, rows), [0, 0, 1, 2, 2, 3])


def test_rows_that_stand_alone_are_units_of_their_own():
    units = SequenceBatches(4)
    layout = units.take(np.array([3, 0]))
    assert (len(units), layout.n_steps, layout.mask) == (4, 1, None)
    np.testing.assert_array_equal(layout.valid_rows, [3, 0])


def test_sequences_are_filled_up_to_the_longest_of_the_batch():
    units = SequenceBatches(9, SEQUENCE)
    layout = units.take(np.array([1, 0]))
    assert (len(units), layout.n_steps) == (3, 3)
    np.testing.assert_array_equal(layout.valid_rows, [3, 0, 1, 2])
    np.testing.assert_array_equal(layout.mask, [True, False, False, True, True, True])


def test_windows_cut_sequences_and_lose_no_row():
    units = SequenceBatches(9, SEQUENCE, window=2)
    layout = units.take(np.arange(len(units)))
    assert (len(units), layout.n_steps) == (2 + 1 + 3, 2)
    np.testing.assert_array_equal(layout.valid_rows, np.arange(9))


def test_a_filled_batch_answers_and_learns_like_its_sequences_one_by_one():
    rng = np.random.default_rng(0)
    weights, inputs, targets = rng.normal(size=SPEC.n_params), rng.normal(size=(9, 2)), rng.normal(size=(9, 1))
    layout = SequenceBatches(9, SEQUENCE).take(np.arange(3))
    outputs = forward(SPEC, weights, inputs[layout.rows], n_steps=layout.n_steps)
    answers = layout.remove_padding(outputs)
    slope = MSE().gradient(answers, targets[layout.valid_rows])
    together = gradient(SPEC, weights, inputs[layout.rows], layout.add_padding(slope), n_steps=layout.n_steps)
    alone, start = np.zeros_like(weights), 0
    for length in LENGTHS:
        part = slice(start, start + length)
        np.testing.assert_allclose(answers[part], forward(SPEC, weights, inputs[part], n_steps=length), rtol=1e-12)
        alone += gradient(SPEC, weights, inputs[part], slope[part], n_steps=length)
        start += length
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_answers_of_a_population_leave_out_what_was_filled_up():
    layout = SequenceBatches(9, SEQUENCE).take(np.arange(3))
    outputs = np.random.default_rng(1).normal(size=(4, 15, 2))
    assert layout.remove_padding(outputs).shape == (4, 9, 2)
    spread = layout.add_padding(layout.remove_padding(outputs))
    np.testing.assert_array_equal(spread[:, layout.mask], outputs[:, layout.mask])
    assert not spread[:, ~layout.mask].any()
