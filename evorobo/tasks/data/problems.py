"""The sentence about all cells of a file that are empty, no numbers or stand for missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evorobo.tasks.text.cells import is_long_id, is_missing, to_grouped
from evorobo.tasks.text.odd_cells import Problem
from evorobo.tasks.text.source import Source

NO_NUMBER = "is not a number"
WHOLE_LIMITS = (str(2**63 - 1), str(-(2**63)), str(2**64 - 1))
MAX_COLUMNS, MAX_TEXTS, MAX_CLASSES, MAX_LENGTH = 12, 3, 50, 60


def problem_message(
    source: Source, problems: Sequence[Problem], lines: np.ndarray, inputs: Sequence[int], cures: Mapping[int, str]
) -> tuple[str, str]:
    """Return the message that names all problems of a file, and the statement without advice.

    `lines` is the line of each row. `cures` says for columns that are no `inputs` what helps besides correcting a cell.
    """
    items = [
        f"{source.place(problem.column)} ({_contents(source, problem, lines)})" for problem in problems[:MAX_COLUMNS]
    ]
    more = f" and {len(problems) - MAX_COLUMNS} more columns" if len(problems) > MAX_COLUMNS else ""
    contents = f"cells that are empty or not numbers: {', '.join(items)}{more}"
    mark = next((mark for problem in problems for text in problem.counts if (mark := doubtful_mark(text))), "")
    short = f"{contents}; {_thousands_text(mark)}." if mark else f"{contents}."
    if len(problems) == 1:
        return _one_column(source, problems[0], lines, inputs, cures), short
    advice = [f"correct these cells or delete their {source.line_word}s"]
    if odd_inputs := [problem.column for problem in problems if problem.column in inputs]:
        advice.append(f"or leave columns out: {ignore_text(source, odd_inputs)}")
    advice += [f"or {cures[problem.column]}" for problem in problems if cures.get(problem.column)][:1]
    if mark:
        advice.append(f"or {_thousands_text(mark)}")
    advice += [hint for problem in problems if (hint := _label_hint(source, problem, lines, inputs))][:1]
    return f"{source.file} holds {contents}; {', '.join(advice)}.", short


def _one_column(
    source: Source, problem: Problem, lines: np.ndarray, inputs: Sequence[int], cures: Mapping[int, str]
) -> str:
    """Return the message for the first odd cell of a column, with what else is odd in the column."""
    text = min(problem.first_rows, key=lambda text: problem.first_rows[text])
    at = source.at(problem.column, int(lines[problem.first_rows[text]]))
    cure = cures.get(problem.column, "")
    if is_missing(text):
        sentence = f"{at} is {text or 'empty'}; fill the cell or delete the {source.line_word}"
        cure = cure if text else ""
    elif mark := doubtful_mark(text):
        sentence, cure = f"{at}: {quoted(text)} {_reason(problem, text)}; {_thousands_text(mark)}", ""
    else:
        sentence = f"{at}: {quoted(text)} {_reason(problem, text)}; correct the cell"
        if problem.column in inputs and is_long_id(text):
            name = source.reference(problem.column)
            cure = f"keep the column beside the inputs: loader_kwargs={{'columns': ({name!r},)}}, or --ignore {name}"
        elif problem.column in inputs:
            cure = f"leave the column out: {ignore_text(source, [problem.column])}"
    sentence += f", or {cure}" if cure else ""
    if hint := _label_hint(source, problem, lines, inputs):
        sentence += f"; {hint}"
    n_cells = sum(problem.counts.values())
    more = (
        f" ({n_cells} such cells in the column: {_contents(source, problem, lines, with_reasons=False)})"
        if n_cells > 1
        else ""
    )
    return f"{sentence}{more}."


def quoted(text: str) -> str:
    """Return a text in quotes, cut if it is long."""
    return repr(text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 3]}...")


def _reason(problem: Problem, text: str) -> str:
    if problem.is_sentinel:
        return "is no measurement and stands for a missing value"
    if mark := doubtful_mark(text):
        return f"is {text.replace(mark, '')} or {text.replace(mark, '.')}"
    if is_long_id(text):
        is_limit = text.lstrip("+") in WHOLE_LIMITS
        return (
            "is the limit of whole numbers of 64 bits"
            if is_limit
            else "has more digits than a number holds, as an id has"
        )
    return NO_NUMBER


def doubtful_mark(text: str) -> str:
    """Return the mark of a number that separates thousands or decimals, "" for other texts."""
    numbers = [number for decimal in ",." if (number := to_grouped(text, decimal)) and not number.certain]
    return numbers[0].mark if numbers else ""


def _thousands_text(mark: str) -> str:
    return f"set thousands={mark!r} if {mark!r} separates thousands, else thousands='' (loader_kwargs, or --thousands)"


def _contents(source: Source, problem: Problem, lines: np.ndarray, with_reasons: bool = True) -> str:
    """Return what is wrong in a column: "2 empty from line 7 on, 'near' in line 9"."""

    def place(texts: list[str]) -> str:
        first = min(problem.first_rows[text] for text in texts)
        return f"{source.line_word} {lines[first]}" + (" on" if sum(problem.counts[text] for text in texts) > 1 else "")

    missing = [text for text in problem.counts if is_missing(text)]
    others = sorted(
        (text for text in problem.counts if not is_missing(text)), key=lambda text: problem.first_rows[text]
    )
    parts = []
    if missing:
        n_empty = sum(problem.counts[text] for text in missing)
        parts.append(f"{n_empty} empty from {place(missing)}" if n_empty > 1 else f"empty in {place(missing)}")
    for text in others[:MAX_TEXTS]:
        count, reason = problem.counts[text], _reason(problem, text)
        what = f"{quoted(text)}" if not with_reasons or reason == NO_NUMBER else f"{quoted(text)} {reason},"
        parts.append(f"{what} {count} times from {place([text])}" if count > 1 else f"{what} in {place([text])}")
    if len(others) > MAX_TEXTS:
        parts.append(f"{len(others) - MAX_TEXTS} more texts")
    return ", ".join(parts)


def _label_hint(source: Source, problem: Problem, lines: np.ndarray, inputs: Sequence[int]) -> str:
    """Return the advice for an input that holds a few recurring texts in all its rows, as a label does, or ""."""
    texts = [text for text in problem.counts if not (is_missing(text) or is_long_id(text) or problem.is_sentinel)]
    is_label = sum(problem.counts.values()) == len(lines) and 1 < len(texts) <= min(MAX_CLASSES, len(lines) / 2)
    if not is_label or problem.column not in inputs:
        return ""
    name = source.reference(problem.column)
    return f"if it is what to predict, set target={name!r}, or --target {name}"


def ignore_text(source: Source, columns: Sequence[int]) -> str:
    """Return how columns are left out, in Python and on the command line."""
    names = tuple(source.reference(column) for column in columns)
    return f"loader_kwargs={{'ignore': {names!r}}}, or --ignore {','.join(map(str, names))}"
