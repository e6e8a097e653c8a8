"""Backpropagation: mini-batches of labelled examples, the gradient of a loss, an optimizer's step, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import LearningError, SettingsError
from evorobo.learners.backprop.max_norm import bound_units
from evorobo.learners.backprop.penalties import Penalty
from evorobo.learners.backprop.stopping import EarlyStopping
from evorobo.learners.base import Progress
from evorobo.nets.activations import Array
from evorobo.nets.clipping import clip_by_norm
from evorobo.nets.genome import Genome
from evorobo.nets.how import How
from evorobo.nets.losses import Loss, judged
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.passes import alike, backtrace, trace
from evorobo.nets.schedules import Constant, Schedule
from evorobo.nets.sequences import Units
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


@dataclass(frozen=True)
class Backprop:
    """Train on a task's examples, `batch` rows at a time, every row once in each epoch, in a new order every epoch.

    `loss` replaces the task's own; `clip_norm` bounds the gradient's length; `schedule` is told the share of the
    budget that is spent. `dtype` is the precision of training: "float64", or "float32", faster for wide networks.

    Against overfitting: `stopping` ends training in time; `penalty` pulls weights to zero (the logged loss is without
    it); `max_norm` bounds the length of each unit's incoming weights; `input_noise` is the deviation of the Gaussian
    noise that is added afresh to the scaled inputs of every batch (Bishop 1995). None of them touches biases; the
    decay of `AdamW`, as in PyTorch, does.

    Networks that remember are trained through time: `batch` then counts sequences, or windows of at most `window`
    rows, each beginning without memory, so that gradients reach back that far and no further.
    """

    optimizer: Optimizer = Adam(0.003)
    batch: int = 64
    schedule: Schedule = Constant()
    loss: Loss | None = None
    clip_norm: float | None = None
    penalty: Penalty | None = None
    max_norm: float | None = None
    input_noise: float = 0.0
    stopping: EarlyStopping | None = None
    window: int | None = None
    dtype: str = "float64"
    name: str = "backprop"

    def __post_init__(self) -> None:
        if not isinstance(self.batch, int) or self.batch < 1:
            raise SettingsError(f"a batch needs at least 1 row, not {self.batch!r}.")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise SettingsError(f"clip_norm must be above 0, not {self.clip_norm}; None leaves gradients as they are.")
        if self.max_norm is not None and not self.max_norm > 0:
            raise SettingsError(f"max_norm must be above 0, not {self.max_norm}; None leaves weights as they are.")
        if self.window is not None and (not isinstance(self.window, int) or self.window < 1):
            raise SettingsError(f"a window needs at least 1 row, not {self.window!r}; None takes whole sequences.")
        if not 0 <= self.input_noise < np.inf:
            raise SettingsError(f"input_noise must be 0 or more, not {self.input_noise}.")
        if self.dtype not in ("float32", "float64"):
            raise SettingsError(f'dtype is "float64" or "float32", not {self.dtype!r}.')

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> BackpropLearner:
        return BackpropLearner(self, task, spec, rng)


class BackpropLearner:
    """Backprop at work: one `step` is one mini-batch, and `loss` what it found there before it changed the weights."""

    def __init__(self, method: Backprop, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._method, self._spec, self._rng = method, spec, rng
        self._scalings = task.inputs, task.outputs
        dtype = np.dtype(method.dtype)
        self._weights = spec.init(rng).astype(dtype)
        self._sound = self._weights.copy()  # the last weights whose loss was finite
        self._gradient = np.empty_like(self._weights)
        self._views, self._slopes = spec.unpack(self._weights), spec.unpack(self._gradient)
        self._matrices, self._inclines = _matrices(self._views), _matrices(self._slopes)
        self._optimizer = method.optimizer.start(self._weights)
        self._watched = method.schedule.start()

        examples = task.examples(rng)
        self._criterion = method.loss or examples.loss
        inputs = task.inputs.apply(examples.inputs) if task.inputs else examples.inputs
        self._inputs = np.ascontiguousarray(inputs, dtype)
        whole = np.issubdtype(examples.targets.dtype, np.integer)
        self._targets = examples.targets if whole else examples.targets.astype(dtype)
        self._row_weights = None if examples.weights is None else examples.weights.astype(dtype)
        if spec.recurrent and examples.sequence is None:
            raise SettingsError(f"the examples of {task.name} stand alone; a network that remembers needs sequences.")
        self._units = Units(len(self._inputs), examples.sequence if spec.recurrent else None, method.window)
        self._teaching = examples.cost
        self.loss = np.nan
        self._samples, self._computed = 0, 0  # real rows, and those that fill up batches too
        self._epoch, self._at = -1, len(self._units)
        self._order = np.arange(0)
        self._losses, self._batches = 0.0, 0  # of this epoch: their sum, their number
        self._stopper = method.stopping.start(task, self._now) if method.stopping else None

    @property
    def genome(self) -> Genome:
        """The weights as they are, or with early stopping those that validated best."""
        return self._stopper.answer(self._now) if self._stopper else self._now

    @property
    def _now(self) -> Genome:
        return Genome(self._spec, self._weights.astype(np.float64), *self._scalings)

    @property
    def done(self) -> bool:
        return self._stopper is not None and self._stopper.done

    @property
    def epochs(self) -> int:
        """How many times every example has been learned from."""
        return self._epoch + (self._at >= len(self._units))

    @property
    def cost(self) -> Cost:
        learning = Cost(
            samples=self._samples,
            forward_flops=self._computed * self._spec.forward_flops,
            backward_flops=self._computed * self._spec.backward_flops,
        )
        watching = self._stopper.cost if self._stopper else Cost()
        return self._teaching + watching + learning

    def step(self, spent: float) -> Progress:
        if self._at >= len(self._units):
            self._begin_epoch()
        layout = self._units.take(self._order[self._at : self._at + self._method.batch])
        self._at += self._method.batch
        self._samples += len(layout.known)
        self._computed += len(layout.rows)
        inputs, truth = self._inputs[layout.rows], self._truth(layout.known)
        how = How(training=True, rng=self._rng, time=layout.time)
        if self._method.input_noise:
            inputs += self._method.input_noise * self._rng.standard_normal(inputs.shape, inputs.dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # found out below, and told in words
            outputs, memories = trace(self._spec, self._views, inputs, alike(self._spec, how))
            answers = layout.answers(outputs)
            value, slopes = judged(self._criterion, answers, *truth)
            backtrace(self._spec, self._views, memories, layout.spread(slopes), self._slopes)
            loss = float(value)
            norm = float(np.sqrt(np.dot(self._gradient, self._gradient)))
        if not np.isfinite(loss + norm):
            raise self._ran_away(loss, norm)
        self._sound[:] = self._weights
        factor = self._method.schedule.factor(spent, self._watched)
        with np.errstate(over="ignore", invalid="ignore"):
            self._change_weights(factor)
        if not np.isfinite(self._weights).all():
            raise self._ran_away(loss, norm)
        if self._stopper and self._at >= len(self._units):
            self._stopper.watch(self._now)
        self.loss = loss
        self._losses, self._batches = self._losses + loss, self._batches + 1
        rate = self._method.optimizer.learning_rate * factor
        info = {"epoch": self._epoch, "learning_rate": rate, "grad_norm": norm}
        return Progress(-self._losses / self._batches, info)

    def _truth(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """What the loss is told besides the outputs: the targets, and the weights of rows where they have any."""
        targets = self._targets[rows]
        return (targets,) if self._row_weights is None else (targets, self._row_weights[rows])

    def _change_weights(self, factor: float) -> None:
        """The step downhill, by the gradient of this batch and all that holds weights in check."""
        method = self._method
        if method.penalty:
            for weight, slope in zip(self._matrices, self._inclines, strict=True):
                method.penalty.add(weight, slope)
        if method.clip_norm:
            clip_by_norm(self._gradient, method.clip_norm)
        method.optimizer.update(self._weights, self._gradient, self._optimizer, factor)
        if method.max_norm:
            for weight in self._matrices:
                bound_units(weight, method.max_norm)

    def _ran_away(self, loss: float, norm: float) -> LearningError:
        """The error to raise, once the weights are again those before the step that ran away."""
        self._weights[:] = self._sound
        per_epoch = -(-len(self._units) // self._method.batch)
        step = self._epoch * per_epoch + -(-self._at // self._method.batch)
        return LearningError(
            f"training ran away: loss {loss:.3g} and gradient length {norm:.3g} in step {step} (epoch {self._epoch}), "
            f"after {self._samples} samples. Try a learning rate below {self._method.optimizer.learning_rate:g}, "
            "clip_norm=1, or scaled inputs."
        )

    def _begin_epoch(self) -> None:
        if self._batches:
            self._method.schedule.watch(self._losses / self._batches, self._watched)
        self._order = self._rng.permutation(len(self._units))
        self._epoch, self._at, self._losses = self._epoch + 1, 0, 0.0
        self._batches = 0

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._weights,
            "sound": self._sound,
            "optimizer": self._optimizer,
            "watched": self._watched,
            "order": self._order,
            "losses": self._losses,
            "batches": self._batches,
            "epoch": self._epoch,
            "at": self._at,
            "samples": self._samples,
            "computed": self._computed,
            "stopper": self._stopper.state() if self._stopper else {},
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._weights[:], self._sound[:] = state["weights"], state["sound"]
        self._optimizer, self._watched = state["optimizer"], state["watched"]
        self._order, self._losses, self._batches = state["order"], state["losses"], state["batches"]
        self._epoch, self._at = state["epoch"], state["at"]
        self._samples, self._computed = state["samples"], state["computed"]
        if self._stopper:
            self._stopper.restore(state["stopper"])
        self._rng.bit_generator.state = state["rng"]


def _matrices(views: list[dict[str, Array]]) -> list[Array]:
    """The weights between units, without the vectors beside them (biases, gains, time constants)."""
    return [view for layer in views for view in layer.values() if view.ndim > 1]
