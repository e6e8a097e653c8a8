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

    def batch_learners(self, learners: Sequence[BackpropLearner]) -> BatchedBackprop:
        return BatchedBackprop(learners)


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
        self._set_examples(examples, examples.inputs)
        self.loss = np.nan
        self._samples, self._computed_rows = 0, 0  # without and with padding
        self._n_updates, self._flops_per_update = 0, method.update_flops(spec)
        self._epoch, self._position = -1, len(self._items)
        self._order = np.arange(0)
        self._loss_sum, self._n_batches = 0.0, 0  # of this epoch
        held_out = held_out and replace(held_out, loss=self.criterion)
        self._stopper = (
            method.early_stopping.start(task, self._current_genome, held_out) if method.early_stopping else None
        )
        self.batched = BatchedBackprop([self])

    def _set_examples(self, examples: Examples, new_inputs: Array) -> None:
        if self._normalizes:
            self._observed = self._observed + RunningMoments.from_rows(new_inputs)
        dtype, scaler = self.weights.dtype, self._current_genome.input_scaler
        self._examples = examples
        self._inputs = np.ascontiguousarray(scaler.transform(examples.inputs) if scaler else examples.inputs, dtype)
        are_classes = np.issubdtype(examples.targets.dtype, np.integer)
        self._targets = examples.targets if are_classes else examples.targets.astype(dtype)
        self._sample_weight = None if examples.sample_weight is None else examples.sample_weight.astype(dtype)
        self._items = SequenceBatches(
            len(self._inputs), examples.sequence if self.spec.recurrent else None, self.method.bptt_steps
        )

    def add_examples(self, more: Examples, held_out: Examples | None = None) -> None:
        """Between two epochs: train on `more` examples as well, and add `held_out` to those for early stopping."""
        self._set_examples(self._examples + more, more.inputs)
        self._position = len(self._items)
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
            samples=self._samples,
            forward_flops=self._computed_rows * self.spec.forward_flops,
            backward_flops=self._computed_rows * self.spec.backward_flops,
            update_flops=self._n_updates * self._flops_per_update,
        )
        cost = self._examples.cost + training
        return cost + self._stopper.cost if self._stopper else cost

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return self._epoch + (self._position >= len(self._items))

    def step(self, budget_fraction: float) -> StepResult:
        if len(self.batched) > 1:
            BatchedBackprop([self])  # it leaves the others
        (result,) = self.batched.step([budget_fraction])
        if isinstance(result, Exception):
            raise result
        return result

    # ---- called by BatchedBackprop, in this order

    def next_batch(self) -> Batch:
        """Return the next mini-batch. After the last one of an epoch a new epoch begins."""
        if self._position >= len(self._items):
            self._begin_epoch()
        layout = self._items.take(self._order[self._position : self._position + self.method.batch_size])
        self._position += self.method.batch_size
        rows = layout.valid_rows
        self._samples += len(rows)
        self._computed_rows += len(layout.rows)
        self._n_updates += 1
        inputs = self._inputs.take(layout.rows, axis=0)
        if self.method.input_noise:
            inputs += self.method.input_noise * self.rng.standard_normal(inputs.shape, inputs.dtype)
        targets = self._targets.take(rows, axis=0)
        truth = (targets,) if self._sample_weight is None else (targets, self._sample_weight[rows])
        return Batch(inputs, truth, layout)

    def lr_factor(self, budget_fraction: float) -> float:
        """Return the schedule's factor of the learning rate."""
        return self.method.schedule.factor(budget_fraction, self._schedule_state)

    def finish_step(self, loss: float, norm: float, factor: float) -> StepResult:
        """Finish a step, given loss and gradient norm before the weights changed."""
        if self._stopper and self._position >= len(self._items):
            self._stopper.on_epoch_end(self._current_genome)
        self.loss = loss
        self._loss_sum, self._n_batches = self._loss_sum + loss, self._n_batches + 1
        learning_rate = self.method.optimizer.learning_rate * factor
        info = {"epoch": self._epoch, "learning_rate": learning_rate, "grad_norm": norm}
        info |= self._stopper.info if self._stopper else {}
        return StepResult(-self._loss_sum / self._n_batches, info)

    def divergence_error(self, loss: float, norm: float) -> LearningError:
        """Return the error for a step after which the weights were reset to the last finite ones."""
        per_epoch = -(-len(self._items) // self.method.batch_size)
        step = self._epoch * per_epoch + -(-self._position // self.method.batch_size)
        return LearningError(
            f"training diverged: loss {loss:.3g} and gradient norm {norm:.3g} in step {step} (epoch {self._epoch}), "
            f"after {self._samples} samples. Try a learning rate below {self.method.optimizer.learning_rate:g}, "
            "max_grad_norm=1, or scaled inputs."
        )

    def _begin_epoch(self) -> None:
        if self._n_batches:
            self.method.schedule.on_epoch_end(self._loss_sum / self._n_batches, self._schedule_state)
        self._order = self.rng.permutation(len(self._items))
        self._epoch, self._position, self._loss_sum = self._epoch + 1, 0, 0.0
        self._n_batches = 0

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
            "order": self._order,
            "loss_sum": self._loss_sum,
            "n_batches": self._n_batches,
            "epoch": self._epoch,
            "position": self._position,
            "samples": self._samples,
            "computed_rows": self._computed_rows,
            "n_updates": self._n_updates,
            "stopper": self._stopper.state() if self._stopper else {},
            "rng": self.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.weights, self.last_finite = state["weights"], state["last_finite"]
        self.running_stats, self.last_finite_running_stats = state["running_stats"], state["last_finite_running_stats"]
        self.optimizer, self._schedule_state = state["optimizer"], state["schedule"]
        self._order, self._loss_sum, self._n_batches = state["order"], state["loss_sum"], state["n_batches"]
        self._epoch, self._position = state["epoch"], state["position"]
        self._samples, self._computed_rows = state["samples"], state["computed_rows"]
        self._n_updates = state["n_updates"]
        if self._stopper:
            self._stopper.restore(state["stopper"])
        self.rng.bit_generator.state = state["rng"]
        BatchedBackprop([self])
