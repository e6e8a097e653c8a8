"""A trained controller that can be kept: network, weights and scalings in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError
from evorobo.files import packed, unpacked, write_atomically
from evorobo.nets.controller import Controller
from evorobo.nets.fold import fold
from evorobo.nets.passes import forward
from evorobo.nets.scaling import Scaling
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
    inputs: Scaling | None = None
    outputs: Scaling | None = None
    moments: Array | None = None

    def __post_init__(self) -> None:
        self.spec.unpack_moments(self.moments)  # a network that needs moments is none without them

    def __call__(self, sensors: Array, *, time: int = 1) -> Array:
        """Raw sensors `(..., in)` to raw outputs `(..., out)`: motor values, class logits, predictions.

        Rows are sequences of `time` rows each, one after another; to drive row by row take `controller()`.
        """
        sensors = np.asarray(sensors, self.weights.dtype)
        x = self.inputs.apply(sensors) if self.inputs else sensors
        y = forward(self.spec, self.weights, np.atleast_2d(x), moments=self.moments, time=time)
        y = y if sensors.ndim > 1 else y[0]
        return self.outputs.invert(y) if self.outputs else y

    def controller(self) -> Controller:
        """Who drives with this genome, remembering from call to call where layers are recurrent: `sensors (1, rows,
        in)` to outputs `(1, rows, out)`, in double precision, before the scaling of answers."""
        return Controller(self.spec, self.weights, self.inputs, np.float64, self.moments)

    def folded(self) -> Genome:
        """The plain network that answers as this one: batch norm worked into the layers beside it, dropout left out.

        Raises `SettingsError`, which says how to order the layers, for a batch norm that fits into neither neighbour.
        """
        return Genome(*fold(self.spec, self.weights, self.moments), self.inputs, self.outputs)

    def save(self, path: str | Path) -> None:
        """Write `.npz` with arrays and one JSON text, no pickle; the file is whole or not there."""
        arrays: dict[str, Any] = {"weights": self.weights}
        if self.spec.n_moments:
            arrays["moments"] = self.moments
        arrays |= scaling_arrays(self.inputs, self.outputs)
        about = json.dumps({"format": FORMAT, "spec": to_plain(self.spec)})
        write_atomically(path, packed({"about": np.array(about), **arrays}))

    @classmethod
    def load(cls, path: str | Path) -> Genome:
        """Read what `save` wrote. Raises `DataError` for a missing, damaged or foreign file."""
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no genome file {path}.")
        arrays = unpacked(path, "genome file")
        if not {"about", "weights"} <= arrays.keys():
            raise DataError(f"{path} was not written by Genome.save; it holds {', '.join(arrays) or 'nothing'}.")
        try:
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise DataError(f"{path} is of format {about['format']!r}, this evorobo reads {FORMAT!r}.")
            spec = from_plain(about["spec"], imports=False)
            weights = numbers(arrays, "weights", spec.n_params)
            moments = numbers(arrays, "moments", spec.n_moments) if spec.n_moments else None
            inputs, outputs = scaling_of(arrays, "inputs", spec.n_inputs), scaling_of(arrays, "outputs", spec.n_outputs)
        except DataError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Genome.save ({error}).") from error
        if not np.isfinite(weights).all():
            raise DataError(f"{path} holds weights that are not finite numbers; its training ran away.")
        if moments is not None and not np.isfinite(moments).all():
            raise DataError(f"{path} holds moments that are not finite numbers; its training ran away.")
        return cls(spec, weights, inputs, outputs, moments)


def numbers(arrays: dict[str, Array], name: str, *shape: int) -> Array:
    """The array of that name; of this shape and of real numbers, or `ValueError`."""
    count = " x ".join(map(str, shape))
    if name not in arrays:
        raise ValueError(f"it has no {name}, of which this network needs {count}")
    array = arrays[name]
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(f"{name} should be {count} real numbers, not {array.dtype} {array.shape}")
    return array


def scaling_arrays(inputs: Scaling | None, outputs: Scaling | None) -> dict[str, Array]:
    """Both scalings as arrays of a file."""
    given = [(name, scaling) for name, scaling in (("inputs", inputs), ("outputs", outputs)) if scaling]
    return {f"{name}_{part}": getattr(scaling, part) for name, scaling in given for part in ("mean", "sd")}


def scaling_of(arrays: dict[str, Array], name: str, count: int) -> Scaling | None:
    """The scaling of that name, of `count` numbers, where the file has it; or `ValueError`."""
    if f"{name}_mean" not in arrays:
        return None
    mean, sd = numbers(arrays, f"{name}_mean", count), numbers(arrays, f"{name}_sd", count)
    if not (np.isfinite(mean) & np.isfinite(sd) & (sd > 0)).all():
        raise ValueError(f"the scaling of the {name} has means or deviations that cannot be")
    return Scaling(mean, sd)
