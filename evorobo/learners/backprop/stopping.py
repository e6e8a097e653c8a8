"""Early stopping: the genome that validates best is the answer, and training ends when none better comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.nets.sequences import Units
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, Metric, Task, Validating


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


@register_component("settings", "EarlyStopping")
@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` looks at validation, one every `every` epochs, without a gain of more than `min_change`.

    Looked at is the task's own validation (a robot drives its validation episodes), or with `held_out`, say 0.2, the
    loss on that share of the examples, whole sequences where there are any: nobody trains on them, and watching a
    teacher's demonstrations takes no steps of the robot. The log then has the curve, as `held_out_loss`.

    The first look is before the first step. The answer is the genome of the best look, however small its lead;
    `min_change`, in the units of the task's metric or of the loss, decides only about patience. What the looks cost
    is on the bill. (Prechelt 1998; patience as in Goodfellow, Bengio & Courville 2016, algorithm 7.1.)
    """

    patience: int = 10
    min_change: float = 0.0
    every: int = 1
    held_out: float | None = None

    def __post_init__(self) -> None:
        for name in ("patience", "every"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {value!r}.")
        if not 0 <= self.min_change < np.inf:
            raise SettingsError(f"min_change must be 0 or more, not {self.min_change!r}.")
        if self.held_out is not None and not 0 < self.held_out < 1:
            raise SettingsError(
                f"held_out is a share of the examples between 0 and 1, not {self.held_out!r}; None watches the task's "
                "own validation."
            )

    def divide(self, examples: Examples, rng: np.random.Generator) -> tuple[Examples, Examples | None]:
        """What to train on, and what to hold out, if anything."""
        return divided(examples, self.held_out, rng) if self.held_out else (examples, None)

    def start(self, task: Task, genome: Genome, aside: Examples | None = None) -> Stopper:
        """Watch the loss on the examples held out, or without any the validation of `task`."""
        if aside:
            return Stopper(self, genome, HeldOut(aside))
        if not isinstance(task, Validating):
            raise SettingsError(
                f"{task.name} does not tell what validating costs, and early stopping must pay for it; give the task "
                "a method validation(genome) that returns the score of validate and its Cost, or hold out examples."
            )
        stopper = Stopper(self, genome, task)
        if np.isnan(stopper.latest):
            raise SettingsError(
                f"{task.name} has no validation rows to stop by; split some off, for example with "
                "split=RandomSplit(validation=0.1), hold out examples with held_out=0.1, or leave stopping out."
            )
        return stopper


class Stopper:
    """Early stopping at work: remembers the best genome, and what looking has cost; `latest` is the latest look."""

    def __init__(self, settings: EarlyStopping, genome: Genome, watched: Validating | HeldOut) -> None:
        self._settings, self._watched = settings, watched
        self.cost = Cost()
        self.latest = self._look(genome)
        self._kept, self._best = genome, self._better(self.latest)
        self._mark, self._waited, self._epochs = self._best, 0, 0  # patience counts from the mark

    def answer(self, genome: Genome) -> Genome:
        """The best genome so far; in the first epochs, before anything learned was looked at, `genome` as it is."""
        return self._kept if self._epochs >= self._settings.every else genome

    @property
    def done(self) -> bool:
        return self._waited >= self._settings.patience

    @property
    def info(self) -> dict[str, float]:
        """What the log is told of the latest look."""
        return {"held_out_loss": self.latest} if isinstance(self._watched, HeldOut) else {}

    def watch(self, genome: Genome) -> None:
        """Told at the end of every epoch."""
        self._epochs += 1
        if self._epochs % self._settings.every:
            return
        self.latest = self._look(genome)
        score = self._better(self.latest)  # NaN, of answers that overflow, is never better
        if score > self._best:
            self._kept, self._best = genome, score
        if score > self._mark + self._settings.min_change:
            self._mark, self._waited = score, 0
        else:
            self._waited += 1

    def go_on(self, aside: Examples | None) -> None:
        """Told when more is shown to learn from: patience begins anew; and where more is held out, what was best so
        far is looked at again, so that all looks are at the same examples."""
        if aside and isinstance(self._watched, HeldOut):
            self._watched.add(aside)
            self._best = self._better(self._look(self._kept))
        self._mark, self._waited = self._best, 0

    def _look(self, genome: Genome) -> float:
        """What is watched, paid for."""
        value, cost = self._watched.validation(genome)
        self.cost = self.cost + cost
        return value

    def _better(self, value: float) -> float:
        """The same, higher for better."""
        return value if self._watched.metric.higher_is_better else -value

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._kept.weights,
            "moments": self._kept.moments,
            "best": self._best,
            "latest": self.latest,
            "mark": self._mark,
            "waited": self._waited,
            "epochs": self._epochs,
            "cost": vars(self.cost),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._kept = replace(self._kept, weights=state["weights"], moments=state["moments"])
        self._best, self.latest, self._mark = state["best"], state["latest"], state["mark"]
        self._waited, self._epochs = state["waited"], state["epochs"]
        self.cost = Cost(**state["cost"])
