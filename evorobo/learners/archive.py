"""Archive: many genomes of one network with their scores and measures, as one object and one file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, SettingsError, unknown
from evorobo.files import as_path, npz_bytes, parse_json_object, read_npz, write_atomically
from evorobo.nets.genome import Genome, check_format, load_array, load_scaler, scaler_arrays
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import from_plain, to_plain

FORMAT = "evorobo archive 2"


def cell_indices(measures: Array, cells: tuple[int, ...]) -> np.ndarray:
    """Return the grid cell `(n, k)` of `measures (n, k)`, which are scaled to 0 to 1.

    Measures outside this range belong to the outermost cells.
    """
    counts = np.array(cells)
    return np.clip(np.floor(measures * counts), 0, counts - 1).astype(int)


@dataclass(frozen=True, eq=False)
class Archive:
    """A front, a novelty archive or a map of elites: genomes of one network with scores and measures.

    ``archive[3]`` is a `Genome`, ``len(archive)`` their number.

    Parameters
    ----------
    spec : NetworkSpec
        Shape of the network.
    weights : array of shape (n, n_params)
        Genomes.
    scores : array of shape (n,)
        Training scores with which the genomes were added. Higher is better.
    measures : array of shape (n, k)
        Behavior descriptors in the units of the task.
    measure_names : tuple of str
        Names of the k measures.
    ranges : array of shape (k, 2)
        Usual minimum and maximum of each measure.
    grid_shape : tuple of int, optional
        Number of cells along each measure, for maps of elites. Empty for other archives.
    input_scaler : Scaler, optional
        Scaling of the sensors.
    output_scaler : Scaler, optional
        Scaling of the outputs, for regression.
    running_stats : array of shape (n, n_running_stats), optional
        Running statistics of batch normalization.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Archive, NetworkSpec
    >>> spec = NetworkSpec.build(2, (), 1)
    >>> archive = Archive(
    ...     spec,
    ...     weights=np.arange(6.0).reshape(2, 3),
    ...     scores=np.array([1.0, 5.0]),
    ...     measures=np.array([[0.1], [0.9]]),
    ...     measure_names=("distance",),
    ...     ranges=np.array([[0.0, 1.0]]),
    ... )
    >>> archive.best.weights
    array([3., 4., 5.])
    >>> archive.nearest(distance=0.2).weights
    array([0., 1., 2.])
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
        """The genome with the highest score."""
        return self[int(self.scores.argmax())]

    def nearest(self, **targets: float) -> Genome:
        """Return the genome whose measures are nearest to the given values, in units of their ranges.

        Parameters
        ----------
        **targets : float
            Values by name of the measure. Measures that are left out do not count.

        Returns
        -------
        Genome
            The nearest genome.

        Raises
        ------
        SettingsError
            If a name is not one of `measure_names`.
        """
        for name in targets:
            if name not in self.measure_names:
                raise unknown("measure", name, self.measure_names)
        columns = [self.measure_names.index(name) for name in targets]
        distances = (self.measures[:, columns] - list(targets.values())) / np.ptp(self.ranges[columns], axis=1)
        return self[int(np.square(distances).sum(1).argmin())]

    def to_bytes(self) -> bytes:
        """Return the content of an archive file, as `save` writes it.

        Returns
        -------
        bytes
            An ``.npz`` file of arrays and one JSON text, without pickle.
        """
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
        return npz_bytes({"about": np.array(json.dumps(about)), **arrays})

    def save(self, path: str | Path) -> None:
        """Write the archive to a file. The file is complete or absent, never partial.

        Parameters
        ----------
        path : str or pathlib.Path
            Where to write, usually with the suffix ``.npz``.

        Raises
        ------
        ResultsError
            If the file cannot be written.
        """
        write_atomically(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, *, trust: bool = False) -> Archive:
        """Read an archive file.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that `save` or a finished trial wrote, for example ``results/.../seed-0/archive.npz``.
        trust : bool, default False
            Whether files and modules that the archive names are imported, as in `Genome.load`.

        Returns
        -------
        Archive
            The archive.

        Raises
        ------
        DataError
            If the file is missing, damaged, of another format or something else.
        """
        path = as_path(path)
        if not path.is_file():
            raise DataError(f"there is no archive file {path}.")
        arrays = read_npz(path, "archive file")
        try:
            about = parse_json_object(str(arrays["about"]), str(path), "description of a network")
            check_format(path, about["format"], FORMAT)
            spec = from_plain(about["spec"], imports=trust)
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
        except DataError:
            raise
        except SettingsError as error:
            raise DataError(f"{path} cannot be used here: {error}") from error
        except (LookupError, TypeError, ValueError, AttributeError, EvoroboError) as error:
            raise DataError(f"{path} was not written by Archive.save ({error}).") from error
