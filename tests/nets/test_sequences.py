"""Batches of sequences of unequal length: padding changes no result."""

import numpy as np

from evorobo import MSE, Dense, Elman, NetworkSpec, forward, gradient
from evorobo.nets.sequences import SequenceBatches, sequence_ids

LENGTHS = (3, 1, 5)
SEQUENCE = np.repeat([7, 2, 9], LENGTHS)
SPEC = NetworkSpec(2, (Elman(3), Dense(1, "identity")))


def test_a_new_sequence_starts_where_any_key_changes():
    laps, rows = np.array([1, 1, 1, 2, 2, 1]), np.array([0, 0, 4, 4, 4, 4])
    np.testing.assert_array_equal(sequence_ids(laps), [0, 0, 0, 1, 1, 2])
    np.testing.assert_array_equal(sequence_ids(laps, rows), [0, 0, 1, 2, 2, 3])


def test_single_rows_are_items():
    items = SequenceBatches(4)
    layout = items.take(np.array([3, 0]))
    assert (len(items), layout.n_steps, layout.mask) == (4, 1, None)
    np.testing.assert_array_equal(layout.valid_rows, [3, 0])


def test_sequences_are_padded_to_the_longest_of_the_batch():
    items = SequenceBatches(9, SEQUENCE)
    layout = items.take(np.array([1, 0]))
    assert (len(items), layout.n_steps) == (3, 3)
    np.testing.assert_array_equal(layout.valid_rows, [3, 0, 1, 2])
    np.testing.assert_array_equal(layout.mask, [True, False, False, True, True, True])


def test_windows_contain_every_row_once():
    items = SequenceBatches(9, SEQUENCE, window=2)
    layout = items.take(np.arange(len(items)))
    assert (len(items), layout.n_steps) == (2 + 1 + 3, 2)
    np.testing.assert_array_equal(layout.valid_rows, np.arange(9))


def test_a_padded_batch_has_the_outputs_and_the_gradient_of_its_sequences_one_by_one():
    rng = np.random.default_rng(0)
    weights, inputs, targets = rng.normal(size=SPEC.n_params), rng.normal(size=(9, 2)), rng.normal(size=(9, 1))
    layout = SequenceBatches(9, SEQUENCE).take(np.arange(3))
    outputs = forward(SPEC, weights, inputs[layout.rows], n_steps=layout.n_steps)
    outputs = layout.remove_padding(outputs)
    dy = MSE().gradient(outputs, targets[layout.valid_rows])
    together = gradient(SPEC, weights, inputs[layout.rows], layout.add_padding(dy), n_steps=layout.n_steps)
    alone, start = np.zeros_like(weights), 0
    for length in LENGTHS:
        part = slice(start, start + length)
        np.testing.assert_allclose(outputs[part], forward(SPEC, weights, inputs[part], n_steps=length), rtol=1e-12)
        alone += gradient(SPEC, weights, inputs[part], dy[part], n_steps=length)
        start += length
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_padding_is_removed_and_added_for_a_population():
    layout = SequenceBatches(9, SEQUENCE).take(np.arange(3))
    outputs = np.random.default_rng(1).normal(size=(4, 15, 2))
    assert layout.remove_padding(outputs).shape == (4, 9, 2)
    padded = layout.add_padding(layout.remove_padding(outputs))
    np.testing.assert_array_equal(padded[:, layout.mask], outputs[:, layout.mask])
    assert not padded[:, ~layout.mask].any()
