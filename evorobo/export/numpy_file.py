"""A controller as a Python file that needs NumPy and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.export.blueprint import ExportedController
from evorobo.export.steps import Assign, Comment, Instruction, MatMul, Normalize, Variable, VariableSlice
from evorobo.export.words import comment_lines, exact_literal, format_rows, indent_lines, to_infix

FUNCTIONS = {
    "tanh": "np.tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "softplus": "softplus",
    "gelu": "gelu",
    "minimum": "np.minimum",
    "maximum": "np.maximum",
}
DEFINITIONS = {
    "sigmoid": "(np.tanh(z / 2) + 1) / 2",
    "relu": "np.maximum(z, 0)",
    "leaky_relu": "np.maximum(z, 0.01 * z)",
    "elu": "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))",
    "softplus": "np.logaddexp(z, 0)",
    "gelu": "z * (np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)) + 1) / 2",
}
TEMPLATE = '''\
"""{about}

    controller = Controller()
    action = controller(sensors)  # and again for each step
    controller.reset()  # before each episode

Run this file to test it against what was recorded when it was made.
"""

import numpy as np
{definitions}

class Controller:
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, in; an action for each out."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget what was: {forgets}."""{reset}

    def __call__(self, sensors):
        """{answers}"""
        return self.step(sensors)[1]{pick}

    def step(self, sensors):
        """The network's {n_outputs} outputs, and {what}."""
        sensors = np.asarray(sensors, float)
{body}


{constants}

# recorded: steps in a row, the first without memory
{recorded}

if __name__ == "__main__":
    controller = Controller()
    told = [controller.step(row) for row in SENSORS]
    gap = max((np.abs(outputs - right).max() for (outputs, _), right in zip(told, OUTPUTS)), default=0.0)
    same = all(np.allclose(action, right, 1e-6, 1e-6) for (_, action), right in zip(told, ACTIONS))
    fine = same and gap <= 1e-6 * max(1.0, np.abs(OUTPUTS).max(initial=0.0))
    print(f"{{len(SENSORS)}} recorded steps {{'agree' if fine else 'DIFFER'}}, largest gap {{gap:.1e}}")
    raise SystemExit(not fine)
'''


def write_numpy(controller: ExportedController) -> str:
    """The text of the file."""
    program, outputs, action = controller.to_program()
    remembered = program.memory
    value, result = _value(remembered), controller.decoding
    picks = value(action)
    if result.sizes:
        ends = np.cumsum(result.sizes)
        groups = zip(ends - result.sizes, ends, result.starts, strict=True)
        picked = [
            f"{value(outputs.part(a, b))}.argmax(-1)" + (f" + {first}" if first else "") for a, b, first in groups
        ]
        picks = f"np.stack([{', '.join(picked)}], axis=-1)"
    what = "the numbers of the largest, group by group" if result.sizes else "the action"
    lines = [line for step in program.instructions for line in _say(step, remembered)]
    used = [name for name in DEFINITIONS if name in program.functions()]
    recording = controller.self_test
    return TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "")),
        definitions="".join(f"\n\ndef {name}(z):\n    return {DEFINITIONS[name]}\n" for name in used),
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        forgets="call it before each episode" if remembered else "nothing, for this network does not remember",
        reset="".join(f"\n        self.{name} = np.zeros({size})" for name, size in remembered.items()),
        answers=comment_lines(controller.header, "")[-1],
        pick=controller.action_index,
        what=what,
        body=indent_lines([*lines, f"return {value(outputs)}, {picks}"]),
        constants="\n".join(_array(name, values) for name, values in program.constants.items()),
        recorded="\n".join(
            _array(name.upper(), np.asarray(getattr(recording, name))) for name in ("sensors", "outputs", "actions")
        ),
    )


def _value(remembered: dict[str, int]) -> Callable[[Variable], str]:
    def value(name: Variable) -> str:
        text = f"self.{name.name}" if name.name in remembered else name.name
        return f"{text}[..., {name.start}:{name.start + name.size}]" if isinstance(name, VariableSlice) else text

    return value


def _say(step: Instruction, remembered: dict[str, int]) -> list[str]:
    value = _value(remembered)
    match step:
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
        case Assign(into, term):
            return [f"{value(into)} = {to_infix(term, value, FUNCTIONS)}"]
    raise AssertionError(step)


def _array(name: str, values: Array) -> str:
    kind = ", np.float32" if values.dtype == np.float32 else ""
    if not values.size:
        return f"{name} = np.zeros({values.shape})"
    lines = (
        format_rows(values, exact_literal, "[", "]") if values.ndim > 1 else format_rows(values, exact_literal, "", "")
    )
    if values.ndim == 1 and len(lines) == 1:
        return f"{name} = np.array([{lines[0].strip().removesuffix(',')}]{kind})"
    return "\n".join([f"{name} = np.array([", *lines, f"]{kind})"])
