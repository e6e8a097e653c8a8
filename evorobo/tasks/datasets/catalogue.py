"""Every data set that has a name: one line each, `name: loader`; the loader's arguments are the task's `options`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from evorobo.errors import unknown
from evorobo.tasks.datasets.kin8nm import kin8nm
from evorobo.tasks.datasets.loaded import Dataset
from evorobo.tasks.datasets.scitos import scitos_2, scitos_4, scitos_24

LOADERS: dict[str, Callable[..., Dataset]] = {
    "scitos-24": scitos_24,
    "scitos-4": scitos_4,
    "scitos-2": scitos_2,
    "kin8nm": kin8nm,
}


def load(name: str, options: Mapping[str, Any]) -> Dataset:
    """A named data set. Raises `SettingsError` for an option that it does not have."""
    loader = LOADERS[name]
    known = inspect.signature(loader).parameters
    for option in options:
        if option not in known:
            raise unknown(f"option of {name}", option, known)
    return loader(**options)
