"""A controller as an ONNX graph in single precision, and the short script that runs and tests it under onnxruntime."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.export.blueprint import Blueprint
from evorobo.export.steps import Call, Let, Name, Norm, Part, Product, Say, Step, Steps, Term
from evorobo.export.words import commented

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
RECORDED = "evorobo.recorded"
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
        return self.moment(sensors)[1]{pick}

    def moment(self, sensors):
        """The network's {n_outputs} outputs, and the action."""
        rows = np.atleast_2d(np.asarray(sensors, np.float32))
        begin = {{name: np.zeros((len(rows), size), np.float32) for name, size in self.sizes.items()}}
        outputs, action, *memory = self.session.run(None, {{"sensors": rows, **(self.memory or begin)}})
        self.memory = dict(zip(self.sizes, memory))
        return (outputs, action) if np.ndim(sensors) > 1 else (outputs[0], action[0])


if __name__ == "__main__":
    controller = Controller()
    recorded = json.loads(controller.session.get_modelmeta().custom_metadata_map["{key}"])
    told = [controller.moment(row) for row in recorded["sensors"]]
    gaps = [np.abs(outputs - right).max() for (outputs, _), right in zip(told, recorded["outputs"])]
    same = [np.allclose(action, right, 1e-4, 1e-4) for (_, action), right in zip(told, recorded["actions"])]
    fine = all(same) and max(gaps, default=0.0) <= 1e-4 * (1 + np.abs(recorded["outputs"]).max(initial=0.0))
    verdict = "agree" if fine else "DIFFER"
    print(f"{{len(told)}} recorded moments {{verdict}}, largest gap {{max(gaps, default=0.0):.1e}}")
    raise SystemExit(not fine)
'''


def write_onnx(blueprint: Blueprint) -> bytes:
    """The model: `sensors (robots, in)` and what is remembered in, `outputs`, `action` and what is remembered out.

    Raises `SettingsError` where the package onnx is missing.
    """
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError as error:
        raise SettingsError("ONNX files need the package onnx: pip install 'evorobo[onnx]'.") from error
    steps, outputs, action = blueprint.written()
    graph = _Graph(steps)
    for step in steps.steps:
        graph.take(step)
    graph.rename(outputs, "outputs")
    if blueprint.decoding.sizes:
        graph.choose(blueprint.decoding.sizes, blueprint.decoding.starts)
    else:
        graph.rename(action, "action")

    def told(name: str, size: int, kind: int = TensorProto.FLOAT) -> Any:
        return helper.make_tensor_value_info(name, kind, ["robots", size])

    for name in steps.memory:
        graph.rename(Name(name, 0), f"{name}_next")
    kind = TensorProto.INT64 if blueprint.decoding.sizes else TensorProto.FLOAT
    inside = [told("sensors", blueprint.n_sensors), *(told(*each) for each in steps.memory.items())]
    outside = [told("outputs", blueprint.n_outputs), told("action", blueprint.n_actions, kind)]
    outside += [told(f"{name}_next", size) for name, size in steps.memory.items()]
    made = helper.make_graph(graph.nodes, "controller", inside, outside, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="evorobo")
    model.ir_version = 9  # as old as the opset, for the sake of old runtimes
    model.doc_string = "\n".join(commented(blueprint.about, ""))
    recording = {name: np.asarray(each).tolist() for name, each in vars(blueprint.recording).items()}
    helper.set_model_props(model, {RECORDED: json.dumps(recording)})
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def write_script(blueprint: Blueprint, model: str) -> str:
    """The script beside the model of that file name."""
    return SCRIPT.format(
        about="\n".join(commented(blueprint.about, "")),
        model=model,
        n_sensors=blueprint.n_sensors,
        n_outputs=blueprint.n_outputs,
        answers=commented(blueprint.about, "")[-1],
        pick=blueprint.pick,
        key=RECORDED,
    )


class _Graph:
    """Nodes in the order of the steps; `now` tells which value each name stands for at the moment."""

    def __init__(self, steps: Steps) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.now: dict[str, str] = {}
        for name, values in steps.constants.items():
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

    def take(self, step: Step) -> None:
        match step:
            case Say():
                pass
            case Product(into, x, weight, bias):
                product = self.node("MatMul", [self.value(x), weight])
                self.now[into.name] = self.node("Add", [product, bias]) if bias else product
            case Norm(into, x, gain, shift, epsilon):
                inputs = [self.value(x), gain, shift]
                self.now[into.name] = self.node("LayerNormalization", inputs, axis=-1, epsilon=epsilon)
            case Let(into, term):
                self.now[into.name] = self.value(term)

    def value(self, term: Term) -> str:
        if isinstance(term, Call):
            operator, attributes = OPERATORS[term.function]
            return self.node(operator, [self.value(each) for each in term.arguments], **attributes)
        assert isinstance(term, Name)
        whole = self.now.get(term.name, term.name)
        return self.cut(whole, term.start, term.start + term.size) if isinstance(term, Part) else whole

    def cut(self, whole: str, start: int, stop: int) -> str:
        ends = [self.constant(f"at_{number}", np.array([number], np.int64)) for number in (start, stop, 1)]
        return self.node("Slice", [whole, ends[0], ends[1], ends[2]])

    def choose(self, sizes: tuple[int, ...], starts: tuple[int, ...]) -> None:
        """The action: the number of the largest output of each group."""
        picked, end = [], 0
        for size in sizes:
            group = self.cut("outputs", end, end + size)
            picked.append(self.node("ArgMax", [group], axis=1, keepdims=1))
            end += size
        numbers = self.node("Concat", picked, axis=1)
        first = self.constant("starts", np.array(starts, np.int64))
        self.now["action"] = self.node("Add", [numbers, first])
        self.rename(Name("action", len(sizes)), "action")

    def rename(self, value: Name, name: str) -> None:
        """Give a value the name that the model shows to the outside."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [self.now.get(value.name, value.name)], [name]))
