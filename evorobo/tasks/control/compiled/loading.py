"""Compiles the text of a kernel; the text is cached in a file, beside which numba caches the machine code."""

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
    """The text of a kernel's file: the fixed parts, the generated activations, the robot's `advance`."""
    files = [Path(choices.__file__), Path(network.__file__), Path(__file__).with_name("kernel.py")]
    parts = [file.read_text() for file in files]
    lines = [line for part in parts for line in part.splitlines() if not line.startswith("from evorobo")]
    generated = ["", "", activations] if activations else []
    return "\n".join([*lines, *generated, "", "", advance])


def uncompiled_step(advance: str) -> Callable[..., tuple[float, bool]]:
    """The robot's `advance` in plain Python with NumPy's functions: slow, but with the numbers of NumPy."""
    # NumPy has the used functions of `math` under the same names
    names: dict[str, Any] = {**vars(choices), "math": np}
    names |= {"float32": np.float32, "float64": np.float64, "int64": np.int64}
    exec(advance, names)
    step: Callable[..., tuple[float, bool]] = names["advance"]
    return step


def compile_kernel(text: str) -> Callable[..., None]:
    """Compile the function `episodes` of a text; the first call takes some seconds, later ones use the cache.

    Raises `SettingsError` where numba is not installed.
    """
    try:
        import numba
    except ImportError as error:
        raise SettingsError(
            "compiled=True needs numba: pip install 'evorobo[fast]', or leave compiled=True out."
        ) from error
    module = _import_text(text)
    # divisions by zero give infinity as in NumPy; flags of fastmath would change the rounding
    compile_function = numba.njit(error_model="numpy", nogil=True, cache=True)
    functions = {name: value for name, value in vars(module).items() if isinstance(value, FunctionType)}
    for name, function in functions.items():
        setattr(module, name, compile_function(function))
    episodes: Callable[..., None] = module.episodes
    return episodes


def _import_text(text: str) -> ModuleType:
    """The module of a text, from a cached file."""
    name = f"episodes_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path = cache_folder() / "compiled" / f"{name}.py"
    try:
        if not path.is_file():  # numba compiles again whatever is written again
            write_to_cache(f"compiled/{name}.py", text.encode())
    except DataError:  # the cache is not writable: compile for this process only
        path = Path(tempfile.mkdtemp()) / f"{name}.py"
        path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # numba looks for the module there
    spec.loader.exec_module(module)
    return module
