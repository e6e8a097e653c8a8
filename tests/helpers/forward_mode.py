"""Forward-mode derivatives of whole episodes: tangents beside the values, an independent check of the backward pass."""

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from evorobo.nets.closed_loop import ClosedLoopNetwork
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import shared_context
from evorobo.nets.recurrent import Recurrent
from evorobo.tracing.derivatives import PARTIALS


def value_of(x):
    return x.value if isinstance(x, Dual) else x


def tangent_of(x):
    return x.tangent if isinstance(x, Dual) else np.zeros(np.shape(x))


class Dual(NDArrayOperatorsMixin):
    """An array and its tangent of the same shape."""

    def __init__(self, value, tangent):
        self.value, self.tangent = value, np.broadcast_to(tangent, np.shape(value))

    def _both(self, function):
        return Dual(function(self.value), function(self.tangent))

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)

    def __getitem__(self, index):
        return self._both(lambda array: array[index])

    def swapaxes(self, *axes):
        return self._both(lambda array: array.swapaxes(*axes))

    def mean(self, *axes, **named):
        return self._both(lambda array: array.mean(*axes, **named))

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **named):
        assert method == "__call__"
        values = [value_of(x) for x in inputs]
        value = ufunc(*values)
        if ufunc is np.matmul:
            tangent = tangent_of(inputs[0]) @ values[1] + values[0] @ tangent_of(inputs[1])
        else:
            tangent = 0.0
            for number, x in enumerate(inputs):
                partial = PARTIALS[ufunc.__name__][number]
                if isinstance(x, Dual) and partial is not None:
                    tangent = tangent + partial(value, *values) * x.tangent
        if out is not None:
            (target,) = out
            target.value, target.tangent = value, np.broadcast_to(tangent, value.shape)
            return target
        return Dual(value, tangent)

    def __array_function__(self, function, types, arguments, named):
        if function is np.where:
            condition, yes, no = map(value_of, arguments)
            _, yes_tangent, no_tangent = map(tangent_of, arguments)
            return Dual(np.where(condition, yes, no), np.where(condition, yes_tangent, no_tangent))
        assert function is np.concatenate
        parts = arguments[0]
        return Dual(
            function([value_of(part) for part in parts], **named),
            function([tangent_of(part) for part in parts], **named),
        )


class DualNetwork:
    """The networks of a closed loop with weights `(n, p)` whose tangent is `direction (n, p)`."""

    def __init__(self, spec, weights, direction, scaler=None, running_stats=None):
        self.spec, self.scaler = spec, scaler
        self.params = [
            {name: Dual(value, tangents[name]) for name, value in values.items()}
            for values, tangents in zip(spec.unpack(weights), spec.unpack(direction), strict=True)
        ]
        self.contexts = shared_context(spec, ForwardContext(), running_stats)
        self.states = [None] * len(spec.layers)

    def forward(self, x):
        if self.scaler:
            x = (x - self.scaler.mean) / self.scaler.sd
        for number, (layer, params) in enumerate(zip(self.spec.layers, self.params, strict=True)):
            if isinstance(layer, Recurrent):
                drive = x @ params["weight"]
                if "bias" in params:
                    drive = drive + params["bias"][..., None, :]
                zeros = np.zeros((*drive.shape[:-1], layer.units))
                states = self.states[number] or {name: Dual(zeros, zeros) for name in layer.state_names}
                x, self.states[number], _ = layer.step(params, drive, states)
            else:
                x, _ = layer.forward(params, x, self.contexts[number])
            x = Dual(x.value.copy(), x.tangent.copy())
        return x

    def cut(self):
        self.states = [
            states and {name: Dual(state.value, 0.0) for name, state in states.items()} for states in self.states
        ]


def graph_tangents(graph, inputs, tangents):
    """The tangents `(rows, outputs)` of a graph."""
    evaluation = graph.evaluate(inputs)
    nodes = list(tangents.T)
    for number in range(graph.n_inputs, len(graph.nodes)):
        total = np.zeros(len(inputs))
        for operand, source in graph.nodes[number].slope_edges:
            moving = nodes[source] != 0
            total[moving] += (nodes[source] * evaluation.partial(number, operand))[moving]
        nodes.append(total)
    return np.stack([np.zeros(len(inputs)) if node is None else nodes[node] for node in graph.outputs], axis=1)


def return_tangents(tape, spec, weights, direction, seeds, scaler=None, running_stats=None):
    """The derivatives `(n, e)` of the discounted returns along `direction (n, p)` in the space of weights."""
    steps, _, _ = tape._forward(ClosedLoopNetwork(spec, weights, scaler, running_stats), seeds, None)
    graph, n_rows = tape.robot_graph, seeds.size
    network = DualNetwork(spec, weights, direction, scaler, running_stats)
    state, readings = np.zeros((n_rows, graph.n_states)), np.zeros((n_rows, len(graph.robot.sensors)))
    block, result = np.zeros((n_rows, len(graph.robot.sensors))), np.zeros(n_rows)
    for number, step in enumerate(steps):
        if tape.horizon and number % tape.horizon == 0:
            state, readings = np.zeros_like(state), np.zeros_like(readings)
            network.cut()
        block[step.rows] = step.observations
        sensors = Dual(block.reshape(*seeds.shape, -1).copy(), readings.reshape(*seeds.shape, -1))
        outputs = network.forward(sensors)
        action = (outputs.tangent.reshape(n_rows, -1) * step.slope)[step.rows]
        unmoved = np.zeros((len(step.rows), graph.graph.n_inputs - graph.n_states - graph.n_actions))
        tangents = graph_tangents(graph.graph, step.inputs, np.concatenate([state[step.rows], action, unmoved], axis=1))
        state, readings = np.zeros_like(state), np.zeros_like(readings)
        state[step.rows] = tangents[:, : graph.n_states]
        readings[step.rows] = tangents[:, graph.n_states + 1 :]
        result[step.rows] += tape.discount**number * tangents[:, graph.n_states]
    return result.reshape(seeds.shape)
