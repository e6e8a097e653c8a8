"""Published layouts of network weights, converted to ours: `weight (in, out)`, one bias.

matrices    NPZ, or JSON lists: W, b, W, b, ... in order, `W (in, out)` for y = x W + b, or `(out, in)` if `transposed`;
            a matrix without a vector after it has no bias. [[W, b], [W, b]] is the same. The shapes decide between the
            two where only one fits.
flat        JSON, all weights in a row, layer by layer, W row by row and then b (estool: the first item of the file)
state_dict  PyTorch: Linear's weight is `(out, in)`; RNN, GRU and LSTM (and their Cells) have `weight_ih`, `weight_hh`
            and two biases, which are added; only the candidate of the GRU keeps its second bias, within the reset gate;
            the weight and bias of LayerNorm and BatchNorm are our gain and shift
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError
from evorobo.nets.spec import NetworkSpec


@dataclass(frozen=True, eq=False)
class ForeignLayer:
    """The parameters of one layer in our layout, and the name that it has in the file.

    A `gain` without a `mean` is a vector of which the file does not say what it does: layer normalization or another.
    """

    name: str
    parameters: dict[str, Array]

    @property
    def n_inputs(self) -> int:
        return int(self.parameters["weight" if "weight" in self.parameters else "gain"].shape[0])


def from_matrices(
    arrays: Iterable[Any], transposed: bool | None, where: str, spec: NetworkSpec | None
) -> list[ForeignLayer]:
    """One layer for each matrix, in order.

    Raises `DataError` where the matrices fit in both orientations, or not in the one that `transposed` names.
    """
    layers: list[ForeignLayer] = []
    for array in map(np.asarray, arrays):
        if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
            raise DataError(
                f"{where} holds {array.dtype} of shape {array.shape}; give matrices and vectors of numbers."
            )
        if array.ndim == 2:
            layers.append(ForeignLayer(f"matrix {len(layers)}", {"weight": array}))
        elif not layers or "bias" in layers[-1].parameters:
            raise DataError(f"{where}: a vector of {len(array)} numbers follows no matrix; the order is W, b, W, b.")
        else:
            layers[-1].parameters["bias"] = array
    turned = [ForeignLayer(layer.name, layer.parameters | {"weight": layer.parameters["weight"].T}) for layer in layers]
    fit, fit_turned = _fits(layers, spec), _fits(turned, spec)
    if transposed is None and fit and fit_turned and not _symmetric(layers):
        raise DataError(
            f"{where}: its matrices fit as (in, out) and as (out, in); say which they are with transposed=False or "
            "transposed=True (--no-transposed or --transposed)."
        )
    if transposed is not None and fit != fit_turned and transposed == fit:
        raise DataError(
            f"{where}: its matrices fit as {'(in, out)' if fit else '(out, in)'} alone; "
            f"leave out transposed={transposed}."
        )
    return turned if transposed or (transposed is None and fit_turned and not fit) else layers


def _fits(layers: Sequence[ForeignLayer], spec: NetworkSpec | None) -> bool:
    """Whether each matrix fits its bias and the next one, and both ends fit the spec."""
    widths = [layer.parameters["weight"].shape for layer in layers]
    ends = not spec or not widths or (widths[0][0], widths[-1][1]) == (spec.n_inputs, spec.n_outputs)
    chain = all(one[1] == other[0] for one, other in pairwise(widths))
    return (
        ends
        and chain
        and all(
            len(layer.parameters.get("bias", layer.parameters["weight"].T)) == width[1]
            for layer, width in zip(layers, widths, strict=True)
        )
    )


def _symmetric(layers: Iterable[ForeignLayer]) -> bool:
    return all(np.array_equal(layer.parameters["weight"], layer.parameters["weight"].T) for layer in layers)


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


def is_state_dict(names: Iterable[str]) -> bool:
    """Whether arrays have the names of a PyTorch module's parameters, such as "0.weight"."""
    return any(re.search(r"\.(weight|bias)(_|$)", name) for name in names)


def from_state_dict(arrays: Mapping[str, Array], where: str, transposed: bool = True) -> list[ForeignLayer]:
    """One layer for each module with weights, in the order of the state_dict."""
    modules: dict[tuple[str, str], dict[str, Array]] = {}
    for key, array in arrays.items():
        prefix, _, name = key.rpartition(".")
        stacked = re.search(r"_l\d+(_reverse)?$", name)
        suffix = stacked.group() if stacked else ""
        name = name.removesuffix(suffix)
        if "reverse" in suffix or name.startswith(("in_proj", "weight_hr")):
            raise DataError(f"{where}: {key} belongs to a kind of layer that has no counterpart here.")
        modules.setdefault((prefix, suffix), {})[name] = array
    return [
        ForeignLayer(prefix, _convert(f"{where}: {prefix or 'the module'}", prefix, weights, transposed))
        for (prefix, _), weights in modules.items()
    ]


_NO_COUNTERPART = re.compile(r"rms|group_?norm|instance_?norm|^[gi]n\d*$|prelu|embed")


def _convert(where: str, prefix: str, module: dict[str, Array], transposed: bool) -> dict[str, Array]:
    """The parameters of one module of PyTorch."""
    names = set(module)
    last_word = re.sub(r"(\.\d+)+$", "", prefix).rpartition(".")[2].lower()
    if _NO_COUNTERPART.search(last_word) or any(module[name].ndim > 2 for name in names):
        raise DataError(f"{where} is a kind of layer that has no counterpart here.")
    if {"running_mean", "running_var"} <= names:
        mean, variance = module["running_mean"], module["running_var"]
        gain, shift = module.get("weight", np.ones_like(mean)), module.get("bias", np.zeros_like(mean))
        return {"gain": gain, "shift": shift, "mean": mean, "variance": variance}
    if names <= {"weight", "bias"} and "weight" in names:
        if module["weight"].ndim == 1:
            ours = {"weight": "gain", "bias": "shift"}
            return {ours[name]: array for name, array in module.items()}
        return {name: array.T if transposed else array for name, array in module.items()}
    if not {"weight_ih", "weight_hh"} <= names:
        raise DataError(
            f"{where} holds {', '.join(sorted(names))}, which is no layer that has a counterpart here; choose others "
            "with only=(...) (--only)."
        )
    turned = {name: array.T if transposed else array for name, array in module.items()}
    parameters = {"weight": turned["weight_ih"], "recurrent": turned["weight_hh"]}
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
