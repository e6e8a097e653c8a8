"""Whether a robot or data that are shown are still those that a run was made with."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import EvoroboError
from evorobo.study.trial import Trial


def staleness_caution(folder: Path) -> str:
    """A sentence for whoever looks at the run in `folder`, if its task's code or data have changed; else nothing."""
    if not (folder / "trial.json").is_file() or not (folder / "machine.json").is_file():
        return ""
    try:
        changed = set(Trial.load(folder / "trial.json").changed_fingerprints(folder)) & {
            "data_sha256",
            "task_code_sha256",
        }
    except EvoroboError:  # what cannot be loaded cannot be shown either, and says so itself
        return ""
    return (
        "The code or data of the task have changed since: what is seen here is the task as it is now."
        if changed
        else ""
    )
