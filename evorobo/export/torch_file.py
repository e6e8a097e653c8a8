"""A controller as a PyTorch module and its `state_dict`; the layers are PyTorch's own where it has them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.controller import ExportedController
from evorobo.export.decoding import BoundedOutputs, Decoding
from evorobo.export.encoding import write_encoding
from evorobo.export.exporter import Exporter
from evorobo.export.expressions import Variable
from evorobo.export.formulas import Functions
from evorobo.export.layers import describe_layer, unsupported_layer
from evorobo.export.numpy_file import python_definition, python_float, python_self_test
from evorobo.export.program import Assign, Comment, Concatenate, Instruction, MatMul, Program
from evorobo.export.text import Syntax, comment_lines, exact_literal, format_rows, indent_lines
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.registry import register_component

UNARY = (
    "absolute arccos arccosh arcsin arcsinh arctan arctanh ceil cos cosh deg2rad exp exp2 expm1 floor isfinite isinf "
    "isnan log log10 log1p log2 logical_not rad2deg sign sin sinh sqrt tan tanh trunc"
)
BINARY = "arctan2 copysign floor_divide fmax fmin fmod hypot logaddexp logical_and logical_or maximum minimum remainder"
FUNCTIONS = {
    **{name: f"torch.{name}({{}})" for name in UNARY.split()},
    **{name: f"torch.{name}({{}}, {{}})" for name in BINARY.split()},
    "power": "torch.pow({}, {})",
    "rint": "torch.round({})",
    "where": "torch.where({}, {}, {})",
}
SYNTAX = Syntax("PyTorch", FUNCTIONS.get, python_float, lambda number: f"torch.tensor({python_float(number)})")
ELMAN = '''

class Elman(nn.Module):
    """h' = activation(x W + h U + b), as nn.RNNCell, with any activation."""

    def __init__(self, inputs, units, activation, bias):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(units, inputs))
        self.weight_hh = nn.Parameter(torch.zeros(units, units))
        self.bias_ih = nn.Parameter(torch.zeros(units)) if bias else None
        self.activation = activation

    def forward(self, x, h):
        recurrent = 0.0 if h is None else h @ self.weight_hh.T
        return self.activation(nn.functional.linear(x, self.weight_ih, self.bias_ih) + recurrent)
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
        change = x @ self.weight_ih.T + torch.sigmoid(v + self.shift) @ self.weight_hh.T - v
        return v + torch.exp(-torch.clamp(self.log_tau, min=0)) * change
'''
TEMPLATE = '''\
"""{about}

    controller = Controller.load()
    action = controller(sensors)  # in each step
    controller.reset()  # before each episode

The weights are the state_dict in {weights}; `outputs` keeps gradients.
Run this file to compare it with recorded steps.
"""

from pathlib import Path

import torch
from torch import nn
{definitions}

class Controller(nn.Module):
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, to one action each."""

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
        """Set the state to zero; call it before each episode."""
        self.memory = {{}}

    def forward(self, sensors):
        """{action_text}"""
        return self.action(self.outputs(sensors)){index}

    def outputs(self, sensors):
        """The network's {n_outputs} outputs."""
{body}

    def action(self, outputs):
        """The action of these outputs."""
{action}


# recorded steps; the first one follows a reset
{recorded}

if __name__ == "__main__":
    controller = Controller.load()
    with torch.no_grad():
        outputs = [controller.outputs(row) for row in torch.tensor(SENSORS).reshape(-1, {n_sensors})]
        actions = [controller.action(row) for row in outputs]
    differences = [float((row - torch.tensor(expected)).abs().max()) for row, expected in zip(outputs, OUTPUTS)]
    difference = max(differences, default=0.0)
    expected_actions = [torch.tensor(expected, dtype=action.dtype) for action, expected in zip(actions, ACTIONS)]
    same = [torch.allclose(action, expected, 1e-4, 1e-4) for action, expected in zip(actions, expected_actions)]
    agree = all(same) and difference <= 1e-4 * (1 + {scale})
    print(f"{{len(outputs)}} recorded steps {{'agree' if agree else 'DIFFER'}}, largest difference {{difference:.1e}}")
    raise SystemExit(not agree)
'''


class ModuleCode(NamedTuple):
    """Of one layer: the call that makes its module, the lines of a step, and its entries of the state_dict."""

    module: str
    lines: list[str]
    parameters: dict[str, Array]


def write_torch(controller: ExportedController, weights: str) -> tuple[str, bytes]:
    """The text of the module, which loads its weights from the file of the name `weights`, and that file's content.

    Raises `SettingsError` where PyTorch is missing: it is needed to write its format.
    """
    try:
        import torch
    except ImportError as error:
        raise SettingsError("PyTorch's files are written by PyTorch: pip install 'evorobo[torch]'.") from error
    genome, functions = controller.genome, Functions()
    begin, lines, state = _inputs(controller)
    limits = action_limits(controller.decoding)
    begin += [f'self.register_buffer("{name}", torch.zeros({len(values)}))' for name, values in limits.items()]
    state |= limits
    x = lines[-1].split(" = ")[0] if lines else "sensors"
    for number, (layer, views) in enumerate(zip(genome.spec.layers, genome.spec.unpack(genome.weights), strict=True)):
        if type(layer) not in MODULE_WRITERS:
            raise unsupported_layer(layer, MODULE_WRITERS)
        code = MODULE_WRITERS[type(layer)](layer, genome.spec.widths[number], views, functions)
        name = f"layer{number}"
        begin.append(f"self.{name} = {code.module}  # {describe_layer(layer)}")
        lines += [line.format(x=x, y=f"y{number}", layer=f"self.{name}", memory=f'"{name}"') for line in code.lines]
        state |= {f"{name}.{parameter}": values for parameter, values in code.parameters.items()}
        x = f"y{number}"
    lines.append(f"return {x} * self.output_sd + self.output_mean" if genome.output_scaler else f"return {x}")
    kinds = {type(layer) for layer in genome.spec.layers}
    definitions = "".join(map(python_definition(SYNTAX), functions.formulas.values()))
    recorded = vars(controller.self_test)
    text = TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "")),
        weights=weights,
        definitions=definitions + (ELMAN if Elman in kinds else "") + (CTRNN_CELL if CTRNN in kinds else ""),
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        begin=indent_lines(begin),
        action_text=comment_lines(controller.header, "")[-1],
        index=controller.action_index,
        body=indent_lines(lines),
        action=indent_lines(_action(controller.decoding)),
        recorded="\n".join(_list(name.upper(), values) for name, values in recorded.items()),
        scale=float(np.abs(controller.self_test.outputs).max(initial=0.0)),
    )
    buffer = io.BytesIO()
    torch.save({name: torch.tensor(np.asarray(values, np.float32)) for name, values in state.items()}, buffer)
    return text, buffer.getvalue()


def _activated(key: str, x: str, functions: Functions) -> str:
    """The activation of `x`, as text."""
    term = functions.activation(key, Variable(x, 0))
    return SYNTAX.write(term, lambda variable: variable.name, functions.formulas)


def _dense(layer: Dense, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    module = f"nn.Linear({n_inputs}, {layer.units}{'' if layer.bias else ', bias=False'})"
    parameters = {"weight": views["weight"].T} | ({"bias": views["bias"]} if layer.bias else {})
    return ModuleCode(module, ["{y} = " + _activated(layer.activation, "{layer}({x})", functions)], parameters)


def _layer_norm(layer: LayerNorm, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    module = f"nn.LayerNorm({n_inputs}, eps={layer.epsilon!r})"
    return ModuleCode(module, ["{y} = {layer}({x})"], {"weight": views["gain"], "bias": views["shift"]})


_RECURRENT_STEP = "{y} = self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))"


def _recurrent_weights(views: dict[str, Array]) -> dict[str, Array]:
    return {"weight_ih": views["weight"].T, "weight_hh": views["recurrent"].T}


def _elman(layer: Elman, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    activation = "lambda z: " + _activated(layer.activation, "z", functions)
    module = f"Elman({n_inputs}, {layer.units}, {activation}, {layer.bias})"
    bias = {"bias_ih": views["bias"]} if layer.bias else {}
    return ModuleCode(module, [_RECURRENT_STEP], _recurrent_weights(views) | bias)


def _gru(layer: GRU, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    zeros = np.zeros(2 * layer.units)
    biases = {"bias_ih": views["bias"], "bias_hh": np.concatenate([zeros, views["candidate"]])}
    module = f"nn.GRUCell({n_inputs}, {layer.units})"
    return ModuleCode(module, [_RECURRENT_STEP], _recurrent_weights(views) | biases)


def _lstm(layer: LSTM, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    biases = {"bias_ih": views["bias"], "bias_hh": np.zeros(4 * layer.units)}
    lines = ["self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))", "{y} = self.memory[{memory}][0]"]
    return ModuleCode(f"nn.LSTMCell({n_inputs}, {layer.units})", lines, _recurrent_weights(views) | biases)


def _ctrnn(layer: CTRNN, n_inputs: int, views: dict[str, Array], functions: Functions) -> ModuleCode:
    lines = [
        "self.memory[{memory}] = {layer}({x}, self.memory.get({memory}))",
        "{y} = torch.sigmoid(self.memory[{memory}] + {layer}.shift)",
    ]
    parameters = {"shift": views["shift"], "log_tau": views["log_tau"]}
    return ModuleCode(f"CTRNN({n_inputs}, {layer.units})", lines, _recurrent_weights(views) | parameters)


MODULE_WRITERS: dict[type, Callable[[Any, int, dict[str, Array], Functions], ModuleCode]] = {
    Dense: _dense,
    LayerNorm: _layer_norm,
    Elman: _elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}


def _inputs(controller: ExportedController) -> tuple[list[str], list[str], dict[str, Array]]:
    """What comes before the network: buffers, lines of a step of which the last assigns its inputs, and their values.

    The buffers of the outputs' scaler are among them.
    """
    genome, program = controller.genome, Program()
    x = Variable("sensors", controller.n_sensors)
    if controller.data:
        x = write_encoding(program, controller.data, x)
    lines = [line for instruction in program.instructions for line in _instruction(instruction, program)]
    state = dict(program.constants)
    if genome.input_scaler:
        lines.append(f"x = ({x.name} - self.sensor_mean) / self.sensor_sd")
    elif controller.data:
        lines.append(f"x = {x.name}")
    for name, scaler in (("sensor", genome.input_scaler), ("output", genome.output_scaler)):
        if scaler:
            state |= {f"{name}_mean": scaler.mean, f"{name}_sd": scaler.sd}
    begin = [
        f'self.register_buffer("{name}", torch.zeros({", ".join(map(str, np.shape(values)))}))'
        for name, values in state.items()
    ]
    return begin, lines, state


def _instruction(instruction: Instruction, program: Program) -> list[str]:
    """The lines of an instruction. Constants are buffers; a state is zero until it is assigned."""

    def value(variable: Variable) -> str:
        if variable.name in program.state:
            return f'self.memory.get("{variable.name}", torch.zeros({variable.size}))'
        return f"self.{variable.name}" if variable.name in program.constants else variable.name

    match instruction:
        case Comment(text):
            return [f"# {text}"]
        case MatMul(into, x, weight, None):
            return [f"{into.name} = {value(x)} @ self.{weight}"]
        case Assign(into, expression):
            target = f'self.memory["{into.name}"]' if into.name in program.state else into.name
            return [f"{target} = {SYNTAX.write(expression, value, program.functions.formulas)}"]
        case Concatenate(into, parts):
            return [f"{into.name} = torch.cat([{', '.join(map(value, parts))}], dim=-1)"]
    raise AssertionError(instruction)


def action_limits(decoding: Decoding) -> dict[str, Array]:
    """Entries of the state_dict for motors with limits; those of a center and a half range mean scaled outputs."""
    if not isinstance(decoding, BoundedOutputs):
        return {}
    with np.errstate(over="ignore"):  # a limit beyond single precision is none
        limits = {"action_low": decoding.low.astype(np.float32), "action_high": decoding.high.astype(np.float32)}
    if not decoding.scaled:
        return limits
    half, center = (decoding.high - decoding.low) / 2, (decoding.high + decoding.low) / 2
    return limits | {"action_center": center, "action_half": half}


def _action(decoding: Decoding) -> list[str]:
    """The lines that make an action of the outputs."""
    if decoding.sizes:
        lines = [f"groups = outputs.split({list(decoding.sizes)}, dim=-1)"]
        numbers = "torch.stack([group.argmax(-1) for group in groups], dim=-1)"
        return [*lines, f"return {numbers} + torch.tensor({list(decoding.starts)})"]
    if not isinstance(decoding, BoundedOutputs):
        return ["return outputs"]
    lines = ["outputs = self.action_center + self.action_half * outputs"] if decoding.scaled else []
    lines += ["outputs = torch.round(outputs)"] if decoding.whole else []
    return [*lines, "return torch.minimum(torch.maximum(outputs, self.action_low), self.action_high)"]


def _list(name: str, values: Array) -> str:
    return "\n".join([f"{name} = [", *format_rows(values, exact_literal, "[", "]"), "]"])


def _write(controller: ExportedController, path: Path) -> dict[Path, str | bytes]:
    weights = path.with_suffix(".pt")
    text, content = write_torch(controller, weights.name)
    return {path: text, weights: content}


register_component("exporter", "torch")(
    Exporter("a PyTorch module, and its state_dict", "controller_torch.py", _write, python_self_test)
)
