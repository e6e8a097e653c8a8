"""Pauses of a trial: where it was left, what its solution scored there, and what it had cost."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from evorobo.study.records import read_record, write_record
from evorobo.tasks.base import Cost

PAUSED = "paused"
"""The outcome of a trial that was left at a fraction of its budget, with a checkpoint."""
PAUSES_FILE = "pauses.json"


class Pause(NamedTuple):
    """A pause at the first step with which a trial had spent `fraction` of its budget."""

    fraction: float
    validation: float
    cost: Cost


def read_pauses(folder: Path) -> list[Pause]:
    """Return the pauses of the trial in a folder, the earliest first."""
    path = folder / PAUSES_FILE
    if not path.exists():
        return []
    return [
        Pause(pause["fraction"], pause["validation"], Cost(**pause["cost"])) for pause in read_record(path)["pauses"]
    ]


def record_pause(folder: Path, pause: Pause) -> None:
    """Add a pause to those of the trial in a folder; one at the same fraction is replaced."""
    pauses = [*(each for each in read_pauses(folder) if each.fraction != pause.fraction), pause]
    plain = [{**each._asdict(), "cost": vars(each.cost)} for each in sorted(pauses)]
    write_record(folder / PAUSES_FILE, {"pauses": plain})
