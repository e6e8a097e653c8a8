"""Several networks trained in one batch: one forward and one backward pass for all, each on its own mini-batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import isfinite, sqrt
from typing import Any, NamedTuple, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError, SettingsError
from evorobo.learners.base import StepResult
from evorobo.learners.penalties import Penalty, weight_matrices
from evorobo.nets.layer import ForwardContext
from evorobo.nets.losses import Loss
from evorobo.nets.optimizers import Optimizer, State
from evorobo.nets.passes import shared_context
from evorobo.nets.sequences import Layout
from evorobo.nets.spec import NetworkSpec
from evorobo.nets.workspace import Workspace
from evorobo.user_code import as_error


class Batch(NamedTuple):
    """A mini-batch: scaled `inputs (rows, in)`, the arguments of the loss after the outputs, and the row layout."""

    inputs: Array
    truth: tuple[np.ndarray, ...]
    layout: Layout

    @property
    def shape(self) -> tuple[object, ...]:
        """Equal for batches that several networks can process in one pass."""
        return self.inputs.shape, self.layout.n_steps, self.layout.mask is None or self.layout.mask.tobytes()


class UpdateSettings(Protocol):
    """The settings of a method that the weight update reads."""

    @property
    def optimizer(self) -> Optimizer: ...

    @property
    def penalty(self) -> Penalty | None: ...

    @property
    def max_grad_norm(self) -> float | None: ...

    @property
    def max_norm(self) -> float | None: ...


class TrainedNetwork(Protocol):
    """One network in training: its arrays, its next batch, and its report after each step."""

    spec: NetworkSpec
    rng: np.random.Generator
    criterion: Loss
    weights: Array
    last_finite: Array
    running_stats: Array
    last_finite_running_stats: Array
    optimizer: State
    batched: Any

    @property
    def method(self) -> UpdateSettings: ...

    def next_batch(self) -> Batch: ...

    def lr_factor(self, budget_fraction: float) -> float: ...

    def finish_steps(self, losses: Sequence[float], norm: float, factor: float) -> StepResult: ...

    def divergence_error(self, loss: float, norm: float) -> LearningError: ...


class BatchedBackprop:
    """Learners of one method and one network shape. Their weights are the rows of `weights (s, p)`.

    The arrays of each learner become views into the arrays of this object. All arithmetic is per row or per element, so
    each learner computes the same numbers, bit for bit, as alone. It only runs faster: for small batches a NumPy call
    costs as much as its arithmetic. Ten networks of SCITOS size with batches of 32 train 3 times faster in one batch
    than one by one. Mini-batches of unequal shape are processed one by one.
    """

    def __init__(self, learners: Sequence[TrainedNetwork]) -> None:
        self._learners = list(learners)
        first = self._learners[0]
        self._method, self._spec, self._criterion = first.method, first.spec, first.criterion
        self._weights = np.stack([learner.weights for learner in learners])
        self._last_finite = np.stack([learner.last_finite for learner in learners])
        self._running_stats = np.stack([learner.running_stats for learner in learners])
        self._last_finite_stats = np.stack([learner.last_finite_running_stats for learner in learners])
        self._gradient = np.empty_like(self._weights)
        self._workspace = Workspace(self._spec, self._weights, self._gradient)
        self._matrices, self._grad_matrices = (
            weight_matrices(self._spec, flat) for flat in (self._weights, self._gradient)
        )
        self._optimizer = _joined([learner.optimizer for learner in learners], first.weights.shape)
        self._counters = first.optimizer.keys() - _per_weight(first)
        for row, learner in enumerate(learners):
            learner.weights, learner.last_finite, learner.batched = self._weights[row], self._last_finite[row], self
            learner.running_stats = self._running_stats[row]
            learner.last_finite_running_stats = self._last_finite_stats[row]
            if self._optimizer is not None:
                learner.optimizer |= {name: self._optimizer[name][row] for name in _per_weight(learner)}

    def __len__(self) -> int:
        return len(self._learners)

    def step(self, budget_fraction: Sequence[float]) -> list[StepResult | Exception]:
        """Train each learner on one mini-batch and return a result or an error for each.

        A learner with an error must leave. After a `LearningError` its weights are the last finite ones.
        """
        learners, weights, gradient, running_stats = self._learners, self._weights, self._gradient, self._running_stats
        batches = [learner.next_batch() for learner in learners]
        factors = [learner.lr_factor(fraction) for learner, fraction in zip(learners, budget_fraction, strict=True)]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is detected below
            losses = self._compute_gradients(batches)
            grad_squares = np.vecdot(gradient, gradient).tolist()
            stat_squares = (
                np.vecdot(running_stats, running_stats).tolist() if running_stats.size else [0.0] * len(learners)
            )
            diverged = set()
            for row, sizes in enumerate(zip(losses, grad_squares, stat_squares, strict=True)):
                # squares may overflow although all numbers are finite; then each number decides
                if not isfinite(sum(sizes)) and not all(
                    np.isfinite(values[row]).all() for values in (losses, gradient, running_stats)
                ):
                    diverged.add(row)
                    weights[row], running_stats[row] = self._last_finite[row], self._last_finite_stats[row]
            self._last_finite[...], self._last_finite_stats[...] = weights, running_stats
            self._update_weights(factors)
            weight_squares = np.vecdot(weights, weights).tolist()
        results: list[StepResult | Exception] = []
        for row, learner in enumerate(learners):
            norm = sqrt(grad_squares[row])
            if row in diverged or not (isfinite(weight_squares[row]) or np.isfinite(weights[row]).all()):
                weights[row] = self._last_finite[row]
                results.append(learner.divergence_error(losses[row], norm))
                continue
            try:
                results.append(learner.finish_steps(losses[row : row + 1], norm, factors[row]))
            except BaseException as error:  # validation of this learner failed; the others continue
                results.append(as_error(error))
        return results

    def _compute_gradients(self, batches: list[Batch]) -> list[float]:
        """Return the loss of each learner on its batch, and write its gradient into `_gradient`."""
        if len(batches) == 1 or len({batch.shape for batch in batches}) == 1:
            return self._pass(self._workspace, self._learners, batches, self._running_stats)
        losses = []
        for row, (batch, workspace) in enumerate(zip(batches, self._single_workspaces, strict=True)):
            single = slice(row, row + 1)
            losses += self._pass(workspace, self._learners[single], [batch], self._running_stats[single])
        return losses

    @cached_property
    def _single_workspaces(self) -> list[Workspace]:
        """One workspace per learner."""
        rows = [slice(row, row + 1) for row in range(len(self))]
        return [Workspace(self._spec, self._weights[single], self._gradient[single]) for single in rows]

    def _pass(
        self, workspace: Workspace, learners: list[TrainedNetwork], batches: list[Batch], running_stats: Array
    ) -> list[float]:
        layout = batches[0].layout
        context = ForwardContext(True, [learner.rng for learner in learners], layout.n_steps, layout.mask)
        inputs = _stacked([batch.inputs for batch in batches])
        truth = [_stacked(list(arrays)) for arrays in zip(*(batch.truth for batch in batches), strict=True)]
        outputs = workspace.forward(inputs, shared_context(self._spec, context, running_stats))
        values, dy = self._criterion.value_and_gradient(layout.remove_padding(outputs), *truth)
        if np.shape(values) != (len(learners),):
            raise SettingsError(
                f"{self._criterion} returned values of shape {np.shape(values)} for {len(learners)} networks; return "
                f"one mean per network, of shape ({len(learners)},)."
            )
        workspace.backward(layout.add_padding(dy))
        losses: list[float] = values.tolist()
        return losses

    def _update_weights(self, factors: list[float]) -> None:
        """Apply penalty, gradient clipping, optimizer and max-norm, in this order."""
        method = self._method
        if method.penalty:
            for weight, grad in zip(self._matrices, self._grad_matrices, strict=True):
                method.penalty.add_gradient(weight, grad)
        if method.max_grad_norm:
            clip_by_norm(self._gradient, method.max_grad_norm)
        if self._optimizer is not None and factors.count(factors[0]) == len(factors):
            method.optimizer.update(self._weights, self._gradient, self._optimizer, factors[0])
            self._copy_counters(self._optimizer, [learner.optimizer for learner in self._learners])
        else:
            for learner, grad, factor in zip(self._learners, self._gradient, factors, strict=True):
                method.optimizer.update(learner.weights, grad, learner.optimizer, factor)
            if self._optimizer is not None:
                self._copy_counters(self._learners[0].optimizer, [self._optimizer])
        if method.max_norm:
            for weight in self._matrices:
                apply_max_norm(weight, method.max_norm)

    def _copy_counters(self, source: State, targets: list[State]) -> None:
        """Copy the parts of the optimizer's state that are not per weight, such as the number of steps."""
        for target in targets:
            for name in self._counters:
                target[name][...] = source[name]


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """Shrink `gradient (..., p)` in place to a norm of at most `limit` and keep its direction (Pascanu et al. 2013)."""
    norm = np.linalg.norm(gradient, axis=-1, keepdims=True)
    gradient *= limit / np.maximum(norm, limit)
    return gradient


def apply_max_norm(weight: Array, limit: float) -> Array:
    """Shrink each column of `weight (..., inputs, units)` in place to a norm of at most `limit`.

    The incoming weights of a unit are projected onto the ball of that radius (Srivastava et al. 2014, section 5.1).
    """
    norm = np.sqrt(np.square(weight).sum(-2, keepdims=True))
    weight *= limit / np.maximum(norm, limit)
    return weight


def _per_weight(learner: TrainedNetwork) -> set[str]:
    """Return the names of the optimizer's arrays that hold one number per weight."""
    return {name for name, state in learner.optimizer.items() if state.shape == learner.weights.shape}


def _joined(states: list[State], shape: tuple[int, ...]) -> State | None:
    """Return one optimizer state for weights `(s, *shape)`, or None if the learners must be updated one by one.

    They must be if their states differ in more than the numbers per weight, for example in the number of steps.
    """
    joined: State = {}
    for name, value in states[0].items():
        if value.shape == shape:
            joined[name] = np.stack([state[name] for state in states])
        elif all(np.array_equal(value, state[name]) for state in states):
            joined[name] = value.copy()
        else:
            return None
    return joined


def _stacked(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
