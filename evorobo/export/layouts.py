"""Published layouts of network weights, converted to ours: `weight (in, out)`, one bias.

matrices    NPZ, or JSON lists: W, b, W, b, ... in order, `W (in, out)` for y = x W + b, or `(out, in)` if `transposed`;
            a matrix without a vector after it has no bias. [[W, b], [W, b]] is the same.
flat        JSON, all weights in a row, layer by layer, W row by row and then b (estool: the first item of the file)
state_dict  PyTorch: Linear's weight is `(out, in)`; RNN, GRU and LSTM (and their Cells) have `weight_ih`, `weight_hh`
            and two biases, which are added; only the candidate of the GRU keeps its second bias, within the reset gate;
            the weight and bias of LayerNorm and BatchNorm are our gain and shift
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError

LayerParameters = dict[str, Array]
"""The named parameters of one layer, in our layout."""


def from_matrices(arrays: Iterable[Any], transposed: bool, where: str) -> list[LayerParameters]:
    """The parameters of one layer for each matrix, in order."""
    layers: list[LayerParameters] = []
    for array in map(np.asarray, arrays):
        if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
            raise DataError(
                f"{where} holds {array.dtype} of shape {array.shape}; give matrices and vectors of numbers."
            )
        if array.ndim == 2:
            layers.append({"weight": array.T if transposed else array})
        elif not layers or "bias" in layers[-1]:
            raise DataError(f"{where}: a vector of {len(array)} numbers follows no matrix; the order is W, b, W, b.")
        else:
            layers[-1]["bias"] = array
    return layers


def is_flat(plain: list[Any]) -> bool:
    """Whether JSON holds numbers in a row, alone or as its first item."""
    first = plain[0] if plain else None
    return isinstance(first, int | float) or (
        isinstance(first, list) and bool(first) and all(isinstance(number, int | float) for number in first)
    )


def flatten_pairs(plain: list[Any]) -> list[Any]:
    """[[W, b], [W, b]] as [W, b, W, b]; other lists unchanged."""

    def depth(item: Any) -> int:
        return 1 + depth(item[0]) if isinstance(item, list) and item else 0

    return [array for pair in plain for array in pair] if depth(plain) > 3 else plain


def from_state_dict(arrays: Mapping[str, Array], where: str) -> list[LayerParameters]:
    """The parameters of one layer for each module with weights, in the order of the state_dict."""
    modules: dict[tuple[str, str], dict[str, Array]] = {}
    for key, array in arrays.items():
        prefix, _, name = key.rpartition(".")
        stacked = re.search(r"_l\d+(_reverse)?$", name)
        suffix = stacked.group() if stacked else ""
        name = name.removesuffix(suffix)
        if name == "num_batches_tracked":
            continue
        if "reverse" in suffix or name.startswith(("in_proj", "weight_hr")):
            raise DataError(f"{where}: {key} belongs to a kind of layer that has no counterpart here.")
        modules.setdefault((prefix, suffix), {})[name] = array
    return [_convert(f"{where}: {prefix or 'the module'}", weights) for (prefix, _), weights in modules.items()]


def _convert(where: str, module: dict[str, Array]) -> LayerParameters:
    """The parameters of one module of PyTorch."""
    names = set(module)
    if {"running_mean", "running_var"} <= names:
        mean, variance = module["running_mean"], module["running_var"]
        gain, shift = module.get("weight", np.ones_like(mean)), module.get("bias", np.zeros_like(mean))
        return {"gain": gain, "shift": shift, "mean": mean, "variance": variance}
    if names <= {"weight", "bias"} and "weight" in names:
        if module["weight"].ndim == 1:
            return {"gain": module["weight"], "shift": module.get("bias", np.zeros_like(module["weight"]))}
        return {name: array.T for name, array in module.items()}
    if not {"weight_ih", "weight_hh"} <= names:
        raise DataError(f"{where} holds {', '.join(sorted(names))}, which is no layer that has a counterpart here.")
    parameters = {"weight": module["weight_ih"].T, "recurrent": module["weight_hh"].T}
    if {"shift", "log_tau"} <= names:
        return parameters | {name: module[name] for name in ("shift", "log_tau")}
    columns, units = parameters["weight"].shape[1], parameters["recurrent"].shape[0]
    zeros = np.zeros(columns)
    input_bias, recurrent_bias = module.get("bias_ih", zeros), module.get("bias_hh", zeros)
    if columns != 3 * units:
        biased = {"bias_ih", "bias_hh"} & names or columns != units
        return parameters | ({"bias": input_bias + recurrent_bias} if biased else {})
    gates = 2 * units
    bias = np.concatenate([input_bias[:gates] + recurrent_bias[:gates], input_bias[gates:]])
    return parameters | {"bias": bias, "candidate": recurrent_bias[gates:]}
