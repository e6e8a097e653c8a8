"""How others lay out the weights of a network, brought into our layout: `weight (in, out)`, one bias.

matrices    NPZ, or JSON lists: W, b, W, b, ... in order, `W (in, out)` for y = x W + b, or `(out, in)` if `transposed`;
            a matrix without a vector behind it has no bias. [[W, b], [W, b]] is the same.
flat        JSON, all weights in a row, layer by layer, W row by row and then b (estool: the first item of the file)
state_dict  PyTorch: Linear's weight is `(out, in)`; RNN, GRU and LSTM (and their Cells) have `weight_ih`, `weight_hh`
            and two biases that are added, but for GRU's candidate, whose second bias stays inside the reset gate;
            LayerNorm's and BatchNorm's weight and bias are our gain and shift
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
    """One part for each matrix, in order."""
    parts: list[LayerParameters] = []
    for array in map(np.asarray, arrays):
        if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
            raise DataError(
                f"{where} holds {array.dtype} of shape {array.shape}; give matrices and vectors of numbers."
            )
        if array.ndim == 2:
            parts.append({"weight": array.T if transposed else array})
        elif not parts or "bias" in parts[-1]:
            raise DataError(f"{where}: a vector of {len(array)} numbers follows no matrix; the order is W, b, W, b.")
        else:
            parts[-1]["bias"] = array
    return parts


def is_flat(plain: list[Any]) -> bool:
    """Whether JSON holds numbers in a row, alone or as its first item."""
    first = plain[0] if plain else None
    return isinstance(first, int | float) or (
        isinstance(first, list) and bool(first) and all(isinstance(each, int | float) for each in first)
    )


def flatten_pairs(plain: list[Any]) -> list[Any]:
    """[[W, b], [W, b]] as [W, b, W, b]; other lists as they are."""

    def depth(item: Any) -> int:
        return 1 + depth(item[0]) if isinstance(item, list) and item else 0

    return [each for pair in plain for each in pair] if depth(plain) > 3 else plain


def from_state_dict(arrays: Mapping[str, Array], where: str) -> list[LayerParameters]:
    """One part for each module with weights, in the order of the state_dict."""
    modules: dict[tuple[str, str], dict[str, Array]] = {}
    for key, array in arrays.items():
        prefix, _, name = key.rpartition(".")
        stacked = re.search(r"_l\d+(_reverse)?$", name)
        layer = stacked.group() if stacked else ""
        name = name.removesuffix(layer)
        if name == "num_batches_tracked":
            continue
        if "reverse" in layer or name.startswith(("in_proj", "weight_hr")):
            raise DataError(f"{where}: {key} belongs to a kind of layer that has no counterpart here.")
        modules.setdefault((prefix, layer), {})[name] = array
    return [_module(f"{where}: {prefix or 'the module'}", weights) for (prefix, _), weights in modules.items()]


def _module(where: str, found: dict[str, Array]) -> LayerParameters:
    names = set(found)
    if {"running_mean", "running_var"} <= names:
        mean, variance = found["running_mean"], found["running_var"]
        gain, shift = found.get("weight", np.ones_like(mean)), found.get("bias", np.zeros_like(mean))
        return {"gain": gain, "shift": shift, "mean": mean, "variance": variance}
    if names <= {"weight", "bias"} and "weight" in names:
        if found["weight"].ndim == 1:
            return {"gain": found["weight"], "shift": found.get("bias", np.zeros_like(found["weight"]))}
        return {name: array.T for name, array in found.items()}
    if not {"weight_ih", "weight_hh"} <= names:
        raise DataError(f"{where} holds {', '.join(sorted(names))}, which is no layer that has a counterpart here.")
    part = {"weight": found["weight_ih"].T, "recurrent": found["weight_hh"].T}
    if {"shift", "log_tau"} <= names:
        return part | {name: found[name] for name in ("shift", "log_tau")}
    columns, units = part["weight"].shape[1], part["recurrent"].shape[0]
    zeros = np.zeros(columns)
    inside, recalled = found.get("bias_ih", zeros), found.get("bias_hh", zeros)
    if columns != 3 * units:
        biased = {"bias_ih", "bias_hh"} & names or columns != units
        return part | ({"bias": inside + recalled} if biased else {})
    gates = 2 * units
    bias = np.concatenate([inside[:gates] + recalled[:gates], inside[gates:]])
    return part | {"bias": bias, "candidate": recalled[gates:]}
