"""Early stopping: the genome that validates best is the answer, and training ends when none better comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Cost, Task, Validating


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` looks at validation, one every `every` epochs, without a gain of more than `min_change`.

    The first look is before the first step. The answer is the genome of the best look, however small its lead;
    `min_change`, in the units of the task's metric, decides only about patience. What the looks cost is on the bill.
    (Prechelt 1998; patience as in Goodfellow, Bengio & Courville 2016, algorithm 7.1.)
    """

    patience: int = 10
    min_change: float = 0.0
    every: int = 1

    def __post_init__(self) -> None:
        for name in ("patience", "every"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {value!r}.")
        if not 0 <= self.min_change < np.inf:
            raise SettingsError(f"min_change must be 0 or more, not {self.min_change!r}.")

    def start(self, task: Task, genome: Genome) -> Stopper:
        return Stopper(self, task, genome)


class Stopper:
    """Early stopping at work: remembers the best genome, and what looking has cost."""

    def __init__(self, settings: EarlyStopping, task: Task, genome: Genome) -> None:
        if not isinstance(task, Validating):
            raise SettingsError(
                f"{task.name} does not tell what validating costs, and early stopping must pay for it; give the task "
                "a method validation(genome) that returns the score of validate and its Cost."
            )
        self._settings, self._look = settings, task.validation
        self._sign = 1 if task.metric.higher_is_better else -1
        self.cost = Cost()
        score = self._score(genome)
        if np.isnan(score):
            raise SettingsError(
                f"{task.name} has no validation rows to stop by; split some off, for example with "
                "split=RandomSplit(validation=0.1), or leave stopping out."
            )
        self._kept, self._best = genome, score
        self._mark, self._waited, self._epochs = score, 0, 0  # patience counts from the mark

    def answer(self, genome: Genome) -> Genome:
        """The best genome so far; in the first epochs, before anything learned was looked at, `genome` as it is."""
        return self._kept if self._epochs >= self._settings.every else genome

    @property
    def done(self) -> bool:
        return self._waited >= self._settings.patience

    def watch(self, genome: Genome) -> None:
        """Told at the end of every epoch."""
        self._epochs += 1
        if self._epochs % self._settings.every:
            return
        score = self._score(genome)  # NaN, of answers that overflow, is never better
        if score > self._best:
            self._kept, self._best = genome, score
        if score > self._mark + self._settings.min_change:
            self._mark, self._waited = score, 0
        else:
            self._waited += 1

    def _score(self, genome: Genome) -> float:
        """Validation, higher for better."""
        value, cost = self._look(genome)
        self.cost = self.cost + cost
        return self._sign * value

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._kept.weights,
            "moments": self._kept.moments,
            "best": self._best,
            "mark": self._mark,
            "waited": self._waited,
            "epochs": self._epochs,
            "cost": vars(self.cost),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._kept = replace(self._kept, weights=state["weights"], moments=state["moments"])
        self._best = state["best"]
        self._mark, self._waited, self._epochs = state["mark"], state["waited"], state["epochs"]
        self.cost = Cost(**state["cost"])
