"""How a trial ended, as its folder tells: finished, diverged, failed with a reason, or not at all yet."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from evorobo.errors import EvoroboError, ResultsError


class Interrupted(EvoroboError):
    """The run was asked to stop; everything is kept, and the same command goes on."""


def trial_status(folder: Path) -> str:
    """ "finished", "diverged", "failed" or "unfinished"."""
    path = folder / "result.json"
    if not path.exists():
        return "unfinished"
    try:
        return str(read_json(path)["status"])
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{path} is damaged (no status); delete it, and the trial goes on.") from error


def read_json(path: Path) -> Any:
    """A file that a trial wrote."""
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ResultsError(f"{path} is damaged ({error}); delete its folder.") from error


def trial_reason(folder: Path) -> str:
    """Why the trial there failed, diverged or was stopped; empty if it was not."""
    return str(json.loads((folder / "result.json").read_text()).get("reason", ""))


def error_text(error: Exception) -> str:
    """Why a trial failed: our own errors speak for themselves, of others the kind is told too."""
    return str(error) if isinstance(error, EvoroboError) else f"{type(error).__name__}: {error}"


_DEEP = ("", "*/", "*/*/", "*/*/*/")
_FEW = 6


def suggest_study(folder: Path) -> str:
    """What to give instead of a `folder` without a study: the study that it is part of, those in it or beside it."""
    around = [Path(folder), *Path(folder).parents][:4]
    for above in around[1:]:
        if (above / "study.json").is_file():
            return f"it is a part of the study {above}, which is meant here."
    for place in around[:2]:
        if found := _with("study.json", place, _DEEP[1:2]):
            return f"give one of {', '.join(_nearest(found, folder, _FEW))}."
    return "give a folder that an experiment wrote."


def suggest_trial(folder: Path) -> str:
    """What to give instead of a `folder` without a trial: the one whose path is most like it, in it or near it."""
    for place in [Path(folder), *Path(folder).parents][:5]:
        if found := _with("trial.json", place, _DEEP):
            return f"give the folder of one seed, for example {_nearest(found, folder, 1)[0]}."
    return "give the folder of one seed, results/<study>/<task>/<method>/seed-0."


def _with(file: str, place: Path, ways: tuple[str, ...]) -> list[str]:
    if not place.is_dir():
        return []
    for way in ways:  # the highest ones only
        if found := sorted(str(path.parent) for path in place.glob(way + file)):
            return found
    return []


def _nearest(found: list[str], folder: Path, most: int) -> list[str]:
    """Those most like `folder` in name first, and the first of those that are equally so."""
    return sorted(found, key=lambda each: -SequenceMatcher(None, str(folder), each).ratio())[:most]
