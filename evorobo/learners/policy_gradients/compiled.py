"""The passes of PPO over a rollout in machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.policy_gradients import learn_kernel
from evorobo.learners.policy_gradients.distributions import Categorical, Gaussian
from evorobo.learners.policy_gradients.passes import KL_TOLERANCE, PassResults, PassSettings
from evorobo.learners.policy_gradients.policy_model import Batch, LossParts, LossSettings, PolicyModel
from evorobo.machine_code.compiling import compile_kernel
from evorobo.nets.compiled.training_network import TrainingNetwork
from evorobo.nets.compiled.training_source import (
    OPTIMIZERS,
    kernel_text,
    optimizer_settings,
    require_compilable,
)
from evorobo.nets.optimizers import State

FUNCTIONS: dict[type, tuple[str, str]] = {
    Gaussian: ("gaussian_evaluate", "gaussian_gradient"),
    Categorical: ("categorical_evaluate", "categorical_gradient"),
}


class CompiledPasses:
    """Updates of a model by the minibatches of a rollout, whose numbers differ from NumPy's by rounding."""

    def __init__(
        self, model: PolicyModel, settings: PassSettings, loss_settings: LossSettings, running_stats: Array | None
    ) -> None:
        optimizer = settings.optimizer
        specs = model.actor.spec, model.critic.spec
        for spec in specs:
            require_compilable(spec, None, optimizer)
        self._model, self._pass_settings, dtype = model, settings, model.params.dtype
        actor, critic = (
            TrainingNetwork(spec, dtype, name, training=False)
            for spec, name in zip(specs, ("actor", "critic"), strict=True)
        )
        self._networks = actor, critic
        evaluate, gradient = FUNCTIONS[type(model.distribution)]
        chosen = [
            f"evaluate = {evaluate}",
            f"action_gradient = {gradient}",
            f"optimize = {OPTIMIZERS[type(optimizer)][0]}",
        ]
        text = kernel_text(dtype, [learn_kernel], [actor.source, critic.source], chosen)
        self._kernel: Callable[..., tuple[int, int]] = compile_kernel(text, "learn", allocates=False)  # type: ignore[assignment]
        stats = [running_stats, specs[1].init_running_stats()]
        self._stats = [np.array(() if each is None else each, dtype) for each in stats]
        self._settings = (
            loss_settings.clip_range,
            loss_settings.clip_range_vf or 0.0,
            loss_settings.normalize_advantage,
            loss_settings.entropy_coef,
            loss_settings.value_coef,
            settings.max_grad_norm or 0.0,
            KL_TOLERANCE * (settings.target_kl or 0.0),
        )
        self._sizes = np.array(getattr(model.distribution, "choices", ()), np.int64)
        self._room: tuple[tuple[int, int], tuple[Any, ...]] = ((0, 0), ())

    def learn(self, batch: Batch, factor: float, state: State, rng: np.random.Generator) -> PassResults:
        """Pass the steps of a rollout several times; `factor` is that of the learning rate."""
        settings, losses, n_rows, n_updates = self._pass_settings, list[LossParts](), 0, 0
        n_sequences, n_steps = batch.log_probs.shape
        size = batch.sequences_per_minibatch(settings.batch_size)
        for _ in range(settings.n_epochs):
            order, rate = rng.permutation(n_sequences), settings.optimizer.learning_rate * factor
            more, updates = self._pass(batch, order, size, rate, state)
            losses, n_updates = losses + more, n_updates + updates
            n_rows += min(len(more) * size, n_sequences) * n_steps
            if updates < len(more):
                break
        return PassResults(losses, n_rows, n_updates)

    def _pass(
        self, batch: Batch, order: np.ndarray, batch_size: int, rate: float, state: State
    ) -> tuple[list[LossParts], int]:
        """Pass the sequences once, in this order; return the losses and the number of updates."""
        model, optimizer = self._model, self._pass_settings.optimizer
        names = OPTIMIZERS[type(optimizer)][1]
        n_actor, begin = len(model.actor_weights), len(model.params) - len(model.critic_weights)
        gradient, empty = model.gradient, model.params[:0]
        one, two = [*(state[name] for name in names), empty, empty][:2]
        n_steps = state["t"].reshape(1) if "t" in state else np.zeros(1)
        results = np.zeros((-(-len(order) // batch_size), len(LossParts._fields)))
        room, *parts = self._arrays(batch_size, batch.log_probs.shape[1])
        rollout = [batch.log_probs, batch.values, batch.advantages, batch.targets]
        samples = batch.samples.ravel()
        states = [
            network.first_states(len(order)).ravel().astype(model.params.dtype)
            for network in (model.actor, model.critic)
        ]
        n_losses, n_updates = self._kernel(
            order,
            batch_size,
            batch.log_probs.shape[1],
            np.ascontiguousarray(batch.inputs, float).ravel(),
            np.ascontiguousarray(batch.starts).ravel(),
            samples.astype(np.int64) if len(self._sizes) else samples,
            tuple(np.ascontiguousarray(array, float).ravel() for array in rollout),
            model.params,
            gradient,
            (model.actor_weights, gradient[:n_actor], self._stats[0], states[0]),
            (model.critic_weights, gradient[begin:], self._stats[1], states[1]),
            model.log_sd,
            gradient[n_actor:begin],
            (one, two, n_steps, optimizer_settings(optimizer)),
            rate,
            self._settings,
            self._sizes,
            results,
            room,
            *parts,
        )
        return [LossParts(*row) for row in results[:n_losses].tolist()], n_updates

    def _arrays(self, n_sequences: int, n_steps: int) -> tuple[Any, ...]:
        """Return arrays for minibatches of so many sequences, and those of the networks."""
        if self._room[0] != (n_sequences, n_steps):
            rows = n_sequences * n_steps
            numbers = np.zeros(rows), np.zeros(rows * (1 + len(self._sizes))), np.zeros(rows)
            own = *numbers, np.zeros(rows, np.int64), np.zeros(rows, np.int64)
            networks = (network.parts(n_sequences, n_steps) for network in self._networks)
            self._room = (n_sequences, n_steps), (own, *networks)
        return self._room[1]
