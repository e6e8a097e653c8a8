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
from evorobo.nets.fold import fold_batch_norm
from evorobo.nets.passes import forward
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
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

    Raises
    ------
    SettingsError
        If the network needs running statistics of another number, or `actions` is unknown.

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

    def __post_init__(self) -> None:
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
        x = self.input_scaler.transform(sensors) if self.input_scaler else sensors
        y = forward(self.spec, self.weights, np.atleast_2d(x), running_stats=self.running_stats, n_steps=n_steps)
        y = y if sensors.ndim > 1 else y[0]
        return self.output_scaler.inverse_transform(y) if self.output_scaler else y

    def controller(self) -> Controller:
        """Return a controller that keeps the state of recurrent layers from call to call.

        Returns
        -------
        Controller
            Maps ``sensors (1, rows, n_inputs)`` to ``(1, rows, n_outputs)`` in double precision, without
            `output_scaler`.
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
        about = json.dumps({"format": FORMAT, "spec": to_plain(self.spec), "actions": self.actions})
        write_atomically(path, npz_bytes({"about": np.array(about), **arrays}))

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
            )
        except DataError:
            raise
        except SettingsError as error:
            raise DataError(f"{path} cannot be used here: {error}") from error
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Genome.save ({error}).") from error
        for name, values in (("weights", genome.weights), ("running statistics", genome.running_stats)):
            if values is not None and not np.isfinite(values).all():
                raise DataError(f"{path} holds {name} that are not finite numbers, since its training diverged.")
        return genome


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
