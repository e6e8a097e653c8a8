"""The settings of a task that its prepared data depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from evorobo.nets.data_format import RollingWindow
from evorobo.tasks.data.parts import Split
from evorobo.tasks.data.readers import Columns


class FileSettings(Protocol):
    """The settings of a file that decide what is unclear in it; see `DatasetTask`."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> Columns: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def loader_kwargs(self) -> Mapping[str, Any]: ...
    @property
    def missing(self) -> str | None: ...
    @property
    def one_hot(self) -> tuple[str | int, ...]: ...


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
    max_gap: float | None = None
