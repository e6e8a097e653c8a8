"""Writes the forward and the backward pass of a network, step by step in a closed loop, as text that numba compiles.

All sizes are constants of the text, so that the compiler can unroll loops. Weights and gradients have the layout of
the genome. The layers compute as outside training: batch normalization uses its running statistics, and dropout changes
nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import unchanged_kind
from evorobo.errors import TaskError
from evorobo.nets.batch_norm import Affine, BatchNorm
from evorobo.nets.compiled.activations import activation_and_slope
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import FREE_METHODS, Layer
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.spec import NetworkSpec
from evorobo.tracing.arrays import DOUBLE


@dataclass(frozen=True)
class LayerCode:
    """The functions of a kind of layer in `double_layers.py`, and the numbers that they keep for each unit.

    `parameters` are their arguments, in order. `cache` is the width of the cache in units, and `extra` numbers more;
    `state` and `work` are those of recurrent layers.
    """

    prefix: str
    parameters: tuple[str, ...]
    cache: int
    extra: int = 0
    state: int = 0
    work: int = 0


CODE: dict[type, LayerCode] = {
    Dense: LayerCode("dense", ("weight", "bias"), 1),
    Affine: LayerCode("affine", ("gain", "shift"), 1),
    BatchNorm: LayerCode("batch_norm", ("gain", "shift"), 1),
    LayerNorm: LayerCode("layer_norm", ("gain", "shift"), 1, 1),
    Elman: LayerCode("elman", ("weight", "recurrent", "bias"), 2, state=1, work=1),
    GRU: LayerCode("gru", ("weight", "recurrent", "bias", "candidate"), 5, state=1, work=6),
    LSTM: LayerCode("lstm", ("weight", "recurrent", "bias"), 7, state=2, work=4),
    CTRNN: LayerCode("ctrnn", ("weight", "recurrent", "shift", "log_tau"), 4, state=1, work=1),
}


STEPS = -1
"""Stands for the number of steps in the shape of a buffer."""


def network_constants(spec: NetworkSpec, running_stats: Array | None) -> Array:
    """The numbers that the layers take beside their parameters: epsilons, and statistics of batch normalization."""
    parts: list[Array] = [np.empty(0)]
    stats = spec.unpack_running_stats(running_stats) if spec.n_running_stats else [{}] * len(spec.layers)
    for layer, own in zip(spec.layers, stats, strict=True):
        if isinstance(layer, LayerNorm):
            parts.append(np.array([layer.epsilon]))
        elif isinstance(layer, BatchNorm):
            parts += [own["mean"], 1 / np.sqrt(own["variance"] + layer.epsilon)]
    return np.concatenate(parts)


class NetworkCode:
    """The code of a network: the text of its functions, and the buffers on which they work.

    `network_begin(parts)` starts an episode with new weights; `network_forward(parts, t)` computes the outputs of step
    t. `network_backward(parts, t)` adds to the gradient, and writes the gradient of the inputs from that of the
    outputs; `network_cut(parts)` drops the gradient of the recurrent states. Raises `TaskError` for other kinds of
    layers.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        self._activations: dict[str, str] = {}
        self._buffers: dict[str, tuple[str, int, tuple[int, ...]]] = {}
        self._begin, self._cut, self._forward = ["clear(gradient)"], list[str](), list[str]()
        self._backward = list[str]()
        self._n_weights, self._n_constants = 0, 0
        self._width, self._layers = spec.n_inputs, 0
        self._buffer("x0", (STEPS, spec.n_inputs))
        self._buffer("d0", (spec.n_inputs,))
        for layer in spec.layers:
            if not unchanged_kind(layer, (Dropout,), FREE_METHODS):
                self._add(layer)
        last = self._layers
        first = ("weights", "gradient", "constants", "x0", f"x{last}", f"d{last}", "d0")
        self._names = (*first, *(name for name in self._buffers if name not in first))

    def parts(self, n_steps: int) -> tuple[Array, ...]:
        """New buffers for episodes of at most `n_steps` steps.

        The first are the weights `(p,)`, their gradient `(p,)`, the constants (see `network_constants`), the inputs
        `(n_steps, in)` and outputs `(n_steps, out)` of the network, and the gradients `(out,)` and `(in,)` of one step.
        """
        arrays = {name: np.zeros(self._n_weights) for name in ("weights", "gradient")}
        arrays["constants"] = np.zeros(self._n_constants)
        for name, (source, start, shape) in self._buffers.items():
            if source:
                arrays[name] = arrays[source][start : start + math.prod(shape)].reshape(shape)
            else:
                arrays[name] = np.zeros([n_steps if size == STEPS else size for size in shape])
        return tuple(arrays[name] for name in self._names)

    @property
    def source(self) -> str:
        """The text of the functions."""
        functions = {
            "begin(parts": self._begin,
            "forward(parts, t": self._forward,
            "backward(parts, t": self._backward,
            "cut(parts": self._cut,
        }
        # where the sizes are known after this line, loops over units need no loop: a third less time
        sizes = " or ".join(
            f"{name}.shape[{axis}] != {size}"
            for name, (_, _, shape) in self._buffers.items()
            for axis, size in enumerate(shape)
            if size != STEPS
        )
        unpack = [f"({', '.join(self._names)}) = parts", f"if {sizes}:", "    return"]
        texts = [_function(f"network_{head})", [*unpack, *lines]) for head, lines in functions.items()]
        return "\n\n\n".join([*self._activations.values(), *texts]) + "\n"

    def _buffer(self, name: str, shape: tuple[int, ...], source: str = "", start: int = 0) -> str:
        """Add a buffer, which is a part of the buffer `source` if that is given."""
        self._buffers[name] = source, start, shape
        return name

    def _add(self, layer: Layer) -> None:
        kind = unchanged_kind(layer, CODE, FREE_METHODS)
        if not kind:  # a derived class that computes something else
            known = ", ".join(kind.__name__ for kind in (*CODE, Dropout))
            raise TaskError(
                f"gradients of networks with {type(layer).__name__} layers cannot be compiled, these can: {known}; "
                "leave compiled=True out."
            )
        code, number, n_out = CODE[kind], self._layers, layer.width(self._width)
        values, transposed, grads = self._parameters(layer, code)
        self._layers, self._width = number + 1, n_out
        x, y = f"x{number}", self._buffer(f"x{number + 1}", (STEPS, n_out))
        dx, dy = f"d{number}", self._buffer(f"d{number + 1}", (n_out,))
        cache = self._buffer(f"c{number}", (STEPS, code.cache * n_out + code.extra))
        extra = self._constants(number, 1 if kind is LayerNorm else 2 * n_out if kind is BatchNorm else 0)
        forward = [*values, *extra, f"{x}[t]", f"{y}[t]", f"{cache}[t]"]
        backward = [*transposed, *grads, *extra, f"{x}[t]", f"{cache}[t]", dy, dx]
        states = []
        if code.state:
            work = self._buffer(f"w{number}", (code.work * n_out,))
            states = [self._buffer(f"{name}{number}", (code.state * n_out,)) for name in ("s", "a")]
            self._begin += [f"clear({name})" for name in states]
            self._cut.append(f"clear({states[1]})")
            forward += [work, states[0]]
            backward += [work, states[1]]
        self._forward.append(f"{code.prefix}_forward({', '.join(forward)})")
        if isinstance(layer, Dense | Affine | BatchNorm | Elman):
            self._forward.append(f"{self._activation(layer.activation)}({y}[t], {cache}[t])")
        if kind is Elman:
            self._forward.append(f"copy({y}[t], {states[0]})")
        self._backward.insert(0, f"{code.prefix}_backward({', '.join(backward)})")

    def _parameters(self, layer: Layer, code: LayerCode) -> tuple[list[str], list[str], list[str]]:
        """The names of the parameters, of their transposes where they are matrices, and of their gradients."""
        shapes = {name: parameter.shape for name, parameter in layer.parameters(self._width).items()}
        start = dict[str, int]()
        for name, shape in shapes.items():
            start[name], self._n_weights = self._n_weights, self._n_weights + math.prod(shape)
        values, transposed, grads = [], [], []
        for name in code.parameters:
            own = f"p{self._layers}_{name}"
            grad = f"g{self._layers}_{name}"
            if name in shapes:
                self._buffer(own, shapes[name], "weights", start[name])
                self._buffer(grad, shapes[name], "gradient", start[name])
            else:  # a layer without biases
                self._buffer(own, (layer.width(self._width),))
                self._buffer(grad, (layer.width(self._width),))
            values.append(own)
            grads.append(grad)
            if len(shapes.get(name, ())) > 1:
                rows, columns = shapes[name]
                transposed.append(self._buffer(f"t{self._layers}_{name}", (columns, rows)))
                self._begin.append(f"transpose({own}, {transposed[-1]})")
            else:
                transposed.append(own)
        return values, transposed, grads

    def _constants(self, number: int, size: int) -> list[str]:
        if not size:
            return []
        start, self._n_constants = self._n_constants, self._n_constants + size
        return [self._buffer(f"k{number}", (size,), "constants", start)]

    def _activation(self, key: str) -> str:
        """The name of the function of an activation, which is written when it is first needed."""
        if key not in self._activations:
            self._activations[key] = _activation_functions(len(self._activations), key)
        return f"activate_{list(self._activations).index(key)}"


def _activation_functions(number: int, key: str) -> str:
    """The text of a function of one number that returns an activation and its derivative, and of one for a layer."""
    loop = ["for j in range(len(y)):", f"    y[j], slope[j] = activation_{number}(y[j])"]
    one = activation_and_slope(f"activation_{number}", key, DOUBLE)
    return f"{one}\n\n\n{_function(f'activate_{number}(y, slope)', loop)}"


def _function(head: str, lines: list[str]) -> str:
    return "\n".join([f"def {head}:", *(f"    {line}" for line in lines or ["pass"])])
