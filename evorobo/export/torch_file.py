"""A controller as a PyTorch module and its `state_dict`: the layers are PyTorch's own where it has them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.blueprint import ExportedController
from evorobo.export.decoding import BoundedOutputs, Decoding
from evorobo.export.layers import describe_layer, unsupported_layer
from evorobo.export.words import comment_lines, exact_literal, format_rows, indent_lines
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM

ACTIVATIONS = {
    "tanh": "torch.tanh({})",
    "relu": "torch.relu({})",
    "leaky_relu": "nn.functional.leaky_relu({}, 0.01)",
    "elu": "nn.functional.elu({})",
    "sigmoid": "torch.sigmoid({})",
    "softplus": "nn.functional.softplus({})",
    "gelu": 'nn.functional.gelu({}, approximate="tanh")',
    "identity": "{}",
}
ELMAN = '''

class Elman(nn.Module):
    """h' = activation(x W + h U + b), as nn.RNNCell, under any activation."""

    def __init__(self, inputs, units, activation, bias):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(units, inputs))
        self.weight_hh = nn.Parameter(torch.zeros(units, units))
        self.bias_ih = nn.Parameter(torch.zeros(units)) if bias else None
        self.activation = activation

    def forward(self, x, h):
        recalled = 0.0 if h is None else h @ self.weight_hh.T
        return self.activation(nn.functional.linear(x, self.weight_ih, self.bias_ih) + recalled)
'''
CTRNN_CELL = '''

class CTRNN(nn.Module):
    """v' = v + exp(-log_tau) (x W + sigmoid(v + shift) U - v) with log_tau >= 0; the output is sigmoid(v' + shift)."""

    def __init__(self, inputs, units):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(units, inputs))
        self.weight_hh = nn.Parameter(torch.zeros(units, units))
        self.shift = nn.Parameter(torch.zeros(units))
        self.log_tau = nn.Parameter(torch.zeros(units))

    def forward(self, x, v):
        v = torch.zeros_like(x @ self.weight_ih.T) if v is None else v
        pull = x @ self.weight_ih.T + torch.sigmoid(v + self.shift) @ self.weight_hh.T - v
        return v + torch.exp(-torch.clamp(self.log_tau, min=0)) * pull
'''
TEMPLATE = '''\
"""{about}

    controller = Controller.load()
    action = controller(sensors)  # and again for each step
    controller.reset()  # before each episode

The weights are the state_dict in {weights}; `outputs` keeps gradients. Run this file to test it against what was
recorded when it was made.
"""

from pathlib import Path

import torch
from torch import nn
{classes}

class Controller(nn.Module):
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, in; an action for each out."""

    def __init__(self):
        super().__init__()
{begin}
        self.reset()

    @classmethod
    def load(cls, path=Path(__file__).with_name("{weights}")):
        controller = cls()
        controller.load_state_dict(torch.load(path, weights_only=True))
        return controller

    def reset(self):
        """Forget what was: call it before each episode."""
        self.memory = {{}}

    def forward(self, sensors):
        """{answers}"""
        return self.action(self.outputs(sensors)){pick}

    def outputs(self, sensors):
        """What the network answers, {n_outputs} outputs."""
{body}

    def action(self, outputs):
        """What is made of the outputs."""
{action}


# recorded: steps in a row, the first without memory
{recorded}

if __name__ == "__main__":
    controller = Controller.load()
    with torch.no_grad():
        outputs = [controller.outputs(row) for row in torch.tensor(SENSORS).reshape(-1, {n_sensors})]
        actions = [controller.action(each) for each in outputs]
    gaps = [float((each - torch.tensor(right)).abs().max()) for each, right in zip(outputs, OUTPUTS)]
    wanted = [torch.tensor(right, dtype=each.dtype) for each, right in zip(actions, ACTIONS)]
    same = [torch.allclose(each, right, 1e-4, 1e-4) for each, right in zip(actions, wanted)]
    fine = all(same) and max(gaps, default=0.0) <= 1e-4 * (1 + {scale})
    verdict = "agree" if fine else "DIFFER"
    print(f"{{len(gaps)}} recorded steps {{verdict}}, largest gap {{max(gaps, default=0.0):.1e}}")
    raise SystemExit(not fine)
'''


def write_torch(controller: ExportedController, weights: str) -> tuple[str, bytes]:
    """The text of the module, which finds its weights in the file of the name `weights`, and that file's content.

    Raises `SettingsError` where PyTorch is missing: it is needed to write its format.
    """
    try:
        import torch
    except ImportError as error:
        raise SettingsError("PyTorch's files are written by PyTorch: pip install 'evorobo[torch]'.") from error
    genome, recording = controller.genome, controller.self_test
    begin, moment, state = _head(controller)
    x = "x" if genome.input_scaler else "sensors"
    for number, (layer, views) in enumerate(zip(genome.spec.layers, genome.spec.unpack(genome.weights), strict=True)):
        if type(layer) not in MODULE_WRITERS:
            raise unsupported_layer(layer, MODULE_WRITERS)
        module, call, parameters = MODULE_WRITERS[type(layer)](layer, genome.spec.widths[number], views)
        name = f"layer{number}"
        begin.append(f"self.{name} = {module}  # {describe_layer(layer)}")
        moment += [line.format(x=x, y=f"y{number}", layer=f"self.{name}", memory=f'"{name}"') for line in call]
        state |= {f"{name}.{each}": values for each, values in parameters.items()}
        x = f"y{number}"
    moment.append(f"return {x} * self.output_sd + self.output_mean" if genome.output_scaler else f"return {x}")
    kinds = {type(layer) for layer in genome.spec.layers}
    text = TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "")),
        weights=weights,
        classes=(ELMAN if Elman in kinds else "") + (CTRNN_CELL if CTRNN in kinds else ""),
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        begin=indent_lines(begin),
        answers=comment_lines(controller.header, "")[-1],
        pick=controller.action_index,
        body=indent_lines(moment),
        action=indent_lines(_action(controller.decoding)),
        recorded="\n".join(_list(name.upper(), getattr(recording, name)) for name in ("sensors", "outputs", "actions")),
        scale=float(np.abs(recording.outputs).max(initial=0.0)),
    )
    buffer = io.BytesIO()
    torch.save({name: torch.tensor(np.asarray(values, np.float32)) for name, values in state.items()}, buffer)
    return text, buffer.getvalue()


ModuleCode = tuple[str, list[str], dict[str, Array]]
"""Of a layer: what makes its module, the lines of a moment, and the module's parameters as PyTorch lays them out."""


def _dense(layer: Dense, inputs: int, views: dict[str, Array]) -> ModuleCode:
    made = f"nn.Linear({inputs}, {layer.units}{'' if layer.bias else ', bias=False'})"
    parameters = {"weight": views["weight"].T} | ({"bias": views["bias"]} if layer.bias else {})
    return made, ["{y} = " + ACTIVATIONS[layer.activation].format("{layer}({x})")], parameters


def _layer_norm(layer: LayerNorm, inputs: int, views: dict[str, Array]) -> ModuleCode:
    made = f"nn.LayerNorm({inputs}, eps={layer.epsilon!r})"
    return made, ["{y} = {layer}({x})"], {"weight": views["gain"], "bias": views["shift"]}


def _remembering(views: dict[str, Array]) -> dict[str, Array]:
    return {"weight_ih": views["weight"].T, "weight_hh": views["recurrent"].T}


def _elman(layer: Elman, inputs: int, views: dict[str, Array]) -> ModuleCode:
    bend = "lambda z: " + ACTIVATIONS[layer.activation].format("z")
    made = f"Elman({inputs}, {layer.units}, {bend}, {layer.bias})"
    bias = {"bias_ih": views["bias"]} if layer.bias else {}
    return made, ["{y} = self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))"], _remembering(views) | bias


def _gru(layer: GRU, inputs: int, views: dict[str, Array]) -> ModuleCode:
    silent = np.zeros(2 * layer.units)
    biases = {"bias_ih": views["bias"], "bias_hh": np.concatenate([silent, views["candidate"]])}
    lines = ["{y} = self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))"]
    return f"nn.GRUCell({inputs}, {layer.units})", lines, _remembering(views) | biases


def _lstm(layer: LSTM, inputs: int, views: dict[str, Array]) -> ModuleCode:
    biases = {"bias_ih": views["bias"], "bias_hh": np.zeros(4 * layer.units)}
    lines = ["self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))", "{y} = self.memory[{memory}][0]"]
    return f"nn.LSTMCell({inputs}, {layer.units})", lines, _remembering(views) | biases


def _ctrnn(layer: CTRNN, inputs: int, views: dict[str, Array]) -> ModuleCode:
    lines = [
        "self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))",
        "{y} = torch.sigmoid(self.memory[{memory}] + {layer}.shift)",
    ]
    own = {"shift": views["shift"], "log_tau": views["log_tau"]}
    return f"CTRNN({inputs}, {layer.units})", lines, _remembering(views) | own


MODULE_WRITERS: dict[type, Callable[[Any, int, dict[str, Array]], ModuleCode]] = {
    Dense: _dense,
    LayerNorm: _layer_norm,
    Elman: _elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}


def _head(controller: ExportedController) -> tuple[list[str], list[str], dict[str, Array]]:
    """What the scalings add: buffers, the first line of a moment, and entries of the state_dict."""
    genome, begin, moment, state = controller.genome, [], [], {}
    for name, scaling in (("sensor", genome.input_scaler), ("output", genome.output_scaler)):
        if scaling:
            for each in ("mean", "sd"):
                state[f"{name}_{each}"] = getattr(scaling, each)
                begin.append(f'self.register_buffer("{name}_{each}", torch.zeros({len(scaling.mean)}))')
    if genome.input_scaler:
        moment.append("x = (sensors - self.sensor_mean) / self.sensor_sd")
    return begin, moment, state


def _action(decoding: Decoding) -> list[str]:
    if decoding.sizes:
        lines = [f"groups = outputs.split({list(decoding.sizes)}, dim=-1)"]
        numbers = "torch.stack([group.argmax(-1) for group in groups], dim=-1)"
        return [*lines, f"return {numbers} + torch.tensor({list(decoding.starts)})"]
    if not isinstance(decoding, BoundedOutputs):
        return ["return outputs"]
    low, high = (f"torch.tensor([{', '.join(map(_float, each.tolist()))}])" for each in (decoding.low, decoding.high))
    spread = "low + (outputs + 1) / 2 * (high - low)" if decoding.bounded else "outputs"
    return [f"low = {low}", f"high = {high}", f"return torch.minimum(torch.maximum({spread}, low), high)"]


def _float(number: float) -> str:
    return repr(number) if np.isfinite(number) else f'float("{number}")'


def _list(name: str, values: Array) -> str:
    return "\n".join([f"{name} = [", *format_rows(values, exact_literal, "[", "]"), "]"])
