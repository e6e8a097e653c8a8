"""Folding: the plain network behind a normalised one gives the same answers, whatever the order of its layers."""

import re

import numpy as np
import pytest
from own_layer import Doubled

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, Genome, LayerNorm, NetworkSpec, SettingsError
from evorobo.nets.scaling import Scaler

TIME = 5
ACTIVATIONS = ["identity", "tanh", "relu", "elu"]


def trained(layers, rng, n_inputs=3):
    """A genome of these layers, its weights, moments and scalings those of nobody in particular."""
    spec = NetworkSpec(n_inputs, layers)
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.6, spec.n_running_stats))
    outputs = Scaler(rng.normal(size=spec.n_outputs), rng.uniform(0.5, 2, spec.n_outputs))
    inputs = Scaler(rng.normal(size=n_inputs), rng.uniform(0.5, 2, n_inputs))
    return Genome(spec, spec.init(rng) + rng.normal(0, 0.4, spec.n_params), inputs, outputs, running_stats)


def norms(rng):
    """None to three batch norms in a row, with or without dropout between them."""
    layers = [BatchNorm(epsilon=float(rng.choice([1e-5, 0.1]))) for _ in range(rng.integers(4))]
    return tuple(each for layer in layers for each in (layer, *(Dropout() for _ in range(rng.integers(2)))))


def stack(rng):
    """Layers in an order that can be folded, by chance."""
    layers = norms(rng)
    for _ in range(rng.integers(1, 5)):
        units, bias, bend = int(rng.integers(1, 6)), bool(rng.integers(2)), str(rng.choice(ACTIVATIONS))
        kind = rng.integers(5)
        if kind == 0:
            layers += (Dense(units, "identity", bias=bias), *norms(rng), BatchNorm(activation=bend))
        elif kind == 1:
            layers += (Dense(units, bend, bias=bias),)
        elif kind == 2:
            layers += (Elman(units, "tanh", bias=bias),)
        else:
            layers += ((GRU, LSTM)[kind - 3](units),)
        layers += norms(rng)
    return (*layers, Dense(2, "identity", bias=bool(rng.integers(2))), *norms(rng))


@pytest.mark.parametrize("seed", range(100))
def test_a_folded_network_answers_as_the_one_it_came_from(seed):
    rng = np.random.default_rng(seed)
    genome = trained(stack(rng), rng)
    folded = genome.folded()
    assert not any(isinstance(layer, BatchNorm | Dropout) for layer in folded.spec.layers)
    assert folded.spec.n_running_stats == 0
    x = rng.normal(size=(4 * TIME, 3))
    expected = genome(x, n_steps=TIME)
    np.testing.assert_allclose(folded(x, n_steps=TIME), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    drive, drive_folded = genome.controller(), folded.controller()
    for at in range(TIME):
        told = drive(x[None, at::TIME])
        np.testing.assert_allclose(drive_folded(x[None, at::TIME]), told, rtol=1e-12, atol=1e-12 * np.abs(told).max())


def test_the_stacks_that_are_tried_hold_all_there_is_to_fold():
    kinds = [{type(layer) for layer in stack(np.random.default_rng(seed))} for seed in range(100)]
    for kind in (BatchNorm, Dropout, Dense, Elman, GRU, LSTM):
        assert sum(kind in each for each in kinds) > 20
    firsts = [stack(np.random.default_rng(seed))[0] for seed in range(100)]
    assert sum(isinstance(first, BatchNorm) for first in firsts) > 20


@pytest.mark.parametrize(
    ("layers", "folded"),
    [
        ((Dense(4, "identity"), BatchNorm(activation="relu"), Dense(2)), (Dense(4, "relu"), Dense(2))),
        ((Dense(4, "identity", "he", bias=False), Dropout(), BatchNorm()), (Dense(4, "identity", "he"),)),
        ((Dense(4, "relu"), BatchNorm(), Dense(2, bias=False)), (Dense(4, "relu"), Dense(2))),
        ((BatchNorm(), Elman(3, bias=False), BatchNorm(), Dropout(), LSTM(2)), (Elman(3), LSTM(2))),
        ((BatchNorm(), Dropout(0.2), BatchNorm(), Dense(2)), (Dense(2),)),
        ((CTRNN(3), BatchNorm(), Dense(2)), (CTRNN(3), Dense(2))),
        ((Dense(3), Dropout(), LayerNorm(), Dense(2)), (Dense(3), LayerNorm(), Dense(2))),
    ],
)
def test_what_becomes_of_the_layers(layers, folded):
    rng = np.random.default_rng(0)
    genome = trained(layers, rng)
    plain = genome.folded()
    assert plain.spec == NetworkSpec(3, folded)
    x = rng.normal(size=(2 * TIME, 3))
    np.testing.assert_allclose(plain(x, n_steps=TIME), genome(x, n_steps=TIME), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "stuck"),
    [
        ((BatchNorm(activation="relu"), Dense(2)), 0),
        ((Dense(3), BatchNorm(activation="relu"), Dense(2)), 1),
        ((Dense(3), BatchNorm()), 1),
        ((Dense(3), BatchNorm(), Dropout(), LayerNorm(), Dense(2)), 1),
        ((Dense(3), BatchNorm(), CTRNN(3), Dense(2)), 1),  # it begins with y = 0, which a shift would move
        ((Dense(3), Dropout(), BatchNorm(), BatchNorm(activation="tanh"), Dense(2)), 3),
        ((Doubled(3, "identity"), BatchNorm(activation="relu"), Dense(2)), 1),  # it may do otherwise than a Dense
        ((Dense(3), BatchNorm(), Doubled(2)), 1),
    ],
)
def test_a_batch_norm_that_fits_nowhere_is_named_with_the_cure(layers, stuck):
    genome = trained(layers, np.random.default_rng(1))
    said = re.escape(f"layer {stuck} of this network, {layers[stuck]}, can be folded neither")
    with pytest.raises(SettingsError, match=f'{said}.*Put it after a Dense layer with the activation "identity"'):
        genome.folded()


def test_a_plain_network_stays_as_it_is():
    genome = trained((Dense(3), LSTM(2), LayerNorm(), Dense(2, bias=False)), np.random.default_rng(2))
    folded = genome.folded()
    assert folded.spec == genome.spec
    np.testing.assert_array_equal(folded.weights, genome.weights)


def test_what_is_folded_can_be_saved_and_needs_no_moments(tmp_path):
    rng = np.random.default_rng(3)
    genome = trained((BatchNorm(), Dense(2)), rng)
    genome.folded().save(tmp_path / "genome.npz")
    with np.load(tmp_path / "genome.npz") as file:
        assert "running_stats" not in file
    x = rng.normal(size=(9, 3))
    np.testing.assert_allclose(Genome.load(tmp_path / "genome.npz")(x), genome(x), rtol=1e-12)
