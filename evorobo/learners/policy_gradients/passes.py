"""Passes over the steps of a rollout: a permutation for each, and an update for each of its minibatches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from evorobo.learners.norms import shorten_in_place
from evorobo.learners.policy_gradients.policy_model import Batch, LossParts, LossSettings, PolicyModel
from evorobo.nets.optimizers import Optimizer, State

KL_TOLERANCE = 1.5
"""How many times `target_kl` the divergence may be, as in the code of Schulman et al."""


class PassSettings(Protocol):
    """The settings of a method that the passes read."""

    @property
    def optimizer(self) -> Optimizer: ...

    @property
    def n_epochs(self) -> int: ...

    @property
    def batch_size(self) -> int | None: ...

    @property
    def max_grad_norm(self) -> float | None: ...

    @property
    def target_kl(self) -> float | None: ...


class PassResults(NamedTuple):
    """The losses of the minibatches, and how many rows and updates they were."""

    losses: list[LossParts]
    n_rows: int
    n_updates: int


class Passes:
    """Updates of a model by the minibatches of a rollout."""

    def __init__(self, model: PolicyModel, settings: PassSettings, loss_settings: LossSettings) -> None:
        self._model, self._settings, self._loss_settings = model, settings, loss_settings

    def learn(self, batch: Batch, factor: float, state: State, rng: np.random.Generator) -> PassResults:
        """Pass the steps of a rollout several times; `factor` is that of the learning rate."""
        settings, model, losses = self._settings, self._model, list[LossParts]()
        params, gradient, n_rows, n_updates = model.params, model.gradient, 0, 0
        for minibatch in self._minibatches(batch, rng):
            losses.append(model.loss(minibatch, self._loss_settings))
            n_rows += minibatch.n_rows
            if settings.target_kl and losses[-1].kl > KL_TOLERANCE * settings.target_kl:
                break
            if settings.max_grad_norm:
                shorten_in_place(gradient, settings.max_grad_norm)
            settings.optimizer.update(params, gradient, state, factor)
            n_updates += 1
        return PassResults(losses, n_rows, n_updates)

    def _minibatches(self, batch: Batch, rng: np.random.Generator) -> Iterator[Batch]:
        for _ in range(self._settings.n_epochs):
            yield from batch.minibatches(self._settings.batch_size, rng)
