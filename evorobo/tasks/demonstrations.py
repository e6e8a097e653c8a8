"""What a teacher shows: observations and the actions it took on them, collected by watching or read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.errors import DataError
from evorobo.files import packed, unpacked, write_atomically
from evorobo.nets.activations import Array


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Steps in the order of their episodes: `observations (steps, k)`, `actions` as the environment takes them
    `(steps,)` or `(steps, m)`, and the number of the episode of each step."""

    observations: Array
    actions: np.ndarray
    episode: np.ndarray

    def save(self, path: str | Path) -> None:
        """As `.npz` with these three arrays."""
        write_atomically(path, packed(vars(self)))

    @classmethod
    def load(cls, path: str | Path) -> Demonstrations:
        """From `.npz` with `observations` and `actions` (and `episode`), or from `.csv` with a header: columns named
        `action` or `action...` are the action, one named `episode` its number, the others the observation.

        Raises `DataError` for a file that does not hold that.
        """
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no file {path} with demonstrations.")
        arrays = _read_csv(path) if path.suffix == ".csv" else _read_npz(path)
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
        return cls(observations, actions, arrays.get("episode", np.zeros(len(actions), int)))


class Recorder:
    """A watcher for `roll` that keeps what it sees."""

    def __init__(self) -> None:
        self._ticks: list[tuple[np.ndarray, Array, np.ndarray]] = []

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self._ticks.append((robots, observations, np.asarray(actions)))

    def collected(self) -> tuple[np.ndarray, Array, np.ndarray]:
        """Numbers of the robots, observations and actions of all steps, episode after episode."""
        robots, observations, actions = (np.concatenate(each) for each in zip(*self._ticks, strict=True))
        order = np.argsort(robots, kind="stable")
        return robots[order], observations[order], actions[order]


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    arrays = unpacked(path)
    for name in ("observations", "actions"):
        if name not in arrays:
            raise DataError(f"{path} has no array {name!r}; it holds {', '.join(arrays) or 'nothing'}.")
    return arrays


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
