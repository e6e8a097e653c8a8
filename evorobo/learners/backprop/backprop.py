"""Backpropagation: mini-batches of labeled examples, the gradient of a loss, the step of an optimizer, repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import is_overridden
from evorobo.docstrings import inherit_docs
from evorobo.errors import LearningError, SettingsError
from evorobo.fields import Example, NonNegativeFloat, PositiveFloat, PositiveInt
from evorobo.flops import update_flops
from evorobo.learners.backprop.batched import Batch, BatchedBackprop
from evorobo.learners.backprop.compiled import CompiledBackprop, check_compilable, flat_targets
from evorobo.learners.backprop.minibatches import MiniBatches
from evorobo.learners.backprop.stopping import EarlyStopping
from evorobo.learners.base import Batchable, Method, StepResult, WarmStartable
from evorobo.learners.budget import Budget, ChecksBudget, require_spending
from evorobo.learners.penalties import Penalty, n_penalized
from evorobo.learners.warm_start import (
    first_genome,
    first_observations,
    normalizes_observations,
    with_observations,
)
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.schedules import Constant, Schedule
from evorobo.nets.sequences import SequenceBatches
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, Scoring, Task

NEVER_SPENT = ("env_steps", "episodes", "robot_flops")
"""Cost columns that mini-batches never add to. Demonstrations, before the first step, do."""

_CACHE_BYTES, _MAX_BATCHED, _USUAL_LENGTH = 2**20, 16, 32
"""Cache of a core in bytes, largest number of networks in one batch, and assumed length of a sequence in time steps.

Measured seconds per network and step, for ten networks at once, relative to one alone: .33 (24-32-4, batch 32), .65
(24-32-4, batch 256), .61 (24-64-64-4, batch 64). For 21-128-128-7 with batch 256: .96 for two networks, 1.2 for five,
which no longer fit into the cache.
"""

_MAX_STEPS, _MAX_FLOPS = 256, 10**9
"""Largest number of steps, and of floating-point operations, of one call of machine code: some tenths of a second."""


@register_component("method", "Backprop")
@dataclass(frozen=True)
@inherit_docs
class Backprop(Method, Batchable, WarmStartable, ChecksBudget):
    """Train a network on a task's labeled examples by backpropagation.

    Each epoch visits every row once, in a new random order. Recurrent networks are trained by backpropagation through
    time; a mini-batch then consists of sequences. Penalty, `max_norm` and input noise do not apply to biases. The
    weight decay of `AdamW` does, as in PyTorch.

    Parameters
    ----------
    optimizer : Optimizer, default Adam(0.003)
        Rule that turns gradients into steps, for example ``SGD(0.1)``.
    batch_size : int, default 64
        Rows per mini-batch, at least 1. For recurrent networks: sequences or windows per mini-batch.
    schedule : Schedule, default Constant()
        Learning rate over the budget, for example ``Cosine()``.
    loss : Loss, optional
        Loss to minimize. By default the loss of the task.
    max_grad_norm : float, optional
        Largest norm of the gradient, above 0; longer gradients are shortened. By default there is no limit.
    penalty : L1 or L2, optional
        Penalty on large weights. The logged loss does not include it.
    max_norm : float, optional
        Largest norm of each unit's incoming weights, above 0. By default there is no limit.
    input_noise : float, default 0.0
        Standard deviation of Gaussian noise that is added to the scaled inputs of every mini-batch, 0 or more.
    early_stopping : EarlyStopping, optional
        Ends training when validation no longer improves. By default training lasts for the whole budget.
    bptt_steps : int or None, default 64
        Number of time steps through which gradients flow back, at least 1. Longer sequences are cut into windows that
        start with zero state; None does not cut them. Networks without recurrent layers ignore it.
    warm_start : str, Genome or None, default None
        The genome at which learning starts, or its file: weights, scalers and running statistics, not the state of an
        optimizer. The network must be the same. A study takes a path. What the genome cost is not part of the cost.
        None starts at random weights; later random numbers are the same.
    dtype : {"float64", "float32"}, default "float64"
        Precision of training. "float32" is faster for wide networks.
    compiled : bool, default False
        Train in machine code, compiled by numba, many mini-batches in one call. The numbers differ from the plain ones
        by rounding, and do not depend on the number of threads. All layers, losses, optimizers and penalties of this
        package can be compiled, and layers derived from them with other initial weights. Anything else is refused.
    name : str, default "backprop"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Rumelhart, Hinton & Williams (1986), "Learning representations by back-propagating errors". Backpropagation through
    time: Werbos (1990), truncated: Williams & Peng (1990), over 64 steps as in Hafner et al. (2023), "Mastering diverse
    domains through world models". Gradient clipping: Pascanu et al. (2013). Max-norm: Srivastava et al. (2014), section
    5.1. Input noise: Bishop (1995), "Training with noise is equivalent to Tikhonov regularization".

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Adam, Backprop, DatasetTask, NetworkSpec
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> task = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs)
    >>> learner = Backprop(Adam(0.01), batch_size=16).start(task, spec, np.random.default_rng(0))
    >>> before = task.test(learner.genome)
    >>> for _ in range(100):
    ...     result = learner.step(0.0)
    >>> task.test(learner.genome) < before
    True
    """

    optimizer: Optimizer = Adam(0.003)
    batch_size: PositiveInt = 64
    schedule: Schedule = Constant()
    loss: Annotated[Loss, Example("MSE()")] | None = None
    max_grad_norm: PositiveFloat | None = None
    penalty: Annotated[Penalty, Example("L2()")] | None = None
    max_norm: PositiveFloat | None = None
    input_noise: NonNegativeFloat = 0.0
    early_stopping: EarlyStopping | None = None
    bptt_steps: PositiveInt | None = 64
    warm_start: Genome | str | None = None
    dtype: Literal["float64", "float32"] = "float64"
    compiled: bool = False
    name: str = "backprop"

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> BackpropLearner:
        return BackpropLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> Backprop:
        return replace(self, warm_start=genome)

    def check_budget(self, task: Scoring, budget: Budget) -> None:
        require_spending(self.name, task, budget, NEVER_SPENT)

    def max_batched_learners(self, spec: NetworkSpec) -> int:
        if is_overridden(self, Backprop.start):  # learners of a derived class may step in another way
            return 1
        if self.compiled:  # one after another, so that one call of Python serves all
            return _MAX_BATCHED
        # as many as keep the values between their layers in the cache of one core; more are slower
        rows = self.batch_size * (self.bptt_steps or _USUAL_LENGTH if spec.recurrent else 1)
        return max(1, min(_MAX_BATCHED, _CACHE_BYTES // (rows * sum(spec.widths) * np.dtype(self.dtype).itemsize)))

    def update_flops(self, spec: NetworkSpec) -> int:
        """Return the cost of one update of the weights: penalty, gradient clipping, optimizer and max-norm.

        Clipping and max-norm take 3 operations for each number: its square, a sum and a scaling.

        Parameters
        ----------
        spec : NetworkSpec
            Shape of the network.

        Returns
        -------
        int
            Floating-point operations for one network.
        """
        in_matrices = n_penalized(spec)
        flops = update_flops(self.optimizer, spec.n_params)
        if self.penalty:
            flops += self.penalty.flops_per_weight * in_matrices
        if self.max_grad_norm:
            flops += 3 * spec.n_params
        if self.max_norm:
            flops += 3 * in_matrices
        return round(flops)

    def batch_learners(self, learners: Sequence[BackpropLearner]) -> BatchedBackprop | CompiledBackprop:
        return CompiledBackprop(learners) if self.compiled else BatchedBackprop(learners)


class BackpropLearner:
    """Running backprop: one `step` is one mini-batch, and `loss` its loss before the weights changed.

    The learner samples the mini-batches and keeps the state of one network. `BatchedBackprop` does the arithmetic, for
    one network or several.
    """

    def __init__(self, method: Backprop, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if spec.n_running_stats and method.batch_size == 1 and not spec.recurrent:
            raise SettingsError(
                "batch normalization needs batches of several rows, not of 1; set batch_size=2 or more."
            )
        self.method, self.spec, self.rng = method, spec, rng
        first, dtype = first_genome(method.warm_start, task, spec, rng), np.dtype(method.dtype)
        self._first, self._observed = first, first_observations(first)
        self._normalizes = normalizes_observations(task)
        self.weights = first.weights.astype(dtype)
        self.running_stats = (np.zeros(0) if first.running_stats is None else first.running_stats).astype(dtype)
        # the last weights with a finite loss, and the running statistics at that time
        self.last_finite, self.last_finite_running_stats = self.weights.copy(), self.running_stats.copy()
        self.optimizer = method.optimizer.start(self.weights)
        self._schedule_state = method.schedule.start()

        examples = task.examples(rng)
        examples, held_out = method.early_stopping.split(examples, rng) if method.early_stopping else (examples, None)
        self.criterion = method.loss or examples.loss
        if spec.recurrent and examples.sequence is None:
            raise SettingsError(
                f"the examples of {task.name} are single rows, but a recurrent network needs sequences; use a network "
                "without recurrent layers, or name the column that numbers the sequences."
            )
        if method.compiled:
            check_compilable(self)
        self._batches, self._flops_per_update = MiniBatches(method.batch_size), method.update_flops(spec)
        self._set_examples(examples, examples.inputs)
        self.loss = np.nan
        self._loss_sum, self._n_batches = 0.0, 0  # of this epoch
        held_out = held_out and replace(held_out, loss=self.criterion)
        self._stopper = (
            method.early_stopping.start(task, self._current_genome, held_out) if method.early_stopping else None
        )
        self.batched = method.batch_learners([self])

    def _set_examples(self, examples: Examples, new_inputs: Array) -> None:
        if self._normalizes:
            self._observed = self._observed + RunningMoments.from_rows(new_inputs)
        dtype, scaler = self.weights.dtype, self._current_genome.input_scaler
        self._examples = examples
        self._inputs = np.ascontiguousarray(scaler.transform(examples.inputs) if scaler else examples.inputs, dtype)
        are_classes = np.issubdtype(examples.targets.dtype, np.integer)
        self._targets = examples.targets if are_classes else examples.targets.astype(dtype)
        self._sample_weight = None if examples.sample_weight is None else examples.sample_weight.astype(dtype)
        sequence = examples.sequence if self.spec.recurrent else None
        self._batches.set_items(SequenceBatches(len(self._inputs), sequence, self.method.bptt_steps))
        if self.method.compiled:
            weights = np.zeros(0, dtype) if self._sample_weight is None else self._sample_weight
            targets = flat_targets(self._targets, self.criterion, self.spec.n_outputs)
            self.flat_examples = self._batches.items.bounds, self._inputs.ravel(), targets, weights

    def add_examples(self, more: Examples, held_out: Examples | None = None) -> None:
        """Between two epochs: train on `more` examples as well, and add `held_out` to those for early stopping."""
        self._set_examples(self._examples + more, more.inputs)
        if self._stopper:
            self._stopper.restart_patience(held_out)

    @property
    def genome(self) -> Genome:
        """The current weights, or with early stopping the best weights on validation."""
        return self._stopper.solution(self._current_genome) if self._stopper else self._current_genome

    @property
    def _current_genome(self) -> Genome:
        weights, running_stats = self.weights.astype(np.float64), self.running_stats.astype(np.float64)
        return with_observations(replace(self._first, weights=weights, running_stats=running_stats), self._observed)

    @property
    def done(self) -> bool:
        return self._stopper is not None and self._stopper.done

    @property
    def cost(self) -> Cost:
        training = Cost(
            samples=self._batches.samples,
            forward_flops=self._batches.computed_rows * self.spec.forward_flops,
            backward_flops=self._batches.computed_rows * self.spec.backward_flops,
            update_flops=self._batches.n_updates * self._flops_per_update,
        )
        cost = self._examples.cost + training
        return cost + self._stopper.cost if self._stopper else cost

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return self._batches.epoch + self._batches.epoch_is_over

    def step(self, budget_fraction: float) -> StepResult:
        if len(self.batched) > 1:
            self.batched = self.method.batch_learners([self])  # it leaves the others
        (result,) = self.batched.step([budget_fraction])
        if isinstance(result, Exception):
            raise result
        return result

    def upcoming_costs(self, budget_fraction: float) -> Cost | None:
        if not isinstance(self.batched, CompiledBackprop) or is_overridden(self, BackpropLearner.step):
            return None
        self._begin_epoch_if_due()
        flops = (self.spec.forward_flops + self.spec.backward_flops) * self.method.batch_size * self.n_steps
        samples, rows = self._batches.upcoming_rows(max(1, min(_MAX_STEPS, _MAX_FLOPS // max(flops, 1))))
        arrays: dict[str, Any] = {
            "samples": samples,
            "forward_flops": rows * self.spec.forward_flops,
            "backward_flops": rows * self.spec.backward_flops,
            "update_flops": np.arange(1, len(samples) + 1) * self._flops_per_update,
        }
        return self.cost + Cost(**arrays)

    def take_steps(self, budget_fractions: Sequence[float]) -> tuple[int, StepResult | LearningError]:
        assert isinstance(self.batched, CompiledBackprop)
        return self.batched.train(self, budget_fractions)

    # ---- called by BatchedBackprop or CompiledBackprop, in this order

    def next_items(self, n: int, drawn_widths: Sequence[int]) -> tuple[np.ndarray, Array]:
        """Return the items of the next `n` batches, and the random numbers of input noise and dropout for them."""
        self._begin_epoch_if_due()
        noise = self.spec.n_inputs if self.method.input_noise else 0
        return self._batches.upcoming(n), self._batches.draws(n, noise, drawn_widths, self.rng, self.weights.dtype)

    def advance(self, n: int) -> None:
        """Count `n` batches."""
        self._batches.advance(n)

    @property
    def n_steps(self) -> int:
        """The length of the longest sequence or window."""
        return self._batches.items.n_steps

    def next_batch(self) -> Batch:
        """Return the next mini-batch. After the last one of an epoch a new epoch begins."""
        self._begin_epoch_if_due()
        layout = self._batches.take()
        rows, inputs = layout.valid_rows, self._inputs.take(layout.rows, axis=0)
        if self.method.input_noise:
            inputs += self.method.input_noise * self.rng.standard_normal(inputs.shape, inputs.dtype)
        targets = self._targets.take(rows, axis=0)
        truth = (targets,) if self._sample_weight is None else (targets, self._sample_weight[rows])
        return Batch(inputs, truth, layout)

    def lr_factor(self, budget_fraction: float) -> float:
        """Return the schedule's factor of the learning rate."""
        return self.method.schedule.factor(budget_fraction, self._schedule_state)

    def finish_steps(self, losses: Sequence[float], norm: float, factor: float) -> StepResult:
        """Finish steps within an epoch, given their losses, and the last gradient norm before the weights changed."""
        if self._stopper and self._batches.epoch_is_over:
            self._stopper.on_epoch_end(self._current_genome)
        self.loss = losses[-1]
        for loss in losses:
            self._loss_sum, self._n_batches = self._loss_sum + loss, self._n_batches + 1
        learning_rate = self.method.optimizer.learning_rate * factor
        info = {"epoch": self._batches.epoch, "learning_rate": learning_rate, "grad_norm": norm}
        info |= self._stopper.info if self._stopper else {}
        return StepResult(-self._loss_sum / self._n_batches, info)

    def divergence_error(self, loss: float, norm: float) -> LearningError:
        """Return the error for a step after which the weights were reset to the last finite ones."""
        done = self._batches
        return LearningError(
            f"training diverged: loss {loss:.3g} and gradient norm {norm:.3g} in step {done.batches_done} (epoch "
            f"{done.epoch}), after {done.samples} samples. Try a learning rate below "
            f"{self.method.optimizer.learning_rate:g}, max_grad_norm=1, or scaled inputs."
        )

    def _begin_epoch_if_due(self) -> None:
        if self._batches.epoch_is_over:
            if self._n_batches:
                self.method.schedule.on_epoch_end(self._loss_sum / self._n_batches, self._schedule_state)
            self._batches.begin_epoch(self.rng)
            self._loss_sum, self._n_batches = 0.0, 0

    # ---- results and state

    def artifacts(self) -> dict[str, bytes | str]:
        return {}

    def state(self) -> dict[str, Any]:
        return {
            "weights": self.weights,
            "running_stats": self.running_stats,
            "last_finite": self.last_finite,
            "last_finite_running_stats": self.last_finite_running_stats,
            "optimizer": self.optimizer,
            "schedule": self._schedule_state,
            "loss_sum": self._loss_sum,
            "n_batches": self._n_batches,
            **self._batches.state(),
            "stopper": self._stopper.state() if self._stopper else {},
            "rng": self.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.weights, self.last_finite = state["weights"], state["last_finite"]
        self.running_stats, self.last_finite_running_stats = state["running_stats"], state["last_finite_running_stats"]
        self.optimizer, self._schedule_state = state["optimizer"], state["schedule"]
        self._loss_sum, self._n_batches = state["loss_sum"], state["n_batches"]
        self._batches.restore(state)
        if self._stopper:
            self._stopper.restore(state["stopper"])
        self.rng.bit_generator.state = state["rng"]
        self.batched = self.method.batch_learners([self])
