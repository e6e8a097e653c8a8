"""What a loader gives: a table, the files it came from, its usual split and published scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evorobo.tasks.splits import RandomSplit, Split
from evorobo.tasks.tables import Table


@dataclass(frozen=True, eq=False)
class Dataset:
    """`published` are test scores by name, in the task's metric, comparable under the data set's own `split`."""

    table: Table
    files: tuple[Path, ...]
    split: Split = field(default_factory=RandomSplit)
    published: Mapping[str, float] = field(default_factory=dict)
