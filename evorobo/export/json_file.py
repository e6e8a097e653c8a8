"""A controller as JSON: everything about it in plain text, for other programs to read and for `import_genome`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, SettingsError
from evorobo.export.controller import ExportedController
from evorobo.export.decoding import BoundedOutputs, Decoding
from evorobo.export.exporter import Exporter
from evorobo.export.formulas import activation_formula
from evorobo.export.numpy_file import SYNTAX
from evorobo.export.self_test import run_network
from evorobo.nets.data_format import format_from_plain, format_to_plain
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo controller 2"


def write_json_file(controller: ExportedController) -> str:
    """The text of the file.

    It holds the spec, the formulas of its activations, the parameters of each layer (matrices are `(in, out)`), the
    scalers `(raw - mean) / sd` of sensors and outputs, how outputs are decoded, and recorded steps.
    """
    genome = controller.genome
    plain = {
        "format": FORMAT,
        "about": list(controller.header),
        "sensors": list(controller.sensors),
        "spec": to_plain(genome.spec),
        "activations": _activations(genome.spec),
        "actions": genome.actions,
        "data": format_to_plain(genome.data) if genome.data else None,
        "dtype": str(genome.weights.dtype),
        "layers": [
            {name: view.tolist() for name, view in views.items()} for views in genome.spec.unpack(genome.weights)
        ],
        "input_scaler": _plain_scaler(genome.input_scaler),
        "output_scaler": _plain_scaler(genome.output_scaler),
        "decoding": _plain_decoding(controller.decoding),
        "self_test": {name: _plain_rows(values) for name, values in vars(controller.self_test).items()},
    }
    return _text(plain) + "\n"


def read_json_file(plain: dict[str, Any], path: Path) -> Genome:
    """The genome in the content of a file. No code runs that comes with it.

    Raises `DataError` for a damaged file, for one that does not reproduce its recorded steps, and for one that needs
    a user's file which is not loaded.
    """
    try:
        if plain["format"] != FORMAT:
            raise DataError(
                f"{path} has the format {plain['format']!r}, this evorobo reads {FORMAT!r}; export the genome again."
            )
        spec = from_plain(plain["spec"])
        weights = np.empty(spec.n_params, plain["dtype"])
        for views, layer in zip(spec.unpack(weights), plain["layers"], strict=True):
            for name, view in views.items():
                view[...] = layer[name]
        input_scaler, output_scaler = _scaler(plain["input_scaler"]), _scaler(plain["output_scaler"])
        data = format_from_plain(plain.get("data"))
        genome = Genome(spec, weights, input_scaler, output_scaler, actions=plain.get("actions", "scale"), data=data)
        recorded = {name: np.asarray(values, float) for name, values in plain["self_test"].items()}
        if not all(np.isfinite(values).all() for values in (weights, recorded["outputs"], recorded["actions"])):
            raise DataError(f"{path} holds weights or recorded steps that are not finite; export the genome again.")
        if len(recorded["sensors"]):
            outputs, expected = run_network(genome, recorded["sensors"]), recorded["outputs"]
            if not np.allclose(outputs, expected, 1e-6, 1e-6 * (1 + np.abs(expected).max())):
                raise DataError(f"{path} does not reproduce its recorded steps; export the genome again.")
    except DataError:
        raise
    except SettingsError as error:
        raise DataError(f"{path} cannot be used here: {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
        raise DataError(f"{path} is damaged or no controller that evorobo exported ({error}).") from error
    return genome


def _activations(spec: NetworkSpec) -> dict[str, str]:
    """The formulas of the layers' activations in NumPy, with intermediate values before them."""
    keys = {vars(layer)["activation"] for layer in spec.layers if "activation" in vars(layer)}
    formulas = {}
    for key in sorted(keys):
        steps, result = SYNTAX.body(activation_formula(key))
        formulas[key] = "; ".join([*(f"{name} = {value}" for name, value in steps), result])
    return formulas


def _plain_rows(values: Array) -> list[Any]:
    """Return rows of numbers with null for missing ones."""
    rows: list[Any] = np.asarray(values).tolist()
    return [[None if value != value else value for value in row] for row in rows]


def _plain_scaler(scaler: Scaler | None) -> dict[str, list[float]] | None:
    return {"mean": scaler.mean.tolist(), "sd": scaler.sd.tolist()} if scaler else None


def _scaler(plain: Any) -> Scaler | None:
    return Scaler(np.array(plain["mean"], float), np.array(plain["sd"], float)) if plain else None


def _plain_decoding(decoding: Decoding) -> dict[str, Any]:
    names = {"names": list(decoding.names)}
    if decoding.sizes:
        return {
            "kind": "index of the largest of each group",
            "sizes": decoding.sizes,
            "starts": decoding.starts,
            **names,
        }
    if isinstance(decoding, BoundedOutputs):
        limits = {
            name: [value if np.isfinite(value) else None for value in side.tolist()]
            for name, side in (("low", decoding.low), ("high", decoding.high))
        }
        kind = "scaled from -1..1 to low..high" if decoding.scaled else "clipped to low..high"
        if decoding.whole:
            kind += ", rounded to whole numbers"
        return {"kind": kind, **limits, **names}
    return {"kind": "values", **names}


def _text(plain: Any, indent: str = "") -> str:
    """JSON for human readers: a row of numbers is one line."""
    deeper = indent + "  "
    if isinstance(plain, dict) and plain:
        items = [f"{deeper}{json.dumps(key)}: {_text(value, deeper)}" for key, value in plain.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(plain, list) and any(isinstance(item, list | dict) for item in plain):
        return "[\n" + ",\n".join(deeper + _text(item, deeper) for item in plain) + f"\n{indent}]"
    return json.dumps(plain, allow_nan=False)


register_component("exporter", "json")(
    Exporter(
        "everything in plain text, read by evorobo import",
        "controller.json",
        lambda controller, path: {path: write_json_file(controller)},
        lambda path: f"evorobo import {shlex.quote(str(path))}",
    )
)
