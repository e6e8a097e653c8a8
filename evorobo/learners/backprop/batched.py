"""Networks trained side by side: one forward and one backward pass for all of them, each on a batch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import isfinite, sqrt
from typing import NamedTuple, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError
from evorobo.learners.backprop.max_norm import apply_max_norm, clip_by_norm
from evorobo.learners.base import StepResult
from evorobo.learners.penalties import Penalty, weight_matrices
from evorobo.nets.layer import ForwardContext
from evorobo.nets.losses import Loss, values_and_gradients
from evorobo.nets.optimizers import Optimizer, State
from evorobo.nets.passes import shared_context
from evorobo.nets.sequences import Layout
from evorobo.nets.spec import NetworkSpec
from evorobo.nets.workspace import Workspace


class Batch(NamedTuple):
    """Scaled `inputs (rows, in)`, what the loss is told besides the outputs, and how the rows lie in time."""

    inputs: Array
    truth: tuple[np.ndarray, ...]
    layout: Layout

    @property
    def shape(self) -> tuple[object, ...]:
        """Equal for batches that can go through several networks at once."""
        return self.inputs.shape, self.layout.n_steps, self.layout.mask is None or self.layout.mask.tobytes()


class UpdateSettings(Protocol):
    """What the update of the weights reads from a method's settings."""

    @property
    def optimizer(self) -> Optimizer: ...

    @property
    def penalty(self) -> Penalty | None: ...

    @property
    def max_grad_norm(self) -> float | None: ...

    @property
    def max_norm(self) -> float | None: ...


class TrainedNetwork(Protocol):
    """One network in training: its arrays, its next batch, and what it reports after each step."""

    spec: NetworkSpec
    rng: np.random.Generator
    criterion: Loss
    weights: Array
    last_finite: Array
    running_stats: Array
    last_finite_running_stats: Array
    optimizer: State
    batched: BatchedBackprop

    @property
    def method(self) -> UpdateSettings: ...

    def next_batch(self) -> Batch: ...

    def lr_factor(self, budget_fraction: float) -> float: ...

    def finish_step(self, loss: float, norm: float, factor: float) -> StepResult: ...

    def divergence_error(self, loss: float, norm: float) -> LearningError: ...


class BatchedBackprop:
    """Learners of one method on networks of one shape: their weights are the rows of `weights (s, p)`.

    From here on each learner's arrays are views into the cohort's. All arithmetic goes row by row or number by number,
    so every learner comes to the same numbers, to the last bit, as in a cohort of its own: one is only faster together,
    since a call of NumPy costs as much as the work that it does for a controller's small batch (measured: ten networks
    of SCITOS size, batch 32, train 3 times faster than one by one). Batches of unequal shape are passed one by one.
    """

    def __init__(self, learners: Sequence[TrainedNetwork]) -> None:
        self._learners = list(learners)
        first = self._learners[0]
        self._method, self._spec, self._criterion = first.method, first.spec, first.criterion
        self._weights = np.stack([learner.weights for learner in learners])
        self._last_finite = np.stack([learner.last_finite for learner in learners])
        self._moments = np.stack([learner.running_stats for learner in learners])
        self._last_finite_running_stats = np.stack([learner.last_finite_running_stats for learner in learners])
        self._gradient = np.empty_like(self._weights)
        self._workspace = Workspace(self._spec, self._weights, self._gradient)
        self._matrices, self._grad_matrices = (
            weight_matrices(self._spec, flat) for flat in (self._weights, self._gradient)
        )
        self._optimizer = _joined([learner.optimizer for learner in learners], first.weights.shape)
        self._counters = first.optimizer.keys() - _by_weight(first)
        for at, learner in enumerate(learners):
            learner.weights, learner.last_finite, learner.batched = self._weights[at], self._last_finite[at], self
            learner.running_stats, learner.last_finite_running_stats = (
                self._moments[at],
                self._last_finite_running_stats[at],
            )
            if self._optimizer is not None:
                learner.optimizer |= {name: self._optimizer[name][at] for name in _by_weight(learner)}

    def __len__(self) -> int:
        return len(self._learners)

    def step(self, budget_fraction: Sequence[float]) -> list[StepResult | Exception]:
        """One batch for each learner, whose share of the budget is `spent`; what each of them has to tell.

        A learner with an error to tell must leave; with a `LearningError` it has its last sound weights again.
        """
        learners, weights, last_finite, gradient = self._learners, self._weights, self._last_finite, self._gradient
        running_stats = self._moments
        batches = [learner.next_batch() for learner in learners]
        factors = [learner.lr_factor(share) for learner, share in zip(learners, budget_fraction, strict=True)]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # found out below, and told in words
            losses = self._compute_gradients(batches)
            squares = np.vecdot(gradient, gradient).tolist()
            measured = np.vecdot(running_stats, running_stats).tolist() if running_stats.size else [0.0] * len(learners)
            lost = set()
            for at, sizes in enumerate(zip(losses, squares, measured, strict=True)):
                # squares may overflow, then a look at each number decides
                if not isfinite(sum(sizes)) and not all(
                    np.isfinite(each[at]).all() for each in (losses, gradient, running_stats)
                ):
                    lost.add(at)
                    weights[at], running_stats[at] = last_finite[at], self._last_finite_running_stats[at]
            last_finite[...], self._last_finite_running_stats[...] = weights, running_stats
            self._update_weights(factors)
            lengths = np.vecdot(weights, weights).tolist()
        told: list[StepResult | Exception] = []
        for at, learner in enumerate(learners):
            if at in lost or not (isfinite(lengths[at]) or np.isfinite(weights[at]).all()):
                weights[at] = last_finite[at]
                told.append(learner.divergence_error(losses[at], sqrt(squares[at])))
                continue
            try:
                told.append(learner.finish_step(losses[at], sqrt(squares[at]), factors[at]))
            except Exception as error:  # its validation broke down; the others go on
                told.append(error)
        return told

    def _compute_gradients(self, batches: list[Batch]) -> list[float]:
        """The loss of each learner on its batch; its gradient goes into `_gradient`."""
        if len(batches) == 1 or len({batch.shape for batch in batches}) == 1:
            return self._pass(self._workspace, self._learners, batches, self._moments)
        losses = []
        for at, (batch, workspace) in enumerate(zip(batches, self._workspaces, strict=True)):
            one = slice(at, at + 1)
            losses += self._pass(workspace, self._learners[one], [batch], self._moments[one])
        return losses

    @cached_property
    def _workspaces(self) -> list[Workspace]:
        """One for each learner alone."""
        rows = [slice(at, at + 1) for at in range(len(self))]
        return [Workspace(self._spec, self._weights[one], self._gradient[one]) for one in rows]

    def _pass(
        self, workspace: Workspace, learners: list[TrainedNetwork], batches: list[Batch], running_stats: Array
    ) -> list[float]:
        layout = batches[0].layout
        context = ForwardContext(True, [learner.rng for learner in learners], layout.n_steps, layout.mask)
        inputs = _stacked([batch.inputs for batch in batches])
        truth = [_stacked(list(each)) for each in zip(*(batch.truth for batch in batches), strict=True)]
        outputs = workspace.forward(inputs, shared_context(self._spec, context, running_stats))
        values, dy = values_and_gradients(self._criterion, layout.remove_padding(outputs), *truth)
        workspace.backward(layout.add_padding(dy))
        losses: list[float] = values.tolist()
        return losses

    def _update_weights(self, factors: list[float]) -> None:
        """The step downhill, by the gradient of this batch and all that holds weights in check."""
        method = self._method
        if method.penalty:
            for weight, slope in zip(self._matrices, self._grad_matrices, strict=True):
                method.penalty.add_gradient(weight, slope)
        if method.max_grad_norm:
            clip_by_norm(self._gradient, method.max_grad_norm)
        if self._optimizer is not None and factors.count(factors[0]) == len(factors):
            method.optimizer.update(self._weights, self._gradient, self._optimizer, factors[0])
            self._count([learner.optimizer for learner in self._learners], self._optimizer)
        else:
            for learner, slope, factor in zip(self._learners, self._gradient, factors, strict=True):
                method.optimizer.update(learner.weights, slope, learner.optimizer, factor)
            if self._optimizer is not None:
                self._count([self._optimizer], self._learners[0].optimizer)
        if method.max_norm:
            for weight in self._matrices:
                apply_max_norm(weight, method.max_norm)

    def _count(self, states: list[State], made: State) -> None:
        """Let `states` know what `made` knows besides a number for each weight: how many steps there were."""
        for state in states:
            for name in self._counters:
                state[name][...] = made[name]


def _by_weight(learner: TrainedNetwork) -> set[str]:
    """The parts of the optimizer's state that hold a number for each weight."""
    return {name for name, state in learner.optimizer.items() if state.shape == learner.weights.shape}


def _joined(states: list[State], shape: tuple[int, ...]) -> State | None:
    """One optimizer state for all rows of weights of that `shape`; None where theirs differ in more than a number for
    each weight (one of them has made more steps), so that each must be updated by itself."""
    joined: State = {}
    for name, state in states[0].items():
        if state.shape == shape:
            joined[name] = np.stack([each[name] for each in states])
        elif all(np.array_equal(state, each[name]) for each in states):
            joined[name] = state.copy()
        else:
            return None
    return joined


def _stacked(arrays: list[np.ndarray]) -> np.ndarray:
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
