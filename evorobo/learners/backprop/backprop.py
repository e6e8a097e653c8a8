"""Backpropagation: mini-batches of labelled examples, the gradient of a loss, an optimizer's step, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evorobo.errors import LearningError, SettingsError
from evorobo.learners.backprop.batched import Batch, BatchedBackprop
from evorobo.learners.backprop.stopping import EarlyStopping
from evorobo.learners.base import StepResult
from evorobo.learners.penalties import Penalty
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.schedules import Constant, Schedule
from evorobo.nets.sequences import SequenceBatches
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, Task

_CACHE, _MOST, _USUAL_LENGTH = 2**20, 16, 32
"""Bytes of cache, networks trained at once at most, and moments of a sequence whose length is not known yet.

Measured, seconds per network and step, of ten at once as a share of one alone: .33 (24-32-4, batch 32), .65 (24-32-4,
batch 256), .61 (24-64-64-4, batch 64); 21-128-128-7, batch 256: .96 of two, 1.2 of five, which no longer fit.
"""


@register_component("method", "Backprop")
@dataclass(frozen=True)
class Backprop:
    """Train on a task's examples, `batch_size` rows at a time, every row once in each epoch, in a new order every epoch.

    `loss` replaces the task's own; `max_grad_norm` bounds the gradient's length; `schedule` is told the share of the
    budget that is spent. `dtype` is the precision of training: "float64", or "float32", faster for wide networks.

    Against overfitting: `early_stopping` ends training in time; `penalty` pulls weights to zero (the logged loss is without
    it); `max_norm` bounds the length of each unit's incoming weights; `input_noise` is the deviation of the Gaussian
    noise that is added afresh to the scaled inputs of every batch (Bishop 1995). None of them touches biases; the
    decay of `AdamW`, as in PyTorch, does.

    Networks that remember are trained through time: `batch` then counts sequences, or windows of at most `window`
    rows, each beginning without memory, so that gradients reach back that far and no further.
    """

    optimizer: Optimizer = Adam(0.003)
    batch_size: int = 64
    schedule: Schedule = Constant()
    loss: Loss | None = None
    max_grad_norm: float | None = None
    penalty: Penalty | None = None
    max_norm: float | None = None
    input_noise: float = 0.0
    early_stopping: EarlyStopping | None = None
    bptt_steps: int | None = None
    dtype: str = "float64"
    name: str = "backprop"

    def __post_init__(self) -> None:
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise SettingsError(f"a batch needs at least 1 row, not {self.batch_size!r}.")
        if self.max_grad_norm is not None and not self.max_grad_norm > 0:
            raise SettingsError(
                f"max_grad_norm must be above 0, not {self.max_grad_norm}; None leaves gradients as they are."
            )
        if self.max_norm is not None and not self.max_norm > 0:
            raise SettingsError(f"max_norm must be above 0, not {self.max_norm}; None leaves weights as they are.")
        if self.bptt_steps is not None and (not isinstance(self.bptt_steps, int) or self.bptt_steps < 1):
            raise SettingsError(f"a window needs at least 1 row, not {self.bptt_steps!r}; None takes whole sequences.")
        if not 0 <= self.input_noise < np.inf:
            raise SettingsError(f"input_noise must be 0 or more, not {self.input_noise}.")
        if self.dtype not in ("float32", "float64"):
            raise SettingsError(f'dtype is "float64" or "float32", not {self.dtype!r}.')

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> BackpropLearner:
        return BackpropLearner(self, task, spec, rng)

    def max_batched_learners(self, spec: NetworkSpec) -> int:
        """As many as keep the values between their layers within a core's cache: beyond it, more are slower."""
        rows = self.batch_size * (self.bptt_steps or _USUAL_LENGTH if spec.recurrent else 1)
        return max(1, min(_MOST, _CACHE // (rows * sum(spec.widths) * np.dtype(self.dtype).itemsize)))

    def batch_learners(self, learners: Sequence[BackpropLearner]) -> BatchedBackprop:
        """These learners as one, for `Together`."""
        return BatchedBackprop(learners)


class BackpropLearner:
    """Backprop at work: one `step` is one mini-batch, and `loss` what it found there before it changed the weights.

    What is drawn and kept for one network is here; the arithmetic, for one or many at once, is the `Cohort`'s.
    """

    def __init__(self, method: Backprop, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if spec.n_running_stats and method.batch_size == 1 and not spec.recurrent:
            raise SettingsError(
                "batch norm needs batches of several rows to measure, not of 1; give batch_size=2 or more."
            )
        self.method, self.spec, self.rng = method, spec, rng
        self._scalings = task.input_scaler, task.output_scaler
        dtype = np.dtype(method.dtype)
        self.weights = spec.init(rng).astype(dtype)
        self.running_stats = spec.init_running_stats().astype(dtype)
        # the last weights whose loss was finite, and the moments that went with them
        self.last_finite, self.last_finite_running_stats = self.weights.copy(), self.running_stats.copy()
        self.optimizer = method.optimizer.start(self.weights)
        self._watched = method.schedule.start()

        shown = task.examples(rng)
        shown, held_out = method.early_stopping.split(shown, rng) if method.early_stopping else (shown, None)
        self.criterion = method.loss or shown.loss
        if spec.recurrent and shown.sequence is None:
            raise SettingsError(f"the examples of {task.name} stand alone; a network that remembers needs sequences.")
        self._set_examples(shown)
        self.loss = np.nan
        self._samples, self._computed = 0, 0  # real rows, and those that fill up batches too
        self._epoch, self._at = -1, len(self._units)
        self._order = np.arange(0)
        self._losses, self._batches = 0.0, 0  # of this epoch: their sum, their number
        held_out = held_out and replace(held_out, loss=self.criterion)
        self._stopper = (
            method.early_stopping.start(task, self._current_genome, held_out) if method.early_stopping else None
        )
        self.batched = BatchedBackprop([self])

    def _set_examples(self, shown: Examples) -> None:
        dtype, inputs = self.weights.dtype, self._scalings[0]
        self._shown = shown
        self._inputs = np.ascontiguousarray(inputs.transform(shown.inputs) if inputs else shown.inputs, dtype)
        whole = np.issubdtype(shown.targets.dtype, np.integer)
        self._targets = shown.targets if whole else shown.targets.astype(dtype)
        self._row_weights = None if shown.sample_weight is None else shown.sample_weight.astype(dtype)
        self._units = SequenceBatches(
            len(self._inputs), shown.sequence if self.spec.recurrent else None, self.method.bptt_steps
        )

    def add_examples(self, more: Examples, held_out: Examples | None = None) -> None:
        """Between two epochs: train on `more` examples as well, and watch those held out `aside` as well."""
        self._set_examples(self._shown + more)
        self._at = len(self._units)
        if self._stopper:
            self._stopper.restart_patience(held_out)

    @property
    def genome(self) -> Genome:
        """The weights as they are, or with early stopping those that validated best."""
        return self._stopper.solution(self._current_genome) if self._stopper else self._current_genome

    @property
    def _current_genome(self) -> Genome:
        return Genome(
            self.spec, self.weights.astype(np.float64), *self._scalings, self.running_stats.astype(np.float64)
        )

    @property
    def done(self) -> bool:
        return self._stopper is not None and self._stopper.done

    @property
    def cost(self) -> Cost:
        learning = Cost(
            samples=self._samples,
            forward_flops=self._computed * self.spec.forward_flops,
            backward_flops=self._computed * self.spec.backward_flops,
        )
        paid = self._shown.cost + learning
        return paid + self._stopper.cost if self._stopper else paid

    @property
    def epochs(self) -> int:
        """How many are complete."""
        return self._epoch + (self._at >= len(self._units))

    def step(self, budget_fraction: float) -> StepResult:
        if len(self.batched) > 1:
            BatchedBackprop([self])  # it has left the others
        (told,) = self.batched.step([budget_fraction])
        if isinstance(told, Exception):
            raise told
        return told

    # ---- what a cohort asks of each of its learners, in this order

    def next_batch(self) -> Batch:
        """The next batch; after the last one of an epoch, the first of the next."""
        if self._at >= len(self._units):
            self._begin_epoch()
        layout = self._units.take(self._order[self._at : self._at + self.method.batch_size])
        self._at += self.method.batch_size
        known = layout.valid_rows
        self._samples += len(known)
        self._computed += len(layout.rows)
        inputs = self._inputs.take(layout.rows, axis=0)
        if self.method.input_noise:
            inputs += self.method.input_noise * self.rng.standard_normal(inputs.shape, inputs.dtype)
        targets = self._targets.take(known, axis=0)
        truth = (targets,) if self._row_weights is None else (targets, self._row_weights[known])
        return Batch(inputs, truth, layout)

    def lr_factor(self, budget_fraction: float) -> float:
        """The schedule's, for the learning rate."""
        return self.method.schedule.factor(budget_fraction, self._watched)

    def finish_step(self, loss: float, norm: float, factor: float) -> StepResult:
        """Told once its weights have changed: the loss and the gradient's length before that."""
        if self._stopper and self._at >= len(self._units):
            self._stopper.on_epoch_end(self._current_genome)
        self.loss = loss
        self._losses, self._batches = self._losses + loss, self._batches + 1
        rate = self.method.optimizer.learning_rate * factor
        info = {"epoch": self._epoch, "learning_rate": rate, "grad_norm": norm}
        info |= self._stopper.info if self._stopper else {}
        return StepResult(-self._losses / self._batches, info)

    def divergence_error(self, loss: float, norm: float) -> LearningError:
        """What there is to say when its weights had to be set back to those before this step."""
        per_epoch = -(-len(self._units) // self.method.batch_size)
        step = self._epoch * per_epoch + -(-self._at // self.method.batch_size)
        return LearningError(
            f"training ran away: loss {loss:.3g} and gradient length {norm:.3g} in step {step} (epoch {self._epoch}), "
            f"after {self._samples} samples. Try a learning rate below {self.method.optimizer.learning_rate:g}, "
            "max_grad_norm=1, or scaled inputs."
        )

    def _begin_epoch(self) -> None:
        if self._batches:
            self.method.schedule.on_epoch_end(self._losses / self._batches, self._watched)
        self._order = self.rng.permutation(len(self._units))
        self._epoch, self._at, self._losses = self._epoch + 1, 0, 0.0
        self._batches = 0

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
            "watched": self._watched,
            "order": self._order,
            "losses": self._losses,
            "batches": self._batches,
            "epoch": self._epoch,
            "at": self._at,
            "samples": self._samples,
            "computed": self._computed,
            "stopper": self._stopper.state() if self._stopper else {},
            "rng": self.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.weights, self.last_finite = state["weights"], state["last_finite"]
        self.running_stats, self.last_finite_running_stats = state["running_stats"], state["last_finite_running_stats"]
        self.optimizer, self._watched = state["optimizer"], state["watched"]
        self._order, self._losses, self._batches = state["order"], state["losses"], state["batches"]
        self._epoch, self._at = state["epoch"], state["at"]
        self._samples, self._computed = state["samples"], state["computed"]
        if self._stopper:
            self._stopper.restore(state["stopper"])
        self.rng.bit_generator.state = state["rng"]
        BatchedBackprop([self])
