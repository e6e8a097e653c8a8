"""A study with the settings that tuning found, and with the cost of finding them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from evorobo.checks import check_integer, check_name, check_seeds
from evorobo.errors import DataError, ResultsError, SettingsError
from evorobo.files import as_path, read_json
from evorobo.study.overrides import apply_overrides
from evorobo.study.records import check_format
from evorobo.study.study import Study
from evorobo.study.trust import named_code


def tuned(study: Study, *paths: str | Path) -> Study:
    """Give a study the best settings that `tune` found.

    Reports then state what the search for the settings has cost.

    Parameters
    ----------
    study : Study
        The study; all its methods must be in the files.
    *paths : str or pathlib.Path
        Files that `tune` wrote, all with the same task, tries, seeds and budget.

    Returns
    -------
    Study
        The study with the settings found, their seeds as `tuning_seeds` and their cost as `tuning`.

    Raises
    ------
    SettingsError
        Where the files are of other methods, since untuned methods would be compared with tuned ones, or were made
        with unequal effort.
    ResultsError
        Where a file was not written by `tune`.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import evorobo as er
    >>> task = er.ControlTask("evorobo/Phototaxis-v0")
    >>> methods = [er.Evolution(er.CMAES())]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=5, budget=er.Budget(flops=1e7))
    >>> best = {"settings": {"methods.cma-es.strategy.sigma": 0.7}, "validation": 60.0, "failed": 0, "cost": {}}
    >>> content = {"format": 3, "task": "phototaxis", "trials": 20, "seeds": [1000], "budget": {}}
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "phototaxis.json"
    ...     _ = path.write_text(json.dumps({**content, "methods": {"cma-es": best}}))
    ...     er.tuned(study, path).methods[0].strategy.sigma
    0.7
    """
    tuning, *others = [read_tuning(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        for name in ("task", "trials", "halving", "rungs", "seeds", "budget"):
            if tuning.get(name) != other.get(name):
                raise SettingsError(
                    f"{name} of tuning: {tuning.get(name)} in {paths[0]} and {other.get(name)} in {path}; tune all "
                    "methods with the same effort."
                )
        tuning["methods"] |= other["methods"]
    names = [method.name for method in study.methods]
    if set(names) != set(tuning["methods"]):
        raise SettingsError(
            f"{', '.join(map(str, paths))} tuned {', '.join(tuning['methods'])}, and the study compares "
            f"{', '.join(names)}; tune all that are compared."
        )
    assignments = [
        f"{setting}={json.dumps(value)}"
        for name in names
        for setting, value in tuning["methods"][name]["settings"].items()
    ]
    if names_of_code := named_code([best["settings"] for best in tuning["methods"].values()]):
        raise SettingsError(
            f"{', '.join(map(str, paths))} names code ({', '.join(names_of_code)}), and a file of settings must not; "
            "import that code in the script of the study."
        )
    costs = {
        name: {"trials": tuning["trials"], "failed": best["failed"], **best["cost"]}
        for name, best in tuning["methods"].items()
    }
    return replace(apply_overrides(study, assignments), tuning_seeds=tuple(tuning["seeds"]), tuning=costs)


def read_tuning(path: str | Path) -> dict[str, Any]:
    """Return the content of a file that `tune` wrote. Raises `ResultsError` for any other file."""
    try:
        tuning: dict[str, Any] = read_json(as_path(path))
        check_format(as_path(path), tuning.pop("format", 1))
        for name, best in tuning["methods"].items():
            if not best["settings"]:
                raise ResultsError(f"{path} holds no settings of {name}.")
            _check_type(dict, best["settings"], best["cost"])
            _ = best["validation"]
            check_integer(0, failed=best["failed"])
        _check_type(dict, tuning["methods"], tuning["budget"])
        _check_type(list, tuning["seeds"])
        check_integer(1, trials=tuning["trials"])
        check_seeds(*tuning["seeds"])
        check_name(tuning["task"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{path} is not a file of evorobo tune ({_reason(error)}); give results/<study>-tuning/<task>.json."
        ) from error
    return tuning


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):  # its sentence names the path again
        return "no JSON can be read there"
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _check_type(kind: type, *values: Any) -> None:
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(f"{str(value)[:40]} is no {kind.__name__}")


def to_flags(tuning: dict[str, Any]) -> str:
    """Return the settings found as flags of the command line of an experiment."""
    settings = [item for best in tuning["methods"].values() for item in best["settings"].items()]
    return " ".join(f"--set {path}={json.dumps(value)}" for path, value in settings)
