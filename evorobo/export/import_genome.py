"""Import of published weights as a genome, which can be tested, imitated and trained."""

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

TORCH_SUFFIXES = (".pt", ".pth")


def import_genome(
    source: str | Path | Mapping[str, Any],
    spec: NetworkSpec | None = None,
    *,
    activation: str = "tanh",
    output: str = "identity",
    only: Sequence[str] = (),
    transposed: bool = False,
) -> Genome:
    """Read the weights of a published network, or a JSON file of `export_genome`, as a genome.

    The layouts of weights are described in `evorobo.export.layouts`. No code in the file runs.

    Parameters
    ----------
    source : str, Path or mapping
        A PyTorch `state_dict` (`.pt`, `.pth`, or in memory), an NPZ or JSON list of matrices, JSON of all weights in a
        row, or JSON that `export_genome` wrote.
    spec : NetworkSpec, optional
        The layers that take the weights. By default they follow from the shapes; weights in a row need a spec.
    activation : str, default "tanh"
        Without a spec, the activation of dense and Elman layers.
    output : str, default "identity"
        Without a spec, the activation of a dense layer at the end.
    only : sequence of str, optional
        Only arrays whose names begin with one of these are read, such as "actor" or "mlp_extractor.policy_net".
    transposed : bool, default False
        Whether matrices are `(out, in)`; that of a `state_dict` is known.

    Returns
    -------
    Genome
        Its weights have double precision, or that of the exported genome.

    Raises
    ------
    DataError
        For a file that is missing, damaged or does not fit the spec.
    SettingsError
        Where a spec or a package is missing, or an activation is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import import_genome
    >>> genome = import_genome({"0.weight": np.ones((4, 3)), "0.bias": np.zeros(4), "2.weight": np.ones((1, 4))})
    >>> genome.spec.widths
    (3, 4, 1)
    """
    if isinstance(source, Mapping):
        return _from_state_dict(source, "the state_dict", spec, activation, output, only)
    path = Path(source)
    if not path.is_file():
        raise DataError(f"there is no file {path} to import.")
    if path.suffix in TORCH_SUFFIXES:
        return _from_state_dict(_load_state_dict(path), str(path), spec, activation, output, only)
    if path.suffix == ".npz":
        arrays = [array for name, array in read_npz(path).items() if _is_wanted(name, only)]
        return _fill(from_matrices(arrays, transposed, str(path)), str(path), spec, activation, output)
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
        return _from_row(plain[0] if isinstance(plain[0], list) else plain, path, spec)
    try:
        layers = from_matrices(flatten_pairs(plain), transposed, str(path))
    except ValueError as error:  # rows of unequal length
        raise DataError(f"{path} holds an invalid matrix ({error}).") from error
    return _fill(layers, str(path), spec, activation, output)


def _load_state_dict(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise SettingsError(f"reading {path.name} needs PyTorch: pip install 'evorobo[torch]'.") from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)  # tensors alone, no code
    except Exception as error:  # a damaged file raises a dozen different kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is damaged, or holds more than a state_dict ({reason}).") from error
    if not isinstance(content, Mapping):
        raise DataError(f"{path} holds a {type(content).__name__}; save the model's state_dict().")
    return content


def _from_state_dict(
    state: Mapping[str, Any], where: str, spec: NetworkSpec | None, activation: str, output: str, only: Sequence[str]
) -> Genome:
    arrays = {name: np.asarray(values, np.float64) for name, values in state.items() if _is_wanted(name, only)}
    scalers = []
    for name in ("sensor", "output"):
        mean, sd = arrays.pop(f"{name}_mean", None), arrays.pop(f"{name}_sd", None)
        scalers.append(Scaler(mean, sd) if mean is not None and sd is not None else None)
    genome = _fill(from_state_dict(arrays, where), where, spec, activation, output)
    return replace(genome, input_scaler=scalers[0], output_scaler=scalers[1])


def _is_wanted(name: str, only: Sequence[str]) -> bool:
    return not only or name.startswith(tuple(only))


def _from_row(numbers: list[Any], path: Path, spec: NetworkSpec | None) -> Genome:
    if spec is None:
        raise SettingsError(
            f"{path} holds {len(numbers)} weights in a row without the widths of layers; give a spec (--layers)."
        )
    if len(numbers) != spec.n_params:
        widths = " -> ".join(map(str, spec.widths))
        raise DataError(f"{path} holds {len(numbers)} weights, and layers of {widths} need {spec.n_params}.")
    return Genome(spec, _check_finite(np.array(numbers, float), str(path)))


def _fill(layers: list[LayerParameters], where: str, spec: NetworkSpec | None, activation: str, output: str) -> Genome:
    """A genome with these parameters, layer by layer."""
    if not layers:
        raise DataError(f"{where} holds no weights of that name or kind.")
    spec = spec or _infer_spec(layers, activation, output)
    weights, running_stats = np.empty(spec.n_params), np.empty(spec.n_running_stats)
    unpacked = zip(spec.unpack(weights), spec.unpack_running_stats(running_stats), strict=True)
    targets = [(number, {**views, **stats}) for number, (views, stats) in enumerate(unpacked) if views]
    if len(targets) != len(layers):
        raise DataError(f"{where} holds weights of {len(layers)} layers, the spec has {len(targets)} with weights.")
    for (number, views), parameters in zip(targets, layers, strict=True):
        if set(views) != set(parameters):
            names = (", ".join(sorted(arrays)) for arrays in (parameters, views))
            raise DataError("{}: layer {} holds {}, and the spec has {}.".format(where, number, *names))
        for name, view in views.items():
            if parameters[name].shape != view.shape:
                raise DataError(
                    f"{where}: layer {number} has a {name} of shape {parameters[name].shape}, and {view.shape} would "
                    "fit; if its matrices are (out, in), say so (transposed)."
                )
            view[...] = parameters[name]
    stats = _check_finite(running_stats, where) if spec.n_running_stats else None
    return Genome(spec, _check_finite(weights, where), running_stats=stats)


def _infer_spec(layers: list[LayerParameters], activation: str, output: str) -> NetworkSpec:
    """The spec that follows from the names and shapes of the parameters."""
    last = len(layers) - 1
    ends_dense = layers[last].keys() <= {"weight", "bias"}
    first = layers[0]["weight" if "weight" in layers[0] else "gain"]
    return NetworkSpec(
        int(first.shape[0]),
        tuple(
            _infer_layer(parameters, output if number == last and ends_dense else activation)
            for number, parameters in enumerate(layers)
        ),
    )


def _infer_layer(parameters: LayerParameters, activation: str) -> Layer:
    if "gain" in parameters:
        return BatchNorm() if "mean" in parameters else LayerNorm()
    columns = int(parameters["weight"].shape[1])
    if "recurrent" not in parameters:
        return Dense(columns, activation, bias="bias" in parameters)
    if "log_tau" in parameters:
        return CTRNN(columns)
    units = int(parameters["recurrent"].shape[0])
    if "candidate" in parameters:
        return GRU(units)
    return LSTM(units) if columns == 4 * units else Elman(units, activation, bias="bias" in parameters)


def _check_finite(weights: Array, where: str) -> Array:
    if not np.isfinite(weights).all():
        raise DataError(f"{where} holds weights that are not finite numbers.")
    return weights
