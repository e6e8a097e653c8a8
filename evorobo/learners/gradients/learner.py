"""What the methods that climb a gradient keep while they run: network, optimizer, cost and observations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError
from evorobo.learners.warm_start import first_genome, first_observations, normalizes_observations, with_observations
from evorobo.nets.genome import Genome
from evorobo.nets.optimizers import Optimizer
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


class GradientLearner:
    """Weights that an optimizer moves up a gradient; `more` are further parameters, behind the weights."""

    done = False

    def __init__(
        self,
        optimizer: Optimizer,
        warm_start: Genome | str | None,
        task: Task,
        spec: NetworkSpec,
        rng: np.random.Generator,
        more: Array | tuple[()] = (),
    ) -> None:
        self._spec, self._rng = spec, rng
        self._first = first_genome(warm_start, task, spec, rng)
        self._params = np.concatenate([self._first.weights, more])
        self._optimizer, self._optimizer_state = optimizer, optimizer.start(self._params)
        self._cost, self._dropped = Cost(), 0
        self._normalizes = normalizes_observations(task)
        self._observed = first_observations(self._first)

    @property
    def genome(self) -> Genome:
        genome = replace(self._first, weights=self._params[: self._spec.n_params].copy())
        return with_observations(genome, self._observed) if self._normalizes else genome

    @property
    def cost(self) -> Cost:
        return self._cost

    def _ascend(self, gradient: Array, cure: str, factor: float = 1.0) -> None:
        """Take a step up the gradient; `cure` is the advice if the weights are not finite after it."""
        params = self._params.copy()
        with np.errstate(all="ignore"):
            self._optimizer.update(params, -gradient, self._optimizer_state, factor)
        if not np.isfinite(params).all():
            raise self._diverged("weights", cure)
        self._params = params

    def _diverged(self, what: str, cure: str) -> LearningError:
        return LearningError(
            f"learning diverged: the {what} are no longer finite after {self._cost.env_steps} steps; try a {cure}."
        )

    def artifacts(self) -> dict[str, bytes | str]:
        return {}

    def state(self) -> dict[str, Any]:
        return {
            "params": self._params,
            "optimizer": self._optimizer_state,
            "cost": vars(self._cost),
            "dropped": self._dropped,
            "observed": vars(self._observed),
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._params, self._optimizer_state = state["params"], state["optimizer"]
        self._cost, self._dropped = Cost(**state["cost"]), state["dropped"]
        self._observed = RunningMoments(**state["observed"])
        self._rng.bit_generator.state = state["rng"]
