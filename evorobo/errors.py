"""Everything that a user can cause, as one tree of exceptions; each message names the cure.

EvoroboError
|-- SettingsError    a name, option or number that cannot be
|-- DataError        a file or data set that cannot be read or makes no sense
|-- TaskError        a robot or environment that breaks its contract
|-- LearningError    training that diverged (NaN, infinite weights)
`-- ResultsError     a results folder that cannot be written or holds something else
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EvoroboError(Exception):
    """The root: catch this one and you catch whatever evorobo raises on purpose."""


class SettingsError(EvoroboError, ValueError):
    """A name, option or number that cannot be."""


class DataError(EvoroboError, ValueError):
    """A file or data set that cannot be read or makes no sense."""


class TaskError(EvoroboError, RuntimeError):
    """A robot or environment that breaks its contract."""


class LearningError(EvoroboError, RuntimeError):
    """Training that diverged."""


class ResultsError(EvoroboError, RuntimeError):
    """A results folder that cannot be written or holds something else."""


_SURE = 0.6
"""How alike two names are where the one is surely meant by the other."""


def unknown(kind: str, name: object, known: Iterable[str]) -> SettingsError:
    """An error for a name nobody knows, with the nearest known one: `unknown("task", "fototaxis", ...)`."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    listed = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    hint = f"did you mean {near[0]!r}?" if near else f"known: {listed or 'none'}."
    if near and difflib.SequenceMatcher(None, str(name), near[0]).ratio() < _SURE:
        hint += f" Known: {listed}."
    return SettingsError(f"unknown {kind} {name!r}; {hint}")
