"""Into the lab: a controller that others published, as a genome that can be judged, copied and trained on here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.export.json_file import read_json_file
from evorobo.export.layouts import LayerParameters, flatten_pairs, from_matrices, from_state_dict, is_flat
from evorobo.files import read_npz
from evorobo.nets.batch_norm import BatchNorm
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.genome import Genome
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec

TORCH = (".pt", ".pth")


def import_genome(
    source: str | Path | Mapping[str, Any],
    spec: NetworkSpec | None = None,
    *,
    activation: str = "tanh",
    output: str = "identity",
    only: Sequence[str] = (),
    transposed: bool = False,
) -> Genome:
    """A genome of the weights in a file: PyTorch's state_dict (`.pt`, `.pth`), an NPZ or JSON list of matrices, JSON of
    all weights in a row, or what `export_genome` wrote as JSON. A state_dict in memory will do, too.

    The layouts are told in `evorobo.export.layouts`. Without a `spec` the layers are read off the shapes, with
    `activation` in dense and Elman layers, and `output` in a dense one at the end; weights in a row need a spec. `only`
    keeps what begins with one of these words ("actor", "mlp_extractor.policy_net"). Nothing in the file is executed.

    Raises `DataError` for what cannot be read or does not fit, `SettingsError` where a spec or a package is missing.
    """
    if isinstance(source, Mapping):
        return _of_state_dict(source, "the state_dict", spec, activation, output, only)
    path = Path(source)
    if not path.is_file():
        raise DataError(f"there is no file {path} to import.")
    if path.suffix in TORCH:
        return _of_state_dict(_unpickled(path), str(path), spec, activation, output, only)
    if path.suffix == ".npz":
        arrays = read_npz(path)
        kept = [array for name, array in arrays.items() if _wanted(name, only)]
        return _filled(from_matrices(kept, transposed, str(path)), str(path), spec, activation, output)
    if path.suffix != ".json":
        raise DataError(f"{path.name} is no file that can be imported; give one of .pt, .pth, .npz, .json.")
    try:
        plain = json.loads(path.read_text())
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}).") from error
    if isinstance(plain, dict):
        return read_json_file(plain, path)
    if not isinstance(plain, list):
        raise DataError(f"{path} holds no list of weights.")
    if is_flat(plain):
        return _of_row(plain[0] if isinstance(plain[0], list) else plain, path, spec)
    try:
        parts = from_matrices(flatten_pairs(plain), transposed, str(path))
    except ValueError as error:  # rows of unequal length
        raise DataError(f"{path} holds a matrix that is none ({error}).") from error
    return _filled(parts, str(path), spec, activation, output)


def _unpickled(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise SettingsError(f"reading {path.name} needs PyTorch: pip install 'evorobo[torch]'.") from error
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)  # tensors alone: no code of strangers
    except Exception as error:  # a damaged file raises a dozen different kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is damaged, or holds more than a state_dict ({reason}).") from error
    if not isinstance(found, Mapping):
        raise DataError(f"{path} holds a {type(found).__name__}; save the model's state_dict().")
    return found


def _of_state_dict(
    found: Mapping[str, Any], where: str, spec: NetworkSpec | None, activation: str, output: str, only: Sequence[str]
) -> Genome:
    arrays = {name: np.asarray(values, np.float64) for name, values in found.items() if _wanted(name, only)}
    scalings = []
    for name in ("sensor", "output"):
        mean, sd = arrays.pop(f"{name}_mean", None), arrays.pop(f"{name}_sd", None)
        scalings.append(Scaler(mean, sd) if mean is not None and sd is not None else None)
    genome = _filled(from_state_dict(arrays, where), where, spec, activation, output)
    return replace(genome, input_scaler=scalings[0], output_scaler=scalings[1])


def _wanted(name: str, only: Sequence[str]) -> bool:
    return not only or name.startswith(tuple(only))


def _of_row(numbers: list[Any], path: Path, spec: NetworkSpec | None) -> Genome:
    if spec is None:
        raise SettingsError(
            f"{path} holds {len(numbers)} weights in a row, and nothing tells where layers end; give a spec (--layers)."
        )
    if len(numbers) != spec.n_params:
        widths = " -> ".join(map(str, spec.widths))
        raise DataError(f"{path} holds {len(numbers)} weights, and layers of {widths} need {spec.n_params}.")
    return Genome(spec, _finite(np.array(numbers, float), str(path)))


def _filled(parts: list[LayerParameters], where: str, spec: NetworkSpec | None, activation: str, output: str) -> Genome:
    if not parts:
        raise DataError(f"{where} holds no weights of that name or kind.")
    spec = spec or _shaped(parts, activation, output)
    weights, running_stats = np.empty(spec.n_params), np.empty(spec.n_running_stats)
    unpacked_both = zip(spec.unpack(weights), spec.unpack_running_stats(running_stats), strict=True)
    places = [(number, {**views, **measured}) for number, (views, measured) in enumerate(unpacked_both) if views]
    if len(places) != len(parts):
        raise DataError(f"{where} holds weights of {len(parts)} layers, the spec has {len(places)} with weights.")
    for (number, views), part in zip(places, parts, strict=True):
        if set(views) != set(part):
            names = (", ".join(sorted(each)) for each in (part, views))
            raise DataError("{}: layer {} holds {}, and the spec has {} there.".format(where, number, *names))
        for name, view in views.items():
            if part[name].shape != view.shape:
                raise DataError(
                    f"{where}: layer {number} has a {name} of shape {part[name].shape}, and {view.shape} would fit; "
                    "if its matrices are (out, in), say so (transposed)."
                )
            view[...] = part[name]
    return Genome(
        spec, _finite(weights, where), running_stats=_finite(running_stats, where) if spec.n_running_stats else None
    )


def _shaped(parts: list[LayerParameters], activation: str, output: str) -> NetworkSpec:
    """The spec that the shapes tell."""
    last = len(parts) - 1
    dense = parts[last].keys() <= {"weight", "bias"}
    layers = [_layer(part, output if number == last and dense else activation) for number, part in enumerate(parts)]
    first = parts[0].get("weight", parts[0].get("gain"))
    assert first is not None
    return NetworkSpec(int(first.shape[0]), tuple(layers))


def _layer(part: LayerParameters, activation: str) -> Layer:
    if "gain" in part:
        return BatchNorm() if "mean" in part else LayerNorm()
    columns = int(part["weight"].shape[1])
    if "recurrent" not in part:
        return Dense(columns, activation, bias="bias" in part)
    if "log_tau" in part:
        return CTRNN(columns)
    units = int(part["recurrent"].shape[0])
    if "candidate" in part:
        return GRU(units)
    return LSTM(units) if columns == 4 * units else Elman(units, activation, bias="bias" in part)


def _finite(weights: Array, where: str) -> Array:
    if not np.isfinite(weights).all():
        raise DataError(f"{where} holds weights that are not finite numbers.")
    return weights
