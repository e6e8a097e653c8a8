"""Whose results a folder holds: settings there may name code, which is run only where this user's runs wrote them.

A record in the user's data folder holds, for each results folder, the sha256 of the settings that a run of this user
wrote there. Nothing in the results folder itself can make it trusted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from evorobo.errors import EvoroboError, ResultsError
from evorobo.files import read_json, write_json
from evorobo.loading import is_usable
from evorobo.settings import from_plain, with_defaults
from evorobo.study.records import read_object

RECORD_VARIABLE = "EVOROBO_RECORD"
"""The environment variable with another folder for the record."""


class UntrustedCode(ResultsError):
    """Settings of other people name code, which is not run."""


def remember(path: Path) -> None:
    """Record that a run of this user wrote the settings file `path`, a `study.json` or `trial.json`.

    Where the record cannot be written, the results count as those of another person.
    """
    with suppress(EvoroboError, OSError):
        content = _content(path)
        if _recorded(path) != content:
            write_json(_record_file(path), content)


def is_own(path: Path) -> bool:
    """Return whether a run of this user wrote the settings file `path`, from the current folder.

    A `trial.json` also counts if it is in the folder of such a study and its settings are settings of that study. The
    current folder counts because names such as `my_robot.py:MyRobot` begin there.
    """
    try:
        if _recorded(path) == _content(path):
            return True
        study = path.resolve().parents[3] / "study.json"
        if path.name != "trial.json" or _recorded(study) != _content(study):
            return False
        return _is_part(with_defaults(read_object(path)), with_defaults(read_object(study)["settings"]))
    except (EvoroboError, OSError, LookupError, TypeError, AttributeError):
        return False


def read_settings(plain: Any, path: Path, trust: bool = False) -> Any:
    """Return the object that the settings in the file `path` describe.

    Raises the errors of `check_trust`.
    """
    check_trust(plain, path, trust)
    return from_plain(plain, imports=True)


def check_trust(plain: Any, path: Path, trust: bool = False) -> None:
    """Raise `UntrustedCode` if settings in the file `path` name code, and are neither this user's nor trusted.

    Raises `ResultsError` if they are this user's but were run from another folder, where names mean other files.
    """
    names = [] if trust else named_code(plain)
    if not names or is_own(path):
        return
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    code = f"code ({', '.join(names[:_MAX_NAMES])}{more})"
    cure = "add --trust (in Python trust=True) if you trust it"
    if (folder := _run_from(path)) not in (None, os.getcwd()):
        raise ResultsError(
            f"{path.parent} names {code} and was run from the folder {folder}; use it from there, or {cure}."
        )
    raise UntrustedCode(f"{path.parent} was not written by your own runs, and it names {code}; {cure}.")


def named_code(plain: Any) -> list[str]:
    """Return the texts in settings that may name a module or file to import, such as `robot.py:my/Robot-v0`.

    Texts with a colon are such names, except labels. Those of the user's files that are loaded already are left out.
    """
    names = dict.fromkeys(text for text in _texts(plain) if ":" in text)
    return [name for name in names if not is_usable(name.rpartition(":")[0])]


_MAX_NAMES = 3


def _run_from(path: Path) -> str | None:
    """Return the folder from which this user's run wrote the settings file `path`; None if none did."""
    for file in (path, *(parent / "study.json" for parent in path.resolve().parents[3:4])):
        with suppress(OSError):
            record = _recorded(file)
            if record and record.get("sha256") == _sha256(file):
                return str(record.get("run_from"))
    return None


def _texts(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, dict):
        for key, value in plain.items():
            if key != "label":
                yield from _texts(value)
    elif isinstance(plain, list | tuple):
        for item in plain:
            yield from _texts(item)


def _is_part(trial: dict[str, Any], study: dict[str, Any]) -> bool:
    hidden = study["hidden"]
    layers = list(hidden.values()) if isinstance(hidden, dict) and "type" not in hidden else [hidden]
    return (
        trial["task"] in study["tasks"]
        and trial["method"] in study["methods"]
        and trial["hidden"] in layers
        and trial["callbacks"] == study["callbacks"]
    )


def _content(path: Path) -> dict[str, Any]:
    return {"folder": str(path.resolve().parent), "sha256": _sha256(path), "run_from": os.getcwd()}


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _recorded(path: Path) -> dict[str, Any] | None:
    """Return the record of the results folder in which the settings file `path` is, or None."""
    with suppress(EvoroboError):
        record = read_json(_record_file(path))
        return record if isinstance(record, dict) else None
    return None


def _record_file(path: Path) -> Path:
    key = sha256(json.dumps([str(path.resolve().parent), path.name]).encode()).hexdigest()
    return _record_folder() / f"{key[:32]}.json"


def _record_folder() -> Path:
    if folder := os.environ.get(RECORD_VARIABLE):
        return Path(folder)
    import platformdirs

    return platformdirs.user_data_path("evorobo") / "own-results"
