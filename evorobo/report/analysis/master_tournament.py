"""The master tournament of a coevolved run: its champions of all generations against its rivals of all generations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.files import npz_bytes, read_npz, write_atomically
from evorobo.learners.archive import Archive
from evorobo.tasks.control.task import ControlTask

CHAMPIONS, EPISODES = 40, 5
"""How many of each side play, evenly spaced over the generations, and how often each pair."""


@dataclass(frozen=True, eq=False)
class Master:
    """`scores (n, n)`: what champions of `generations (n,)`, a row each, earned on average against rivals of these
    generations, a column each; `trained` and `rival_trained (g,)`: the best training scores of both in all generations.
    """

    generations: np.ndarray
    scores: Array
    trained: Array
    rival_trained: Array


def masters(task: ControlTask, folders: Sequence[Path]) -> list[Master]:
    """Those of the runs of a task, of one size even where runs have come to different numbers of generations.

    Each is kept as `tournament.npz` beside the champions, and what is there is not played again.
    """
    sides = [(Archive.load(folder / "champions.npz"), Archive.load(folder / "rivals.npz")) for folder in folders]
    size = min(CHAMPIONS, *(len(own) for own, _ in sides))
    return [_master(task, folder, *pair, size) for folder, pair in zip(folders, sides, strict=True)]


def spaced(known: int, count: int) -> np.ndarray:
    """So many whole numbers below `known`, or all of them, evenly spaced, the last one among them."""
    return np.linspace(0, known - 1, count).round().astype(int) if count < known else np.arange(known)


def _master(task: ControlTask, folder: Path, own: Archive, rivals: Archive, size: int) -> Master:
    path, numbers = folder / "tournament.npz", spaced(len(own), size)
    known = read_npz(path) if path.exists() else {}
    if not np.array_equal(known.get("generations", ()), numbers + 1):
        sides = [[side[number] for number in numbers] for side in (own, rivals)]
        known = {
            "generations": numbers + 1,
            "scores": replace(task, test_episodes=EPISODES).matches().tournament(*sides),
        }
        write_atomically(path, npz_bytes(known))
    return Master(known["generations"], known["scores"], own.scores, rivals.scores)
