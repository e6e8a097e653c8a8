"""How a trial ended, as its folder tells: finished, diverged, failed with a reason, or not at all yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evorobo.errors import EvoroboError, ResultsError


class Interrupted(EvoroboError):
    """The run was asked to stop; everything is kept, and the same command goes on."""


def status(folder: Path) -> str:
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


def reason(folder: Path) -> str:
    """Why the trial there failed, diverged or was stopped; empty if it was not."""
    return str(json.loads((folder / "result.json").read_text()).get("reason", ""))


def in_words(error: Exception) -> str:
    """Why a trial failed: our own errors speak for themselves, of others the kind is told too."""
    return str(error) if isinstance(error, EvoroboError) else f"{type(error).__name__}: {error}"
