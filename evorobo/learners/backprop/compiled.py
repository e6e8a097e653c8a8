"""Networks trained by machine code: one call does many updates, for one learner after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError, SettingsError
from evorobo.learners.backprop.batched import TrainedNetwork, UpdateSettings
from evorobo.learners.base import StepResult
from evorobo.learners.penalties import L1, L2
from evorobo.machine_code.compiling import compile_kernel
from evorobo.nets.compiled.training_network import TrainingNetwork
from evorobo.nets.compiled.training_source import (
    OPTIMIZERS,
    loss_settings,
    optimizer_settings,
    require_compilable,
    training_source,
)
from evorobo.nets.compiled.training_updates import L1 as L1_KIND, L2 as L2_KIND, NO_PENALTY
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.losses import GaussianNLL, Loss
from evorobo.user_code import as_error

PENALTIES: dict[type | None, int] = {None: NO_PENALTY, L1: L1_KIND, L2: L2_KIND}


class CompiledSettings(UpdateSettings, Protocol):
    """The settings of a method that training in machine code reads."""

    @property
    def batch_size(self) -> int: ...

    @property
    def input_noise(self) -> float: ...


class CompilableNetwork(TrainedNetwork, Protocol):
    """A network in training that also says what its next steps are, so that many can be done in one call."""

    flat_examples: tuple[np.ndarray, Array, np.ndarray, Array]

    @property
    def method(self) -> CompiledSettings: ...

    @property
    def n_steps(self) -> int: ...

    def next_items(self, n: int, drawn_widths: Sequence[int]) -> tuple[np.ndarray, Array]: ...

    def advance(self, n: int) -> None: ...


def check_compilable(learner: CompilableNetwork) -> None:
    """Raise `SettingsError` for settings or examples that machine code cannot train on."""
    require_compilable(learner.spec, learner.criterion, learner.method.optimizer)
    penalty = learner.method.penalty
    if penalty is not None and type(penalty) not in PENALTIES:
        raise SettingsError(
            f"training with the penalty {type(penalty).__name__} cannot be compiled, L1 and L2 can; leave "
            "compiled=True out."
        )


class CompiledBackprop:
    """Learners of one method and one network shape, trained by machine code.

    Numbers differ from those of `BatchedBackprop` by rounding. Each learner is trained alone, so that its numbers do
    not depend on the others, nor on how many updates one call does.
    """

    def __init__(self, learners: Sequence[CompilableNetwork]) -> None:
        self._learners = list(learners)
        first = self._learners[0]
        self._spec, self._method = first.spec, first.method
        dtype = first.weights.dtype
        self._network = TrainingNetwork(self._spec, dtype)
        text = training_source(self._network, first.criterion, self._method.optimizer, dtype)
        self._kernel: Callable[..., int] = compile_kernel(text, "train", allocates=False)  # type: ignore[assignment]
        self._parts: dict[int, tuple[Any, ...]] = {}
        self._gradient = np.empty_like(first.weights)
        penalty, method = self._method.penalty, self._method
        self._penalty = (
            PENALTIES[type(penalty) if penalty else None],
            float(getattr(penalty, "strength", 0.0)),
            float(method.max_grad_norm or 0.0),
            float(method.max_norm or 0.0),
        )
        blocks = [(block.start, *block.shape) for block in self._spec.genes.blocks if len(block.shape) > 1]
        self._matrices = np.array(blocks, np.int64).reshape(-1, 3)
        self._loss_settings = loss_settings(first.criterion, self._spec.n_outputs)
        for learner in self._learners:
            learner.batched = self

    def __len__(self) -> int:
        return len(self._learners)

    def step(self, budget_fraction: Sequence[float]) -> list[StepResult | Exception]:
        """Train each learner on one mini-batch and return a result or an error for each.

        A learner with an error must leave.
        """
        results: list[StepResult | Exception] = []
        for learner, fraction in zip(self._learners, budget_fraction, strict=True):
            try:
                results.append(self.train(learner, [fraction])[1])
            except BaseException as error:  # validation of this learner failed; the others continue
                results.append(as_error(error))
        return results

    def train(self, learner: CompilableNetwork, fractions: Sequence[float]) -> tuple[int, StepResult | LearningError]:
        """Train a learner on one mini-batch for each fraction of the budget, within an epoch.

        Return how many steps were done and the result of the last one, or the error of the one after it, which leaves
        the last finite weights.
        """
        items, draws = learner.next_items(len(fractions), self._network.drawn_widths)
        factors = [learner.lr_factor(fraction) for fraction in fractions]
        optimizer = self._method.optimizer
        rates = np.array([optimizer.learning_rate * factor for factor in factors])
        results = np.empty((len(rates), 2))
        n_done = self._kernel(
            items,
            self._method.batch_size,
            *learner.flat_examples,
            draws,
            float(self._method.input_noise),
            rates,
            self._arrays(learner),
            self._optimizer(learner),
            self._loss_settings[0],
            self._penalty,
            self._matrices,
            self._loss_settings[1],
            results,
            self._room(learner.n_steps),
        )
        losses, norms = results[:, 0].tolist(), results[:, 1].tolist()
        if n_done < len(rates):
            learner.advance(n_done + 1)
            return n_done, learner.divergence_error(losses[n_done], sqrt(norms[n_done]))
        learner.advance(n_done)
        return n_done, learner.finish_steps(losses, sqrt(norms[-1]), factors[-1])

    def _arrays(self, learner: CompilableNetwork) -> tuple[Array, ...]:
        return (
            learner.weights,
            self._gradient,
            learner.last_finite,
            learner.running_stats,
            learner.last_finite_running_stats,
        )

    def _optimizer(self, learner: CompilableNetwork) -> tuple[Array, ...]:
        """Return the arrays of the optimizer's state, the number of its steps, and its settings."""
        names, empty = OPTIMIZERS[type(self._method.optimizer)][1], self._gradient[:0]
        one, two = [*(learner.optimizer[name] for name in names), empty, empty][:2]
        n_steps = learner.optimizer["t"].reshape(1) if "t" in learner.optimizer else np.zeros(1)
        return one, two, n_steps, optimizer_settings(self._method.optimizer)

    def _room(self, n_steps: int) -> tuple[Any, ...]:
        if n_steps not in self._parts:
            self._parts = {n_steps: self._network.parts(self._method.batch_size, n_steps)}
        return self._parts[n_steps]


def flat_targets(targets: np.ndarray, loss: Loss, n_outputs: int) -> np.ndarray:
    """Return the targets in one row. Raise `SettingsError` for those that do not fit the outputs."""
    if isinstance(loss, CrossEntropy):
        sizes = loss_settings(loss, n_outputs)[1]
        classes = targets.reshape(len(targets), -1)
        if classes.shape[1] != len(sizes) or ((classes < 0) | (classes >= sizes)).any():
            raise SettingsError(
                f"class numbers of shape {targets.shape} from {targets.min()} to {targets.max()} do not fit choices "
                f"among {', '.join(map(str, sizes))} classes; number the classes of each choice from 0."
            )
        return np.ascontiguousarray(classes, np.int64).ravel()
    width = n_outputs // 2 if isinstance(loss, GaussianNLL) else n_outputs
    if targets.ndim != 2 or targets.shape[1] != width:
        raise SettingsError(
            f"targets of shape {targets.shape} do not fit the {n_outputs} outputs of the network; give {width} columns."
        )
    return np.ascontiguousarray(targets).ravel()
