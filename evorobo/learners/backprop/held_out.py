"""Examples kept aside: nobody trains on them, and the loss on them tells when learning turns into learning by heart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.nets.sequences import Units
from evorobo.tasks.base import Cost, Examples, Metric


def divided(examples: Examples, share: float, rng: np.random.Generator) -> tuple[Examples, Examples]:
    """Examples to train on, and a `share` of them to hold out, drawn by `rng`: whole sequences, where there are any.

    What the labels cost stays with the first part. Raises `SettingsError` where there is nothing to divide.
    """
    rows = np.arange(len(examples.inputs))
    unit = rows if examples.sequence is None else np.cumsum(np.r_[0, np.diff(examples.sequence) != 0])
    count = int(unit[-1]) + 1
    if count < 2:
        what = "row" if examples.sequence is None else "sequence"
        raise SettingsError(f"one {what} of examples cannot be divided; have more shown, or hold none of them out.")
    size = min(max(round(share * count), 1), count - 1)
    aside = np.isin(unit, rng.permutation(count)[:size])
    return examples.take(np.flatnonzero(~aside)), replace(examples.take(np.flatnonzero(aside)), cost=Cost())


class HeldOut:
    """The loss on held-out examples, in use (no dropout, no noise), each sequence remembered from its beginning.

    It is `Validating`, as a task is.
    """

    metric = Metric("held-out loss", higher_is_better=False)

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def add(self, more: Examples) -> None:
        self._examples = self._examples + more

    def validation(self, genome: Genome) -> tuple[float, Cost]:
        """The mean loss, and its price: one forward pass over all rows."""
        shown = self._examples
        units = Units(len(shown.inputs), shown.sequence if genome.spec.recurrent else None)
        layout = units.take(np.arange(len(units)))
        with np.errstate(over="ignore", invalid="ignore"):  # answers that overflow are no gain, and training tells why
            outputs = replace(genome, outputs=None)(shown.inputs[layout.rows], time=layout.time)
            weights = None if shown.weights is None else shown.weights[layout.known]
            value = shown.loss.value(layout.answers(outputs), shown.targets[layout.known], weights)
        rows, computed = len(shown.inputs), len(layout.rows)
        return float(value), Cost(samples=rows, forward_flops=computed * genome.spec.forward_flops)
