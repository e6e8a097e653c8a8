"""A controller as an ONNX graph in single precision, and a short script that runs and tests it under onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.controller import ExportedController
from evorobo.export.exporter import Exporter
from evorobo.export.expressions import EXPANSIONS, Call, Constant, Expression, Variable, VariableSlice
from evorobo.export.formulas import Formula
from evorobo.export.numpy_file import python_self_test
from evorobo.export.program import Assign, Comment, Concatenate, Instruction, MatMul, Normalize, Program
from evorobo.export.text import comment_lines
from evorobo.registry import register_component

OPSET = 17  # the first with LayerNormalization
OPERATORS = {
    "absolute": "Abs",
    "add": "Add",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "divide": "Div",
    "equal": "Equal",
    "exp": "Exp",
    "floor": "Floor",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "isinf": "IsInf",
    "isnan": "IsNaN",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "log": "Log",
    "logical_and": "And",
    "logical_not": "Not",
    "logical_or": "Or",
    "maximum": "Max",
    "minimum": "Min",
    "multiply": "Mul",
    "negative": "Neg",
    "power": "Pow",
    "rint": "Round",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "sqrt": "Sqrt",
    "subtract": "Sub",
    "tan": "Tan",
    "tanh": "Tanh",
    "where": "Where",
}
SELF_TEST_KEY = "evorobo.recorded"
"""The key of the recorded steps in the model's metadata; they are JSON."""
SCRIPT = '''\
"""{about}

Runs {model} with onnxruntime: `Controller()(sensors)`. Run this file to compare the model with recorded steps, which
are in its metadata.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime


class Controller:
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, to one action each."""

    def __init__(self, path=Path(__file__).with_name("{model}")):
        self.session = onnxruntime.InferenceSession(str(path))
        self.sizes = {{node.name: node.shape[1] for node in self.session.get_inputs() if node.name != "sensors"}}
        self.reset()

    def reset(self):
        """Set the state to zero; call it before each episode."""
        self.memory = {{}}

    def __call__(self, sensors):
        """{action}"""
        return self.step(sensors)[1]{index}

    def step(self, sensors):
        """The network's {n_outputs} outputs, and the action."""
        rows = np.atleast_2d(np.asarray(sensors, np.float32))
        zeros = {{name: np.zeros((len(rows), size), np.float32) for name, size in self.sizes.items()}}
        outputs, action, *memory = self.session.run(None, {{"sensors": rows, **(self.memory or zeros)}})
        self.memory = dict(zip(self.sizes, memory))
        return (outputs, action) if np.ndim(sensors) > 1 else (outputs[0], action[0])


if __name__ == "__main__":
    controller = Controller()
    recorded = json.loads(controller.session.get_modelmeta().custom_metadata_map["{key}"])
    results = [controller.step(row) for row in recorded["sensors"]]
    differences = [np.abs(outputs - expected).max() for (outputs, _), expected in zip(results, recorded["outputs"])]
    difference = max(differences, default=0.0)
    same = [np.allclose(action, expected, 1e-4, 1e-4) for (_, action), expected in zip(results, recorded["actions"])]
    agree = all(same) and difference <= 1e-4 * (1 + np.abs(recorded["outputs"]).max(initial=0.0))
    print(f"{{len(results)}} recorded steps {{'agree' if agree else 'DIFFER'}}, largest difference {{difference:.1e}}")
    raise SystemExit(not agree)
'''


def write_onnx(controller: ExportedController) -> bytes:
    """The model: `sensors (robots, in)` and the state to `outputs`, `action` and the next state.

    Raises `SettingsError` where the package onnx is missing.
    """
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError as error:
        raise SettingsError("ONNX files need the package onnx: pip install 'evorobo[onnx]'.") from error
    program, outputs, action = controller.to_program()
    graph = _Graph(program)
    for instruction in program.instructions:
        graph.add(instruction)
    graph.rename(outputs, "outputs")
    if controller.decoding.sizes:
        graph.add_argmax(controller.decoding.sizes, controller.decoding.starts)
    else:
        graph.rename(action, "action")

    def tensor(name: str, size: int, kind: int = TensorProto.FLOAT) -> Any:
        return helper.make_tensor_value_info(name, kind, ["robots", size])

    for name in program.state:
        graph.rename(Variable(name, 0), f"{name}_next")
    kind = TensorProto.INT64 if controller.decoding.sizes else TensorProto.FLOAT
    results = [tensor("outputs", controller.n_outputs), tensor("action", controller.n_actions, kind)]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "controller",
            [tensor("sensors", controller.n_sensors), *(tensor(*state) for state in program.state.items())],
            [*results, *(tensor(f"{name}_next", size) for name, size in program.state.items())],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="evorobo",
    )
    model.ir_version = 8  # as old as the opset, so that old runtimes read it
    model.doc_string = "\n".join(comment_lines(controller.header, ""))
    recorded = {name: np.asarray(values).tolist() for name, values in vars(controller.self_test).items()}
    helper.set_model_props(model, {SELF_TEST_KEY: json.dumps(recorded)})
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def write_script(controller: ExportedController, model: str) -> str:
    """The script beside the model of that file name."""
    return SCRIPT.format(
        about="\n".join(comment_lines(controller.header, "")),
        model=model,
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        action=comment_lines(controller.header, "")[-1],
        index=controller.action_index,
        key=SELF_TEST_KEY,
    )


class _Graph:
    """The nodes, in the order of the instructions; `current` has the node output that each variable stands for now."""

    def __init__(self, program: Program) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.current: dict[str, str] = {}
        self._formulas = program.functions.formulas
        for name, values in program.constants.items():
            self.constant(name, np.asarray(values, np.float32))

    def constant(self, name: str, values: Array) -> str:
        from onnx import numpy_helper

        if name not in {constant.name for constant in self.constants}:
            self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        output = f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def add(self, instruction: Instruction) -> None:
        match instruction:
            case Comment():
                pass
            case MatMul(into, x, weight, bias):
                product = self.node("MatMul", [self.value(x), weight])
                self.current[into.name] = self.node("Add", [product, bias]) if bias else product
            case Normalize(into, x, gain, shift, epsilon):
                inputs = [self.value(x), gain, shift]
                self.current[into.name] = self.node("LayerNormalization", inputs, axis=-1, epsilon=epsilon)
            case Assign(into, expression):
                self.current[into.name] = self.value(expression)
            case Concatenate(into, parts):
                self.current[into.name] = self.node("Concat", [self.value(part) for part in parts], axis=1)

    def value(self, expression: Expression) -> str:
        """The node output of an expression."""
        if isinstance(expression, Call):
            return self._call(expression.function, [self.value(argument) for argument in expression.arguments])
        if isinstance(expression, Constant):
            return self.constant(f"number_{expression.value!r}", np.array(expression.value, np.float32))
        assert isinstance(expression, Variable)
        whole = self.current.get(expression.name, expression.name)
        if isinstance(expression, VariableSlice):
            return self.slice(whole, expression.start, expression.start + expression.size)
        return whole

    def _call(self, function: str, inputs: list[str]) -> str:
        if function in self._formulas:
            return self._formula(self._formulas[function], inputs[0])
        if function in OPERATORS:
            return self.node(OPERATORS[function], inputs)
        if function in EXPANSIONS:
            return self.value(EXPANSIONS[function](*(Variable(name, 0) for name in inputs)))
        raise SettingsError(f"np.{function}, which an activation uses, cannot be exported to ONNX.")

    def _formula(self, formula: Formula, z: str) -> str:
        """The nodes of a formula for that argument, in place."""
        outer = dict(self.current)
        self.current["z"] = z
        for variable, expression in formula.steps:
            self.current[variable.name] = self.value(expression)
        result = self.value(formula.result)
        self.current = outer
        return result

    def slice(self, whole: str, start: int, stop: int) -> str:
        ends = [self.constant(f"at_{number}", np.array([number], np.int64)) for number in (start, stop, 1)]
        return self.node("Slice", [whole, ends[0], ends[1], ends[2]])

    def add_argmax(self, sizes: tuple[int, ...], starts: tuple[int, ...]) -> None:
        """The action: the index of the largest output of each group."""
        indices, end = [], 0
        for size in sizes:
            group = self.slice("outputs", end, end + size)
            indices.append(self.node("ArgMax", [group], axis=1, keepdims=1))
            end += size
        numbers = self.node("Concat", indices, axis=1)
        first = self.constant("starts", np.array(starts, np.int64))
        self.current["action"] = self.node("Add", [numbers, first])
        self.rename(Variable("action", len(sizes)), "action")

    def rename(self, value: Variable, name: str) -> None:
        """Give a value the name of an output of the model."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [self.current.get(value.name, value.name)], [name]))


def _write(controller: ExportedController, path: Path) -> dict[Path, str | bytes]:
    script = path.with_name(f"{path.stem}_onnx.py")
    return {path: write_onnx(controller), script: write_script(controller, path.name)}


def _self_test(path: Path) -> str:
    return python_self_test(path.with_name(f"{path.stem}_onnx.py"))


register_component("exporter", "onnx")(
    Exporter("an ONNX graph, and a script for onnxruntime", "controller.onnx", _write, _self_test)
)
