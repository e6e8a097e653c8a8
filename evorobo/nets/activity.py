"""What goes on inside a network: the values of every layer, moment by moment, for pictures of it at work."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import shared_context


def layer_activations(genome: Genome, sensors: Array, sequence: np.ndarray | None = None) -> list[Array]:
    """The values `(moments, width)` of the inputs, as the first layer sees them, and of each layer after it, when the
    raw `sensors (moments, in)` come in one after the other; before the scaling of answers.

    Where `sequence (moments,)` changes, a network that remembers begins anew; None: all is one sequence.
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
