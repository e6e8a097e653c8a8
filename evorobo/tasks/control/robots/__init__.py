"""Robots of the package, one file each; importing this package registers their ids with gymnasium."""

import importlib
import pkgutil

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
