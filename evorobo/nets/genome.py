"""Genome: a controller as one object and one file, with network, weights, scalers and running statistics."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, SettingsError, unknown
from evorobo.files import as_path, npz_bytes, parse_json_object, read_npz, write_atomically
from evorobo.nets.controller import Controller
from evorobo.nets.cross_entropy import softmax
from evorobo.nets.data_format import DataFormat, format_from_plain, format_to_plain
from evorobo.nets.fold import fold_batch_norm
from evorobo.nets.passes import forward
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.notebooks import to_html
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo genome 2"
ACTIONS = ("scale", "clip")
"""How outputs become values of motors with limits: -1 to 1 scaled to the limits, or taken as they are and clipped."""


@dataclass(frozen=True, eq=False)
class Genome:
    """A network with its weights: the controller that learning returns.

    A genome is a function of raw sensor values: ``genome(sensors)`` returns motor values, class logits or predictions.

    Parameters
    ----------
    spec : NetworkSpec
        Shape of the network.
    weights : array of shape (n_params,)
        Weights of all layers in one flat vector.
    input_scaler : Scaler, optional
        Scaling of the sensors. By default they enter the network unscaled.
    output_scaler : Scaler, optional
        Scaling of the outputs, for regression. By default outputs are used unscaled.
    running_stats : array of shape (n_running_stats,), optional
        Running statistics of batch normalization. Required for networks that have any.
    actions : {"scale", "clip"}, default "scale"
        How a robot whose motors have limits reads the outputs. "scale": outputs from -1 to 1 are scaled to the limits,
        as all methods here train them. "clip": outputs are motor values, clipped to the limits, as other tools train
        them. Discrete moves and motors without limits do not depend on it.
    observation_moments : RunningMoments, optional
        Statistics of the observations behind `input_scaler`, where the task normalizes them; a warm start goes on with
        them.
    data : DataFormat, optional
        For data sets: how a row becomes inputs (missing values, text, past rows), and the names of columns and classes.
        By default the sensors are the inputs.

    Raises
    ------
    SettingsError
        If the network needs running statistics of another number, `actions` is unknown, or `data` makes another number
        of inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Genome, NetworkSpec
    >>> spec = NetworkSpec.build(n_inputs=2, hidden=(), n_outputs=1)
    >>> genome = Genome(spec, np.array([1.0, -1.0, 0.5]))  # two weights and a bias
    >>> genome(np.array([3.0, 1.0]))
    array([2.5])
    """

    spec: NetworkSpec
    weights: Array
    input_scaler: Scaler | None = None
    output_scaler: Scaler | None = None
    running_stats: Array | None = None
    actions: str = "scale"
    observation_moments: RunningMoments | None = None
    data: DataFormat | None = None

    def _repr_html_(self) -> str:
        return to_html(self)

    def __post_init__(self) -> None:
        if self.data is not None and self.data.n_inputs != self.spec.n_inputs:
            raise SettingsError(
                f"the network has {self.spec.n_inputs} inputs, but its data make {self.data.n_inputs} of a row."
            )
        if self.actions not in ACTIONS:
            raise unknown("reading of actions", self.actions, ACTIONS)
        self.spec.unpack_running_stats(self.running_stats)  # raises if their number is wrong

    def __call__(self, sensors: Array, *, n_steps: int = 1) -> Array:
        """Map raw sensor values to raw outputs.

        Parameters
        ----------
        sensors : array of shape (..., n_inputs)
            Raw sensor values. For recurrent networks the rows are sequences of `n_steps` rows each, one after another.
        n_steps : int, default 1
            Length of the sequences. To drive a robot step by step, use `controller`.

        Returns
        -------
        array of shape (..., n_outputs)
            Motor values, class logits or predictions.
        """
        sensors = np.asarray(sensors, self.weights.dtype)
        inputs = sensors if self.data is None or self.data.is_identity else self._encode(sensors, n_steps)
        x = self.input_scaler.transform(inputs) if self.input_scaler else inputs
        y = forward(self.spec, self.weights, np.atleast_2d(x), running_stats=self.running_stats, n_steps=n_steps)
        y = y if sensors.ndim > 1 else y[0]
        return self.output_scaler.inverse_transform(y) if self.output_scaler else y

    def predict(self, rows: Any) -> np.ndarray:
        """Predict labels or values for rows of data.

        Parameters
        ----------
        rows : array-like of shape (n_rows, n_columns), data frame, dict, or sequence of dict
            Rows as in the file that the genome was trained on: numbers, texts and missing cells, by the names or in the
            order of ``genome.data.columns``. Where past rows count, these are the rows of one session in order of time.

        Returns
        -------
        array of str of shape (n_rows,), or of float of shape (n_rows, n_targets)
            The name of the class of each row, or values in the units of ``genome.data.targets``.

        Raises
        ------
        SettingsError
            If the genome was not trained on data.
        DataError
            If a column is missing, or a cell is missing or no number.
        """
        data, outputs = self._predict_outputs(rows)
        if data.classes:
            return np.array(data.classes)[outputs.argmax(-1)]
        return outputs[:, : len(data.targets)]

    def predict_proba(self, rows: Any) -> Array:
        """Predict the probabilities of the classes, for networks trained by `CrossEntropy`.

        Parameters
        ----------
        rows : array-like of shape (n_rows, n_columns), data frame, dict, or sequence of dict
            As in `predict`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Probabilities, in the order of ``genome.data.classes``.

        Raises
        ------
        SettingsError
            If the genome was not trained on classes.
        DataError
            If a column is missing, or a cell is missing or no number.
        """
        data, outputs = self._predict_outputs(rows)
        if not data.classes:
            raise SettingsError("this genome predicts values, which have no probabilities; use predict.")
        return softmax(outputs)

    def _predict_outputs(self, rows: Any) -> tuple[DataFormat, Array]:
        if self.data is None:
            raise SettingsError("this genome was not trained on data; call it with sensor values.")
        numbers = self.data.to_numbers(rows)
        n_steps = len(numbers) if self.spec.recurrent or self.data.has_history else 1
        missing = np.argwhere(np.isnan(numbers) & np.isnan(self.data.fill))
        if len(missing):
            row, column = map(int, missing[0])
            raise DataError(
                f"row {row} has no value in column {self.data.columns[column]!r}, and nothing replaces it, since the "
                "genome was trained without missing values; fill the cell."
            )
        return self.data, self(numbers, n_steps=n_steps)

    def _encode(self, sensors: Array, n_steps: int) -> Array:
        """Return the inputs of rows `(..., n_columns)`, where each `n_steps` rows are a session."""
        assert self.data is not None
        rows = sensors.reshape(-1, sensors.shape[-1])
        if rows.shape[1] != len(self.data.columns):
            raise SettingsError(
                f"a row has {rows.shape[1]} values, and the genome reads {len(self.data.columns)} columns: "
                f"{', '.join(self.data.columns)}."
            )
        inputs = self.data.encode(rows, np.arange(len(rows)) // n_steps * n_steps)
        return inputs.reshape(*sensors.shape[:-1], -1)

    def controller(self) -> Controller:
        """Return a controller that keeps the state of recurrent layers from call to call.

        Returns
        -------
        Controller
            Maps ``inputs (1, rows, n_inputs)`` to ``(1, rows, n_outputs)`` in double precision, without
            `output_scaler`. For data, ``genome.data.encode`` makes inputs of rows.
        """
        return Controller(self.spec, self.weights, self.input_scaler, self.running_stats)

    def folded(self) -> Genome:
        """Return an equivalent genome without batch normalization and dropout, folded into the neighboring layers.

        Returns
        -------
        Genome
            A genome with the same outputs.

        Raises
        ------
        SettingsError
            If a batch normalization fits into neither neighbor. The message says how to order the layers.
        """
        spec, weights = fold_batch_norm(self.spec, self.weights, self.running_stats)
        return replace(self, spec=spec, weights=weights, running_stats=None)

    def save(self, path: str | Path) -> None:
        """Write the genome to a file. The file is complete or absent, never partial.

        Parameters
        ----------
        path : str or pathlib.Path
            Where to write, usually with the suffix ``.npz``. The file holds arrays and one JSON text, without pickle.

        Raises
        ------
        ResultsError
            If the file cannot be written.
        """
        arrays: dict[str, Any] = {"weights": self.weights}
        if self.spec.n_running_stats:
            arrays["running_stats"] = self.running_stats
        arrays |= scaler_arrays(self.input_scaler, self.output_scaler)
        if observed := self.observation_moments:
            arrays |= {f"observation_{name}": np.atleast_1d(value) for name, value in vars(observed).items()}
        about = {"format": FORMAT, "spec": to_plain(self.spec), "actions": self.actions}
        about |= {"data": format_to_plain(self.data)} if self.data else {}
        write_atomically(path, npz_bytes({"about": np.array(json.dumps(about)), **arrays}))

    @classmethod
    def load(cls, path: str | Path, *, trust: bool = False) -> Genome:
        """Read a genome file.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that `save` or a finished trial wrote.
        trust : bool, default False
            Whether files and modules that the genome names, for example for its activation, are imported. By default
            only those that are loaded already are used, and reading runs no code.

        Returns
        -------
        Genome
            The genome.

        Raises
        ------
        DataError
            If the file is missing, damaged, of another format or something else, or if its weights are not finite.
        """
        path = as_path(path)
        if not path.is_file():
            raise DataError(f"there is no genome file {path}.")
        arrays = read_npz(path, "genome file")
        if not {"about", "weights"} <= arrays.keys():
            raise DataError(f"{path} was not written by Genome.save; it holds {', '.join(arrays) or 'nothing'}.")
        try:
            about = parse_json_object(str(arrays["about"]), str(path), "description of a network")
            check_format(path, about["format"], FORMAT)
            spec = from_plain(about["spec"], imports=trust)
            genome = cls(
                spec,
                load_array(arrays, "weights", spec.n_params),
                load_scaler(arrays, "input_scaler", spec.n_inputs),
                load_scaler(arrays, "output_scaler", spec.n_outputs),
                load_array(arrays, "running_stats", spec.n_running_stats) if spec.n_running_stats else None,
                about.get("actions", "scale"),
                _load_observations(arrays, spec.n_inputs),
                format_from_plain(about.get("data")),
            )
        except DataError:
            raise
        except SettingsError as error:
            raise DataError(f"{path} cannot be used here: {error}") from error
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Genome.save ({error}).") from error
        if part := part_not_finite(genome):
            raise DataError(f"{path} holds {part} that are not finite numbers, since its training diverged.")
        return genome


def part_not_finite(genome: Genome) -> str:
    """The part of a genome that holds NaN or infinite numbers, in words; an empty text if there is none."""
    for name, values in (("weights", genome.weights), ("running statistics", genome.running_stats)):
        if values is not None and not np.isfinite(values).all():
            return name
    return ""


def _load_observations(arrays: dict[str, Array], size: int) -> RunningMoments | None:
    """Return the statistics of the observations, or None if the file has none. Raises `ValueError` if invalid."""
    if "observation_count" not in arrays:
        return None
    (count,) = load_array(arrays, "observation_count", 1)
    mean, squares = (load_array(arrays, f"observation_{name}", size) for name in ("mean", "squared_deviations"))
    if not (np.isfinite([count, *mean, *squares]).all() and count > 0 and (squares >= 0).all()):
        raise ValueError("its statistics of the observations are invalid")
    return RunningMoments(float(count), mean, squares)


def check_format(path: Path, written: Any, expected: str) -> None:
    """Raise `DataError` for another version of the `expected` format, and `ValueError` for another kind of file."""
    if not str(written).startswith(expected.rstrip("0123456789")):
        raise ValueError(f"its format is {written!r}, not {expected!r}")
    if written != expected:
        raise DataError(
            f"{path} has the format {written!r} of another version of evorobo, and this version reads {expected!r}; "
            "run its experiment again to write a new file."
        )


def load_array(arrays: dict[str, Array], name: str, *shape: int) -> Array:
    """Return the array of that name. Raises `ValueError` unless it holds real numbers in that shape."""
    size = " x ".join(map(str, shape))
    if name not in arrays:
        raise ValueError(f"it has no {name}, of which this network needs {size}")
    array = arrays[name]
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(f"{name} should be {size} real numbers, not {array.dtype} {array.shape}")
    return array


def scaler_arrays(input_scaler: Scaler | None, output_scaler: Scaler | None) -> dict[str, Array]:
    """Return the arrays with which a file stores both scalers."""
    scalers = {"input_scaler": input_scaler, "output_scaler": output_scaler}
    return {
        f"{name}_{part}": getattr(scaler, part) for name, scaler in scalers.items() if scaler for part in ("mean", "sd")
    }


def load_scaler(arrays: dict[str, Array], name: str, size: int) -> Scaler | None:
    """Return the scaler of that name and size, or None if the file has none. Raises `ValueError` if it is invalid."""
    if f"{name}_mean" not in arrays:
        return None
    mean, sd = load_array(arrays, f"{name}_mean", size), load_array(arrays, f"{name}_sd", size)
    if not (np.isfinite(mean) & np.isfinite(sd) & (sd > 0)).all():
        raise ValueError(f"{name} has a mean or a standard deviation that is invalid")
    return Scaler(mean, sd)
