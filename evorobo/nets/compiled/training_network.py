"""Writes the passes of a network over mini-batches as text that numba compiles, and allocates the room that they need.

The text depends on the kinds of layers, their activations, the loss and the optimizer. Sizes are no part of it, so that
networks that differ in numbers of units share one compilation.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from evorobo.machine_code.products import aligned_zeros, padded_rows, padded_width
from evorobo.nets.batch_norm import Affine, BatchNorm
from evorobo.nets.compiled.activations import activation_and_slope
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.recurrent import Recurrent
from evorobo.nets.spec import NetworkSpec

Part: TypeAlias = int | float | tuple[int, int, int]
"""A number, or the size of an array: so many numbers, so many for each row, and so many for each row of a time step."""

END_ARRAYS, END_SIZES = ["x", "y", "dy"], ["n_in", "w_in", "n_out", "w_out"]
ENDS = [*END_ARRAYS, "data", "mask", "continues", "sums", *END_SIZES]
"""The first parts: inputs, outputs and their gradient, the rows' numbers in the data, which rows are data, which of
them go on from the state of the step before (see `training_recurrent.py`), and room."""
LAYERS = Dense, Affine, BatchNorm, LayerNorm, Elman, GRU, LSTM, CTRNN, Dropout


class TrainingNetwork:
    """The text of a network's passes, whose functions begin with `name`, and the arrays on which they work.

    Dropout draws numbers in `training` only. Batch normalization uses its running statistics where `n_data`, the number
    of rows of data, is 1. Recurrent layers begin at zero, or at states that `<name>_load` copies.
    """

    def __init__(self, spec: NetworkSpec, dtype: np.dtype[Any], name: str = "network", training: bool = True) -> None:
        self._dtype, self._last, self._name, self._training = dtype, len(spec.layers), name, training
        self._parts: dict[str, Part] = {}
        self._activations: dict[str, str] = {}
        self._pack, self._load, self._forward, self._backward = list[str](), list[str](), list[str](), list[str]()
        self._n_weights, self._n_stats, self._n_states, self._width = 0, 0, 0, spec.n_inputs
        self.drawn_widths: list[int] = []
        """Numbers that each dropout layer draws for a row, in order."""
        self._boundary(0)
        for number, layer in enumerate(spec.layers):
            self._add(number, layer)
        self._number("n_states", self._n_states)

    @property
    def source(self) -> str:
        """The text of the functions `<name>_pack`, `<name>_load`, `<name>_forward` and `<name>_backward`."""
        unpack = f"({', '.join([*ENDS, *self._names])}) = parts"
        alias = f"{', '.join(self._ends)} = {', '.join(END_ARRAYS + END_SIZES)}"
        functions = {
            "pack(weights, parts)": self._pack,
            "load(states, items, parts)": self._load,
            "forward(parts, stats, rows, block, n_steps, n_items, n_data, draws, used)": [
                *self._forward,
                "return used",
            ],
            "backward(gradient, parts, rows, block, n_steps, n_data)": self._backward,
        }
        texts = [
            "\n".join([f"def {self._name}_{head}:", *(f"    {line}" for line in [unpack, alias, *lines])])
            for head, lines in functions.items()
        ]
        return "\n\n\n".join([*self._activations.values(), *texts]) + "\n"

    def parts(self, max_items: int, max_steps: int) -> tuple[Any, ...]:
        """Return the arrays and sizes for mini-batches of at most so many items of so many time steps."""
        block = padded_rows(max_items)
        rows = block * max_steps

        def made(name: str) -> Any:
            part = self._parts[name]
            if not isinstance(part, tuple):
                return part
            return aligned_zeros(part[0] + part[1] * rows + part[2] * block, self._dtype)

        arrays, sizes = self._ends[: len(END_ARRAYS)], self._ends[len(END_ARRAYS) :]
        mask, continues, sums = (aligned_zeros(size, self._dtype) for size in (rows, rows, 16))
        data = np.zeros(rows, np.int64)
        return *map(made, arrays), data, mask, continues, sums, *map(made, sizes), *map(made, self._names)

    @property
    def _ends(self) -> list[str]:
        """The names of the first and the last values of the network, in the order of `END_ARRAYS + END_SIZES`."""
        last = self._last
        return ["x0", f"x{last}", f"d{last}", "n0", "w0", f"n{last}", f"w{last}"]

    @property
    def _names(self) -> list[str]:
        return [name for name in self._parts if name not in self._ends]

    def _boundary(self, number: int) -> None:
        """Add the values after so many layers, their gradients, and their true and padded number."""
        w = padded_width(self._width, self._dtype)
        self._parts |= {f"n{number}": self._width, f"w{number}": w}
        self._parts |= {f"x{number}": (0, w, 0), f"d{number}": (0, w, 0)}

    def _array(self, name: str, fixed: int = 0, per_row: int = 0, per_block_row: int = 0) -> str:
        self._parts[name] = fixed, per_row, per_block_row
        return name

    def _number(self, name: str, value: float) -> str:
        self._parts[name] = value
        return name

    def _add(self, k: int, layer: Layer) -> None:
        shapes = {name: parameter.shape for name, parameter in layer.parameters(self._width).items()}
        self._width = layer.width(self._width)
        self._boundary(k + 1)
        unpack = [self._add_parameter(k, name, shape, layer) for name, shape in shapes.items()]
        if isinstance(layer, Dropout):
            backward = self._add_dropout(k, layer)
        elif isinstance(layer, Affine):
            backward = self._add_affine(k, layer)
        elif isinstance(layer, BatchNorm | LayerNorm):
            backward = self._add_normalization(k, layer)
        else:
            assert isinstance(layer, Dense | Recurrent)
            backward = self._add_product(k, layer, "bias" in shapes)
        self._backward = backward + unpack + self._backward

    def _add_parameter(self, k: int, name: str, shape: tuple[int, ...], layer: Layer) -> str:
        """Add the packed arrays of a parameter, and return the line that copies its gradient to that of the genome."""
        rows, columns = shape if len(shape) > 1 else (1, shape[0])
        n_parts, w = columns // self._width, padded_width(self._width, self._dtype)
        size = self._array(f"{name}{k}", rows * n_parts * w)
        self._array(f"g{name}{k}", padded_rows(rows) * n_parts * w)
        start, count = self._number(f"s{name}{k}", self._n_weights), {"weight": f"n{k}", "recurrent": f"n{k + 1}"}
        self._n_weights += rows * columns
        copied = f"{count.get(name, '1')} * {n_parts}"
        self._pack.append(f"pack(weights, {start}, {copied}, n{k + 1}, {size}, w{k + 1})")
        if (name == "weight" and k) or name == "recurrent":
            width = f"w{k if name == 'weight' else k + 1}"
            target = self._array(f"t{name}{k}", n_parts * w * int(self._parts[width]))  # type: ignore[arg-type]
            self._pack.append(f"transpose({size}, {count[name]}, {n_parts} * w{k + 1}, {target}, {width})")
        return f"unpack(g{name}{k}, {copied}, n{k + 1}, w{k + 1}, gradient, {start})"

    def _add_product(self, k: int, layer: Dense | Recurrent, has_bias: bool) -> list[str]:
        """Add a layer whose inputs are multiplied by a matrix, and return the lines of its backward pass."""
        w, y, dy = padded_width(self._width, self._dtype), f"x{k + 1}", f"d{k + 1}"
        n_parts = 3 if isinstance(layer, GRU) else 4 if isinstance(layer, LSTM) else 1
        if not has_bias:
            self._array(f"bias{k}", w)
            self._array(f"gbias{k}", w)
        width = f"{n_parts} * w{k + 1}"
        if n_parts > 1:
            product, dz = (self._array(f"{name}{k}", per_row=n_parts * w) for name in ("drive", "ddrive"))
        else:
            product, dz = y, dy
        self._forward.append(f"dense_forward(x{k}, w{k}, n{k}, weight{k}, bias{k}, {product}, {width}, rows)")
        if isinstance(layer, Recurrent):
            backward = [self._add_recurrence(k, layer)]
        else:
            backward = self._add_activation(k, layer.activation)
        backward.append(f"dense_backward(x{k}, w{k}, n{k}, gweight{k}, gbias{k}, {dz}, {width}, rows)")
        if k:
            depth = width if n_parts > 1 else f"n{k + 1}"
            backward.append(f"input_gradient({dz}, {width}, {depth}, tweight{k}, d{k}, w{k}, rows)")
        return backward

    def _add_recurrence(self, k: int, layer: Recurrent) -> str:
        """Add the time steps of a layer after the product of its inputs, and return the line of its backward pass."""
        w, y, dy, sizes = padded_width(self._width, self._dtype), f"x{k + 1}", f"d{k + 1}", f"n{k + 1}, w{k + 1}"
        for state in layer.state_names:
            start = self._number(f"at_{state}{k}", self._n_states)
            first = self._array(f"first_{state}{k}", per_block_row=w)
            self._load.append(f"load_states(states, n_states, {start}, {first}, {sizes}, items)")
            self._n_states += self._width
            self._array(f"before_{state}{k}", per_row=w)
            self._array(f"carry_{state}{k}", per_block_row=w)
        steps = f"{sizes}, block, n_steps"
        match layer:
            case Elman():
                slope, activate = self._array(f"slope{k}", per_row=w), self._activation(layer.activation)
                product = f"before_h{k}, at, w{k + 1}, 1, recurrent{k}, 0, {y}, at, block, {sizes}"
                self._forward += [
                    "for t in range(n_steps):",
                    f"    at, size = t * block * w{k + 1}, block * w{k + 1}",
                    f"    if previous_states({y}, first_h{k}, continues, before_h{k}, t, block, w{k + 1}):",
                    f"        add_matrix_product({product})",
                    f"    {activate}({y}, {slope}, at, at + size)",
                ]
                return (
                    f"elman_backward(before_h{k}, continues, {slope}, trecurrent{k}, grecurrent{k}, {dy}, carry_h{k}, "
                    f"{steps})"
                )
            case GRU():
                self._array(f"product{k}", per_block_row=3 * w)
                self._array(f"inner{k}", per_row=w)
                self._array(f"dproduct{k}", per_row=3 * w)
                self._forward.append(
                    f"gru_forward(drive{k}, recurrent{k}, candidate{k}, product{k}, inner{k}, first_h{k}, continues, "
                    f"before_h{k}, {y}, {steps})"
                )
                return (
                    f"gru_backward(drive{k}, trecurrent{k}, grecurrent{k}, gcandidate{k}, inner{k}, before_h{k}, "
                    f"continues, {dy}, ddrive{k}, dproduct{k}, carry_h{k}, {steps})"
                )
            case LSTM():
                self._array(f"cell{k}", per_row=w)
                self._array(f"tanh_cell{k}", per_row=w)
                self._forward.append(
                    f"lstm_forward(drive{k}, recurrent{k}, cell{k}, tanh_cell{k}, first_h{k}, first_c{k}, continues, "
                    f"before_h{k}, before_c{k}, {y}, {steps})"
                )
                return (
                    f"lstm_backward(drive{k}, trecurrent{k}, grecurrent{k}, tanh_cell{k}, before_h{k}, before_c{k}, "
                    f"continues, {dy}, ddrive{k}, carry_h{k}, carry_c{k}, {steps})"
                )
            case _:
                self._array(f"rates{k}", w)
                self._array(f"product{k}", per_block_row=w)
                for name in ("state", "outputs_before", "net_input"):
                    self._array(f"{name}{k}", per_row=w)
                self._forward.append(
                    f"ctrnn_forward(recurrent{k}, shift{k}, log_tau{k}, rates{k}, state{k}, outputs_before{k}, "
                    f"net_input{k}, first_y{k}, continues, before_y{k}, {y}, {steps})"
                )
                return (
                    f"ctrnn_backward(trecurrent{k}, grecurrent{k}, gshift{k}, glog_tau{k}, log_tau{k}, rates{k}, "
                    f"outputs_before{k}, net_input{k}, continues, {y}, {dy}, product{k}, carry_y{k}, {steps})"
                )

    def _add_affine(self, k: int, layer: Affine) -> list[str]:
        self._forward.append(f"affine_forward(x{k}, gain{k}, shift{k}, x{k + 1}, w{k}, rows)")
        dy, activation = f"d{k + 1}", self._add_activation(k, layer.activation)
        backward = [*activation, f"scale_backward(x{k}, ggain{k}, gshift{k}, {dy}, w{k}, rows)"]
        return [*backward, f"affine_input_gradient(gain{k}, {dy}, d{k}, w{k}, rows)"] if k else backward

    def _add_normalization(self, k: int, layer: BatchNorm | LayerNorm) -> list[str]:
        w, y, dy = padded_width(self._width, self._dtype), f"x{k + 1}", f"d{k + 1}"
        normalized, epsilon = self._array(f"normalized{k}", per_row=w), self._number(f"epsilon{k}", layer.epsilon)
        scale = f"{normalized}, ggain{k}, gshift{k}, {dy}, w{k}, rows"
        if isinstance(layer, BatchNorm):
            mean, sd = self._array(f"mean{k}", w), self._array(f"sd{k}", w)
            start, momentum = self._number(f"stats{k}", self._n_stats), self._number(f"momentum{k}", layer.momentum)
            self._n_stats += 2 * self._width
            self._forward.append(
                f"batch_norm_forward(x{k}, gain{k}, shift{k}, {mean}, {sd}, {normalized}, {y}, w{k}, rows, mask, "
                f"n_data, stats, {start}, n{k}, {momentum}, {epsilon})"
            )
            backward = [*self._add_activation(k, layer.activation), f"scale_backward({scale})"]
            dx = (
                f"batch_norm_input_gradient({normalized}, gain{k}, {sd}, ggain{k}, gshift{k}, {dy}, d{k}, w{k}, rows, "
                "mask, n_data)"
            )
        else:
            sd = self._array(f"sd{k}", per_row=1)
            self._forward.append(
                f"layer_norm_forward(x{k}, gain{k}, shift{k}, {sd}, {normalized}, {y}, n{k}, w{k}, rows, {epsilon})"
            )
            backward = [f"scale_backward({scale})"]
            dx = f"layer_norm_input_gradient({normalized}, gain{k}, {sd}, {dy}, d{k}, n{k}, w{k}, rows)"
        return [*backward, dx] if k else backward

    def _add_dropout(self, k: int, layer: Dropout) -> list[str]:
        if layer.rate and self._training:
            self.drawn_widths.append(self._width)
        factors, rate = self._array(f"factors{k}", per_row=padded_width(self._width, self._dtype)), f"rate{k}"
        self._number(rate, layer.rate if self._training else 0.0)
        self._forward += [
            f"used = dropout_forward(x{k}, {factors}, x{k + 1}, n{k}, w{k}, block, n_steps, n_items, draws, used, "
            f"{rate})"
        ]
        return [f"dropout_backward({factors}, d{k + 1}, d{k}, rows * w{k})"] if k else []

    def _add_activation(self, k: int, key: str) -> list[str]:
        """Add an activation after a layer, and return the line of its backward pass."""
        if key == "identity":
            return []
        slope = self._array(f"slope{k}", per_row=padded_width(self._width, self._dtype))
        self._forward.append(f"{self._activation(key)}(x{k + 1}, {slope}, 0, rows * w{k + 1})")
        return [f"times_slope(d{k + 1}, {slope}, rows * w{k + 1})"]

    def _activation(self, key: str) -> str:
        """The name of the function of an activation, which is written when it is first needed."""
        if key not in self._activations:
            own = f"{self._name}_activation_{len(self._activations)}"
            loop = f"y[j], slope[j] = {own}(y[j])"
            head = f"def {own}_rows(y, slope, first, last):\n    for j in range(first, last):"
            text = f"{activation_and_slope(own, key, self._dtype)}\n\n\n{head}\n        {loop}"
            self._activations[key] = text
        return f"{self._name}_activation_{list(self._activations).index(key)}_rows"
