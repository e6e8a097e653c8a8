"""Virtual batch normalization: fixed rows from which the statistics of all members' batch norms are computed."""

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
    """Unlabelled inputs of the task, sampled once. They are stored unscaled, because the scaler may still change.

    Recurrent networks process their sequences in time; for other networks the rows are independent.
    """

    def __init__(self, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasUnlabelled):
            raise SettingsError(
                f"{task.name} has no unlabelled inputs, which batch norm needs under evolution; give the task a "
                "method unlabelled_inputs(rng, rows) that returns UnlabelledInputs, or use LayerNorm()."
            )
        self._spec = spec
        unlabelled_inputs = task.unlabelled_inputs(rng, ROWS)
        self.cost = unlabelled_inputs.cost
        self._set_rows(unlabelled_inputs.inputs, unlabelled_inputs.sequence)

    def _set_rows(self, inputs: Array, sequence: np.ndarray | None) -> None:
        self._inputs, self._sequence = inputs, sequence
        batches = SequenceBatches(len(inputs), sequence if self._spec.recurrent else None)
        self._layout = batches.take(np.arange(len(batches)))

    def running_stats(self, weights: Array, input_scaler: Scaler | None) -> Array:
        """Return the running statistics `(k,)` or `(n, k)` of networks `weights (p,)` or `(n, p)` on these rows."""
        layout, raw = self._layout, self._inputs
        x = (input_scaler.transform(raw) if input_scaler else raw)[layout.rows]
        with _overflowing():
            return estimate_running_stats(
                self._spec, weights, x, ForwardContext(n_steps=layout.n_steps, mask=layout.mask)
            )

    def freeze_batch_norm(self, weights: Array, input_scaler: Scaler | None) -> tuple[NetworkSpec, Array]:
        """Return spec and weights `(n, p)` of networks with the same outputs, but without batch norm."""
        with _overflowing():
            return freeze_batch_norm(self._spec, weights, self.running_stats(weights, input_scaler))

    def evaluation_cost(self, members: int) -> Cost:
        """Return the cost of the statistics of that many members."""
        return Cost(forward_flops=members * len(self._layout.rows) * self._spec.forward_flops)

    def state(self) -> dict[str, Any]:
        return {"inputs": self._inputs, "sequence": self._sequence}

    def restore(self, state: dict[str, Any]) -> None:
        self._set_rows(state["inputs"], state["sequence"])


def _overflowing() -> Any:
    """Ignore overflow: a member that overflows only gets a low score."""
    return np.errstate(over="ignore", invalid="ignore")
