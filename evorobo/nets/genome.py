"""A trained controller that can be kept: network, weights and scalings in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError
from evorobo.files import npz_bytes, read_npz, write_atomically
from evorobo.nets.controller import Controller
from evorobo.nets.fold import fold_batch_norm
from evorobo.nets.passes import forward
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo genome 1"


@dataclass(frozen=True, eq=False)
class Genome:
    """`spec` with its `weights (n_params,)`, the scaling of its sensors and, for regression, of its answers.

    `moments (n_moments,)` are what layers such as `BatchNorm` measured in training; None where there are none.
    """

    spec: NetworkSpec
    weights: Array
    input_scaler: Scaler | None = None
    output_scaler: Scaler | None = None
    running_stats: Array | None = None

    def __post_init__(self) -> None:
        self.spec.unpack_running_stats(self.running_stats)  # a network that needs moments is none without them

    def __call__(self, sensors: Array, *, n_steps: int = 1) -> Array:
        """Raw sensors `(..., in)` to raw outputs `(..., out)`: motor values, class logits, predictions.

        Rows are sequences of `time` rows each, one after another; to drive row by row take `controller()`.
        """
        sensors = np.asarray(sensors, self.weights.dtype)
        x = self.input_scaler.transform(sensors) if self.input_scaler else sensors
        y = forward(self.spec, self.weights, np.atleast_2d(x), running_stats=self.running_stats, n_steps=n_steps)
        y = y if sensors.ndim > 1 else y[0]
        return self.output_scaler.inverse_transform(y) if self.output_scaler else y

    def controller(self) -> Controller:
        """Who drives with this genome, remembering from call to call where layers are recurrent: `sensors (1, rows,
        in)` to outputs `(1, rows, out)`, in double precision, before the scaling of answers."""
        return Controller(self.spec, self.weights, self.input_scaler, np.float64, self.running_stats)

    def folded(self) -> Genome:
        """The plain network that answers as this one: batch norm worked into the layers beside it, dropout left out.

        Raises `SettingsError`, which says how to order the layers, for a batch norm that fits into neither neighbour.
        """
        return Genome(
            *fold_batch_norm(self.spec, self.weights, self.running_stats), self.input_scaler, self.output_scaler
        )

    def save(self, path: str | Path) -> None:
        """Write `.npz` with arrays and one JSON text, no pickle; the file is whole or not there."""
        arrays: dict[str, Any] = {"weights": self.weights}
        if self.spec.n_running_stats:
            arrays["running_stats"] = self.running_stats
        arrays |= scaler_arrays(self.input_scaler, self.output_scaler)
        about = json.dumps({"format": FORMAT, "spec": to_plain(self.spec)})
        write_atomically(path, npz_bytes({"about": np.array(about), **arrays}))

    @classmethod
    def load(cls, path: str | Path) -> Genome:
        """Read what `save` wrote. Raises `DataError` for a missing, damaged or foreign file."""
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no genome file {path}.")
        arrays = read_npz(path, "genome file")
        if not {"about", "weights"} <= arrays.keys():
            raise DataError(f"{path} was not written by Genome.save; it holds {', '.join(arrays) or 'nothing'}.")
        try:
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise DataError(f"{path} is of format {about['format']!r}, this evorobo reads {FORMAT!r}.")
            spec = from_plain(about["spec"], imports=False)
            weights = load_array(arrays, "weights", spec.n_params)
            running_stats = load_array(arrays, "running_stats", spec.n_running_stats) if spec.n_running_stats else None
            inputs, outputs = (
                load_scaler(arrays, "input_scaler", spec.n_inputs),
                load_scaler(arrays, "output_scaler", spec.n_outputs),
            )
        except DataError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Genome.save ({error}).") from error
        if not np.isfinite(weights).all():
            raise DataError(f"{path} holds weights that are not finite numbers; its training ran away.")
        if running_stats is not None and not np.isfinite(running_stats).all():
            raise DataError(f"{path} holds moments that are not finite numbers; its training ran away.")
        return cls(spec, weights, inputs, outputs, running_stats)


def load_array(arrays: dict[str, Array], name: str, *shape: int) -> Array:
    """The array of that name; of this shape and of real numbers, or `ValueError`."""
    count = " x ".join(map(str, shape))
    if name not in arrays:
        raise ValueError(f"it has no {name}, of which this network needs {count}")
    array = arrays[name]
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(f"{name} should be {count} real numbers, not {array.dtype} {array.shape}")
    return array


def scaler_arrays(inputs: Scaler | None, outputs: Scaler | None) -> dict[str, Array]:
    """Both scalings as arrays of a file."""
    given = [(name, scaling) for name, scaling in (("input_scaler", inputs), ("output_scaler", outputs)) if scaling]
    return {f"{name}_{part}": getattr(scaling, part) for name, scaling in given for part in ("mean", "sd")}


def load_scaler(arrays: dict[str, Array], name: str, count: int) -> Scaler | None:
    """The scaling of that name, of `count` numbers, where the file has it; or `ValueError`."""
    if f"{name}_mean" not in arrays:
        return None
    mean, sd = load_array(arrays, f"{name}_mean", count), load_array(arrays, f"{name}_sd", count)
    if not (np.isfinite(mean) & np.isfinite(sd) & (sd > 0)).all():
        raise ValueError(f"the scaling of the {name} has means or deviations that cannot be")
    return Scaler(mean, sd)
