"""Demonstrations: observations of a teacher and its labels, from episodes or from files."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.files import as_path, npz_bytes, read_npz, write_atomically
from evorobo.tasks.base import Cost
from evorobo.tasks.control.teaching import minari
from evorobo.tasks.control.teaching.recorded_episodes import episode_numbers, read_table_of_steps


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Recorded steps of a teacher, sorted by episode. The sum of two demonstrations holds the episodes of both.

    `ControlTask.demonstrate` makes them; `save` and `load` keep the numbers exactly.

    Parameters
    ----------
    observations : array of shape (n_steps, n_sensors)
        Flat observations.
    actions : array of shape (n_steps,) or (n_steps, ...)
        The labels, as `env.step` takes them.
    episode : array of int of shape (n_steps,)
        The episode number of each step.
    metadata : EpisodeMetadata, optional
        What a Minari data set stores besides; only demonstrations that were just made have it.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import ControlTask
    >>> task = ControlTask("evorobo/Phototaxis-v0", n_demonstrations=2, max_steps=30)
    >>> demonstrations = task.demonstrate(np.random.default_rng(0))
    >>> demonstrations.observations.shape, demonstrations.actions.shape
    ((60, 2), (60, 2))
    >>> (demonstrations + demonstrations).cost.episodes
    4
    """

    observations: Array
    actions: np.ndarray
    episode: np.ndarray
    metadata: minari.EpisodeMetadata | None = None

    @property
    def cost(self) -> Cost:
        """The cost of the demonstrations: all steps and episodes."""
        return Cost(env_steps=len(self.actions), episodes=len(np.unique(self.episode)))

    def __add__(self, other: Demonstrations) -> Demonstrations:
        """The episodes of both. Raises `DataError` if they are of different robots."""
        shapes = [(part.observations.shape[1:], part.actions.shape[1:]) for part in (self, other)]
        if shapes[0] != shapes[1]:
            raise DataError(
                f"observations and actions of shapes {shapes[0]} and {shapes[1]} are not of one robot; "
                "add demonstrations of the same environment."
            )
        return Demonstrations(
            np.concatenate([self.observations, other.observations]),
            np.concatenate([self.actions, other.actions]),
            np.r_[self.episode, other.episode - other.episode.min() + self.episode.max() + 1],
        )

    def save(self, path: str | Path) -> None:
        """Write the demonstrations to a file, or as a Minari data set.

        Parameters
        ----------
        path : str or Path
            A file ending in `.npz` holds the three arrays. A `.csv` file has the columns `sensor 0`, ..., `action 0`,
            ..., `episode`. A path without an ending is the folder of a Minari data set, "datasets/cartpole/lean-v0".

        Raises
        ------
        SettingsError
            For another ending, or for a Minari data set without metadata.
        """
        path = as_path(path)
        if path.suffix.lower() == ".npz":
            arrays = {"observations": self.observations, "actions": self.actions, "episode": self.episode}
            write_atomically(path, npz_bytes(arrays))
        elif path.suffix.lower() == ".csv":
            write_atomically(path, _as_csv(self))
        elif path.suffix:
            raise SettingsError(f"{path} ends with {path.suffix}; demonstrations are saved as .npz, .csv or a folder.")
        elif self.metadata is None:
            raise SettingsError(
                "a Minari data set needs rewards and final observations, and these demonstrations have none; make new "
                "ones with ControlTask(...).demonstrate(rng), or save them as .npz or .csv."
            )
        else:
            minari.write(path, self.observations, self.actions, self.episode, self.metadata)

    @classmethod
    def load(cls, path: str | Path) -> Demonstrations:
        """Read demonstrations from a file or from a Minari data set.

        Parameters
        ----------
        path : str or Path
            A `.npz` file with `observations` and `actions`; a `.csv` file with a header, where columns that begin with
            "action" are the action and others the observation; or the folder of a Minari data set. Arrays or columns
            of either file say where episodes are: `episode` (or `episodes`) holds their numbers, `terminals`,
            `timeouts`, `terminated`, `truncated` or `dones` mark the last steps, and `episode_starts` the first ones.
            In an archive `episode_ends` may count the steps up to each end, or `episode_lengths` those of each episode.
            Without any, all steps are one episode. Columns named `reward` are left out.

        Returns
        -------
        Demonstrations
            The steps.

        Raises
        ------
        DataError
            If the file does not exist or does not hold demonstrations.
        """
        path = as_path(path)
        if not path.exists():
            raise DataError(f"there is no file {path} with demonstrations.")
        read = minari.read if path.is_dir() else read_table_of_steps if _is_table(path) else _read_npz
        arrays = read(path)
        observations, actions = arrays["observations"], arrays["actions"]
        if not all(np.issubdtype(array.dtype, np.number) and array.ndim for array in (observations, actions)):
            raise DataError(f"{path} needs arrays of numbers, not {observations.dtype} and {actions.dtype}.")
        if len(observations) != len(actions) or not len(actions):
            raise DataError(
                f"{path} holds {len(observations)} observations and {len(actions)} actions; it needs pairs."
            )
        observations = observations.reshape(len(observations), -1).astype(float)
        if not (np.isfinite(observations).all() and np.isfinite(actions).all()):
            raise DataError(f"{path} holds numbers that are not finite; remove those rows.")
        return cls(observations, actions, episode_numbers(arrays, len(actions), path.name))


def is_recording(path: str) -> bool:
    """Whether a path holds recorded episodes, not a genome. Raises `SettingsError` if there is no such file."""
    if _is_table(as_path(path)) or as_path(path).is_dir():
        return True
    if not as_path(path).is_file():
        raise SettingsError(f"there is no file {path}; a teacher is a function, a genome or a recording.")
    try:
        with zipfile.ZipFile(as_path(path)) as file:
            return "about.npy" not in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False  # Genome.load explains what is wrong


def _is_table(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv"))


class StepRecorder:
    """A step callback that records the numbers of robots and any columns of theirs."""

    def __init__(self) -> None:
        self._steps: list[tuple[np.ndarray, ...]] = []

    def __call__(self, robots: np.ndarray, *columns: np.ndarray | None) -> None:
        self._steps.append((robots, *map(np.asarray, columns)))

    def collected(self) -> tuple[np.ndarray, ...]:
        """The numbers of the robots and each column, of all steps, sorted by robot."""
        columns = [np.concatenate(column) for column in zip(*self._steps, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return tuple(column[order] for column in columns)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    arrays = read_npz(path)
    for name in ("observations", "actions"):
        if name not in arrays:
            raise DataError(f"{path} has no array {name!r}; it holds {', '.join(arrays) or 'nothing'}.")
    return arrays


def _as_csv(demonstrations: Demonstrations) -> str:
    actions = demonstrations.actions.reshape(len(demonstrations.actions), -1)
    groups = (("sensor", demonstrations.observations), ("action", actions))
    header = [f"{name} {number}" for name, array in groups for number in range(array.shape[1])]
    columns = demonstrations.observations.tolist(), actions.tolist(), demonstrations.episode.tolist()
    rows = zip(*columns, strict=True)
    lines = [",".join(map(repr, (*sensors, *action, episode))) for sensors, action, episode in rows]
    return "\n".join([",".join([*header, "episode"]), *lines]) + "\n"
