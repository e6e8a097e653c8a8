"""The status of a trial as its folder records it, and suggestions for a folder that holds no results."""

from __future__ import annotations

from contextlib import suppress
from difflib import SequenceMatcher
from pathlib import Path

from evorobo.errors import EvoroboError, ResultsError
from evorobo.files import is_temporary
from evorobo.printable import MAX_SHOWN, printable
from evorobo.study.locks import FolderLock
from evorobo.study.records import read_record, write_record


class Interrupted(EvoroboError):
    """The run was interrupted; everything is kept, and the same command continues it."""


class Refused(ResultsError):
    """The folder of a trial holds something else, and is left as it is."""


UNFINISHED = "unfinished"
"""The status of a trial that has not ended, and the outcome of one that was interrupted."""
STATUSES = ("finished", "diverged", "failed", UNFINISHED)
"""How a trial can have ended."""
TAKEN = "taken"
"""The outcome of a trial that another process runs now."""
REFUSED = "refused"
"""The status of a trial whose folder holds something else."""
LOCK = "trial.lock"
PROGRESS_FILE = "progress"
"""The file in the folder of a running trial that holds its completed fraction; its changes are signs of life."""


def trial_lock(folder: Path) -> FolderLock:
    """Return the lock of a trial: only the process that holds it writes into the folder."""
    return FolderLock(folder, LOCK)


def holds_other_files(folder: Path) -> bool:
    """Return whether a folder without `trial.json` holds files that belong to no trial that may start there.

    Locks, what killed writes left, and the result of a trial that failed before it wrote its settings do not count.
    """
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir() if not is_temporary(path.name)}
    names = {name for name in names if not name.startswith(LOCK)}
    return bool(names - ({"result.json"} if trial_status(folder) == "failed" else set()))


def record_failure(folder: Path, reason: str) -> str:
    """Write the `result.json` of a trial whose process could not write it; return the outcome.

    Where another process has taken the trial over meanwhile, the outcome is `TAKEN` and nothing is written.
    """
    lock = trial_lock(folder)
    if not lock.acquire():
        return TAKEN
    try:
        if trial_status(folder) == UNFINISHED:
            write_record(folder / "result.json", {"status": "failed", "reason": reason})
        return trial_status(folder)
    finally:
        lock.release()


def remove_progress(folder: Path) -> None:
    """Remove the progress file of a trial that has ended; that of a trial which another process runs stays."""
    file, lock = folder / PROGRESS_FILE, trial_lock(folder)
    if not file.exists():
        return
    with suppress(ResultsError):  # the folder can no longer be written; the next run removes the file
        if lock.acquire():
            file.unlink(missing_ok=True)
            lock.release()


def trial_status(folder: Path) -> str:
    """Return "finished", "diverged", "failed" or "unfinished"."""
    path = folder / "result.json"
    if not path.exists():
        return UNFINISHED
    status = read_record(path).get("status")
    if status not in STATUSES:
        raise ResultsError(f"{path} is damaged (no status); delete it, and the trial continues.")
    return str(status)


def trial_reason(folder: Path) -> str:
    """Return why the trial failed, diverged or was stopped; an empty text otherwise."""
    return printable(read_record(folder / "result.json").get("reason", ""), MAX_SHOWN)


_PATTERNS = ("", "*/", "*/*/", "*/*/*/")
_MAX_SUGGESTIONS = 6


def suggest_study(folder: Path) -> str:
    """Return what to give instead of a `folder` without a study: the study around it, or those in it or beside it."""
    around = [Path(folder), *Path(folder).parents][:4]
    for above in around[1:]:
        if (above / "study.json").is_file():
            return f"it is a part of the study {above}; give that folder."
    for parent in around[:2]:
        if studies := _find_folders("study.json", parent, _PATTERNS[1:2]):
            return f"give one of {', '.join(_most_similar(studies, folder, _MAX_SUGGESTIONS))}."
    return "give a folder that an experiment wrote."


def suggest_trial(folder: Path) -> str:
    """Return what to give instead of a `folder` without a trial: the trial with the most similar path near it."""
    for parent in [Path(folder), *Path(folder).parents][:5]:
        if trials := _find_folders("trial.json", parent, _PATTERNS):
            return f"give the folder of one seed, for example {_most_similar(trials, folder, 1)[0]}."
    return "give the folder of one seed, results/<study>/<task>/<method>/seed-0."


def _find_folders(file: str, parent: Path, patterns: tuple[str, ...]) -> list[str]:
    """Return the folders with such a file that match the first pattern with any match."""
    if not parent.is_dir():
        return []
    for pattern in patterns:
        if folders := sorted(str(path.parent) for path in parent.glob(pattern + file)):
            return folders
    return []


def _most_similar(candidates: list[str], folder: Path, n: int) -> list[str]:
    """Return the `n` candidates most similar to `folder`, in their order where they are equally similar."""
    return sorted(candidates, key=lambda name: -SequenceMatcher(None, str(folder), name).ratio())[:n]
