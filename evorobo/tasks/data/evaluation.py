"""What a data set says of a genome: predictions, metrics, loss, and scores to compare with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.cross_entropy import CrossEntropy, softmax
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.scaling import Scaler
from evorobo.tasks.data.baselines import Baselines
from evorobo.tasks.data.class_metrics import Accuracy
from evorobo.tasks.data.metrics import RMSE, Metric
from evorobo.tasks.data.sequences import RowSequences
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.targets import RowTargets


class ReferenceScore(NamedTuple):
    """What a baseline scores: by the first metric, and by the columns of the others."""

    score: float
    metrics: dict[str, float]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Evaluates genomes on rows of a table by `metrics`, of which the first decides."""

    table: Table
    targets: RowTargets
    sequences: RowSequences
    loss: Loss
    metrics: tuple[Metric, ...]

    def value(self, genome: Genome, rows: np.ndarray) -> float:
        """Return the first metric on `rows`; NaN without rows."""
        if not len(rows):
            return float("nan")
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, targets = self.outputs(genome, rows)
            return self.metrics[0].value(self._predictions(self.metrics[0], outputs), targets)

    def columns(self, genome: Genome, rows: np.ndarray) -> dict[str, float]:
        """Return the columns of the metrics after the first, and those of the first if it has more than its value."""
        values: dict[str, float] = {}
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, targets = self.outputs(genome, rows)
            for metric in self.metrics:
                values |= metric.columns(self._predictions(metric, outputs), targets, self.table.classes)
        values.pop(self.metrics[0].info.name, None)
        return values

    def outputs(self, genome: Genome, rows: np.ndarray) -> tuple[Array, np.ndarray]:
        """Return the outputs for those of `rows` that have a target, and these targets."""
        layout, scored = self.sequences.whole(rows), self.targets.scored(rows)
        network = replace(genome, data=None)  # the table holds its inputs
        outputs = layout.remove_padding(network(self.table.inputs[rows[layout.rows]], n_steps=layout.n_steps))
        return outputs[np.isin(rows[layout.valid_rows], scored)], self.table.targets[scored]

    def loss_value(self, genome: Genome, rows: np.ndarray) -> float:
        """Return the loss on `rows`, with equal weights and scaled target values."""
        layout = self.sequences.whole(rows)
        network = replace(genome, output_scaler=None, data=None)
        outputs = network(self.table.inputs[rows[layout.rows]], n_steps=layout.n_steps)
        return float(self.loss.value(layout.remove_padding(outputs), self.targets.scaled(rows[layout.valid_rows])))

    def references(
        self, scaler: Scaler, train: np.ndarray, test: np.ndarray, baselines: Baselines
    ) -> dict[str, ReferenceScore]:
        """Return the metrics of baselines fitted to the rows `train`.

        A metric that needs probabilities is left out for a baseline without; if it is the first, its score is NaN.
        """
        first, targets = self.metrics[0], self.table.targets[test]
        scores = {}
        for name, fit in baselines(self.table, scaler.transform(self.table.inputs), train, test).items():
            score, columns = float("nan"), dict[str, float]()
            for metric in self.metrics:
                predictions = fit.probabilities if metric.uses_probabilities else fit.predictions
                if predictions is not None:
                    columns |= metric.columns(predictions, targets, self.table.classes)
                    score = metric.value(predictions, targets) if metric is first else score
            columns.pop(first.info.name, None)
            scores[name] = ReferenceScore(score, columns)
        return scores

    @property
    def is_default(self) -> bool:
        """Whether the first metric is that of a task that names none, as that of published scores is."""
        return bool(self.metrics[0] == default_metric(bool(self.table.classes)))

    def _predictions(self, metric: Metric, outputs: Array) -> np.ndarray:
        return softmax(outputs) if metric.uses_probabilities else self.loss.predict(outputs)


def default_metric(classes: bool) -> Metric:
    """Return the metric of a task that names none."""
    return Accuracy() if classes else RMSE()


def resolve_metrics(
    metric: Metric | tuple[Metric, ...] | None, loss: Loss, classes: bool, name: str
) -> tuple[Any, ...]:
    """Return the metrics, or the default for none.

    Raises `SettingsError` if one does not fit the targets of task `name`, or the `loss` that it is trained by.
    """
    metrics = metric if isinstance(metric, tuple) else (metric,) if metric is not None else ()
    for one in metrics:
        if one.for_classes is (not classes):
            targets = "classes" if classes else "values"
            raise SettingsError(
                f"{name} predicts {targets}, which {one} cannot evaluate; use {default_metric(classes)}."
            )
        if one.uses_probabilities and not isinstance(loss, CrossEntropy):
            raise SettingsError(
                f"{one} needs probabilities, which {type(loss).__name__} does not train; use CrossEntropy()."
            )
    return metrics or (default_metric(classes),)
