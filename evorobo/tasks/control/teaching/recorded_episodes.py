"""Episodes of recorded steps: by numbers, or by flags at their ends as D4RL and Gymnasium name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.text.cells import to_boolean, to_number
from evorobo.tasks.text.layout import INDEX
from evorobo.tasks.text.source import TextSource, read_columns

NUMBERS = ("episode", "episodes", "episode_id", "episode_ids", "episode_index", "trajectory", "trajectory_id")
ENDS = (
    *("terminals", "timeouts", "terminal", "timeout", "terminated", "truncated", "terminations", "truncations"),
    *("done", "dones", "is_last", "is_terminal"),
)
STARTS = ("episode_starts", "episode_start", "is_first")
END_INDEXES = ("episode_ends",)
LENGTHS = ("episode_lengths", "episode_length", "lengths")
NOT_SENSED = (*NUMBERS, *ENDS, *STARTS, "reward", "rewards")
"""Columns of a table that are neither observation nor action."""


def episode_numbers(arrays: Mapping[str, np.ndarray], n_steps: int, file: str) -> np.ndarray:
    """Return the episode number `(n_steps,)` of each step.

    Numbers of episodes count first, then the number of steps at the end of each episode, or of each episode, then flags
    at ends and starts. Without any, all steps are one episode.

    Raises
    ------
    DataError
        If the arrays do not fit the steps or contradict each other, if steps of an episode are apart, or if only an
        array of another name may say where episodes are.
    """
    for name in (*NUMBERS, *ENDS, *STARTS):
        if name in arrays and arrays[name].shape != (n_steps,):
            raise DataError(
                f"{file} holds {n_steps} steps and {name!r} of shape {arrays[name].shape}; give each step one."
            )
    named = {name: _whole_numbers(arrays[name], name, file) for name in NUMBERS if name in arrays}
    if named:
        name, numbers = next(iter(named.items()))
        for other, more in named.items():
            if not np.array_equal(_starts(numbers), _starts(more)):
                raise DataError(f"{file} has both {name!r} and {other!r}, which differ; leave one of them out.")
        n_values, n_runs = len(np.unique(numbers)), 1 + np.count_nonzero(_starts(numbers)[1:])
        if n_runs > n_values:
            raise DataError(
                f"{n_values} values of {name!r} in {file} stand in {n_runs} separate runs of steps; sort the steps by "
                f"{name!r} and time if robots took turns, or give each run a number of its own if each is one episode."
            )
        return numbers
    for name in (*END_INDEXES, *LENGTHS):
        if name in arrays:
            return _numbers_from_sizes(arrays[name], n_steps, name, file)
    unknown = [name for name, values in arrays.items() if name not in _KNOWN and _may_separate(values, n_steps)]
    if unknown and not {*ENDS, *STARTS} & set(arrays):
        raise DataError(
            f"{file} does not say where episodes are, and {unknown[0]!r} may: rename it to 'episode' (numbers), "
            "'dones' (flags at ends), 'episode_ends' or 'episode_lengths', or leave it out if all steps are one."
        )
    starts = np.zeros(n_steps, bool)
    for name in STARTS:
        if name in arrays:
            starts |= _flags(arrays[name], name, file)
    for name in ENDS:
        if name in arrays:
            starts[1:] |= _flags(arrays[name], name, file)[:-1]
    starts[:1] = False
    return np.cumsum(starts)


def read_table_of_steps(path: Path) -> dict[str, np.ndarray]:
    """Read observations, actions, and columns about episodes from a text file with a header.

    Columns that begin with "action" are the action.

    Raises
    ------
    DataError
        If the file is damaged, a column is missing, or a cell is no number.
    """
    source = TextSource(path, header=True)
    names = [name.strip().lower() for name in source.names]
    about = {_normalized(name): number for number, name in enumerate(names) if _normalized(name) in NOT_SENSED}
    actions = [number for number, name in enumerate(names) if name.startswith("action")]
    index = [number for number, name in enumerate(source.names[:1]) if name == INDEX]
    used = {*about.values(), *actions, *index}
    sensors = [number for number in range(len(names)) if number not in used]
    if not actions or not sensors:
        raise DataError(
            f"{path} needs a header with columns named action... and others, not {', '.join(source.names)}."
        )
    columns = read_columns(source, [sensors, actions, index], texts=list(about.values()))
    if not len(columns.lines):
        raise DataError(f"{path} has a header and no rows.")
    if columns.problems:
        problem = columns.problems[0]
        text = min(problem.first_rows, key=lambda text: problem.first_rows[text])
        n_cells = sum(sum(problem.counts.values()) for problem in columns.problems)
        more = f" ({n_cells} such cells in the file)" if n_cells > 1 else ""
        raise DataError(
            f"{source.at(problem.column, int(columns.lines[problem.first_rows[text]]))}: {text!r} is not a number; "
            f"correct the cell or delete the line{more}."
        )
    observations, values, rows = (matrix.values for matrix in columns.matrices)
    if index and not (np.diff(rows[:, 0], prepend=rows[0, 0] - 1) == 1).all():
        raise DataError(f"{source.file}: column 0 has no name and does not number the rows; name it in the header.")
    texts = {name: columns.texts[number].array() for name, number in about.items()}
    return {**texts, "observations": observations, "actions": values[:, 0] if len(actions) == 1 else values}


_KNOWN = {*NOT_SENSED, *END_INDEXES, *LENGTHS, "observations", "actions"}


def _numbers_from_sizes(values: np.ndarray, n_steps: int, name: str, file: str) -> np.ndarray:
    """Return the episode number of each step from the steps of each episode, or from those up to each end."""
    lengths = np.diff(values, prepend=0) if name in END_INDEXES else values
    is_whole = values.ndim == 1 and values.dtype.kind in "iu"
    if not is_whole or not len(lengths) or (lengths < 1).any() or lengths.sum() != n_steps:
        rule = "rises to this number" if name in END_INDEXES else "adds up to this number"
        raise DataError(f"{file} holds {n_steps} steps; give a {name!r} of whole numbers that {rule}.")
    return np.repeat(np.arange(len(lengths)), lengths)


def _may_separate(values: np.ndarray, n_steps: int) -> bool:
    """Whether an array may say where episodes are: flags or rising numbers of steps, or their ends or lengths."""
    if values.ndim != 1 or len(values) < 2 or values.dtype.kind not in "biu":
        return False
    if len(values) == n_steps:
        n_runs = 1 + np.count_nonzero(values[1:] != values[:-1])
        rises = bool((values[1:] >= values[:-1]).all())
        return bool(n_runs > 1 and (values.max() <= 1 or (rises and n_runs < n_steps)))
    return bool((values[-1] == n_steps and (values[1:] > values[:-1]).all()) or values.sum() == n_steps)


def _normalized(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def _starts(numbers: np.ndarray) -> np.ndarray:
    return np.r_[True, numbers[1:] != numbers[:-1]]


def _whole_numbers(values: np.ndarray, name: str, file: str) -> np.ndarray:
    """Return episode numbers as they are if all are whole, else numbered from 0 in the order in which they occur."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{file}: {name!r} holds numbers that are not finite; give each step the number of an episode.")
    different, first, codes = np.unique(values, return_index=True, return_inverse=True)
    if values.dtype.kind in "fiub":
        numbers = different.astype(np.float64)
    else:
        if "" in different:
            raise DataError(f"{file}: {name!r} has empty cells; give each step the number of an episode.")
        numbers = np.array([to_number(text) for text in different.tolist()])
    if np.all(numbers == np.round(numbers)) and len(np.unique(numbers)) == len(numbers):
        return numbers.astype(np.int64)[codes]
    order = np.empty(len(different), np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(different))
    return order[codes]


def _flags(values: np.ndarray, name: str, file: str) -> np.ndarray:
    """Return flags as Booleans."""
    numbers = values
    if values.dtype.kind not in "fiub":
        texts = values.astype(str)
        pair = to_boolean({text.lower() for text in np.unique(texts).tolist()}) or {}
        numbers = np.array([pair.get(text.lower(), to_number(text)) for text in texts.tolist()])
    if not np.isin(numbers, (0, 1)).all():
        raise DataError(f"{file}: {name!r} marks steps with 1, others with 0, and holds other values; correct them.")
    return numbers.astype(bool)
