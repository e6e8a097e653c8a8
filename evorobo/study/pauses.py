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


def latest_pause(folder: Path) -> Pause | None:
    """Return the pause at which the trial in a folder was left; None where it has ended or gone on since."""
    file, checkpoint = folder / PAUSES_FILE, folder / "checkpoint.npz"
    if not file.exists() or (folder / "result.json").exists():
        return None
    has_gone_on = checkpoint.exists() and checkpoint.stat().st_mtime_ns > file.stat().st_mtime_ns
    return None if has_gone_on else read_pauses(folder)[-1]


def describe_pause(pause: Pause) -> str:
    """Return where a trial was left, in a few words."""
    return f"paused at {pause.fraction:.2g} of its budget"


def record_pause(folder: Path, pause: Pause) -> None:
    """Add a pause to those of the trial in a folder; one at the same fraction is replaced."""
    pauses = [*(each for each in read_pauses(folder) if each.fraction != pause.fraction), pause]
    plain = [{**each._asdict(), "cost": vars(each.cost)} for each in sorted(pauses)]
    write_record(folder / PAUSES_FILE, {"pauses": plain})
