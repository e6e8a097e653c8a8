"""The settings of a task that its prepared data depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evorobo.nets.data_format import RollingWindow
from evorobo.tasks.data.parts import Split
from evorobo.tasks.data.readers import Columns


@dataclass(frozen=True, eq=False)
class DataSettings:
    """The settings of a task that its prepared data depend on; see `DatasetTask`.

    `columns` of a file, those that are not None, are kept beside its inputs.
    """

    source: str
    target: Columns = -1
    kind: str | None = None
    split: Split | None = None
    loader_kwargs: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str | None, ...] = ()
    sequence: str | tuple[str, ...] | None = None
    rows: int | None = None
    missing: str | None = None
    one_hot: tuple[str | int, ...] = ()
    lags: tuple[int, ...] = ()
    windows: tuple[RollingWindow, ...] = ()
