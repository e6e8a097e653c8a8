"""The contract of a layer: shapes, parameters, gradients, independent members, and settings that survive JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.layer import ForwardContext, HasRunningStats, Layer, Parameter
from evorobo.testing.common import forbid_global_rng, require, round_trip, type_name
from evorobo.user_code import reraise_interrupt

N_SEQUENCES, N_STEPS, N_MEMBERS = 3, 4, 3
"""The batch is three sequences of four steps, for three networks."""
DIFFERENCE = 1e-6
"""Step of the finite differences."""


def check_layer(layer: Layer, n_inputs: int = 3) -> None:
    """Check that a layer keeps its contract.

    The checks cover settings, sizes, parameters, shapes and precision of the outputs. Equal calls must give equal
    outputs, members of a population the outputs that each has alone, and sequences the outputs of their single steps.
    Gradients of parameters and inputs are compared with finite differences, in training and outside it.

    Parameters
    ----------
    layer : Layer
        The layer.
    n_inputs : int, default 3
        The number of inputs to try it with, at least 1.

    Raises
    ------
    TaskError
        If the layer breaks its contract; one sentence says where, and how to fix it.

    Examples
    --------
    >>> from evorobo import Elman
    >>> from evorobo.testing import check_layer
    >>> check_layer(Elman(4))
    """
    round_trip(layer)
    trial = _Trial(layer, n_inputs, _check_sizes(layer, n_inputs))
    _check_forward(trial)
    _check_steps(trial)
    for training in (False, True):
        _check_members(trial, training)
        _check_gradients(trial, training)
    if isinstance(layer, HasRunningStats):
        _check_freeze(trial, layer)


@dataclass(frozen=True, eq=False)
class _Trial:
    """A layer with inputs, parameters of several members, and the number of its outputs."""

    layer: Layer
    n_inputs: int
    n_outputs: int

    @property
    def name(self) -> str:
        return type_name(self.layer)

    @property
    def x(self) -> Array:
        return np.random.default_rng(1).normal(size=(N_SEQUENCES * N_STEPS, self.n_inputs))

    def params(self, member: int | None = None) -> dict[str, Array]:
        """Parameters away from their initial values: of one member, or of all members as rows."""
        shapes = {name: parameter.shape for name, parameter in self.layer.parameters(self.n_inputs).items()}
        rng = np.random.default_rng(2)
        rows: dict[str, Array] = {name: rng.normal(0.5, 0.5, (N_MEMBERS, *shape)) for name, shape in shapes.items()}
        return rows if member is None else {name: row[member].copy() for name, row in rows.items()}

    def context(self, training: bool = False, members: tuple[int, ...] = (), n_steps: int = N_STEPS) -> ForwardContext:
        """A new context, with one generator for each member, all of the same seed."""
        rngs: Any = [np.random.default_rng(3) for _ in range(members[0])] if members else np.random.default_rng(3)
        stats: dict[str, Array] = {}
        if isinstance(self.layer, HasRunningStats):
            stats = {
                name: np.broadcast_to(np.abs(values) + 0.5, (*members, *values.shape)).copy()
                for name, values in self.layer.init_running_stats(self.n_inputs).items()
            }
        return ForwardContext(training, rngs, n_steps, running_stats=stats)

    def forward(self, params: Mapping[str, Array], x: Array, context: ForwardContext) -> tuple[Array, Any]:
        """Call `forward`. Raises `TaskError` for an exception, or for arguments that it changed."""
        given = [*params.values(), x]
        before = [array.copy() for array in given]
        outputs, cache = self.call("forward", params, x, context)
        require(
            all(np.array_equal(array, copy) for array, copy in zip(given, before, strict=True)),
            f"{self.name}.forward() changed its inputs or parameters in place; compute new arrays.",
        )
        require(
            isinstance(outputs, np.ndarray) and outputs.shape[-2:] == (x.shape[-2], self.n_outputs),
            f"{self.name}.forward() returned shape {np.shape(outputs)} for inputs of shape {x.shape}; width() says "
            f"{self.n_outputs} outputs for each row.",
        )
        return outputs, cache

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the layer; its exceptions become a `TaskError`."""
        try:
            with forbid_global_rng(7, f"{self.name}.{method}()"):
                return getattr(self.layer, method)(*args, **kwargs)
        except TaskError:
            raise
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(f"{self.name}.{method}() raised {type(error).__name__}: {error}; fix it.") from error


def _check_sizes(layer: Layer, n_inputs: int) -> int:
    """Check width, FLOPs and parameters; return the number of outputs."""
    name, trial = type_name(layer), _Trial(layer, n_inputs, 0)
    width, flops, parameters = (trial.call(method, n_inputs) for method in ("width", "flops", "parameters"))
    require(
        type(width) is int and width >= 1,
        f"{name}.width() returned {width!r}; return a whole number of at least 1.",
    )
    require(
        type(flops) is int and flops >= 0,
        f"{name}.flops() returned {flops!r}; return a whole number of at least 0.",
    )
    require(
        isinstance(parameters, dict)
        and all(isinstance(key, str) and isinstance(value, Parameter) for key, value in parameters.items()),
        f"{name}.parameters() returned {parameters!r}; return a dict from names to Parameter(shape, init).",
    )
    for key, parameter in parameters.items():
        with forbid_global_rng(8, f"{name}'s parameter {key!r}"):
            one, other = (np.asarray(parameter.init(np.random.default_rng(0))) for _ in range(2))
        require(
            one.shape == parameter.shape and bool(np.isfinite(one).all()),
            f"{name}'s parameter {key!r} has shape {parameter.shape}, and its init returned shape {one.shape} with "
            f"{_count_invalid(one)} numbers that are not finite; return finite numbers of that shape.",
        )
        require(
            np.array_equal(one, other),
            f"{name}'s parameter {key!r} starts with other values for the same seed; draw from the rng it is given.",
        )
    return width


def _check_forward(trial: _Trial) -> None:
    """Outputs outside training: finite, repeatable, of the precision of the inputs, each sequence for itself."""
    params, x = trial.params(0), trial.x
    outputs, _ = trial.forward(params, x, trial.context())
    require(
        bool(np.isfinite(outputs).all()),
        f"{trial.name}.forward() returned {_count_invalid(outputs)} numbers that are not finite for ordinary inputs; "
        "look for divisions by zero and overflows.",
    )
    again, _ = trial.forward(params, x, trial.context())
    require(
        np.array_equal(again, outputs),
        f"{trial.name}.forward() returned other outputs for the same arguments; outside training nothing is random, "
        "and the layer object keeps no state.",
    )
    alone, _ = trial.forward(params, x[:N_STEPS].copy(), trial.context())
    require(
        np.allclose(alone, outputs[:N_STEPS], rtol=1e-9, atol=1e-12),
        f"{trial.name}.forward() returned other outputs for a sequence alone than in a batch; outside training rows "
        "must not depend on each other.",
    )
    single = {name: values.astype(np.float32) for name, values in params.items()}
    context = trial.context()
    context.running_stats = {name: values.astype(np.float32) for name, values in context.running_stats.items()}
    rounded, _ = trial.forward(single, x.astype(np.float32), context)
    require(
        rounded.dtype == np.float32,
        f"{trial.name}.forward() returned {rounded.dtype} for inputs and parameters in float32; avoid arrays of "
        "float64 inside, for example with x.dtype.type(...).",
    )


def _check_members(trial: _Trial, training: bool) -> None:
    """Several members in one call: the outputs and gradients of each member alone."""
    params, rows = trial.params(), N_SEQUENCES * N_STEPS
    own_x = np.stack([trial.x + member for member in range(N_MEMBERS)])
    for x in (trial.x, own_x) if params else (own_x,):  # the same inputs for all, or others for each
        outputs, cache = trial.forward(params, x, trial.context(training, (N_MEMBERS,)))
        require(
            outputs.shape == (N_MEMBERS, rows, trial.n_outputs),
            f"{trial.name}.forward() returned shape {outputs.shape} for {N_MEMBERS} members of {rows} rows; parameters "
            "may have leading axes, so use params['bias'][..., None, :] and np.matmul.",
        )
        dy = np.random.default_rng(4).normal(size=outputs.shape)
        grads = {name: np.full_like(values, np.nan) for name, values in params.items()}
        dx = trial.call("backward", params, cache, dy.copy(), grads)
        for member in range(N_MEMBERS):
            own = trial.params(member)
            alone, own_cache = trial.forward(own, x[member] if x is own_x else x, trial.context(training))
            require(
                np.array_equal(alone, outputs[member]),
                f"{trial.name}.forward() returned other outputs for a member alone than among {N_MEMBERS} members; "
                "members must not depend on each other, bit for bit.",
            )
            own_grads = {name: np.full_like(values, np.nan) for name, values in own.items()}
            own_dx = trial.call("backward", own, own_cache, dy[member].copy(), own_grads)
            pairs = [(own_grads[name], grads[name][member]) for name in own] + [(own_dx, dx[member])]
            require(
                all(np.allclose(one, many, rtol=1e-9, atol=1e-12) for one, many in pairs),
                f"{trial.name}.backward() returned other gradients for a member alone than among {N_MEMBERS} members; "
                "members must not depend on each other.",
            )


def _check_steps(trial: _Trial) -> None:
    """A sequence in one call: the outputs of its steps in separate calls that keep the state."""
    params, x = trial.params(0), trial.x
    expected, _ = trial.forward(params, x, trial.context())
    context = trial.context(n_steps=1)
    context.state = {}
    rows = x.reshape(N_SEQUENCES, N_STEPS, -1)
    steps = [trial.forward(params, rows[:, step].copy(), context)[0] for step in range(N_STEPS)]
    require(
        np.allclose(np.stack(steps, axis=1).reshape(expected.shape), expected, rtol=1e-9, atol=1e-12),
        f"{trial.name}.forward() returned other outputs for {N_STEPS} single steps than for sequences of {N_STEPS} "
        "steps; start from context.state and update it, unless it is None.",
    )


def _check_gradients(trial: _Trial, training: bool) -> None:
    """Gradients of the sum of all outputs, each with a random weight, against central differences."""
    params, x = trial.params(0), trial.x
    outputs, cache = trial.forward(params, x, trial.context(training))
    dy = np.random.default_rng(5).normal(size=outputs.shape)
    grads = {name: np.full_like(values, np.nan) for name, values in params.items()}
    dx = trial.call("backward", params, cache, dy.copy(), grads)
    require(
        np.shape(dx) == x.shape,
        f"{trial.name}.backward() returned shape {np.shape(dx)} for inputs of shape {x.shape}; return the gradient of "
        "the inputs.",
    )
    when = "in training" if training else "outside training"
    for name, values in [*params.items(), ("inputs", x)]:
        expected = _differences(trial, params, x, dy, values, training)
        gradient = dx if values is x else grads[name]
        require(
            np.allclose(gradient, expected, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(expected).max(initial=0)))),
            f"{trial.name}.backward() returned a gradient of {name!r} {when} that differs from finite differences by "
            f"{_largest(gradient - expected):.2g}; write the sum over the batch into gradients[name], and check its "
            "formula.",
        )
    first = {name: np.full_like(values, np.nan) for name, values in params.items()}
    _, cache = trial.forward(params, x, trial.context(training))
    trial.call("backward", params, cache, dy.copy(), first, needs_input_grad=False)
    require(
        all(np.array_equal(first[name], grads[name]) for name in grads),
        f"{trial.name}.backward() wrote other gradients with needs_input_grad=False; it may only leave out its result.",
    )


def _differences(trial: _Trial, params: dict[str, Array], x: Array, dy: Array, values: Array, training: bool) -> Array:
    """The gradient of `sum(outputs * dy)` by `values`, which are part of `params` or `x`."""
    gradient = np.empty_like(values)
    for index in np.ndindex(values.shape):
        original, sums = values[index], []
        for sign in (1, -1):
            values[index] = original + sign * DIFFERENCE
            sums.append((trial.layer.forward(params, x, trial.context(training))[0] * dy).sum())
        values[index] = original
        gradient[index] = (sums[0] - sums[1]) / (2 * DIFFERENCE)
    return gradient


def _check_freeze(trial: _Trial, layer: HasRunningStats) -> None:
    """A layer with running statistics equals its frozen layer outside training."""
    params, context = trial.params(0), trial.context()
    expected, _ = trial.forward(params, trial.x, context)
    frozen, frozen_params = layer.freeze(params, context.running_stats)
    outputs, _ = frozen.forward(frozen_params, trial.x, ForwardContext(n_steps=N_STEPS))
    require(
        np.allclose(outputs, expected, rtol=1e-9, atol=1e-12),
        f"{trial.name}.freeze() returned a layer with other outputs than the layer outside training.",
    )


def _count_invalid(values: Array) -> int:
    return int((~np.isfinite(values)).sum())


def _largest(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0))
