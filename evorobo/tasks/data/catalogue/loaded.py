"""What a loader gives: a table, the files it came from, its usual split, published scores, and what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evorobo.tasks.data.splits import RandomSplit, Split
from evorobo.tasks.data.tables import Table


@dataclass(frozen=True, eq=False)
class Dataset:
    """`published` are test scores by name, as accuracy or RMSE, comparable under the data set's own `split`.

    `in_time` says that rows follow each other in time, so that random splits flatter. `caution` is a sentence on what
    flatters scores under the own `split`.
    """

    table: Table
    files: tuple[Path, ...]
    split: Split = field(default_factory=RandomSplit)
    published: Mapping[str, float] = field(default_factory=dict)
    is_time_series: bool = False
    caveat: str = ""
