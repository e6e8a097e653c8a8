"""Early stopping: the genome that validates best is the answer, and training ends when none better comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.genome import Genome
from evorobo.nets.sequences import SequenceBatches
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, MetricInfo, Task
from evorobo.tasks.capabilities import HasValidationCost


def split_held_out(examples: Examples, share: float, rng: np.random.Generator) -> tuple[Examples, Examples]:
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
    held_out = np.isin(unit, rng.permutation(count)[:size])
    return examples.take(np.flatnonzero(~held_out)), replace(examples.take(np.flatnonzero(held_out)), cost=Cost())


class HeldOutLoss:
    """The loss on held-out examples, in use (no dropout, no noise), each sequence remembered from its beginning.

    It is `Validating`, as a task is.
    """

    metric_info = MetricInfo("held-out loss", higher_is_better=False)

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def add(self, more: Examples) -> None:
        self._examples = self._examples + more

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """The mean loss, and its price: one forward pass over all rows."""
        shown = self._examples
        units = SequenceBatches(len(shown.inputs), shown.sequence if genome.spec.recurrent else None)
        layout = units.take(np.arange(len(units)))
        with np.errstate(over="ignore", invalid="ignore"):  # answers that overflow are no gain, and training tells why
            outputs = replace(genome, output_scaler=None)(shown.inputs[layout.rows], n_steps=layout.n_steps)
            weights = None if shown.sample_weight is None else shown.sample_weight[layout.valid_rows]
            value = shown.loss.value(layout.remove_padding(outputs), shown.targets[layout.valid_rows], weights)
        rows, computed = len(shown.inputs), len(layout.rows)
        return float(value), Cost(samples=rows, forward_flops=computed * genome.spec.forward_flops)


@register_component("settings", "EarlyStopping")
@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` looks at validation, one every `every` epochs, without a gain of more than `min_delta`.

    Looked at is the task's own validation (a robot drives its validation episodes), or with `held_out`, say 0.2, the
    loss on that share of the examples, whole sequences where there are any: nobody trains on them, and watching a
    teacher's demonstrations takes no steps of the robot. The log then has the curve, as `held_out_loss`.

    The first look is before the first step. The answer is the genome of the best look, however small its lead;
    `min_delta`, in the units of the task's metric or of the loss, decides only about patience. What the looks cost
    is on the bill. (Prechelt 1998; patience as in Goodfellow, Bengio & Courville 2016, algorithm 7.1.)
    """

    patience: int = 10
    min_delta: float = 0.0
    eval_every: int = 1
    held_out: float | None = None

    def __post_init__(self) -> None:
        for name in ("patience", "eval_every"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {value!r}.")
        if not 0 <= self.min_delta < np.inf:
            raise SettingsError(f"min_delta must be 0 or more, not {self.min_delta!r}.")
        if self.held_out is not None and not 0 < self.held_out < 1:
            raise SettingsError(
                f"held_out is a share of the examples between 0 and 1, not {self.held_out!r}; None watches the task's "
                "own validation."
            )

    def split(self, examples: Examples, rng: np.random.Generator) -> tuple[Examples, Examples | None]:
        """What to train on, and what to hold out, if anything."""
        return split_held_out(examples, self.held_out, rng) if self.held_out else (examples, None)

    def start(self, task: Task, genome: Genome, held_out: Examples | None = None) -> Stopper:
        """Watch the loss on the examples held out, or without any the validation of `task`."""
        if held_out:
            return Stopper(self, genome, HeldOutLoss(held_out))
        if not isinstance(task, HasValidationCost):
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

    def __init__(self, settings: EarlyStopping, genome: Genome, watched: HasValidationCost | HeldOutLoss) -> None:
        self._settings, self._watched = settings, watched
        self.cost = Cost()
        self.latest = self._evaluate(genome)
        self._kept, self._best = genome, self._better(self.latest)
        self._mark, self._waited, self._epochs = self._best, 0, 0  # patience counts from the mark

    def solution(self, genome: Genome) -> Genome:
        """The best genome so far; in the first epochs, before anything learned was looked at, `genome` as it is."""
        return self._kept if self._epochs >= self._settings.eval_every else genome

    @property
    def done(self) -> bool:
        return self._waited >= self._settings.patience

    @property
    def info(self) -> dict[str, float]:
        """What the log is told of the latest look."""
        return {"held_out_loss": self.latest} if isinstance(self._watched, HeldOutLoss) else {}

    def on_epoch_end(self, genome: Genome) -> None:
        """Told at the end of every epoch."""
        self._epochs += 1
        if self._epochs % self._settings.eval_every:
            return
        self.latest = self._evaluate(genome)
        score = self._better(self.latest)  # NaN, of answers that overflow, is never better
        if score > self._best:
            self._kept, self._best = genome, score
        if score > self._mark + self._settings.min_delta:
            self._mark, self._waited = score, 0
        else:
            self._waited += 1

    def restart_patience(self, held_out: Examples | None) -> None:
        """Told when more is shown to learn from: patience begins anew; and where more is held out, what was best so
        far is looked at again, so that all looks are at the same examples."""
        if held_out and isinstance(self._watched, HeldOutLoss):
            self._watched.add(held_out)
            self._best = self._better(self._evaluate(self._kept))
        self._mark, self._waited = self._best, 0

    def _evaluate(self, genome: Genome) -> float:
        """What is watched, paid for."""
        value, cost = self._watched.validate_with_cost(genome)
        self.cost = self.cost + cost
        return value

    def _better(self, value: float) -> float:
        """The same, higher for better."""
        return value if self._watched.metric_info.higher_is_better else -value

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._kept.weights,
            "running_stats": self._kept.running_stats,
            "best": self._best,
            "latest": self.latest,
            "mark": self._mark,
            "waited": self._waited,
            "epochs": self._epochs,
            "cost": vars(self.cost),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._kept = replace(self._kept, weights=state["weights"], running_stats=state["running_stats"])
        self._best, self.latest, self._mark = state["best"], state["latest"], state["mark"]
        self._waited, self._epochs = state["waited"], state["epochs"]
        self.cost = Cost(**state["cost"])
