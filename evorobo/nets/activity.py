"""What goes on inside a network: the values of every layer, moment by moment, for pictures of it at work."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.genome import Genome
from evorobo.nets.how import How
from evorobo.nets.passes import alike


def activity(genome: Genome, sensors: Array) -> list[Array]:
    """The values `(moments, width)` of the inputs, as the first layer sees them, and of each layer after it, when the
    raw `sensors (moments, in)` of one robot come in one after the other; before the scaling of answers."""
    x = np.asarray(sensors, genome.weights.dtype)
    values = [genome.inputs.apply(x) if genome.inputs else x]
    hows = alike(genome.spec, How(time=len(x)), genome.moments)
    for layer, views, how in zip(genome.spec.layers, genome.spec.unpack(genome.weights), hows, strict=True):
        values.append(layer.forward(views, values[-1], how)[0])
    return values
