"""Named data sets: what a loader returns, and how the loader behind a name is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evorobo.errors import DataError
from evorobo.fields import checked_arguments
from evorobo.files import as_path
from evorobo.settings import find_component
from evorobo.tasks.data.parts import Split
from evorobo.tasks.data.readers import is_data_file
from evorobo.tasks.data.splits import RandomSplit
from evorobo.tasks.data.tables import Table


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table with all that belongs to it: its files, its usual split, published scores, warnings.

    A data set of your own is one function in a file of yours, decorated with
    ``@register_component("data set", "my-set")``, that returns a `Dataset`; ``DatasetTask("my-set")`` then calls it.
    The function's keyword arguments are the task's `loader_kwargs`.

    Parameters
    ----------
    table : Table
        All rows; see `make_table` and `read_table`.
    files : tuple of Path, default ()
        The files that the table was read from. Their content is part of a run's fingerprint. For data that are
        computed, leave it empty: the fingerprint is then that of the table.
    split : Split, default RandomSplit()
        The split that a task uses unless it names another one.
    reference_scores : dict of str to float, default {}
        Published test scores by name, as accuracy or RMSE, comparable under `split` only.
    is_time_series : bool, default False
        Whether rows follow each other in time, so that random splits give scores that are too good.
    caveat : str, default ""
        A sentence about scores under `split` that are too good; reports show it.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> def line(slope: float = 2.0) -> er.Dataset:
    ...     x = np.linspace(0, 1, 50)[:, None]
    ...     return er.Dataset(er.make_table(x, slope * x), split=er.BlockSplit(10), is_time_series=True)
    >>> len(line(slope=3.0).table)
    50
    """

    table: Table
    files: tuple[Path, ...] = ()
    split: Split = field(default_factory=RandomSplit)
    reference_scores: Mapping[str, float] = field(default_factory=dict)
    is_time_series: bool = False
    caveat: str = ""


Loader = Callable[..., Dataset]
"""A function that reads a data set; its keyword arguments are the `loader_kwargs` of a task."""


def find_loader(source: str) -> Loader | None:
    """The registered loader that `source` names ("scitos-24", "my_data.py:my-set"); None where it is a file."""
    if is_data_file(source) or (":" in source and as_path(source).is_file()):
        return None
    loader: Loader | None = find_component("data set", source)
    return loader


def load_dataset(loader: Loader, name: str, loader_kwargs: Mapping[str, Any]) -> Dataset:
    """What `loader` returns. Raises `SettingsError` for an option that it does not have, or a wrong value of one."""
    dataset = loader(**checked_arguments(loader, loader_kwargs, name))
    if not isinstance(dataset, Dataset):
        raise DataError(f"the loader of {name} returned {type(dataset).__name__}; return an evorobo.Dataset.")
    return dataset
