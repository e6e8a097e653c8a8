"""The rows, always the same, by which a population's batch norms are measured (virtual batch normalisation)."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.fold import estimate_running_stats, freeze_batch_norm
from evorobo.nets.layer import ForwardContext
from evorobo.nets.scaling import Scaler
from evorobo.nets.sequences import SequenceBatches
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Scoring
from evorobo.tasks.capabilities import HasUnlabelled

ROWS = 128


class ReferenceBatch:
    """A glimpse of the task, drawn once. Raw inputs are kept, for their scaling may still change.

    Networks that remember go through its sequences in time; for others all rows stand alone.
    """

    def __init__(self, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasUnlabelled):
            raise SettingsError(
                f"{task.name} shows no inputs to measure, which batch norm needs under evolution; give the task a "
                "method unlabelled_inputs(rng, rows) that returns UnlabelledInputs, or use LayerNorm()."
            )
        self._spec = spec
        unlabelled_inputs = task.unlabelled_inputs(rng, ROWS)
        self.cost = unlabelled_inputs.cost
        self._keep(unlabelled_inputs.inputs, unlabelled_inputs.sequence)

    def _keep(self, inputs: Array, sequence: np.ndarray | None) -> None:
        self._inputs, self._sequence = inputs, sequence
        units = SequenceBatches(len(inputs), sequence if self._spec.recurrent else None)
        self._layout = units.take(np.arange(len(units)))

    def running_stats(self, weights: Array, input_scaler: Scaler | None) -> Array:
        """Of networks `weights (p,)` or `(n, p)` those that these rows have under them: `(k,)` or `(n, k)`."""
        layout, raw = self._layout, self._inputs
        x = (input_scaler.transform(raw) if input_scaler else raw)[layout.rows]
        with _overflowing():
            return estimate_running_stats(
                self._spec, weights, x, ForwardContext(n_steps=layout.n_steps, mask=layout.mask)
            )

    def freeze_batch_norm(self, weights: Array, input_scaler: Scaler | None) -> tuple[NetworkSpec, Array]:
        """Spec and weights `(n, p)` of networks that answer as these do with such moments, and need none."""
        with _overflowing():
            return freeze_batch_norm(self._spec, weights, self.running_stats(weights, input_scaler))

    def evaluation_cost(self, members: int) -> Cost:
        """What the moments of so many members cost."""
        return Cost(forward_flops=members * len(self._layout.rows) * self._spec.forward_flops)

    def state(self) -> dict[str, Any]:
        return {"inputs": self._inputs, "sequence": self._sequence}

    def restore(self, state: dict[str, Any]) -> None:
        self._keep(state["inputs"], state["sequence"])


def _overflowing() -> Any:
    """Where a member may overflow: it scores badly, that is all."""
    return np.errstate(over="ignore", invalid="ignore")
