"""What a machine computes with: versions, the code of the package and the processor, compared between machines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from evorobo.errors import SettingsError
from evorobo.study.machine import NUMERIC_FACTS, machine_facts, package_versions


@cache
def environment() -> dict[str, Any]:
    """Return the versions, a digest of the package and the facts of the processor of this machine."""
    root = Path(__file__).parents[3]
    digest = sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    processor = {name: machine_facts()[name] for name in NUMERIC_FACTS}
    versions = {"python": ".".join(platform.python_version_tuple()[:2]), **package_versions()}
    return {"versions": {**versions, "code of evorobo": digest.hexdigest()[:12]}, "processor": processor}


def check_versions(here: Mapping[str, Any], workers: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `SettingsError` where a worker has another version than here."""
    for worker, there in workers.items():
        for name, version in here["versions"].items():
            other = there["versions"].get(name, "none")
            if other != version:
                raise SettingsError(
                    f"the Dask worker {worker} has {name} {other}, and this machine has {version}; install the same "
                    "version on both."
                )


def processor_caution(here: Mapping[str, Any], workers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a sentence where workers have another type of processor than this machine, or than each other."""
    for worker, there in workers.items():
        for name, value in here["processor"].items():
            if there["processor"][name] != value:
                return (
                    f"caution: the Dask worker {worker} has another {name} ({there['processor'][name]}) than this "
                    f"machine ({value}), so the last digits of curves may differ; machine.json of each trial notes it."
                )
    return ""
