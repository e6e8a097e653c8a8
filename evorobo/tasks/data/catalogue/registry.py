"""Every data set that has a name: one line each, `name: loader`; the loader's arguments are the task's `options`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from evorobo.errors import unknown
from evorobo.tasks.data.catalogue.delan import delan
from evorobo.tasks.data.catalogue.failures import lp1, lp2, lp3, lp4, lp5
from evorobo.tasks.data.catalogue.kin8nm import kin8nm
from evorobo.tasks.data.catalogue.loaded import Dataset
from evorobo.tasks.data.catalogue.puma import puma8nh, puma32h
from evorobo.tasks.data.catalogue.sarcos import sarcos
from evorobo.tasks.data.catalogue.scitos import scitos_2, scitos_4, scitos_24
from evorobo.tasks.data.catalogue.sonar import sonar
from evorobo.tasks.data.catalogue.sysid import actuator, dryer, robot_arm
from evorobo.tasks.data.catalogue.tenfold import kin40k, pumadyn32nm
from evorobo.tasks.data.catalogue.ur3 import ur3

LOADERS: dict[str, Callable[..., Dataset]] = {
    "scitos-24": scitos_24,
    "scitos-4": scitos_4,
    "scitos-2": scitos_2,
    "kin8nm": kin8nm,
    "kin40k": kin40k,
    "puma8NH": puma8nh,
    "puma32H": puma32h,
    "pumadyn32nm": pumadyn32nm,
    "sarcos": sarcos,
    "lp1": lp1,
    "lp2": lp2,
    "lp3": lp3,
    "lp4": lp4,
    "lp5": lp5,
    "ur3": ur3,
    "sonar": sonar,
    "actuator": actuator,
    "robot-arm": robot_arm,
    "dryer": dryer,
    "delan": delan,
}


def load_dataset(name: str, loader_kwargs: Mapping[str, Any]) -> Dataset:
    """A named data set. Raises `SettingsError` for an option that it does not have."""
    loader = LOADERS[name]
    known = inspect.signature(loader).parameters
    for option in loader_kwargs:
        if option not in known:
            raise unknown(f"option of {name}", option, known)
    return loader(**loader_kwargs)
