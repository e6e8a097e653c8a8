"""The errors that a user can cause, as one tree of exceptions; each message says what to do.

EvoroboError
|-- SettingsError    an invalid name, option or number
|-- DataError        a file or data set that cannot be read or is inconsistent
|-- TaskError        a robot or environment that breaks its contract
|-- LearningError    training that diverged (NaN, infinite weights)
`-- ResultsError     a results folder that cannot be written or holds other results
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EvoroboError(Exception):
    """Base class of all errors that evorobo raises deliberately.

    Examples
    --------
    >>> import evorobo as er
    >>> try:
    ...     er.Budget(flops=-1)
    ... except er.EvoroboError as error:
    ...     print(error)
    Budget: flops must be a number above 0 or None, not -1.
    """


class SettingsError(EvoroboError, ValueError):
    """An invalid name, option or number in settings or on the command line.

    Examples
    --------
    >>> import evorobo as er
    >>> try:
    ...     er.Budget.parse("flop=1e9")
    ... except er.SettingsError as error:
    ...     print(error)
    unknown cost column 'flop'; did you mean 'flops'?
    """


class DataError(EvoroboError, ValueError):
    """A file or data set that cannot be read or is inconsistent.

    Examples
    --------
    >>> import evorobo as er
    >>> try:
    ...     er.DatasetTask("nowhere.csv").n_inputs
    ... except er.DataError as error:
    ...     print(str(error).partition(" in ")[0])
    there is no file nowhere.csv
    """


class TaskError(EvoroboError, RuntimeError):
    """A robot or environment that breaks its contract.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> try:
    ...     er.ControlTask("MountainCar-v0").examples(np.random.default_rng(0))
    ... except er.TaskError as error:
    ...     print(str(error).partition(",")[0])
    MountainCar-v0 has no teacher
    """


class LearningError(EvoroboError, RuntimeError):
    """Training that diverged: weights or losses became infinite or NaN.

    A trial that raises it is recorded as diverged, and its last finite genome is kept.

    Examples
    --------
    >>> from evorobo import EvoroboError, LearningError
    >>> issubclass(LearningError, EvoroboError)
    True
    """


class ResultsError(EvoroboError, RuntimeError):
    """A results folder that cannot be written, or holds results of other settings, data, code or another version.

    Examples
    --------
    >>> import evorobo as er
    >>> try:
    ...     er.Trial.load("nowhere/trial.json")
    ... except er.ResultsError as error:
    ...     print(str(error).partition(";")[0])
    nowhere holds no trial
    """


_CONFIDENT = 0.6
"""Similarity of two names above which only the nearest name is offered."""


def unknown(kind: str, name: object, known: Iterable[str]) -> SettingsError:
    """Return the error for an unknown name, with the nearest known one: `unknown("task", "fototaxis", ...)`."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    listed = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    hint = f"did you mean {near[0]!r}?" if near else f"known: {listed or 'none'}."
    if near and difflib.SequenceMatcher(None, str(name), near[0]).ratio() < _CONFIDENT:
        hint += f" Known: {listed}."
    return SettingsError(f"unknown {kind} {name!r}; {hint}")
