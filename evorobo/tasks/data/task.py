"""Labeled sensor data as a task: evolution maximizes minus the loss on training rows, backpropagation minimizes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import Example, Limits, PositiveFloat, PositiveInt
from evorobo.nets.data_format import DataFormat, RollingWindow
from evorobo.nets.losses import Loss
from evorobo.nets.passes import forward
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import qualified_key
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs
from evorobo.tasks.capabilities import HasCaveat, HasDataFormat, HasReferenceMetrics, HasUnlabelled
from evorobo.tasks.data.baselines import all_fits
from evorobo.tasks.data.data_settings import DataSettings
from evorobo.tasks.data.evaluates_rows import EvaluatesRows
from evorobo.tasks.data.evaluation import Evaluation, ReferenceScore, resolve_metrics
from evorobo.tasks.data.metrics import Metric
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.preparation import PreparedData, cache_arrays, name_of_source, prepare_data
from evorobo.tasks.data.sequences import RowSequences, sequence_names, sequence_numbers
from evorobo.tasks.data.tables import Table, make_table
from evorobo.tasks.data.targets import RowTargets, resolve_loss

MAX_ACTIVATIONS = 2**18
"""Activations of one layer that are in memory at a time: this bounds the memory and is no slower."""


@register_component("task", "DatasetTask")
@dataclass(frozen=True)
@inherit_docs
class DatasetTask(EvaluatesRows, Task, HasUnlabelled, HasCaveat, HasDataFormat, HasReferenceMetrics):
    """A task made of labeled data: a named data set, a file, or arrays.

    Evolution maximizes minus the loss on training rows, backpropagation minimizes the loss on all of them. Labels cost
    nothing. Data are loaded when they are first needed, once per process.

    Parameters
    ----------
    source : str
        Name of a data set ("scitos-24", "kin8nm"; `evorobo list tasks` shows all), or the path of a CSV, TSV, text,
        ARFF or NPZ file. For a data set of your own see `Dataset`.
    target : str, int or tuple of these, default -1
        Column or columns to predict, by name or number, where `source` is a file.
    kind : {"classification", "regression"}, optional
        By default text, nominal columns and whole numbers in NPZ files are classes; other numbers are values.
    split : Split, optional
        Training, validation and test rows. By default the data set's own, and ``RandomSplit()`` for files.
    loader_kwargs : dict, default {}
        Options of the data set, for example ``{"ranges": "inverse"}`` or ``{"fold": 3}``. For files: "columns" (to keep
        beside the inputs), "ignore", "header", "classes" and "thousands"; see `read_table`.
    loss : Loss, optional
        The loss of training. By default ``CrossEntropy()`` for classes and ``MSE()`` for values.
    metric : Metric or tuple of Metric, optional
        What validation and test return. By default ``Accuracy()`` for classes and ``RMSE()`` for values. Of several the
        first decides, and tables show them all.
    normalize : bool, default True
        Whether inputs and target values are scaled to mean 0 and standard deviation 1, fitted to the training rows.
    rows_per_score : int or None, default 256
        Number of training rows that evolution scores on, at least 1. They are drawn anew for each generation and are
        the same for all its members. None: all training rows.
    dtype : {"float32", "float64"}, default "float32"
        Precision of scores.
    sample_weight : str, optional
        Column with the weight of each row in training, 0 or more. In validation and test all rows count equally.
    sequence : str or tuple of str, optional
        Column whose rows of equal value are one sequence in time, for recurrent networks, for example "lap"; several
        where only their values together tell sequences apart. Rows of a sequence follow each other. Validation and test
        pass whole sequences.
    scored_steps : str, optional
        Column that is 1 in rows with a target and 0 in all others, for sequences with one target each. The network sees
        the other rows, but they count neither in training nor in validation and test.
    window : int, default 64
        With `sequence`: the most rows of one sequence in a score, at least 1.
    rows : int, optional
        Number of training rows, for learning curves over the amount of data. A smaller number takes a part of the rows
        of a larger one, with about the same fractions of classes; with `sequence` it takes whole sequences, the last
        one cut. By default all.
    baselines : tuple of {"logistic regression", "nearest neighbors", "random forest"}, default ()
        Models of scikit-learn whose test scores are references beside a constant guess and a linear fit. They are left
        out where it is not installed. For values, "logistic regression" has no effect.
    missing : {"drop", "mean", "median"}, optional
        What is done about missing values: rows that lack one are left out, or a missing number becomes the mean or
        median of its column in the training rows, and a missing text none of the categories. The genome and exported
        files do the same. Rows without a target are left out. By default missing values are an error.
    one_hot : tuple of str or int, default ()
        Columns of text, each of which becomes one input of 0 and 1 for each of its texts.
    lags : tuple of int, default ()
        The inputs so many rows before are inputs too, from 1 on, within the session of a row: that of `sequence`, else
        the group of the split, else as columns like "session" and "lap" say. Its first row stands for those before.
    windows : tuple of RollingWindow, default ()
        Mean, standard deviation, minimum or maximum of the inputs over the last rows of the session are inputs too.
    max_gap : float, optional
        With `lags` or `windows`: the longest step of the time stamp within a session, above 0, in its units. After a
        longer one, and after a step back, past rows begin anew. The time stamp is a column of numbers that is called
        like one, among the inputs or "columns". Without `max_gap`, a file with gaps is an error.
    label : str, optional
        Name of the task. By default the name of the data set or file.

    Raises
    ------
    SettingsError
        If a setting is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(100, 3))
    >>> task = er.DatasetTask.from_arrays(x, x @ [1.0, -2.0, 0.5], label="linear", split=er.BlockSplit(10))
    >>> task.name, task.n_inputs, task.n_outputs, len(task.parts.train)
    ('linear', 3, 1, 70)
    >>> sorted(task.references())
    ['constant guess', 'linear fit']
    """

    source: Annotated[str, Limits(min_length=1)]
    target: str | int | tuple[str | int, ...] = -1
    kind: Literal["classification", "regression"] | None = None
    split: Annotated[Split, Example("RandomSplit()")] | None = None
    loader_kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    loss: Annotated[Loss, Example("MSE()")] | None = None
    metric: Annotated[Metric, Example("RMSE()")] | tuple[Metric, ...] | None = None
    normalize: bool = True
    rows_per_score: PositiveInt | None = 256
    dtype: Literal["float32", "float64"] = "float32"
    sample_weight: str | None = None
    sequence: str | tuple[str, ...] | None = None
    scored_steps: str | None = None
    window: PositiveInt = 64
    rows: PositiveInt | None = None
    baselines: tuple[Literal["logistic regression", "nearest neighbors", "random forest"], ...] = ()
    missing: Literal["drop", "mean", "median"] | None = None
    one_hot: tuple[str | int, ...] = ()
    lags: tuple[PositiveInt, ...] = ()
    windows: tuple[RollingWindow, ...] = ()
    max_gap: PositiveFloat | None = None
    label: str | None = None

    def __post_init__(self) -> None:
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
        """Make a task of arrays.

        The arrays are written to a file in the cache that is named after their content. Other processes read it.

        Parameters
        ----------
        inputs : array-like of shape (n_rows, n_inputs)
            Inputs of the network.
        targets : array-like of shape (n_rows,) or (n_rows, n_targets)
            Text, whole numbers or booleans are classes and floats are values, unless `kind` says otherwise.
        classes : iterable of str, default ()
            Names of the classes, where targets are numbers from 0.
        columns : dict of str to array-like of shape (n_rows,), optional
            Further columns, for splits, sequences and weights.
        **settings
            Other parameters of `DatasetTask`.

        Returns
        -------
        DatasetTask
            The task.

        Raises
        ------
        DataError
            If the arrays do not fit together or contain numbers that are not finite.
        SettingsError
            If a setting or the name of a column is invalid.
        """
        table = make_table(
            inputs,
            targets,
            settings.get("kind"),
            classes=classes,
            columns=columns,
            where="the arrays",
            allow_missing=settings.get("missing") is not None,
        )
        return cls(cache_arrays(table), **{**settings, "kind": "classification" if table.classes else "regression"})

    @property
    def name(self) -> str:
        amount = "" if self.rows is None else f"-{self.rows}-rows"
        name = self.label or name_of_source(self.source, self.loader_kwargs) + amount
        return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"

    @property
    def table(self) -> Table:
        """All rows of the data."""
        return self._data.table

    @property
    def data_format(self) -> DataFormat:
        return self._data.format

    @property
    def raw_inputs(self) -> Array:
        """The columns of all rows as they are in the file `(n_rows, n_columns)`: NaN is missing, texts are numbers."""
        return self._data.raw.inputs

    @property
    def parts(self) -> Parts:
        """Numbers of the training, validation and test rows."""
        return self._data.parts

    @property
    def fingerprint(self) -> str:
        """The sha256 of the data; if it differs, the data differ."""
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
        return None if self._target_scaler is None else self._loss.output_scaler(self._target_scaler)

    @property
    def metric_info(self) -> MetricInfo:
        return self._evaluation.metrics[0].info

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        self._check_network(spec)
        train = self.parts.train
        layout = self._sequences.sample(train, self.rows_per_score, rng)
        inputs, rows = self.table.inputs[train[layout.rows]], train[layout.valid_rows]
        x = (input_scaler.transform(inputs) if input_scaler else inputs).astype(self.dtype)
        y = self._targets.for_loss(rows, self.dtype)
        chunk = max(1, MAX_ACTIVATIONS // (len(x) * max(spec.widths)))
        values = np.empty(len(weights))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(weights), chunk):
                members = slice(start, start + chunk)
                outputs = forward(spec, weights[members].astype(self.dtype), x, n_steps=layout.n_steps)
                values[members] = -self._loss.value(layout.remove_padding(outputs), *y)
        values[~np.isfinite(values)] = -np.inf
        flops = len(weights) * len(x) * spec.forward_flops
        return Scores(values, Cost(samples=len(weights) * len(rows), forward_flops=flops))

    def examples(self, rng: np.random.Generator) -> Examples:
        rows = self.parts.train
        return Examples(
            self.table.inputs[rows],
            self._targets.scaled(rows),
            self._loss,
            sequence=self.sequences(rows),
            sample_weight=self._targets.weights(rows),
        )

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        train = self.parts.train
        layout = self._sequences.sample(train, rows, rng)
        sequence = None if self.sequence is None else np.arange(len(layout.rows)) // layout.n_steps
        if sequence is not None and layout.mask is not None:
            sequence = sequence[layout.mask]
        return UnlabelledInputs(self.table.inputs[train[layout.valid_rows]], sequence=sequence)

    def references(self) -> dict[str, float]:
        published = self._data.reference_scores if self._evaluation.is_default else {}
        scores = {name: one.score for name, one in _reference_scores(self, self.fingerprint).items()}
        return {name: score for name, score in scores.items() if score == score} | dict(published)

    def reference_metrics(self) -> dict[str, dict[str, float]]:
        return {name: one.metrics for name, one in _reference_scores(self, self.fingerprint).items() if one.metrics}

    def caveat(self) -> str:
        return self._data.caution(self.sequence is not None, (self.sample_weight, self.scored_steps))

    @property
    def _data(self) -> PreparedData:
        columns = (*sequence_names(self.sequence), self.sample_weight, self.scored_steps)
        file = self.source, self.target, self.kind, self.split, self.loader_kwargs, columns
        encoding = self.missing, self.one_hot, self.lags, self.windows, self.max_gap
        return prepare_data(DataSettings(*file, self.sequence, self.rows, *encoding))

    @property
    def _sequences(self) -> RowSequences:
        return RowSequences(sequence_numbers(self.table, self.sequence, self.name), self.window)

    @property
    def _targets(self) -> RowTargets:
        return RowTargets(self.table, self._target_scaler, self.sample_weight, self.scored_steps, self.name)

    @property
    def _loss(self) -> Loss:
        return resolve_loss(self.loss, self._targets, self.parts.train)

    @property
    def _evaluation(self) -> Evaluation:
        metrics = resolve_metrics(self.metric, self._loss, bool(self.table.classes), self.name)
        return Evaluation(self.table, self._targets, self._sequences, self._loss, metrics)

    @property
    def _target_scaler(self) -> Scaler | None:
        return self._data.target_scaler if self.normalize else None


@lru_cache(maxsize=4)
def _reference_scores(task: DatasetTask, fingerprint: str) -> dict[str, ReferenceScore]:
    """Return the scores of the baselines of a task, whose fits take seconds, once for data with this fingerprint."""
    train, test = task.scored_rows(task.parts.train), task.scored_rows(task.parts.test)
    return task._evaluation.references(task._data.input_scaler, train, test, all_fits(task.baselines))
