"""Folding: the network without batch normalization has the same outputs, for any order of layers."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from own_layer import Doubled

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, Genome, LayerNorm, NetworkSpec, SettingsError
from evorobo.nets.batch_norm import Affine
from evorobo.nets.scaling import Scaler


@dataclass(frozen=True)
class Squared(Affine):
    """A user's layer that is derived from `Affine` and computes something else."""

    def forward(self, params, x, context):
        y, cache = super().forward(params, x, context)
        return y * y, cache


N_STEPS = 5
ACTIVATIONS = ["identity", "tanh", "relu", "elu"]


def trained(layers, rng, n_inputs=3):
    """A genome of these layers with random weights, running statistics and scalers."""
    spec = NetworkSpec(n_inputs, layers)
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.6, spec.n_running_stats))
    output_scaler = Scaler(rng.normal(size=spec.n_outputs), rng.uniform(0.5, 2, spec.n_outputs))
    input_scaler = Scaler(rng.normal(size=n_inputs), rng.uniform(0.5, 2, n_inputs))
    return Genome(spec, spec.init(rng) + rng.normal(0, 0.4, spec.n_params), input_scaler, output_scaler, running_stats)


def norms(rng):
    """Up to three batch normalizations in a row, with or without dropout between them."""
    layers = [BatchNorm(epsilon=float(rng.choice([1e-5, 0.1]))) for _ in range(rng.integers(4))]
    return tuple(part for layer in layers for part in (layer, *(Dropout() for _ in range(rng.integers(2)))))


def stack(rng):
    """Layers in a random order that can be folded."""
    layers = norms(rng)
    for _ in range(rng.integers(1, 5)):
        units, bias, activation = int(rng.integers(1, 6)), bool(rng.integers(2)), str(rng.choice(ACTIVATIONS))
        kind = rng.integers(5)
        if kind == 0:
            layers += (Dense(units, "identity", bias=bias), *norms(rng), BatchNorm(activation=activation))
        elif kind == 1:
            layers += (Dense(units, activation, bias=bias),)
        elif kind == 2:
            layers += (Elman(units, "tanh", bias=bias),)
        else:
            layers += ((GRU, LSTM)[kind - 3](units),)
        layers += norms(rng)
    return (*layers, Dense(2, "identity", bias=bool(rng.integers(2))), *norms(rng))


@pytest.mark.parametrize("seed", range(100))
def test_a_folded_network_has_the_same_outputs(seed):
    rng = np.random.default_rng(seed)
    genome = trained(stack(rng), rng)
    folded = genome.folded()
    assert not any(isinstance(layer, BatchNorm | Dropout) for layer in folded.spec.layers)
    assert folded.spec.n_running_stats == 0
    x = rng.normal(size=(4 * N_STEPS, 3))
    expected = genome(x, n_steps=N_STEPS)
    np.testing.assert_allclose(folded(x, n_steps=N_STEPS), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    drive, drive_folded = genome.controller(), folded.controller()
    for t in range(N_STEPS):
        y, y_folded = drive(x[None, t::N_STEPS]), drive_folded(x[None, t::N_STEPS])
        np.testing.assert_allclose(y_folded, y, rtol=1e-12, atol=1e-12 * np.abs(y).max())


def test_the_random_stacks_contain_every_layer_that_can_be_folded():
    kinds = [{type(layer) for layer in stack(np.random.default_rng(seed))} for seed in range(100)]
    for kind in (BatchNorm, Dropout, Dense, Elman, GRU, LSTM):
        assert sum(kind in stack_kinds for stack_kinds in kinds) > 20
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
def test_folded_layers(layers, folded):
    rng = np.random.default_rng(0)
    genome = trained(layers, rng)
    plain = genome.folded()
    assert plain.spec == NetworkSpec(3, folded)
    x = rng.normal(size=(2 * N_STEPS, 3))
    np.testing.assert_allclose(plain(x, n_steps=N_STEPS), genome(x, n_steps=N_STEPS), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "number"),
    [
        ((BatchNorm(activation="relu"), Dense(2)), 0),
        ((Dense(3), BatchNorm(activation="relu"), Dense(2)), 1),
        ((Dense(3), BatchNorm()), 1),
        ((Dense(3), BatchNorm(), Dropout(), LayerNorm(), Dense(2)), 1),
        ((Dense(3), BatchNorm(), CTRNN(3), Dense(2)), 1),  # its initial state y = 0 does not include the shift
        ((Dense(3), Dropout(), BatchNorm(), BatchNorm(activation="tanh"), Dense(2)), 3),
        (
            (Doubled(3, "identity"), BatchNorm(activation="relu"), Dense(2)),
            1,
        ),  # a derived layer may compute something else
        ((Dense(3), BatchNorm(), Doubled(2)), 1),
        ((Dense(3), BatchNorm(), Squared()), 1),
    ],
)
def test_a_batch_norm_that_cannot_be_folded_is_refused_with_advice(layers, number):
    genome = trained(layers, np.random.default_rng(1))
    sentence = re.escape(f"layer {number} of this network, {layers[number]}, can be folded neither")
    with pytest.raises(SettingsError, match=f'{sentence}.*Put it after a Dense layer with the activation "identity"'):
        genome.folded()


def test_a_network_without_batch_norm_is_not_changed():
    genome = trained((Dense(3), LSTM(2), LayerNorm(), Dense(2, bias=False)), np.random.default_rng(2))
    folded = genome.folded()
    assert folded.spec == genome.spec
    np.testing.assert_array_equal(folded.weights, genome.weights)


def test_a_folded_genome_is_saved_without_running_statistics(tmp_path):
    rng = np.random.default_rng(3)
    genome = trained((BatchNorm(), Dense(2)), rng)
    genome.folded().save(tmp_path / "genome.npz")
    with np.load(tmp_path / "genome.npz") as file:
        assert "running_stats" not in file
    x = rng.normal(size=(9, 3))
    np.testing.assert_allclose(Genome.load(tmp_path / "genome.npz")(x), genome(x), rtol=1e-12)


def test_a_layer_derived_from_affine_is_not_folded_away():
    genome = trained((Dense(3, "identity"), Squared()), np.random.default_rng(0))
    assert genome.folded().spec == genome.spec
