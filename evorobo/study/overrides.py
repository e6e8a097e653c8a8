"""Settings changed from the command line: `--set tasks.cartpole-v1.episodes=4`, `--set hidden=[32,32]`."""

from __future__ import annotations

import json
from typing import Any

from evorobo.errors import SettingsError, unknown
from evorobo.settings import from_plain, to_plain
from evorobo.study.study import Study


def change(study: Study, assignments: list[str]) -> Study:
    """The study with each `path=value` applied; values are JSON, or else text.

    Paths lead through the settings: `budget.flops`, `hidden`, `tasks.<name>.<field>`, `methods.<name>.strategy.sigma`;
    a `*` stands for all names. Raises `SettingsError` for a path that leads nowhere.
    """
    plain = to_plain(study)
    names = {"tasks": [task.name for task in study.tasks], "methods": [method.name for method in study.methods]}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set takes path=value, not {assignment!r}.")
        parts = path.strip().split(".")
        if parts[0] in names and len(parts) > 2:
            every = names[parts[0]]
            if parts[1] != "*" and parts[1] not in every:
                raise unknown(parts[0][:-1], parts[1], every)
            for number, name in enumerate(every):
                if parts[1] in ("*", name):
                    _assign(plain[parts[0]][number], parts[2:], _value(text), path)
        else:
            _assign(plain, parts, _value(text), path)
    changed: Study = from_plain(plain)
    return changed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _assign(plain: Any, parts: list[str], value: Any, path: str) -> None:
    *way, last = parts
    for part in way:
        _known(plain, part, path)
        plain = plain[part]
    if not isinstance(plain, dict):
        raise SettingsError(f"{path} leads into {plain!r}, which has no fields of its own.")
    if "type" in plain:  # settings have fixed fields; a dict of options takes any
        _known(plain, last, path)
    before = plain.get(last)
    if isinstance(before, bool | int | float) and isinstance(value, str):
        raise SettingsError(f"{path} is {before!r}, a number; {value!r} is none.")
    if isinstance(before, int) and isinstance(value, float) and value.is_integer():
        value = int(value)
    plain[last] = value


def _known(plain: Any, part: str, path: str) -> None:
    known = [key for key in plain if key != "type"] if isinstance(plain, dict) else []
    if part not in known:
        raise unknown(f"setting in --set {path}:", part, known)
