"""Where studies and trials lie: for errors about a wrong folder, that lead to the right one."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

_DEEP = ("", "*/", "*/*/", "*/*/*/")
_FEW = 6


def to_study(folder: Path) -> str:
    """What to give instead of a `folder` without a study: the study that it is part of, those in it or beside it."""
    around = [Path(folder), *Path(folder).parents][:4]
    for above in around[1:]:
        if (above / "study.json").is_file():
            return f"it is a part of the study {above}, which is meant here."
    for place in around[:2]:
        if found := _with("study.json", place, _DEEP[1:2]):
            return f"give one of {', '.join(_nearest(found, folder, _FEW))}."
    return "give a folder that an experiment wrote."


def to_trial(folder: Path) -> str:
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
