"""The settings that settle cells which are empty or no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evorobo.tasks.data.leakage import is_session_name, is_time_name
from evorobo.tasks.data.problems import doubtful_mark
from evorobo.tasks.text.cells import is_long_id, is_missing, to_number
from evorobo.tasks.text.odd_cells import Problem
from evorobo.tasks.text.questions import OpenQuestion
from evorobo.tasks.text.source import Source

MAX_TEXTS = 50
"""Most different texts of a column that is suggested as categories."""


def odd_columns(
    texts: tuple[str, str],
    problems: Sequence[Problem],
    source: Source,
    n_rows: int,
    inputs: Sequence[int],
    targets: Sequence[int],
) -> OpenQuestion:
    """Return the question about odd cells in columns, with the settings that settle them.

    `texts` are its message and its statement.
    """
    answers: dict[str, Any] = {}
    is_certain, is_settled = True, True

    def answer(setting: str, *values: Any) -> None:
        answers[setting] = (*answers.get(setting, ()), *values)

    for problem in problems:
        odd = [text for text in problem.counts if not is_missing(text)]
        name = source.reference(problem.column)
        may_lack = problem.column in (*inputs, *targets)
        if may_lack and len(odd) < len(problem.counts):
            answers["missing"] = "median"
        if not odd and may_lack:
            continue
        is_text = sum(problem.counts.values()) == n_rows
        if marks := list(filter(None, map(doubtful_mark, odd))):
            answers["thousands"], is_certain = marks[0], False
        elif problem.is_sentinel and may_lack:
            answer("na_values", *(to_number(text, source.decimal) for text in odd))
            answers["missing"] = "median"
        elif problem.column not in inputs:
            is_settled = False
        elif not is_text and len(odd) <= MAX_TEXTS and not any(map(is_long_id, odd)):
            answer("na_values", *odd)
            answers["missing"], is_certain = "median", False
        elif is_session_name(str(name)) or is_time_name(str(name)):
            answer("ignore", name)
        elif is_text and len(odd) <= min(MAX_TEXTS, n_rows / 2) and not any(map(is_long_id, odd)):
            answer("one_hot", name)
        else:
            answer("ignore", name)
    message, statement = texts
    return OpenQuestion(message, answers if is_settled else {}, is_certain, statement)
