"""Labelled sensor data as a task: evolution climbs minus the loss on training rows, backprop copies their targets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError, unknown
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.genome import Genome
from evorobo.nets.losses import MAE, MSE, GaussianNLL, Huber, Loss
from evorobo.nets.passes import forward
from evorobo.nets.scaling import Scaler
from evorobo.nets.sequences import Layout, SequenceBatches, sequence_ids
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import qualified_key
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores, UnlabelledInputs
from evorobo.tasks.data.dummy import dummy_predictions
from evorobo.tasks.data.leakage import leakage_caveat
from evorobo.tasks.data.metrics import Metric, default_metric, resolve_metric
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.preparation import ARRAYS, PreparedData, cache_arrays, prepare_data
from evorobo.tasks.data.readers import is_data_file
from evorobo.tasks.data.tables import KINDS, Table, make_table

_AT_ONCE = 2**18  # activations of one layer in memory at once: bounded memory, and no slower
_RESERVED = ("inputs", "targets", "classes", "file", "allow_pickle")


@register_component("task", "DatasetTask")
@dataclass(frozen=True)
class DatasetTask:
    """`source` is a named data set ("scitos-24", "kin8nm", ...) or the path of a CSV, TSV, text, ARFF or NPZ file.

    `target` names or numbers the column to predict, or several; `kind` is "classification" or "regression" (None:
    text, nominal and NPZ's whole-number targets are classes). `split` None is the data set's own, for files
    `RandomSplit()`. `options` go to the loader: {"ranges": "inverse"}, {"fold": 3}, for files "columns", "ignore",
    "header" and "classes". `loss` None is `CrossEntropy()` or `MSE()`. With `scale`, inputs and values to predict
    are brought to mean 0 and deviation 1 by the training rows. Evolution scores on `rows_per_score` training rows,
    drawn afresh for each generation and the same for all its members (None: on all), computing in `dtype`.
    `weights` names a further column that says how much each training row counts, 0 or more, to both teachers; in
    validation and test all rows count alike. These judge by `measure`: None is `Accuracy()` or `RMSE()`, and `NMSE()`
    compares targets of different units.

    For networks that remember, `sequence` names the column whose runs of equal values are sequences in time ("lap").
    Evolution then scores on windows of at most `window` rows; validation and test go through whole sequences. Where a
    sequence has one answer, `judged` names the column that holds a 1 in the rows that must give it, and 0 in all
    others: those are seen, but neither teach nor count in validation and test.
    """

    source: str
    target: str | int | tuple[str | int, ...] = -1
    kind: str | None = None
    split: Split | None = None
    loader_kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    loss: Loss | None = None
    metric: Metric | None = None
    normalize: bool = True
    rows_per_score: int | None = 256
    dtype: str = "float32"
    sample_weight: str | None = None
    sequence: str | None = None
    scored_steps: str | None = None
    window: int = 64
    label: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise unknown("kind of target", self.kind, KINDS)
        if self.dtype not in ("float32", "float64"):
            raise unknown("dtype", self.dtype, ("float32", "float64"))
        if not isinstance(self.window, int) or self.window < 1:
            raise SettingsError(f"a window needs at least one row, not {self.window!r}.")
        if self.rows_per_score is not None and (not isinstance(self.rows_per_score, int) or self.rows_per_score < 1):
            raise SettingsError(f"a score needs at least one row, not {self.rows_per_score}; None takes all.")
        object.__setattr__(self, "source", qualified_key("data set", self.source))

    @classmethod
    def from_arrays(
        cls,
        inputs: Any,
        targets: Any,
        *,
        classes: Iterable[str] = (),
        columns: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> DatasetTask:
        """A task on arrays: `inputs (rows, k)`, `targets (rows,)` or `(rows, m)`, and `columns (rows,)` to split by.

        The arrays are kept in the cache, in a file named after their content, so that other processes find them.
        Targets of text or whole numbers are classes, floats are values, unless `kind` says otherwise.
        """
        table = make_table(inputs, targets, settings.get("kind"), classes=classes, columns=columns, where="the arrays")
        for name in table.columns:
            if name in _RESERVED:
                raise SettingsError(f"a column cannot be named {name!r}; rename it.")
        return cls(cache_arrays(table), **{**settings, "kind": "classification" if table.classes else "regression"})

    @property
    def name(self) -> str:
        """The label, or the data set with its options, or the file's name; fit for a folder."""
        if self.label:
            parts = [self.label]
        elif self.source.startswith(ARRAYS):
            parts = ["arrays", self.source.removeprefix(ARRAYS)[:8]]
        elif is_data_file(self.source):
            parts = [Path(self.source).name.split(".")[0]]
        else:
            options = self.loader_kwargs.items()
            parts = [
                self.source.rpartition(":")[2],
                *(value if isinstance(value, str) else f"{key}-{value}" for key, value in options),
            ]
        return re.sub(r"[^\w.-]+", "-", "-".join(parts)).strip("-.") or "data"

    @property
    def table(self) -> Table:
        """The data, all rows of it."""
        return self._data.table

    @property
    def parts(self) -> Parts:
        """Which rows train, validate and test."""
        return self._data.parts

    @property
    def fingerprint(self) -> str:
        """The sha256 of the data files: another one means other data."""
        return self._data.fingerprint

    @property
    def n_inputs(self) -> int:
        return self.table.inputs.shape[1]

    @property
    def n_outputs(self) -> int:
        return self._loss.width(len(self.table.classes) or self.table.targets.shape[1])

    @property
    def output(self) -> str:
        return "identity"

    @property
    def input_scaler(self) -> Scaler | None:
        return self._data.input_scaler if self.normalize else None

    @property
    def output_scaler(self) -> Scaler | None:
        """From scaled answers to the targets' own units; log-variances of `GaussianNLL` too."""
        targets = self._targets
        if targets is None or (spare := self.n_outputs - len(targets.mean)) == 0:
            return targets
        shift = 2 * np.log(targets.sd) if isinstance(self._loss, GaussianNLL) else np.zeros(spare)
        return Scaler(np.concatenate([targets.mean, shift]), np.concatenate([targets.sd, np.ones(spare)]))

    @property
    def metric_info(self) -> MetricInfo:
        return self._metric.info

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        """Minus the loss of each member; one whose answers overflow scores minus infinity."""
        self._check(spec)
        train = self.parts.train
        units = SequenceBatches(len(train), self.sequences(train), self.window)
        layout = units.take(self._sample_batches(units, self.rows_per_score, rng))
        raw, targets = self.table.inputs[train[layout.rows]], self._scaled(train[layout.valid_rows])
        x = (input_scaler.transform(raw) if input_scaler else raw).astype(self.dtype)
        y = targets if self.table.classes else targets.astype(self.dtype)
        truth = self._loss_targets(y, train[layout.valid_rows])
        members = max(1, _AT_ONCE // (len(x) * max(spec.widths)))
        values = np.empty(len(weights))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(weights), members):
                some = slice(start, start + members)
                outputs = forward(spec, weights[some].astype(self.dtype), x, n_steps=layout.n_steps)
                values[some] = -self._loss.value(layout.remove_padding(outputs), *truth)
        values[~np.isfinite(values)] = -np.inf
        computed = len(weights) * len(x) * spec.forward_flops
        return Scores(values, Cost(samples=len(weights) * len(y), forward_flops=computed))

    def examples(self, rng: np.random.Generator) -> Examples:
        """All training rows: raw inputs, class numbers or scaled values. The labels cost nothing."""
        rows = self.parts.train
        return Examples(
            self.table.inputs[rows],
            self._scaled(rows),
            self._loss,
            sequence=self.sequences(rows),
            sample_weight=self._row_weights(rows),
        )

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        """Training rows without their labels: `rows` of them, or as many windows of sequences as hold that; free."""
        train = self.parts.train
        units = SequenceBatches(len(train), self.sequences(train), self.window)
        layout = units.take(self._sample_batches(units, rows, rng))
        window = np.arange(len(layout.rows)) // layout.n_steps
        return UnlabelledInputs(
            self.table.inputs[train[layout.valid_rows]],
            sequence=None if self.sequence is None else window if layout.mask is None else window[layout.mask],
        )

    def validate(self, genome: Genome) -> float:
        """The `measure` of the answers to the validation rows; NaN where the split has none."""
        return self._metric_value(genome, self.parts.validation)

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """`validate`, and its price: each validation row is a sample, and what fills up sequences is computed too."""
        rows = self.parts.validation
        computed = len(self._sequence_batch(rows).rows) if len(rows) else 0
        return self.validate(genome), Cost(samples=len(rows), forward_flops=computed * genome.spec.forward_flops)

    def test(self, genome: Genome) -> float:
        return self._metric_value(genome, self.parts.test)

    def predict(self, genome: Genome, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the genome says of those of `rows` that are judged, and the truth: class numbers, or values `(rows, m)`
        in the targets' units."""
        self._check(genome.spec)
        layout, judged = self._sequence_batch(rows), self.scored_rows(rows)
        outputs = layout.remove_padding(genome(self.table.inputs[rows[layout.rows]], n_steps=layout.n_steps))
        return self._loss.predict(outputs[np.isin(rows[layout.valid_rows], judged)]), self.table.targets[judged]

    def loss_on(self, genome: Genome, rows: np.ndarray) -> float:
        """What training descends, on any `rows (k,)` of the table, all counting alike; values to predict are scaled."""
        self._check(genome.spec)
        layout = self._sequence_batch(rows)
        outputs = replace(genome, output_scaler=None)(self.table.inputs[rows[layout.rows]], n_steps=layout.n_steps)
        return float(self._loss.value(layout.remove_padding(outputs), self._scaled(rows[layout.valid_rows])))

    def references(self) -> dict[str, float]:
        """What the test rows give to a guess that ignores the inputs and to a linear fit, both made of training rows,
        and published figures of the same split and measure."""
        train, rows = self.scored_rows(self.parts.train), self.scored_rows(self.parts.test)
        answers = dummy_predictions(self.table, self._data.input_scaler.transform(self.table.inputs), train, rows)
        scores = {name: self._metric.value(answer, self.table.targets[rows]) for name, answer in answers.items()}
        return scores | dict(
            self._data.reference_scores if self._metric == default_metric(bool(self.table.classes)) else {}
        )

    def caveat(self) -> str:
        """What flatters the test scores: neighbours of test rows to learn from, or what the data set is known for."""
        is_time_series = self._data.is_time_series or self.sequence is not None
        return self._data.caveat or (leakage_caveat(self.parts) if is_time_series else "")

    @property
    def _data(self) -> PreparedData:
        return prepare_data(self.source, self.target, self.kind, self.split, self.loader_kwargs)

    @property
    def _loss(self) -> Loss:
        classes = self.table.classes
        loss = self.loss or (CrossEntropy() if classes else MSE())
        if classes and (isinstance(loss, MSE | MAE | Huber | GaussianNLL)):
            raise SettingsError(f"{self.name} has classes, which {loss} cannot count; use CrossEntropy().")
        if isinstance(loss, CrossEntropy) and (loss.choices or not classes):
            raise SettingsError(f"{self.name} does not go with {loss}; leave loss out, or use another one.")
        return loss

    @property
    def _metric(self) -> Metric:
        return resolve_metric(self.metric, bool(self.table.classes), self.name)

    @property
    def _targets(self) -> Scaler | None:
        return self._data.target_scaler if self.normalize else None

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        targets = self.table.targets[rows]
        return self._targets.transform(targets) if self._targets else targets

    def _row_weights(self, rows: np.ndarray) -> Array | None:
        """How much each of these rows teaches, if a column says so: nothing where it is not judged."""
        names = [name for name in (self.sample_weight, self.scored_steps) if name is not None]
        return np.prod([self.table.weight_column(name, self.name)[rows] for name in names], axis=0) if names else None

    def scored_rows(self, rows: np.ndarray) -> np.ndarray:
        """Those of these rows that count in validation and test."""
        if self.scored_steps is None:
            return rows
        column = self.table.weight_column(self.scored_steps, self.name)
        if not np.isin(column, (0, 1)).all() or not column[rows].any():
            where = f"column {self.scored_steps!r} of {self.name}"
            raise DataError(f"{where} must hold 0 and 1, with a 1 in each part of the split.")
        return rows[column[rows] == 1]

    def _loss_targets(self, targets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """What the loss is told besides the outputs: targets, and weights where rows have any."""
        weights = self._row_weights(rows)
        return (targets,) if weights is None else (targets, weights.astype(self.dtype))

    def sequences(self, rows: np.ndarray) -> np.ndarray | None:
        """Numbers of the sequences of these rows; a new one begins where the column changes or rows are left out."""
        if self.sequence is None:
            return None
        return sequence_ids(
            self.table.column(self.sequence, f"column of {self.name}")[rows], rows - np.arange(len(rows))
        )

    def _sequence_batch(self, rows: np.ndarray) -> Layout:
        """These rows as one batch of whole sequences; places in `rows`."""
        units = SequenceBatches(len(rows), self.sequences(rows))
        return units.take(np.arange(len(units)))

    def _sample_batches(self, units: SequenceBatches, rows: int | None, rng: np.random.Generator) -> np.ndarray:
        """The numbers of some units, enough for so many rows, or of all (None)."""
        size = self.window if self.sequence else 1
        wanted = len(units) if rows is None else max(1, rows // size)
        return np.arange(len(units)) if wanted >= len(units) else rng.choice(len(units), wanted, replace=False)

    def _metric_value(self, genome: Genome, rows: np.ndarray) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return self._metric.value(*self.predict(genome, rows)) if len(rows) else float("nan")

    def _check(self, spec: NetworkSpec) -> None:
        if (spec.n_inputs, spec.n_outputs) != (self.n_inputs, self.n_outputs):
            raise SettingsError(
                f"{self.name} has {self.n_inputs} inputs and {self.n_outputs} outputs, "
                f"the network {spec.n_inputs} and {spec.n_outputs}."
            )
        if spec.recurrent and self.sequence is None:
            raise SettingsError(
                f"rows of {self.name} stand alone, and this network remembers; name the column that tells sequences "
                "apart, for example sequence='lap'."
            )
