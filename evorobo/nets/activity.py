"""Activations of every layer of a network, step by step, for figures of a network at work."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import shared_context


def layer_activations(genome: Genome, sensors: Array, sequence: np.ndarray | None = None) -> list[Array]:
    """Return the values `(n_steps, width)` of the scaled inputs and of each layer, for raw `sensors (n_steps, in)`.

    Outputs are not scaled. Where `sequence (n_steps,)` changes, recurrent layers start again from zero; None means that
    all rows are one sequence.
    """
    starts = np.zeros(0, int) if sequence is None else np.flatnonzero(np.diff(sequence)) + 1
    parts = [_one_sequence(genome, part) for part in np.split(sensors, starts)]
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


def _one_sequence(genome: Genome, sensors: Array) -> list[Array]:
    x = np.asarray(sensors, genome.weights.dtype)
    values = [genome.input_scaler.transform(x) if genome.input_scaler else x]
    contexts = shared_context(genome.spec, ForwardContext(n_steps=len(x)), genome.running_stats)
    for layer, params, context in zip(genome.spec.layers, genome.spec.unpack(genome.weights), contexts, strict=True):
        values.append(layer.forward(params, values[-1], context)[0])
    return values
