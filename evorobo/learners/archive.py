"""What a search for more than one thing brings home: many genomes, with what each earned and did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, unknown
from evorobo.files import npz_bytes, read_npz, write_atomically
from evorobo.nets.genome import Genome, load_array, load_scaler, scaler_arrays
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo archive 1"


def cell_indices(measures: Array, cells: tuple[int, ...]) -> np.ndarray:
    """In which of so many `cells` along each measure `measures (n, k)` lie, in units of their ranges: numbers `(n, k)`.

    What lies beyond a range counts for the outermost cell.
    """
    counts = np.array(cells)
    return np.clip(np.floor(measures * counts), 0, counts - 1).astype(int)


@dataclass(frozen=True, eq=False)
class Archive:
    """`Archive.load("results/.../seed-0/archive.npz")`: a front, a novelty archive or a map of elites.

    n genomes `weights (n, n_params)` of one network, the training `scores (n,)` with which they came, and `measures
    (n, k)` of what they did. The measures have `names` and usual `ranges (k, 2)`; a map divides these into `cells`,
    other archives have none. `archive[3]` is a genome, as is `archive.nearest(x=0.5, y=1.0)`.
    """

    spec: NetworkSpec
    weights: Array
    scores: Array
    measures: Array
    measure_names: tuple[str, ...]
    ranges: Array
    grid_shape: tuple[int, ...] = ()
    input_scaler: Scaler | None = None
    output_scaler: Scaler | None = None
    running_stats: Array | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, number: int) -> Genome:
        running_stats = None if self.running_stats is None else self.running_stats[number]
        return Genome(self.spec, self.weights[number], self.input_scaler, self.output_scaler, running_stats)

    @property
    def best(self) -> Genome:
        """The one with the highest score."""
        return self[int(self.scores.argmax())]

    def nearest(self, **wanted: float) -> Genome:
        """The one whose measures are nearest to those wanted, each in units of its range."""
        for name in wanted:
            if name not in self.measure_names:
                raise unknown("measure", name, self.measure_names)
        columns = [self.measure_names.index(name) for name in wanted]
        away = (self.measures[:, columns] - list(wanted.values())) / np.ptp(self.ranges[columns], axis=1)
        return self[int(np.square(away).sum(1).argmin())]

    def save(self, path: str | Path) -> None:
        """Write `.npz` with arrays and one JSON text, no pickle; the file is whole or not there."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ("weights", "scores", "measures", "ranges")}
        if self.running_stats is not None:
            arrays["running_stats"] = self.running_stats
        arrays |= scaler_arrays(self.input_scaler, self.output_scaler)
        about = {
            "format": FORMAT,
            "spec": to_plain(self.spec),
            "measure_names": self.measure_names,
            "grid_shape": self.grid_shape,
        }
        write_atomically(path, npz_bytes({"about": np.array(json.dumps(about)), **arrays}))

    @classmethod
    def load(cls, path: str | Path) -> Archive:
        """Read what `save` wrote. Raises `DataError` for a missing, damaged or foreign file."""
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no archive file {path}.")
        arrays = read_npz(path, "archive file")
        try:
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}, this evorobo reads {FORMAT!r}")
            spec = from_plain(about["spec"], imports=False)
            names, n = tuple(map(str, about["measure_names"])), len(arrays["scores"])
            return cls(
                spec,
                load_array(arrays, "weights", n, spec.n_params),
                load_array(arrays, "scores", n),
                load_array(arrays, "measures", n, len(names)),
                names,
                load_array(arrays, "ranges", len(names), 2),
                tuple(map(int, about["grid_shape"])),
                load_scaler(arrays, "input_scaler", spec.n_inputs),
                load_scaler(arrays, "output_scaler", spec.n_outputs),
                load_array(arrays, "running_stats", n, spec.n_running_stats) if spec.n_running_stats else None,
            )
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Archive.save ({error}).") from error
