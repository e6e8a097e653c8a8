"""Early stopping: the solution is the genome with the best validation score; training ends when it stops improving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.fields import Limits, NonNegativeFloat, PositiveInt
from evorobo.learners.warm_start import first_observations, with_observations
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.sequences import SequenceBatches
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, MetricInfo, Task
from evorobo.tasks.capabilities import HasValidationCost


def split_held_out(examples: Examples, fraction: float, rng: np.random.Generator) -> tuple[Examples, Examples]:
    """Split examples at random into those to train on and a `fraction` that is held out. Sequences stay whole.

    The cost of the labels stays with the first part. Raises `SettingsError` if there is only one row or sequence.
    """
    rows = np.arange(len(examples.inputs))
    item = rows if examples.sequence is None else np.cumsum(np.r_[0, np.diff(examples.sequence) != 0])
    count = int(item[-1]) + 1
    if count < 2:
        kind = "row" if examples.sequence is None else "sequence"
        raise SettingsError(
            f"one {kind} of examples cannot be split; increase the number of demonstrations, or set held_out=None."
        )
    size = min(max(round(fraction * count), 1), count - 1)
    held_out = np.isin(item, rng.permutation(count)[:size])
    return examples.take(np.flatnonzero(~held_out)), replace(examples.take(np.flatnonzero(held_out)), cost=Cost())


class HeldOutLoss:
    """The loss on held-out examples, without dropout and noise, each sequence from its start.

    It can be validated like a task (see `HasValidationCost`).
    """

    metric_info = MetricInfo("held-out loss", higher_is_better=False)

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def add(self, more: Examples) -> None:
        self._examples = self._examples + more

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """Return the mean loss, and the cost of a forward pass over all rows."""
        examples = self._examples
        items = SequenceBatches(len(examples.inputs), examples.sequence if genome.spec.recurrent else None)
        layout = items.take(np.arange(len(items)))
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is no improvement; training reports divergence
            outputs = replace(genome, output_scaler=None)(examples.inputs[layout.rows], n_steps=layout.n_steps)
            weights = None if examples.sample_weight is None else examples.sample_weight[layout.valid_rows]
            loss = examples.loss.value(layout.remove_padding(outputs), examples.targets[layout.valid_rows], weights)
        rows, computed_rows = len(examples.inputs), len(layout.rows)
        return float(loss), Cost(samples=rows, forward_flops=computed_rows * genome.spec.forward_flops)


@register_component("settings", "EarlyStopping")
@dataclass(frozen=True)
class EarlyStopping:
    """End training when validation has not improved for `patience` evals, and return the best genome.

    Validation is the task's own; a robot drives its validation episodes. With `held_out` it is instead the loss on a
    part of the examples, which training does not use; for a teacher's demonstrations this needs no steps of the robot.
    The log then has the column `held_out_loss`. The first eval is before the first step. The cost of all evals is
    included in the cost of the trial.

    Parameters
    ----------
    patience : int, default 10
        Number of evals without improvement after which training ends, at least 1.
    min_delta : float, default 0.0
        Smallest improvement that restarts patience, in the units of the task's metric or of the loss, 0 or more. The
        solution is the best genome even if its lead is smaller.
    eval_every : int, default 1
        Number of epochs between two evals, at least 1.
    held_out : float, optional
        Fraction of the examples to hold out, between 0 and 1. Sequences stay whole. By default the task's own
        validation is used.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the task has no validation.

    References
    ----------
    Prechelt (1998), "Early stopping - but when?". Patience: Goodfellow, Bengio & Courville (2016), "Deep Learning",
    algorithm 7.1.

    Examples
    --------
    >>> from evorobo import Backprop, EarlyStopping
    >>> method = Backprop(early_stopping=EarlyStopping(patience=20, held_out=0.2))
    >>> method.early_stopping.held_out
    0.2
    """

    patience: PositiveInt = 10
    min_delta: NonNegativeFloat = 0.0
    eval_every: PositiveInt = 1
    held_out: Annotated[float, Limits(gt=0, lt=1)] | None = None

    def split(self, examples: Examples, rng: np.random.Generator) -> tuple[Examples, Examples | None]:
        """Split examples at random into those to train on and those that are held out.

        Parameters
        ----------
        examples : Examples
            All examples.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        training : Examples
            Examples to train on.
        held_out : Examples or None
            Held-out examples; None if `held_out` is None.

        Raises
        ------
        SettingsError
            If there is only one row or sequence.
        """
        return split_held_out(examples, self.held_out, rng) if self.held_out else (examples, None)

    def start(self, task: Task, genome: Genome, held_out: Examples | None = None) -> Stopper:
        """Start early stopping with a first eval.

        Parameters
        ----------
        task : Task
            Task whose validation is used if there are no held-out examples.
        genome : Genome
            Genome before training.
        held_out : Examples, optional
            Examples whose loss is used.

        Returns
        -------
        Stopper
            Keeps the best genome and counts patience.

        Raises
        ------
        SettingsError
            If the task has no validation, or does not report its cost.
        """
        if held_out:
            return Stopper(self, genome, HeldOutLoss(held_out))
        if not isinstance(task, HasValidationCost):
            raise SettingsError(
                f"{task.name} does not report the cost of validation, which early stopping needs; give the task a "
                "method validate_with_cost(genome) that returns the validation score and its Cost, or use "
                "EarlyStopping(held_out=0.1)."
            )
        stopper = Stopper(self, genome, task)
        if np.isnan(stopper.latest):
            raise SettingsError(
                f"{task.name} has no validation rows for early stopping; split some off, for example with "
                "split=RandomSplit(validation=0.1), use EarlyStopping(held_out=0.1), or train without early stopping."
            )
        return stopper


class Stopper:
    """Running early stopping: the best genome so far, the cost of all evals, and the `latest` validation score."""

    def __init__(self, settings: EarlyStopping, genome: Genome, validation: HasValidationCost | HeldOutLoss) -> None:
        self._settings, self._validation = settings, validation
        self.cost = Cost()
        self.latest = self._evaluate(genome)
        self._best_genome, self._best = genome, self._as_score(self.latest)
        self._reference, self._waited, self._epochs = self._best, 0, 0  # patience counts from the reference score

    def solution(self, genome: Genome) -> Genome:
        """Return the best genome so far, or the current `genome` before the first eval of a trained one."""
        return self._best_genome if self._epochs >= self._settings.eval_every else genome

    @property
    def done(self) -> bool:
        return self._waited >= self._settings.patience

    @property
    def info(self) -> dict[str, float]:
        """Log columns of the latest eval."""
        return {"held_out_loss": self.latest} if isinstance(self._validation, HeldOutLoss) else {}

    def on_epoch_end(self, genome: Genome) -> None:
        """Count an epoch, and evaluate `genome` when it is due."""
        self._epochs += 1
        if self._epochs % self._settings.eval_every:
            return
        self.latest = self._evaluate(genome)
        score = self._as_score(self.latest)  # NaN, after an overflow, is never better
        if score > self._best:
            self._best_genome, self._best = genome, score
        if score > self._reference + self._settings.min_delta:
            self._reference, self._waited = score, 0
        else:
            self._waited += 1

    def restart_patience(self, held_out: Examples | None) -> None:
        """Restart patience after new training examples, and add new held-out examples.

        The best genome is then evaluated again, so that all scores refer to the same examples.
        """
        if held_out and isinstance(self._validation, HeldOutLoss):
            self._validation.add(held_out)
            self._best = self._as_score(self._evaluate(self._best_genome))
        self._reference, self._waited = self._best, 0

    def _evaluate(self, genome: Genome) -> float:
        value, cost = self._validation.validate_with_cost(genome)
        self.cost = self.cost + cost
        return value

    def _as_score(self, value: float) -> float:
        """Return `value`, negated for metrics of which lower is better."""
        return value if self._validation.metric_info.higher_is_better else -value

    def state(self) -> dict[str, Any]:
        return {
            "weights": self._best_genome.weights,
            "running_stats": self._best_genome.running_stats,
            "observed": vars(first_observations(self._best_genome)),
            "best": self._best,
            "latest": self.latest,
            "reference": self._reference,
            "waited": self._waited,
            "epochs": self._epochs,
            "cost": vars(self.cost),
        }

    def restore(self, state: dict[str, Any]) -> None:
        best = replace(self._best_genome, weights=state["weights"], running_stats=state["running_stats"])
        self._best_genome = with_observations(best, RunningMoments(**state["observed"]))
        self._best, self.latest, self._reference = state["best"], state["latest"], state["reference"]
        self._waited, self._epochs = state["waited"], state["epochs"]
        self.cost = Cost(**state["cost"])
