"""A controller as an ONNX graph in single precision, and the short script that runs and tests it under onnxruntime."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.blueprint import ExportedController
from evorobo.export.steps import (
    Assign,
    Call,
    Comment,
    Expression,
    Instruction,
    MatMul,
    Normalize,
    Program,
    Variable,
    VariableSlice,
)
from evorobo.export.words import comment_lines

OPSET = 20  # the first with the tanh form of GELU
OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "+": ("Add", {}),
    "-": ("Sub", {}),
    "*": ("Mul", {}),
    "/": ("Div", {}),
    "minimum": ("Min", {}),
    "maximum": ("Max", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "softplus": ("Softplus", {}),
    "gelu": ("Gelu", {"approximate": "tanh"}),
}
SELF_TEST_KEY = "evorobo.recorded"
"""The key of the model's metadata under which the recording lies, as JSON."""
SCRIPT = '''\
"""{about}

Drives with {model} under onnxruntime: `Controller()(sensors)`. Run this file to test it against what was recorded when
it was made; the recording lies in the model's metadata.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime


class Controller:
    """Sensors `({n_sensors},)`, or rows of them `(robots, {n_sensors})`, in; an action for each out."""

    def __init__(self, path=Path(__file__).with_name("{model}")):
        self.session = onnxruntime.InferenceSession(str(path))
        self.sizes = {{each.name: each.shape[1] for each in self.session.get_inputs() if each.name != "sensors"}}
        self.reset()

    def reset(self):
        """Forget what was: call it before each episode."""
        self.memory = {{}}

    def __call__(self, sensors):
        """{answers}"""
        return self.step(sensors)[1]{pick}

    def step(self, sensors):
        """The network's {n_outputs} outputs, and the action."""
        rows = np.atleast_2d(np.asarray(sensors, np.float32))
        begin = {{name: np.zeros((len(rows), size), np.float32) for name, size in self.sizes.items()}}
        outputs, action, *memory = self.session.run(None, {{"sensors": rows, **(self.memory or begin)}})
        self.memory = dict(zip(self.sizes, memory))
        return (outputs, action) if np.ndim(sensors) > 1 else (outputs[0], action[0])


if __name__ == "__main__":
    controller = Controller()
    recorded = json.loads(controller.session.get_modelmeta().custom_metadata_map["{key}"])
    told = [controller.step(row) for row in recorded["sensors"]]
    gaps = [np.abs(outputs - right).max() for (outputs, _), right in zip(told, recorded["outputs"])]
    same = [np.allclose(action, right, 1e-4, 1e-4) for (_, action), right in zip(told, recorded["actions"])]
    fine = all(same) and max(gaps, default=0.0) <= 1e-4 * (1 + np.abs(recorded["outputs"]).max(initial=0.0))
    verdict = "agree" if fine else "DIFFER"
    print(f"{{len(told)}} recorded steps {{verdict}}, largest gap {{max(gaps, default=0.0):.1e}}")
    raise SystemExit(not fine)
'''


def write_onnx(controller: ExportedController) -> bytes:
    """The model: `sensors (robots, in)` and what is remembered in, `outputs`, `action` and what is remembered out.

    Raises `SettingsError` where the package onnx is missing.
    """
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError as error:
        raise SettingsError("ONNX files need the package onnx: pip install 'evorobo[onnx]'.") from error
    program, outputs, action = controller.to_program()
    graph = _Graph(program)
    for step in program.instructions:
        graph.add(step)
    graph.rename(outputs, "outputs")
    if controller.decoding.sizes:
        graph.add_argmax(controller.decoding.sizes, controller.decoding.starts)
    else:
        graph.rename(action, "action")

    def told(name: str, size: int, kind: int = TensorProto.FLOAT) -> Any:
        return helper.make_tensor_value_info(name, kind, ["robots", size])

    for name in program.memory:
        graph.rename(Variable(name, 0), f"{name}_next")
    kind = TensorProto.INT64 if controller.decoding.sizes else TensorProto.FLOAT
    inside = [told("sensors", controller.n_sensors), *(told(*each) for each in program.memory.items())]
    outside = [told("outputs", controller.n_outputs), told("action", controller.n_actions, kind)]
    outside += [told(f"{name}_next", size) for name, size in program.memory.items()]
    made = helper.make_graph(graph.nodes, "controller", inside, outside, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="evorobo")
    model.ir_version = 9  # as old as the opset, for the sake of old runtimes
    model.doc_string = "\n".join(comment_lines(controller.header, ""))
    recording = {name: np.asarray(each).tolist() for name, each in vars(controller.self_test).items()}
    helper.set_model_props(model, {SELF_TEST_KEY: json.dumps(recording)})
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
        answers=comment_lines(controller.header, "")[-1],
        pick=controller.action_index,
        key=SELF_TEST_KEY,
    )


class _Graph:
    """Nodes in the order of the steps; `now` tells which value each name stands for at the moment."""

    def __init__(self, program: Program) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.current: dict[str, str] = {}
        for name, values in program.constants.items():
            self.constant(name, np.asarray(values, np.float32))

    def constant(self, name: str, values: Array) -> str:
        from onnx import numpy_helper

        if name not in {each.name for each in self.constants}:
            self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        into = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [into], **attributes))
        return into

    def add(self, step: Instruction) -> None:
        match step:
            case Comment():
                pass
            case MatMul(into, x, weight, bias):
                product = self.node("MatMul", [self.value(x), weight])
                self.current[into.name] = self.node("Add", [product, bias]) if bias else product
            case Normalize(into, x, gain, shift, epsilon):
                inputs = [self.value(x), gain, shift]
                self.current[into.name] = self.node("LayerNormalization", inputs, axis=-1, epsilon=epsilon)
            case Assign(into, term):
                self.current[into.name] = self.value(term)

    def value(self, term: Expression) -> str:
        if isinstance(term, Call):
            operator, attributes = OPERATORS[term.function]
            return self.node(operator, [self.value(each) for each in term.arguments], **attributes)
        assert isinstance(term, Variable)
        whole = self.current.get(term.name, term.name)
        return self.slice(whole, term.start, term.start + term.size) if isinstance(term, VariableSlice) else whole

    def slice(self, whole: str, start: int, stop: int) -> str:
        ends = [self.constant(f"at_{number}", np.array([number], np.int64)) for number in (start, stop, 1)]
        return self.node("Slice", [whole, ends[0], ends[1], ends[2]])

    def add_argmax(self, sizes: tuple[int, ...], starts: tuple[int, ...]) -> None:
        """The action: the number of the largest output of each group."""
        picked, end = [], 0
        for size in sizes:
            group = self.slice("outputs", end, end + size)
            picked.append(self.node("ArgMax", [group], axis=1, keepdims=1))
            end += size
        numbers = self.node("Concat", picked, axis=1)
        first = self.constant("starts", np.array(starts, np.int64))
        self.current["action"] = self.node("Add", [numbers, first])
        self.rename(Variable("action", len(sizes)), "action")

    def rename(self, value: Variable, name: str) -> None:
        """Give a value the name that the model shows to the outside."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [self.current.get(value.name, value.name)], [name]))
