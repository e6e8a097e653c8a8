"""The data of a network on the page: columns of units, the strongest connections, and the activations over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.activity import layer_activations
from evorobo.nets.genome import Genome
from evorobo.report.page.charts import Json, round_for_json

_MAX_LINKS = 1200
"""The number of connections drawn between two columns, the strongest ones; more would be unreadable."""


def network_data(
    genome: Genome,
    sensors: Array,
    steps: Sequence[int],
    names: tuple[Sequence[str], Sequence[str]],
    sequence: np.ndarray | None = None,
) -> Json:
    """The network of a genome and its activations on unscaled `sensors (n_steps, n_inputs)` at the given `steps`.

    `names` are those of the sensors and of the outputs; empty where they have none.
    """
    spec, views = genome.spec, genome.spec.unpack(genome.weights)
    values = layer_activations(genome, sensors, sequence)
    weighted = [number for number, view in enumerate(views) if "weight" in view]
    # layers without weights belong to the column before them, which shows their outputs
    ends = [*(number for number in weighted[1:]), len(spec.layers)]
    columns = [_column("sensors" if weighted[0] == 0 else "scaled sensors", values[weighted[0]], steps, names[0])]
    for number, end in zip(weighted, ends, strict=True):
        last = end == len(spec.layers)
        columns.append(_column(_title(spec.layers[number], last), values[end], steps, names[1] if last else ()))
    links = []
    for column, number in enumerate(weighted):
        links.append({"from": column, "to": column + 1, **_links(views[number]["weight"], spec.widths[number + 1])})
        if "recurrent" in views[number]:
            recurrent = _links(views[number]["recurrent"], spec.widths[number + 1])
            links.append({"from": column + 1, "to": column + 1, **recurrent})
    return {"columns": columns, "links": links}


def _column(title: str, values: Array, steps: Sequence[int], names: Sequence[str]) -> Json:
    """A column of units; values are divided by the largest one, so that colors use the whole scale."""
    largest = np.abs(values).max(initial=0) or 1.0
    shown = np.round(values[list(steps)] / largest, 2)
    return {"title": title, "names": list(names), "largest": round_for_json(largest), "values": shown.tolist()}


def _title(layer: Any, last: bool) -> str:
    kind = getattr(layer, "activation", type(layer).__name__)
    return "outputs" if last else f"{layer.units} {kind}"


def _links(weight: Array, units: int) -> Json:
    """The connections of `weight (n_inputs, units)`, or `(n_inputs, gates * units)` with unsigned ones of all gates."""
    gates = weight.reshape(len(weight), -1, units)
    strength = gates[:, 0] if gates.shape[1] == 1 else np.sqrt(np.mean(np.square(gates), axis=1))
    order = np.argsort(-np.abs(strength), axis=None, kind="stable")[:_MAX_LINKS]
    largest = np.abs(strength).max(initial=0) or 1.0
    start, end = np.unravel_index(order, strength.shape)
    return {
        "signed": gates.shape[1] == 1,
        "left_out": int(strength.size - len(order)),
        "largest": round_for_json(largest),
        "links": [start.tolist(), end.tolist(), np.round(strength[start, end] / largest, 3).tolist()],
    }
