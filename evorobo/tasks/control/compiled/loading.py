"""From text to machine code: a robot's file is kept in the cache, and numba keeps what it has made of it beside it."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from evorobo.downloads import cache_folder, write_to_cache
from evorobo.errors import DataError, SettingsError
from evorobo.nets.compiled import choices, network


def kernel_source(advance: str, activations: str = "") -> str:
    """The text of a kernel's file: the hand-written parts, the network's generated activations, the robot's `advance`."""
    files = [Path(choices.__file__), Path(network.__file__), Path(__file__).with_name("kernel.py")]
    parts = [file.read_text() for file in files]
    lines = [line for part in parts for line in part.splitlines() if not line.startswith("from evorobo")]
    generated = ["", "", activations] if activations else []
    return "\n".join([*lines, *generated, "", "", advance])


def uncompiled_step(advance: str) -> Callable[..., tuple[float, bool]]:
    """The robot's `advance` as it stands, in Python and with NumPy's functions: slow, and the numbers of rows."""
    # NumPy has all that is used of `math`, under the same names
    names: dict[str, Any] = {**vars(choices), "math": np}
    names |= {"float32": np.float32, "float64": np.float64, "int64": np.int64}
    exec(advance, names)
    found: Callable[..., tuple[float, bool]] = names["advance"]
    return found


def compile_kernel(text: str) -> Callable[..., None]:
    """`episodes` of that text in machine code: it compiles in some seconds when first called, and then never again.

    Raises `SettingsError` where numba is not installed.
    """
    try:
        import numba
    except ImportError as error:
        raise SettingsError(
            "compiled=True needs numba: pip install 'evorobo[fast]', or leave compiled=True out."
        ) from error
    module = _module(text)
    # divisions by zero give infinity as in NumPy; no flag of fastmath, for these would round otherwise
    make = numba.njit(error_model="numpy", nogil=True, cache=True)
    functions = {name: each for name, each in vars(module).items() if isinstance(each, FunctionType)}
    for name, function in functions.items():
        setattr(module, name, make(function))
    episodes: Callable[..., None] = module.episodes
    return episodes


def _module(text: str) -> ModuleType:
    name = f"episodes_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path = cache_folder() / "compiled" / f"{name}.py"
    try:
        if not path.is_file():  # to numba a file written again is another one
            write_to_cache(f"compiled/{name}.py", text.encode())
    except DataError:  # nowhere to keep it: compiled for this process alone
        path = Path(tempfile.mkdtemp()) / f"{name}.py"
        path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # where numba looks for it again
    spec.loader.exec_module(module)
    return module
