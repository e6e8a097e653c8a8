"""A controller as JSON: everything about it in plain numbers, to be read by anyone, and read back here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import DataError, EvoroboError
from evorobo.export.blueprint import ExportedController
from evorobo.export.decoding import BoundedOutputs, Decoding
from evorobo.export.recording import run_network
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo controller 1"


def write_json_file(controller: ExportedController) -> str:
    """`spec` and `layers` (weights as `(in, out)`, see the layers' docstrings), the scalings `(raw - mean) / sd` of
    `inputs` and back for `outputs`, how outputs are read, and what was recorded."""
    genome = controller.genome
    scalings = {
        name: {"mean": scaling.mean.tolist(), "sd": scaling.sd.tolist()} if scaling else None
        for name, scaling in (("inputs", genome.input_scaler), ("outputs", genome.output_scaler))
    }
    plain = {
        "format": FORMAT,
        "about": list(controller.header),
        "sensors": list(controller.sensors),
        "spec": to_plain(genome.spec),
        "dtype": str(genome.weights.dtype),
        "layers": [
            {name: view.tolist() for name, view in views.items()} for views in genome.spec.unpack(genome.weights)
        ],
        **scalings,
        "decoding": _reading(controller.decoding),
        "recorded": {name: np.asarray(values).tolist() for name, values in vars(controller.self_test).items()},
    }
    return _text(plain) + "\n"


def read_json_file(plain: dict[str, Any], path: Path) -> Genome:
    """The genome of what `write_json_file` wrote. Raises `DataError` where it is damaged, or does not do any more what
    was recorded."""
    try:
        if plain["format"] != FORMAT:
            raise DataError(f"{path} is of format {plain['format']!r}, this evorobo reads {FORMAT!r}.")
        spec = from_plain(plain["spec"], imports=False)
        weights = np.empty(spec.n_params, plain["dtype"])
        for views, layer in zip(spec.unpack(weights), plain["layers"], strict=True):
            for name, view in views.items():
                view[...] = layer[name]
        inputs, outputs = (_scaling(plain[name]) for name in ("inputs", "outputs"))
        genome = Genome(spec, weights, inputs, outputs)
        recorded = {name: np.asarray(values, float) for name, values in plain["recorded"].items()}
        if len(recorded["sensors"]):
            told, right = run_network(genome, recorded["sensors"]), recorded["outputs"]
            if not np.allclose(told, right, 1e-6, 1e-6 * (1 + np.abs(right).max())):
                raise DataError(f"{path} does not answer any more as it did when it was written; export it again.")
    except DataError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
        raise DataError(f"{path} is damaged or no controller that evorobo exported ({error}).") from error
    return genome


def _scaling(plain: Any) -> Scaler | None:
    return Scaler(np.array(plain["mean"], float), np.array(plain["sd"], float)) if plain else None


def _reading(decoding: Decoding) -> dict[str, Any]:
    names = {"names": list(decoding.names)}
    if decoding.sizes:
        return {"kind": "largest of each group", "sizes": decoding.sizes, "starts": decoding.starts, **names}
    if isinstance(decoding, BoundedOutputs):
        ends = {
            name: [each if np.isfinite(each) else None for each in side.tolist()]
            for name, side in (("low", decoding.low), ("high", decoding.high))
        }
        how = "spread from -1..1 over low..high" if decoding.bounded else "kept within low..high"
        return {"kind": how, **ends, **names}
    return {"kind": "values", **names}


def _text(plain: Any, indent: str = "") -> str:
    """JSON for human readers: a row of numbers is one line."""
    deeper = indent + "  "
    if isinstance(plain, dict) and plain:
        inner = [f"{deeper}{json.dumps(key)}: {_text(value, deeper)}" for key, value in plain.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    if isinstance(plain, list) and any(isinstance(each, list | dict) for each in plain):
        return "[\n" + ",\n".join(deeper + _text(each, deeper) for each in plain) + f"\n{indent}]"
    return json.dumps(plain, allow_nan=False)
