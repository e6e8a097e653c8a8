"""Settings changed from the command line: `--set tasks.cartpole-v1.episodes=4`, `--set hidden=[32,32]`."""

from __future__ import annotations

import json
from typing import Any

from evorobo.checks import is_number
from evorobo.errors import SettingsError, unknown
from evorobo.settings import from_plain, to_plain
from evorobo.study.study import Study


def apply_overrides(study: Study, assignments: list[str]) -> Study:
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
        if parts[0] in names and len(parts) == 2:
            raise SettingsError(f"--set {path.strip()} names no field; write {path.strip()}.<field>=value.")
        if parts[0] in names and len(parts) > 2:
            every = names[parts[0]]
            if parts[1] != "*" and parts[1] not in every:
                raise unknown(parts[0][:-1], parts[1], every)
            for number, name in enumerate(every):
                if parts[1] in ("*", name):
                    _assign(plain[parts[0]][number], parts[2:], text, path)
        else:
            _assign(plain, parts, text, path)
    changed: Study = from_plain(plain)
    return changed


def get_setting(thing: Any, field: str, path: str) -> Any:
    """What `thing` has now at `field` ("strategy.sigma"), as plain data. Raises `SettingsError`, which names the whole
    `path`, if it leads nowhere."""
    plain = to_plain(thing)
    for part in field.split("."):
        _known(plain, part, path)
        plain = plain[part]
    return plain


def _assign(plain: Any, parts: list[str], text: str, path: str) -> None:
    *way, last = parts
    for part in way:
        _known(plain, part, path)
        plain = plain[part]
    if not isinstance(plain, dict):
        raise SettingsError(f"{path} leads into {plain!r}, which has no fields of its own.")
    if "type" in plain:  # settings have fixed fields; a dict of options takes any
        _known(plain, last, path)
    plain[last] = _value(text, plain.get(last), path)


def _value(text: str, before: Any, path: str) -> Any:
    """`text` as JSON, or else as text, if it is of the kind of the value before."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    match before:
        case bool():
            if not isinstance(value, bool):
                raise SettingsError(f"{path} is true or false, not {text}.")
        case float() | int() if not (value is None or is_number(value)):
            raise SettingsError(f"{path} is {before!r}, a number; {text!r} is none.")
        case int() if isinstance(value, float) and value.is_integer():
            return int(value)
        case list() if not isinstance(value, list):
            cure = "close its brackets, with texts in double quotes" if "[" in text else f"write it as {path}=[{text}]"
            raise SettingsError(f"{path} is a list; {cure}.")
        case {"type": str()} if not (value is None or isinstance(value, dict)):
            fields = ", ".join(name for name in before if name != "type")
            raise SettingsError(f"{path} has fields of its own, set one of them: {fields}.")
        case str() if not (value is None or isinstance(value, str)):
            return text
    return value


def _known(plain: Any, part: str, path: str) -> None:
    known = [key for key in plain if key != "type"] if isinstance(plain, dict) else []
    if part not in known:
        raise unknown(f"setting in --set {path}:", part, known)
