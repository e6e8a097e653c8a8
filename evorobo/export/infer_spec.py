"""The network that follows from the names and shapes of imported parameters; what they leave open is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evorobo.errors import DataError, SettingsError, unknown
from evorobo.export.layouts import ForeignLayer
from evorobo.nets.batch_norm import BatchNorm
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer
from evorobo.nets.lstm import LSTM
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import components


def infer_spec(layers: Sequence[ForeignLayer], activation: str, output: str, where: str) -> NetworkSpec:
    """The spec of these layers.

    Raises `DataError` for a normalization of which the file says neither its kind nor its side of the activation.
    """
    found: list[Layer] = []
    weighted = [number for number, layer in enumerate(layers) if "weight" in layer.parameters]
    ends_dense = weighted and "recurrent" not in layers[weighted[-1]].parameters
    for number, layer in enumerate(layers):
        follows = output if ends_dense and number >= weighted[-1] else activation
        if "gain" not in layer.parameters:
            found.append(_infer_layer(layer, follows))
        elif "mean" not in layer.parameters:
            raise _ask_for_kind(layers, number, activation, where)
        elif not found:
            found.append(BatchNorm())
        elif isinstance(found[-1], Dense):
            units = found[-1].units
            if _precedes_activation(layers, number, activation, where):
                found[-1] = Dense(units, "identity", bias=found[-1].bias)
                found.append(BatchNorm(activation=follows))
            else:
                found.append(BatchNorm())
        else:
            found.append(BatchNorm())
    return NetworkSpec(layers[0].n_inputs, tuple(found))


def _infer_layer(layer: ForeignLayer, activation: str) -> Layer:
    parameters = layer.parameters
    columns = int(parameters["weight"].shape[1])
    if "recurrent" not in parameters:
        return Dense(columns, activation, bias="bias" in parameters)
    if "log_tau" in parameters:
        return CTRNN(columns)
    units = int(parameters["recurrent"].shape[0])
    if "candidate" in parameters:
        return GRU(units)
    return LSTM(units) if columns == 4 * units else Elman(units, activation, bias="bias" in parameters)


def _precedes_activation(layers: Sequence[ForeignLayer], number: int, activation: str, where: str) -> bool:
    """Whether a batch norm stands before the activation: the numbers of a Sequential show where it is."""
    before = _modules_between(layers[number - 1], layers[number])
    after = _modules_between(layers[number], layers[number + 1]) if number + 1 < len(layers) else 0 if before else 1
    if before is not None and after is not None and (before == 0) != (after == 0):
        return before == 0
    first = _spec_text(layers, number, f"{{units}}:identity,BatchNorm:{activation}", activation)
    second = _spec_text(layers, number, f"{{units}}:{activation},BatchNorm", activation)
    raise DataError(
        f"{where}: {layers[number].name} is a batch norm, and the file does not say on which side of the activation; "
        f"give the spec, with BatchNorm(activation={activation!r}) after an identity layer if the activation follows "
        f"it (--layers {first}), or with BatchNorm() after it (--layers {second})."
    )


def _modules_between(one: ForeignLayer, other: ForeignLayer) -> int | None:
    """How many modules without weights stand between two modules of one Sequential; None for other names."""
    matches = [re.fullmatch(r"((?:.*\.)?)(\d+)", layer.name) for layer in (one, other)]
    if matches[0] is None or matches[1] is None or matches[0][1] != matches[1][1]:
        return None
    return int(matches[1][2]) - int(matches[0][2]) - 1


def _ask_for_kind(layers: Sequence[ForeignLayer], number: int, activation: str, where: str) -> DataError:
    layer = layers[number]
    units = layer.n_inputs
    if "shift" in layer.parameters:
        kinds = "LayerNorm, GroupNorm or InstanceNorm"
    elif units == 1:
        return DataError(f"{where}: {layer.name} holds one number, as PReLU does, which has no counterpart here.")
    else:
        kinds = "RMSNorm, PReLU or a LayerNorm without a bias"
    text = _spec_text(layers, number, f"{{units}}:{activation},LayerNorm", activation)
    return DataError(
        f"{where}: {layer.name} may be {kinds}; if it is a LayerNorm after the activation, give a spec with "
        f"LayerNorm() (--layers {text}), since the others have no counterpart here."
    )


def _spec_text(layers: Sequence[ForeignLayer], number: int, norm: str, activation: str) -> str:
    """The text of `--layers` for these layers, in which `norm` stands for the layer of that number and its input."""
    parts = [str(layers[0].n_inputs)]
    for index, layer in enumerate(layers):
        if index == number:
            units = parts.pop().partition(":")[0]
            parts.append(norm.format(units=units))
        elif "gain" in layer.parameters:
            parts.append("BatchNorm" if "mean" in layer.parameters else "LayerNorm")
        else:
            name = type(_infer_layer(layer, activation)).__name__
            parts.append(("" if name == "Dense" else f"{name}:") + str(_infer_layer(layer, activation).width(1)))
    return ",".join(parts)


def parse_layers(text: str, activation: str, output: str) -> NetworkSpec:
    """The spec of `--layers 24,40,GRU:8,LayerNorm,4`: inputs, hidden layers, outputs.

    A number is a dense layer, with its activation after a colon if it has one of its own; a layer of another kind is
    its name, with its units or its activation after a colon.
    """
    parts = [part.strip() for part in text.split(",")]
    if not parts[0].isdecimal():
        raise SettingsError(f"--layers takes widths such as 24,40,40,4, not {text!r}.")
    if len(parts) < 2:
        raise SettingsError(f"--layers needs at least the numbers of sensors and outputs, such as 4,2, not {text!r}.")
    hidden = (_parse_layer(part, activation) for part in parts[1:-1])
    return NetworkSpec(int(parts[0]), (*hidden, _parse_layer(parts[-1], output)))


def _parse_layer(part: str, activation: str) -> Layer:
    name, _, setting = part.partition(":")
    if name.isdecimal():
        return Dense(int(name), setting or activation)
    kinds = {component.key: component.thing for component in components("layer")}
    if name not in kinds:
        raise unknown("layer", name, kinds)
    arguments = {"units": int(setting)} if setting.isdecimal() else {"activation": setting} if setting else {}
    try:
        return kinds[name](**arguments)
    except TypeError as error:
        raise SettingsError(
            f"--layers: {part!r} is no layer ({error}); write the number of units, as in GRU:8."
        ) from error


def has_outputs_within_one(spec: NetworkSpec) -> bool:
    """Whether the outputs of the network are from -1 to 1 by their activation."""
    last = spec.layers[-1]
    return isinstance(last, GRU | LSTM) or vars(last).get("activation") == "tanh"
