"""A controller as a Python file that needs NumPy and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.export.controller import ExportedController
from evorobo.export.exporter import Exporter
from evorobo.export.expressions import Variable, VariableSlice
from evorobo.export.formulas import Formula
from evorobo.export.program import Assign, Comment, Concatenate, Instruction, MatMul, Normalize, Program
from evorobo.export.text import Syntax, comment_lines, exact_literal, format_rows, indent_lines
from evorobo.registry import register_component

TEMPLATE = '''\
"""{about}

    controller = Controller()
    action = controller(sensors)  # in each step
    controller.reset()  # before each episode

Run this file to compare it with recorded steps.
"""

import numpy as np
{definitions}

class Controller:
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, to one action each."""

    def __init__(self):
        self.reset()

    def reset(self):
        """{reset_text}"""{reset}

    def __call__(self, sensors):
        """{action}"""
        return self.step(sensors)[1]{index}

    def step(self, sensors):
        """The network's {n_outputs} outputs, and {what}."""
        sensors = np.asarray(sensors, float)
{body}


{constants}

# recorded steps; the first one follows a reset
{recorded}

if __name__ == "__main__":
    controller = Controller()
    results = [controller.step(row) for row in SENSORS]
    differences = [np.abs(outputs - expected).max() for (outputs, _), expected in zip(results, OUTPUTS)]
    difference = max(differences, default=0.0)
    same = all(np.allclose(action, expected, 1e-6, 1e-6) for (_, action), expected in zip(results, ACTIONS))
    agree = same and difference <= 1e-6 * max(1.0, np.abs(OUTPUTS).max(initial=0.0))
    print(f"{{len(SENSORS)}} recorded steps {{'agree' if agree else 'DIFFER'}}, largest difference {{difference:.1e}}")
    raise SystemExit(not agree)
'''


def _template(function: str) -> str | None:
    """The call of a function of NumPy, if it has one of that name."""
    function_of_numpy = getattr(np, function, None)
    if isinstance(function_of_numpy, np.ufunc):
        return f"np.{function}({', '.join(['{}'] * function_of_numpy.nin)})"
    return {"where": "np.where({}, {}, {})", "clip": "np.clip({}, {}, {})"}.get(function)


def python_float(number: float) -> str:
    return repr(number) if np.isfinite(number) else f'float("{number}")'


SYNTAX = Syntax("NumPy", _template, python_float, python_float)


def write_numpy(controller: ExportedController) -> str:
    """The text of the file."""
    program, outputs, action = controller.to_program()
    value, decoding = _names(program), controller.decoding
    chosen = value(action)
    if decoding.sizes:
        ends = np.cumsum(decoding.sizes)
        groups = zip(ends - decoding.sizes, ends, decoding.starts, strict=True)
        indices = [
            f"{value(outputs.part(start, end))}.argmax(-1)" + (f" + {first}" if first else "")
            for start, end, first in groups
        ]
        chosen = f"np.stack([{', '.join(indices)}], axis=-1)"
    lines = [line for instruction in program.instructions for line in _write_instruction(instruction, program)]
    recorded = vars(controller.self_test)
    return TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "")),
        definitions="".join(map(python_definition(SYNTAX), program.functions.formulas.values())),
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        reset_text="Set the state to zero; call it before each episode."
        if program.state
        else "Nothing: it has no state.",
        reset="".join(f"\n        self.{name} = np.zeros({size})" for name, size in program.state.items()),
        action=comment_lines(controller.header, "")[-1],
        index=controller.action_index,
        what="the index of the largest of each group" if decoding.sizes else "the action",
        body=indent_lines([*lines, f"return {value(outputs)}, {chosen}"]),
        constants="\n".join(_array(name, values) for name, values in program.constants.items()),
        recorded="\n".join(_array(name.upper(), np.asarray(values)) for name, values in recorded.items()),
    )


def python_definition(syntax: Syntax) -> Callable[[Formula], str]:
    """What writes formulas as Python functions in that syntax."""

    def define(formula: Formula) -> str:
        steps, result = syntax.body(formula)
        lines = [f"{name} = {value}" for name, value in steps]
        return f"\n\ndef {formula.name}(z):\n{indent_lines([*lines, f'return {result}'], 4)}\n"

    return define


def _names(program: Program) -> Callable[[Variable], str]:
    def name(variable: Variable) -> str:
        text = f"self.{variable.name}" if variable.name in program.state else variable.name
        if isinstance(variable, VariableSlice):
            return f"{text}[..., {variable.start}:{variable.start + variable.size}]"
        return text

    return name


def _write_instruction(instruction: Instruction, program: Program) -> list[str]:
    value = _names(program)
    match instruction:
        case Comment(text):
            return [f"# {text}"]
        case MatMul(into, x, weight, bias):
            return [f"{value(into)} = {value(x)} @ {weight}" + (f" + {bias}" if bias else "")]
        case Normalize(into, x, gain, shift, epsilon):
            y = value(into)
            return [
                f"{y} = {value(x)} - {value(x)}.mean(-1, keepdims=True)",
                f"{y} = {gain} * {y} / np.sqrt(({y}**2).mean(-1, keepdims=True) + {epsilon!r}) + {shift}",
            ]
        case Assign(into, expression):
            return [f"{value(into)} = {SYNTAX.write(expression, value, program.functions.formulas)}"]
        case Concatenate(into, parts):
            return [f"{value(into)} = np.concatenate([{', '.join(map(value, parts))}], axis=-1)"]
    raise AssertionError(instruction)


def _array(name: str, values: Array) -> str:
    kind = ", np.float32" if values.dtype == np.float32 else ""
    if not values.size:
        return f"{name} = np.zeros({values.shape})"
    opening, closing = ("[", "]") if values.ndim > 1 else ("", "")
    lines = format_rows(values, exact_literal, opening, closing)
    if values.ndim == 1 and len(lines) == 1:
        return f"{name} = np.array([{lines[0].strip().removesuffix(',')}]{kind})"
    return "\n".join([f"{name} = np.array([", *lines, f"]{kind})"])


def python_self_test(path: Path) -> str:
    """The command that runs the test of a Python file."""
    return f"python {shlex.quote(str(path))}"


register_component("exporter", "numpy")(
    Exporter(
        "Python with NumPy alone",
        "controller.py",
        lambda controller, path: {path: write_numpy(controller)},
        python_self_test,
    )
)
