"""Changes of settings on the command line: `--set tasks.cartpole-v1.episodes=4`, `--set hidden=[32,32]`."""

from __future__ import annotations

from typing import Any

from evorobo.errors import DataError, SettingsError, unknown
from evorobo.files import parse_json
from evorobo.settings import from_plain, to_plain
from evorobo.study.study import Study

_PYTHON_NAMES = {"True": True, "False": False, "None": None}


def apply_overrides(study: Study, assignments: list[str]) -> Study:
    """Return the study with each `path=value` applied; a value is JSON, or else text.

    Paths name fields: `budget.flops`, `hidden`, `tasks.<name>.<field>`, `methods.<name>.strategy.sigma`. A `*` stands
    for all names. Items of a list have numbers from 1: `methods.<name>.stages.1.share`. Raises `SettingsError` for a
    path without a setting.
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
            known = names[parts[0]]
            if parts[1] != "*" and parts[1] not in known:
                raise unknown(parts[0][:-1], parts[1], known)
            for number, name in enumerate(known):
                if parts[1] in ("*", name):
                    _assign(plain[parts[0]][number], parts[2:], text, path)
        else:
            _assign(plain, parts, text, path)
    changed: Study = from_plain(plain, imports=True)
    return changed


def compile_all(study: Study) -> Study:
    """Return the study with all tasks and methods compiled that have such a setting, those within others too."""
    plain = to_plain(study)
    _set_compiled(plain)
    changed: Study = from_plain(plain, imports=True)
    return changed


def _set_compiled(plain: Any) -> None:
    if isinstance(plain, dict):
        if "type" in plain and plain.get("compiled") is False:
            plain["compiled"] = True
        plain = list(plain.values())
    if isinstance(plain, list):
        for item in plain:
            _set_compiled(item)


def get_setting(thing: Any, field: str, path: str) -> Any:
    """Return the value of the setting `field` ("strategy.sigma") of `thing` as plain data.

    Raises `SettingsError`, with the whole `path`, where there is no such setting.
    """
    plain = to_plain(thing)
    for part in field.split("."):
        plain = _item(plain, part, path)
    return plain


def _assign(plain: Any, parts: list[str], text: str, path: str) -> None:
    *parents, last = parts
    for part in parents:
        plain = _item(plain, part, path)
    if isinstance(plain, list):
        number = _position(plain, last, path)
        plain[number] = _parse_value(text, plain[number], path)
        return
    if not isinstance(plain, dict):
        raise SettingsError(f"{path} names a field of {plain!r}, which has none.")
    if "type" in plain:  # settings have fixed fields; a dict of options takes any
        _check_known(plain, last, path)
    plain[last] = _parse_value(text, plain.get(last), path)


def _parse_value(text: str, before: Any, path: str) -> Any:
    """Return `text` as JSON, or else as text; True, False and None may be written as in Python.

    The settings check its type and range themselves. Raises `SettingsError` for a value that replaces a list or
    settings with fields.
    """
    try:
        value = parse_json(text, f"the value of --set {path}")
    except DataError as error:
        if isinstance(error.__cause__, ValueError):  # no JSON, so it is text
            value = _PYTHON_NAMES.get(text, text)
        else:
            raise SettingsError(str(error)) from error
    match before:
        case int() if isinstance(value, float) and value.is_integer():
            return int(value)
        case list() if not isinstance(value, list):
            cure = "close its brackets, with texts in double quotes" if "[" in text else f"write it as {path}=[{text}]"
            raise SettingsError(f"{path} is a list; {cure}.")
        case {"type": str()} if not (value is None or isinstance(value, dict)):
            fields = ", ".join(name for name in before if name != "type")
            raise SettingsError(f"{path} has fields; set one of them: {fields}.")
        case str() if not (value is None or isinstance(value, str)):
            return text
    return value


def _item(plain: Any, part: str, path: str) -> Any:
    """Return a field of settings by its name, or an item of a list by its number from 1."""
    if isinstance(plain, list):
        return plain[_position(plain, part, path)]
    _check_known(plain, part, path)
    return plain[part]


def _position(items: list[Any], part: str, path: str) -> int:
    if not (part.isdecimal() and 1 <= int(part) <= len(items)):
        raise SettingsError(f"--set {path}: {part} must be the number of an item, from 1 to {len(items)}.")
    return int(part) - 1


def _check_known(plain: Any, part: str, path: str) -> None:
    known = [key for key in plain if key != "type"] if isinstance(plain, dict) else []
    if part not in known:
        raise unknown(f"setting in --set {path}:", part, known)
