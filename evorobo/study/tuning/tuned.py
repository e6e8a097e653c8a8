"""A study with the settings that tuning has found, and with the bill for finding them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError, SettingsError
from evorobo.study.overrides import apply_overrides
from evorobo.study.study import Study


def tuned(study: Study, *paths: str | Path) -> Study:
    """`study` with the best settings of the files that `tune` wrote, for every method; reports tell what that has cost.

    Raises `SettingsError` where the files are of other methods, since untuned ones would be compared with tuned ones,
    or of unlike effort, and `ResultsError` where one is none of `tune`.
    """
    found, *others = [read_tuning(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        for what in ("task", "trials", "seeds", "budget"):
            if found[what] != other[what]:
                raise SettingsError(
                    f"{what} of tuning: {found[what]} in {paths[0]} and {other[what]} in {path}; tune all methods with "
                    "the same effort."
                )
        found["methods"] |= other["methods"]
    names = [method.name for method in study.methods]
    if set(names) != set(found["methods"]):
        raise SettingsError(
            f"{', '.join(map(str, paths))} tuned {', '.join(found['methods'])}, and the study compares "
            f"{', '.join(names)}; tune all that are compared."
        )
    assignments = [
        f"{setting}={json.dumps(value)}"
        for name in names
        for setting, value in found["methods"][name]["settings"].items()
    ]
    bill = {
        name: {"trials": found["trials"], "failed": each["failed"], **each["cost"]}
        for name, each in found["methods"].items()
    }
    return replace(apply_overrides(study, assignments), tuning_seeds=tuple(found["seeds"]), tuning=bill)


def read_tuning(path: str | Path) -> dict[str, Any]:
    """The content of a file that `tune` wrote."""
    try:
        found: dict[str, Any] = json.loads(Path(path).read_text())
        for name, each in found["methods"].items():
            if not each["settings"]:
                raise ResultsError(f"{path} has found nothing for {name}.")
            _ = each["cost"], each["failed"], each["validation"]
        _ = found["seeds"], found["trials"], found["task"], found["budget"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{path} is no file of `evorobo tune` ({error!r}); give results/<study>-tuning/<task>.json."
        ) from error
    return found


def to_flags(tuning: dict[str, Any]) -> str:
    """The settings found, as flags of an experiment's command line."""
    every = [item for each in tuning["methods"].values() for item in each["settings"].items()]
    return " ".join(f"--set {path}={json.dumps(value)}" for path, value in every)
