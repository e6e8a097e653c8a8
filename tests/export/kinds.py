"""Genomes of every kind of layer, to be exported and imported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from package_keys import ACTIVATIONS

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, Genome, LayerNorm, NetworkSpec
from evorobo.nets.scaling import Scaler

NETWORKS = {name: (Dense(6, name), Dense(5, name, bias=False)) for name in ACTIVATIONS}
NETWORKS |= {
    "layer norm": (Dense(6), LayerNorm(), 4, LayerNorm(epsilon=0.1)),
    "dropout": (6, Dropout(0.4)),
    "batch norm": (Dense(6, "identity"), BatchNorm(activation="relu"), BatchNorm(), Dense(4, bias=False)),
    "no layer between": (),
    "elman": (Elman(5), Elman(4, "softplus", bias=False)),
    "gru": (GRU(5), GRU(2)),
    "lstm": (LSTM(5), LSTM(2)),
    "ctrnn": (CTRNN(5), CTRNN(2, max_tau=50)),
    "all kinds": (6, LayerNorm(), BatchNorm(), GRU(4), Dropout(), LSTM(3), CTRNN(4), Elman(3, "sigmoid")),
}


def random_genome(hidden, rng, inputs=3, outputs=2, output="identity", dtype=float):
    """A genome without zeros, with weights so small that its state decays."""
    spec = NetworkSpec.build(inputs, hidden, outputs, output)
    weights = rng.normal(0, 0.6, spec.n_params).astype(dtype)
    return Genome(spec, weights, running_stats=rng.uniform(0.5, 2, spec.n_running_stats).astype(dtype))


def with_scalers(genome):
    """The same genome with both scalers."""
    inputs = Scaler(np.array([3.0, -0.5, 20.0]), np.array([0.5, 2.0, 7.0]))
    return replace(genome, input_scaler=inputs, output_scaler=Scaler(np.array([100.0, -1.0]), np.array([30.0, 0.01])))
