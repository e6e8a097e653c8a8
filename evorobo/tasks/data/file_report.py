"""One report about all that is unclear in a file, with the settings that settle it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from evorobo.errors import DataError
from evorobo.tasks.data.data_settings import DataSettings, FileSettings
from evorobo.tasks.data.findings import content_findings
from evorobo.tasks.data.readers import as_tuple
from evorobo.tasks.data.tables import Table
from evorobo.tasks.text.questions import OpenQuestion

T = TypeVar("T", bound=FileSettings)
MAX_ROUNDS = 6
"""Most times that a file is read to find all that is unclear."""
_CHOICES = frozenset(("target", "kind", "header", "thousands"))
"""Settings whose question states all answers."""
_OF_TASK = ("target", "kind", "missing", "one_hot")
_LISTS = ("one_hot", "ignore", "na_values")


def report(question: OpenQuestion, settings: DataSettings, read: Callable[[DataSettings], Table]) -> OpenQuestion:
    """Return all that is unclear in a file as one question, with the settings that settle it.

    `read` reads the file again with the likely answers to `question`. What is unclear then, constant or suspicious
    belongs to the report, too.
    """
    problem: DataError = question
    sentences: list[str] = []
    statements: list[str] = []
    settled, is_certain, table = settings, True, None
    while table is None:
        sentences.append(str(problem))
        if not isinstance(problem, OpenQuestion) or not problem.answers or len(sentences) > MAX_ROUNDS:
            return OpenQuestion(_lines(settings.source, sentences), {})
        statements.append(problem.statement)
        is_certain &= problem.is_certain
        settled = with_answers(settled, problem.answers)
        try:
            table = read(settled)
        except DataError as error:
            problem = error
    for finding in content_findings(table):
        statements.append(finding.sentence)
        if finding.left_out:
            settled = with_answers(settled, {"ignore": finding.left_out})
    answers = {key: value for key, value in known_settings(settled).items() if value != known_settings(settings)[key]}
    code, flags = settings_code(settled), " ".join(map(shlex.quote, settings_flags(settled)))
    if len(statements) > 1:
        text = _lines(settings.source, statements) + f"\nSettings that settle all: {code}"
        text += f"\nThe same as a command:\n    evorobo new-dataset {shlex.quote(settings.source)} {flags}"
    elif answers.keys() <= _CHOICES:
        text = str(question)
    else:
        text = f"{str(question).removesuffix('.')}; or settle all: {code}, or {flags}."
    return OpenQuestion(text, answers, is_certain)


def with_answers(settings: T, answers: Mapping[str, Any]) -> T:
    """Return a task or its data settings with answers to questions; lists are added to those of the settings."""
    known = known_settings(settings)
    new = {key: (*known[key], *value) if key in _LISTS else value for key, value in answers.items()}
    new = {key: tuple(dict.fromkeys(value)) if key in _LISTS else value for key, value in new.items()}
    if "ignore" in new:
        new["one_hot"] = tuple(column for column in new.get("one_hot", known["one_hot"]) if column not in new["ignore"])
    options = {key: value for key, value in new.items() if key not in _OF_TASK}
    of_task = {key: value for key, value in new.items() if key in _OF_TASK}
    return cast(T, replace(cast(Any, settings), **of_task, loader_kwargs={**settings.loader_kwargs, **options}))


def known_settings(settings: FileSettings) -> dict[str, Any]:
    """Return the settings that may answer questions; those that are not set are None or empty."""
    options = {key: settings.loader_kwargs.get(key) for key in ("ignore", "header", "thousands", "na_values")}
    known = {key: getattr(settings, key) for key in _OF_TASK} | options
    return {key: as_tuple(value or ()) if key in _LISTS else value for key, value in known.items()}


def settings_code(settings: FileSettings) -> str:
    """Return the settings as they are written in Python."""
    known = {key: value for key, value in known_settings(settings).items() if value not in (None, (), -1)}
    parts = [f"{key}={known[key]!r}" for key in _OF_TASK if key in known]
    options = {key: value for key, value in known.items() if key not in _OF_TASK}
    return ", ".join([*parts, f"loader_kwargs={options!r}"] if options else parts)


def settings_flags(settings: FileSettings) -> list[str]:
    """Return the settings as words on the command line of `evorobo new-dataset`."""
    words: list[str] = []
    for key, value in known_settings(settings).items():
        if value in (None, (), -1):
            continue
        text = {True: "yes", False: "no"}[value] if key == "header" else value
        text = ",".join(map(_number_text, text)) if isinstance(text, tuple) else str(text)
        flag = f"--{key.replace('_', '-')}"
        words += [f"{flag}={text}"] if text.startswith("-") else [flag, text]
    return words


def _number_text(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) else str(value)


def _lines(source: str, sentences: Sequence[str]) -> str:
    """Return sentences as a list, or the only one as it is."""
    if len(sentences) == 1:
        return sentences[0]
    file = Path(source).name
    items = [sentence.removeprefix(f"{file}, ") for sentence in sentences]
    items = [f"- {item[0].upper()}{item[1:]}" for item in items]
    return "\n".join([f"{file}: {len(sentences)} points are unclear or unusual.", *items])
