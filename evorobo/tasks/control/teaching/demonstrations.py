"""What a teacher shows: observations and what should be done on them, collected by watching or read from a file."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.files import npz_bytes, read_npz, write_atomically
from evorobo.tasks.base import Cost
from evorobo.tasks.control.teaching import minari


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Steps in the order of their episodes: `observations (steps, k)`, `actions` as the environment takes them
    `(steps,)` or `(steps, m)`, and the number of the episode of each step.

    `ControlTask(...).demonstrate(rng)` has them made; two of them add up. Those that were driven just now know the
    rest of the `story` too, which Minari data sets keep.
    """

    observations: Array
    actions: np.ndarray
    episode: np.ndarray
    metadata: minari.EpisodeMetadata | None = None

    @property
    def cost(self) -> Cost:
        """What showing this cost: every step and episode."""
        return Cost(env_steps=len(self.actions), episodes=len(np.unique(self.episode)))

    def __add__(self, other: Demonstrations) -> Demonstrations:
        """The episodes of both. Raises `DataError` when they are of different robots."""
        shapes = [(each.observations.shape[1:], each.actions.shape[1:]) for each in (self, other)]
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
        """As `.npz` with the three arrays, as `.csv` with columns `sensor 0`, ..., `action 0`, ..., `episode`, or,
        where the name has no ending, as a Minari data set: `save("datasets/cartpole/lean-v0")`.

        The first two hold steps alone; `load` reads back the very same numbers from all three.
        """
        path = Path(path)
        if path.suffix == ".npz":
            arrays = {"observations": self.observations, "actions": self.actions, "episode": self.episode}
            write_atomically(path, npz_bytes(arrays))
        elif path.suffix == ".csv":
            write_atomically(path, _as_csv(self))
        elif path.suffix:
            raise SettingsError(f"{path} ends with {path.suffix}; demonstrations are kept as .npz, .csv or a folder.")
        elif self.metadata is None:
            raise SettingsError(
                "a Minari data set needs rewards and last observations, and these demonstrations have none; have them "
                "driven anew with ControlTask(...).demonstrate(rng), or save them as .npz or .csv."
            )
        else:
            minari.write(path, self.observations, self.actions, self.episode, self.metadata)

    @classmethod
    def load(cls, path: str | Path) -> Demonstrations:
        """From `.npz` with `observations` and `actions` (and `episode`), from `.csv` with a header: columns named
        `action` or `action...` are the action, one named `episode` its number, the others the observation; or from the
        folder of a Minari data set.

        Raises `DataError` for a file that does not hold that.
        """
        path = Path(path)
        if not path.exists():
            raise DataError(f"there is no file {path} with demonstrations.")
        read = minari.read if path.is_dir() else _read_csv if path.suffix == ".csv" else _read_npz
        arrays = read(path)
        observations, actions = arrays["observations"], arrays["actions"]
        if not all(np.issubdtype(each.dtype, np.number) and each.ndim for each in (observations, actions)):
            raise DataError(f"{path} needs arrays of numbers, not {observations.dtype} and {actions.dtype}.")
        if len(observations) != len(actions) or not len(actions):
            raise DataError(
                f"{path} holds {len(observations)} observations and {len(actions)} actions; it needs pairs."
            )
        observations = observations.reshape(len(observations), -1).astype(float)
        if not (np.isfinite(observations).all() and np.isfinite(actions).all()):
            raise DataError(f"{path} holds numbers that are not finite; remove those rows.")
        episode = arrays.get("episode", np.zeros(len(actions), int))
        if episode.shape != (len(actions),):
            raise DataError(
                f"{path} holds {len(actions)} steps, and numbers of episodes {episode.shape}; give each one."
            )
        return cls(observations, actions, episode)


def is_recording(path: str) -> bool:
    """Whether these are recorded episodes rather than a genome, who can drive. Raises `SettingsError` for no file."""
    if path.endswith(".csv") or Path(path).is_dir():
        return True
    if not Path(path).is_file():
        raise SettingsError(f"there is no file {path}; a teacher is a function, a genome or a recording.")
    try:
        with zipfile.ZipFile(path) as file:
            return "about.npy" not in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False  # Genome.load says what is wrong with it


class StepRecorder:
    """A watcher for `roll` that keeps what it sees: numbers of robots, and any columns of theirs."""

    def __init__(self) -> None:
        self._ticks: list[tuple[np.ndarray, ...]] = []

    def __call__(self, robots: np.ndarray, *columns: np.ndarray | None) -> None:
        self._ticks.append((robots, *map(np.asarray, columns)))

    def collected(self) -> tuple[np.ndarray, ...]:
        """Numbers of the robots and each column (observations, actions) of all steps, episode after episode."""
        columns = [np.concatenate(column) for column in zip(*self._ticks, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return tuple(column[order] for column in columns)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    arrays = read_npz(path)
    for name in ("observations", "actions"):
        if name not in arrays:
            raise DataError(f"{path} has no array {name!r}; it holds {', '.join(arrays) or 'nothing'}.")
    return arrays


def _as_csv(shown: Demonstrations) -> str:
    actions = shown.actions.reshape(len(shown.actions), -1)
    groups = (("sensor", shown.observations), ("action", actions))
    header = [f"{name} {number}" for name, columns in groups for number in range(columns.shape[1])]
    rows = zip(shown.observations.tolist(), actions.tolist(), shown.episode.tolist(), strict=True)
    lines = [",".join(map(repr, (*sensors, *action, episode))) for sensors, action, episode in rows]
    return "\n".join([",".join([*header, "episode"]), *lines]) + "\n"


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    try:
        header, *lines = path.read_text().splitlines() or [""]
        rows = np.array([[float(cell) for cell in line.split(",")] for line in lines if line.strip()])
    except ValueError as error:
        raise DataError(f"{path} holds something that is no number, or rows of unequal length: {error}.") from error
    names = [name.strip() for name in header.split(",")]
    is_action = [name.startswith("action") for name in names]
    is_sense = [not (act or name == "episode") for act, name in zip(is_action, names, strict=True)]
    if not any(is_action) or not any(is_sense):
        raise DataError(f"{path} needs a header with columns named action... and others, not {', '.join(names)}.")
    if not len(rows):
        raise DataError(f"{path} has a header and no rows.")
    if rows.shape[1] != len(names):
        raise DataError(f"{path} has {len(names)} columns in its header and {rows.shape[1]} in its rows.")
    actions = rows[:, is_action]
    arrays = {"observations": rows[:, is_sense], "actions": actions[:, 0] if sum(is_action) == 1 else actions}
    return arrays | ({"episode": rows[:, names.index("episode")].astype(int)} if "episode" in names else {})
