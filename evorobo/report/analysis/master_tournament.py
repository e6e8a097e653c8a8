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

MAX_CHAMPIONS, EPISODES_PER_MATCH = 40, 5
"""How many of each side play, evenly spaced over the generations, and how often each pair."""


@dataclass(frozen=True, eq=False)
class MasterTournament:
    """`scores (n, n)`: what champions of `generations (n,)`, a row each, earned on average against rivals of these
    generations, a column each; `trained` and `rival_trained (g,)`: the best training scores of both in all generations.
    """

    generations: np.ndarray
    scores: Array
    training_scores: Array
    rival_training_scores: Array


def master_tournaments(task: ControlTask, folders: Sequence[Path]) -> list[MasterTournament]:
    """Those of the runs of a task, of one size even where runs have come to different numbers of generations.

    Each is kept as `tournament.npz` beside the champions, and what is there is not played again.
    """
    sides = [(Archive.load(folder / "champions.npz"), Archive.load(folder / "rivals.npz")) for folder in folders]
    size = min(MAX_CHAMPIONS, *(len(own) for own, _ in sides))
    return [_master_tournament(task, folder, *pair, size) for folder, pair in zip(folders, sides, strict=True)]


def evenly_spaced_indices(length: int, max_count: int) -> np.ndarray:
    """So many whole numbers below `known`, or all of them, evenly spaced, the last one among them."""
    return np.linspace(0, length - 1, max_count).round().astype(int) if max_count < length else np.arange(length)


def _master_tournament(task: ControlTask, folder: Path, own: Archive, rivals: Archive, size: int) -> MasterTournament:
    path, numbers = folder / "tournament.npz", evenly_spaced_indices(len(own), size)
    known = read_npz(path) if path.exists() else {}
    if not np.array_equal(known.get("generations", ()), numbers + 1):
        sides = [[side[number] for number in numbers] for side in (own, rivals)]
        known = {
            "generations": numbers + 1,
            "scores": replace(task, test_episodes=EPISODES_PER_MATCH).matches().tournament(*sides),
        }
        write_atomically(path, npz_bytes(known))
    return MasterTournament(known["generations"], known["scores"], own.scores, rivals.scores)
