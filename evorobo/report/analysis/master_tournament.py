"""The master tournament of a coevolved run: its champions against its rivals, over all generations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.files import npz_bytes, read_npz, write_atomically
from evorobo.learners.archive import Archive
from evorobo.report.analysis.runs import load_archive
from evorobo.report.statistics import evenly_spaced_indices
from evorobo.tasks.control.task import ControlTask

MAX_CHAMPIONS, EPISODES_PER_MATCH = 40, 5
"""How many of each side play, evenly spaced over the generations, and the number of episodes of each match."""


@dataclass(frozen=True, eq=False)
class MasterTournament:
    """The mean `scores (n, n)` of the champions of `generations (n,)`, in rows, against their rivals, in columns.

    `training_scores` and `rival_training_scores` are the best training scores of all generations `(n_generations,)`.
    """

    generations: np.ndarray
    scores: Array
    training_scores: Array
    rival_training_scores: Array


def master_tournaments(task: ControlTask, folders: Sequence[Path]) -> list[MasterTournament]:
    """The master tournaments of several runs of a task, all of the same size.

    Each is saved as `tournament.npz` in the folder of its run, and is not played again.
    """
    sides = [(load_archive(folder, "champions.npz"), load_archive(folder, "rivals.npz")) for folder in folders]
    size = min(MAX_CHAMPIONS, *(len(own) for own, _ in sides))
    return [_master_tournament(task, folder, *pair, size) for folder, pair in zip(folders, sides, strict=True)]


def _master_tournament(task: ControlTask, folder: Path, own: Archive, rivals: Archive, size: int) -> MasterTournament:
    path, indices = folder / "tournament.npz", evenly_spaced_indices(len(own), size)
    arrays = read_npz(path) if path.exists() else {}
    if not np.array_equal(arrays.get("generations", ()), indices + 1):
        sides = [[side[index] for index in indices] for side in (own, rivals)]
        scores = replace(task, test_episodes=EPISODES_PER_MATCH).matches().tournament(*sides)
        arrays = {"generations": indices + 1, "scores": scores}
        write_atomically(path, npz_bytes(arrays))
    return MasterTournament(arrays["generations"], arrays["scores"], own.scores, rivals.scores)
