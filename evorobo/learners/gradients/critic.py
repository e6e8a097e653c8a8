"""A critic: a network that learns the value of an observation, the discounted sum of the rewards that follow."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.flops import update_flops
from evorobo.learners.norms import SHORTENING_FLOPS, gradient_norms, shorten
from evorobo.nets.closed_loop import ClosedLoopNetwork, closed_loop_flops
from evorobo.nets.optimizers import Optimizer
from evorobo.nets.passes import backward_pass, forward, forward_pass
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost


class Critic:
    """A value network and its slowly following copy, the target.

    Values are those of the target; `fit` trains the other network. `cost` is the sum of all calls.
    """

    def __init__(self, spec: NetworkSpec, optimizer: Optimizer, target_decay: float, rng: np.random.Generator) -> None:
        self._spec, self._optimizer, self._target_decay = spec, optimizer, target_decay
        self._weights = spec.init(rng)
        self._target = self._weights.copy()
        self._optimizer_state = optimizer.start(self._weights)
        self.cost = Cost()

    def values(self, observations: Array, scaler: Scaler) -> Array:
        """The values `(...)` of observations `(..., k)`."""
        rows = observations.reshape(-1, observations.shape[-1])
        self.cost = self.cost + Cost(forward_flops=len(rows) * self._spec.forward_flops)
        return forward(self._spec, self._target, scaler.transform(rows)).reshape(observations.shape[:-1])

    def value_gradient(self, observations: Array, scaler: Scaler) -> Array:
        """The derivatives `(rows, k)` of the values of observations `(rows, k)`."""
        spec = self._spec
        network = ClosedLoopNetwork(spec, self._target[None], scaler)
        network.forward(observations[None])
        self.cost = self.cost + Cost(
            forward_flops=len(observations) * spec.forward_flops,
            backward_flops=len(observations) * closed_loop_flops(spec),
        )
        return network.backward(np.ones((1, len(observations), 1)))[0]

    def fit(
        self,
        observations: Array,
        targets: Array,
        scaler: Scaler,
        *,
        iterations: int,
        minibatches: int,
        max_grad_norm: float | None,
        factor: float,
        rng: np.random.Generator,
    ) -> float:
        """Minimize the mean squared error on `observations (rows, k)` and `targets (rows,)`, and move the target.

        Each iteration passes all rows once, in random order. Returns the mean loss of the last one.
        """
        spec, rows, n_updates = self._spec, scaler.transform(observations), 0
        params, gradient = spec.unpack(self._weights), np.empty_like(self._weights)
        gradients, losses = spec.unpack(gradient), list[float]()
        for _ in range(iterations):
            losses.clear()
            for chosen in np.array_split(rng.permutation(len(rows)), min(minibatches, len(rows))):
                outputs, caches = forward_pass(spec, params, rows[chosen])
                errors = outputs[:, 0] - targets[chosen]
                losses.append(float(np.square(errors).mean()))
                backward_pass(spec, params, caches, (2 / len(chosen) * errors)[:, None], gradients)
                if max_grad_norm:
                    gradient[:] = shorten(gradient[None], gradient_norms(gradient[None]), max_grad_norm)[0]
                self._optimizer.update(self._weights, gradient, self._optimizer_state, factor)
                n_updates += 1
        self._target = self._target_decay * self._target + (1 - self._target_decay) * self._weights
        n_weights, n_rows = spec.n_params, iterations * len(rows)
        per_update = update_flops(self._optimizer, n_weights) + SHORTENING_FLOPS * n_weights * bool(max_grad_norm)
        self.cost = self.cost + Cost(
            forward_flops=n_rows * spec.forward_flops,
            backward_flops=n_rows * spec.backward_flops,
            update_flops=round(n_updates * per_update + 3 * n_weights),
        )
        return float(np.mean(losses))

    @property
    def weights(self) -> Array:
        """The trained weights, as a copy."""
        return self._weights.copy()

    def start_at(self, weights: Array) -> None:
        """Go on with these weights, for both networks."""
        self._weights, self._target = weights.copy(), weights.copy()

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self._weights).all())

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._weights,
            "target": self._target,
            "optimizer": self._optimizer_state,
            "cost": vars(self.cost),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._weights, self._target, self._optimizer_state = state["weights"], state["target"], state["optimizer"]
        self.cost = Cost(**state["cost"])


def discounts(ended: np.ndarray, discount: float) -> Array:
    """The weights `(steps, n)` of rewards in a window: 1 in its first step and in the first of each new episode."""
    weights = np.ones(ended.shape)
    for step in range(1, len(ended)):
        weights[step] = np.where(ended[step - 1], 1.0, discount * weights[step - 1])
    return weights
