"""Check whether the robot or the data of a run have changed since."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import EvoroboError
from evorobo.study.trial import Trial


def staleness_caution(folder: Path, trust: bool = False) -> str:
    """A sentence if the code or data of the task have changed since the run in `folder`; otherwise empty."""
    if not (folder / "trial.json").is_file() or not (folder / "machine.json").is_file():
        return ""
    try:
        changed = set(Trial.load(folder / "trial.json", trust=trust).changed_fingerprints(folder))
    except EvoroboError:  # the trial cannot be shown either, which raises its own error
        return ""
    if not changed & {"data_sha256", "task_code_sha256"}:
        return ""
    return "The code or data of the task have changed since the run; the current task is shown."
