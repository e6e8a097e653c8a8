"""What a search for more than one thing brings home: many genomes, with what each earned and did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, unknown
from evorobo.files import packed, unpacked, write_atomically
from evorobo.nets.genome import Genome, numbers, scaling_arrays, scaling_of
from evorobo.nets.scaling import Scaling
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo archive 1"


def places(measures: Array, cells: tuple[int, ...]) -> np.ndarray:
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
    names: tuple[str, ...]
    ranges: Array
    cells: tuple[int, ...] = ()
    inputs: Scaling | None = None
    outputs: Scaling | None = None
    moments: Array | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, number: int) -> Genome:
        moments = None if self.moments is None else self.moments[number]
        return Genome(self.spec, self.weights[number], self.inputs, self.outputs, moments)

    @property
    def best(self) -> Genome:
        """The one with the highest score."""
        return self[int(self.scores.argmax())]

    def nearest(self, **wanted: float) -> Genome:
        """The one whose measures are nearest to those wanted, each in units of its range."""
        for name in wanted:
            if name not in self.names:
                raise unknown("measure", name, self.names)
        columns = [self.names.index(name) for name in wanted]
        away = (self.measures[:, columns] - list(wanted.values())) / np.ptp(self.ranges[columns], axis=1)
        return self[int(np.square(away).sum(1).argmin())]

    def save(self, path: str | Path) -> None:
        """Write `.npz` with arrays and one JSON text, no pickle; the file is whole or not there."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ("weights", "scores", "measures", "ranges")}
        if self.moments is not None:
            arrays["moments"] = self.moments
        arrays |= scaling_arrays(self.inputs, self.outputs)
        about = {"format": FORMAT, "spec": to_plain(self.spec), "names": self.names, "cells": self.cells}
        write_atomically(path, packed({"about": np.array(json.dumps(about)), **arrays}))

    @classmethod
    def load(cls, path: str | Path) -> Archive:
        """Read what `save` wrote. Raises `DataError` for a missing, damaged or foreign file."""
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no archive file {path}.")
        arrays = unpacked(path, "archive file")
        try:
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}, this evorobo reads {FORMAT!r}")
            spec = from_plain(about["spec"], imports=False)
            names, n = tuple(map(str, about["names"])), len(arrays["scores"])
            return cls(
                spec,
                numbers(arrays, "weights", n, spec.n_params),
                numbers(arrays, "scores", n),
                numbers(arrays, "measures", n, len(names)),
                names,
                numbers(arrays, "ranges", len(names), 2),
                tuple(map(int, about["cells"])),
                scaling_of(arrays, "inputs", spec.n_inputs),
                scaling_of(arrays, "outputs", spec.n_outputs),
                numbers(arrays, "moments", n, spec.n_moments) if spec.n_moments else None,
            )
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Archive.save ({error}).") from error
