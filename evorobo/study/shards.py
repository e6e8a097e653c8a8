"""Shards of a study: each of several equal commands, such as the tasks of a job array, runs one part of the trials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from evorobo.errors import SettingsError

T = TypeVar("T")


def select_shard(trials: Sequence[T], shard: str | None) -> list[T]:
    """Return the trials of a shard such as "3/10", the third of ten; all without a shard.

    The trials of a shard follow each other, so that each shard has about as many of every task and method. Raises
    `SettingsError` for a text that names no shard.
    """
    if shard is None:
        return [*trials]
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard) if isinstance(shard, str) else None
    number, total = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= total:
        raise SettingsError(f"a shard is one part of several, such as 3/10 (numbers begin at 1), not {shard!r}.")
    first, last = (edge * len(trials) // total for edge in (number - 1, number))
    return [*trials[first:last]]
