"""Backpropagation: mini-batches of labelled examples, the gradient of a loss, an optimizer's step, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import LearningError, SettingsError
from evorobo.learners.base import Progress
from evorobo.nets.clipping import clip_by_norm
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.passes import backtrace, trace
from evorobo.nets.schedules import Constant, Schedule
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


@dataclass(frozen=True)
class Backprop:
    """Train on a task's examples, `batch` rows at a time, every row once in each epoch, in a new order every epoch.

    `loss` replaces the task's own; `clip_norm` bounds the gradient's length; `schedule` is told the share of the
    budget that is spent. `dtype` is the precision of training: "float64", or "float32" for twice the speed.
    """

    optimizer: Optimizer = Adam(0.003)
    batch: int = 64
    schedule: Schedule = Constant()
    loss: Loss | None = None
    clip_norm: float | None = None
    dtype: str = "float64"
    name: str = "backprop"

    def __post_init__(self) -> None:
        if not isinstance(self.batch, int) or self.batch < 1:
            raise SettingsError(f"a batch needs at least 1 row, not {self.batch!r}.")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise SettingsError(f"clip_norm must be above 0, not {self.clip_norm}; None leaves gradients as they are.")
        if self.dtype not in ("float32", "float64"):
            raise SettingsError(f'dtype is "float64" or "float32", not {self.dtype!r}.')

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> BackpropLearner:
        return BackpropLearner(self, task, spec, rng)


class BackpropLearner:
    """Backprop at work: one `step` is one mini-batch."""

    def __init__(self, method: Backprop, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._method, self._spec, self._rng = method, spec, rng
        self._scalings = task.inputs, task.outputs
        dtype = np.dtype(method.dtype)
        self._weights = spec.init(rng).astype(dtype)
        self._gradient = np.empty_like(self._weights)
        self._views, self._slopes = spec.unpack(self._weights), spec.unpack(self._gradient)
        self._optimizer = method.optimizer.start(self._weights)
        self._watched = method.schedule.start()

        examples = task.examples(rng)
        self._loss = method.loss or examples.loss
        inputs = task.inputs.apply(examples.inputs) if task.inputs else examples.inputs
        self._inputs = np.ascontiguousarray(inputs, dtype)
        whole = np.issubdtype(examples.targets.dtype, np.integer)
        self._targets = examples.targets if whole else examples.targets.astype(dtype)
        self._teaching = examples.cost
        self._samples = 0
        self._epoch, self._at = -1, len(self._inputs)
        self._order = np.arange(0)
        self._losses, self._batches = 0.0, 0  # of this epoch: their sum, their number

    @property
    def genome(self) -> Genome:
        return Genome(self._spec, self._weights.astype(np.float64), *self._scalings)

    @property
    def cost(self) -> Cost:
        learning = Cost(
            samples=self._samples,
            forward_flops=self._samples * self._spec.forward_flops,
            backward_flops=self._samples * self._spec.backward_flops,
        )
        return self._teaching + learning

    def step(self, spent: float) -> Progress:
        if self._at >= len(self._inputs):
            self._begin_epoch()
        rows = self._order[self._at : self._at + self._method.batch]
        self._at += len(rows)
        self._samples += len(rows)
        targets = self._targets[rows]
        with np.errstate(over="ignore", invalid="ignore"):  # found out below, and told in words
            outputs, memories = trace(self._spec, self._views, self._inputs[rows])
            loss = float(self._loss.value(outputs, targets))
            backtrace(self._spec, self._views, memories, self._loss.gradient(outputs, targets), self._slopes)
            norm = float(np.sqrt(np.dot(self._gradient, self._gradient)))
        if not np.isfinite(loss + norm):
            raise LearningError(
                f"training ran away: loss {loss:.3g} and gradient length {norm:.3g} in epoch {self._epoch}, after "
                f"{self._samples} samples. Try a learning rate below {self._method.optimizer.learning_rate:g}, "
                "clip_norm=1, or scaled inputs."
            )
        if self._method.clip_norm:
            clip_by_norm(self._gradient, self._method.clip_norm)
        factor = self._method.schedule.factor(spent, self._watched)
        self._method.optimizer.update(self._weights, self._gradient, self._optimizer, factor)
        self._losses, self._batches = self._losses + loss, self._batches + 1
        rate = self._method.optimizer.learning_rate * factor
        info = {"epoch": self._epoch, "learning_rate": rate, "grad_norm": norm}
        return Progress(-self._losses / self._batches, info)

    def _begin_epoch(self) -> None:
        if self._batches:
            self._method.schedule.watch(self._losses / self._batches, self._watched)
        self._order = self._rng.permutation(len(self._inputs))
        self._epoch, self._at, self._losses = self._epoch + 1, 0, 0.0
        self._batches = 0

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._weights,
            "optimizer": self._optimizer,
            "watched": self._watched,
            "order": self._order,
            "losses": self._losses,
            "batches": self._batches,
            "epoch": self._epoch,
            "at": self._at,
            "samples": self._samples,
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._weights[:] = state["weights"]
        self._optimizer, self._watched = state["optimizer"], state["watched"]
        self._order, self._losses, self._batches = state["order"], state["losses"], state["batches"]
        self._epoch, self._at, self._samples = state["epoch"], state["at"], state["samples"]
        self._rng.bit_generator.state = state["rng"]
