"""A network that acts step by step in environments, and is then trained on what it observed there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import shared_context
from evorobo.nets.recurrent import Recurrent
from evorobo.nets.spec import NetworkSpec
from evorobo.nets.workspace import Workspace

States = list[dict[str, Array]]
"""The states of the layers: arrays `(1, n, units)` by name; empty at zero."""


class RolloutNetwork:
    """A network in n environments. `weights (p,)` and `gradient (p,)` are views, which others change and read.

    Recurrent layers have a state for each environment. Layers compute as outside training: batch normalization uses its
    running statistics, and dropout changes nothing. All layers compute in the precision of the weights; outputs and
    their gradients are in double precision.
    """

    def __init__(self, spec: NetworkSpec, weights: Array, gradient: Array, running_stats: Array | None) -> None:
        self.spec, self.recurrent = spec, spec.recurrent
        self._acting, self._training = (Workspace(spec, weights[None], gradient[None]) for _ in range(2))
        self._dtype = weights.dtype
        stats = None if running_stats is None else running_stats.astype(self._dtype)
        self._contexts = shared_context(spec, ForwardContext(), stats)
        self.states: States = [{} for _ in spec.layers]
        self._first_states: States = self.states

    def begin_rollout(self) -> None:
        """Keep the present states: training begins there."""
        self._first_states = self.states

    def act(self, inputs: Array) -> Array:
        """Compute the outputs `(n, m)` of the next step. They are valid until the next call."""
        if not self.recurrent:
            return self._compute(self._acting, inputs[None], self._contexts)
        outputs, self.states = self._step(inputs)
        return outputs

    def look_ahead(self, inputs: Array) -> Array:
        """Compute the outputs of a step without taking it."""
        return self._step(inputs)[0]

    def _step(self, inputs: Array) -> tuple[Array, States]:
        states = [dict(state) for state in self.states]
        contexts = [replace(context, state=state) for context, state in zip(self._contexts, states, strict=True)]
        return self._compute(self._acting, inputs[None], contexts), states

    def _compute(self, workspace: Workspace, inputs: Array, contexts: list[ForwardContext]) -> Array:
        return workspace.forward(inputs.astype(self._dtype, copy=False), contexts)[0].astype(float, copy=False)

    def restart(self, rows: np.ndarray) -> None:
        """Set the states of the environments of a mask to zero."""
        if self.recurrent and rows.any():
            mask = rows[:, None]
            self.states = [
                {name: np.where(mask, 0.0, state) for name, state in states.items()} for states in self.states
            ]

    def first_states(self, n: int) -> Array:
        """Return the states `(n, k)` in which the rollout began, those of all layers side by side."""
        states = [
            first[name][0] if first else np.zeros((n, layer.units))
            for layer, first in zip(self.spec.layers, self._first_states, strict=True)
            if isinstance(layer, Recurrent)
            for name in layer.state_names
        ]
        return np.concatenate([np.zeros((n, 0)), *states], axis=1)

    def forward(self, inputs: Array, starts: np.ndarray, sequences: np.ndarray) -> Array:
        """Compute the outputs `(rows, m)` of sequences of inputs `(sequences, steps, k)`, one after the other.

        `sequences` are the numbers of their environments, where networks have states; `starts (sequences, steps)` says
        where episodes begin.
        """
        contexts = self._contexts
        if self.recurrent:
            contexts = [
                replace(
                    context,
                    n_steps=inputs.shape[1],
                    starts=starts,
                    state={name: state[:, sequences] for name, state in states.items()},
                )
                for context, states in zip(contexts, self._first_states, strict=True)
            ]
        return self._compute(self._training, inputs.reshape(1, -1, inputs.shape[-1]), contexts)

    def backward(self, dy: Array) -> None:
        """Write the gradient of the last `forward`, from that of its outputs."""
        self._training.backward(dy[None].astype(self._dtype, copy=False))

    def state(self) -> dict[str, Any]:
        return {str(number): state for number, state in enumerate(self.states)}

    def restore(self, state: dict[str, Any]) -> None:
        self.states = [state.get(str(number), {}) for number in range(len(self.states))]
