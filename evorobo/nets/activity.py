"""What goes on inside a network: the values of every layer, moment by moment, for pictures of it at work."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.layer import How
from evorobo.nets.passes import alike


def activity(genome: Genome, sensors: Array, sequence: np.ndarray | None = None) -> list[Array]:
    """The values `(moments, width)` of the inputs, as the first layer sees them, and of each layer after it, when the
    raw `sensors (moments, in)` come in one after the other; before the scaling of answers.

    Where `sequence (moments,)` changes, a network that remembers begins anew; None: all is one sequence.
    """
    starts = np.zeros(0, int) if sequence is None else np.flatnonzero(np.diff(sequence)) + 1
    parts = [_one_sequence(genome, part) for part in np.split(sensors, starts)]
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


def _one_sequence(genome: Genome, sensors: Array) -> list[Array]:
    x = np.asarray(sensors, genome.weights.dtype)
    values = [genome.inputs.apply(x) if genome.inputs else x]
    hows = alike(genome.spec, How(time=len(x)), genome.moments)
    for layer, views, how in zip(genome.spec.layers, genome.spec.unpack(genome.weights), hows, strict=True):
        values.append(layer.forward(views, values[-1], how)[0])
    return values
