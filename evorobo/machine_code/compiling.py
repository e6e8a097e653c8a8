"""Compiles the text of a kernel; the text is cached in a file, beside which numba caches the machine code."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from evorobo.downloads import cache_folder, write_to_cache
from evorobo.errors import DataError, SettingsError
from evorobo.machine_code import products, weighted_rows

IMPORTS = re.compile(r"^from evorobo[^(\n]*(\([^)]*\).*|.*)\n", re.MULTILINE)
"""The imports from this package, which the text of a kernel contains instead."""
LLVM_FUNCTIONS = {
    "add_matrix_product": products.compiled_matrix_product,
    "weighted_rows": weighted_rows.compiled_weighted_rows,
}
"""Functions that a kernel calls in the language of LLVM, in place of those in Python with the same numbers."""


def kernel_source(files: Sequence[Path], *generated: str) -> str:
    """The text of a kernel's file: the fixed parts, then the generated ones that are not empty."""
    fixed = "".join(IMPORTS.sub("", file.read_text()) for file in files)
    llvm = b"".join(Path(str(module.__file__)).read_bytes() for module in (products, weighted_rows))
    version = f"# functions of LLVM: {hashlib.sha256(llvm).hexdigest()}\n"  # numba caches by the text
    return "\n\n".join([fixed, *(part for part in generated if part), version])


def compile_kernel(text: str, name: str, allocates: bool = True) -> Callable[..., None]:
    """Compile the function `name` of a text; the first call takes some seconds, later ones use the cache.

    Code that `allocates` no arrays counts no references to them, which would take longer than the small layers of a
    robot's network; all its functions become one.

    Raises `SettingsError` where numba is not installed.
    """
    try:
        import numba
    except ImportError as error:
        raise SettingsError(
            "compiled=True needs numba: pip install 'evorobo[fast]', or leave compiled=True out."
        ) from error
    key = text, name
    if key not in _kernels:
        # divisions by zero give infinity as in NumPy; flags of fastmath would change the rounding
        options: dict[str, Any] = {
            "error_model": "numpy",
            "nogil": True,
            "_nrt": allocates,
            "forceinline": not allocates,
        }
        module = _import_text(text, name)
        functions = {own: value for own, value in vars(module).items() if isinstance(value, FunctionType)}
        for own_name, function in functions.items():
            setattr(module, own_name, numba.njit(cache=own_name == name, **options)(function))
        for own_name in functions.keys() & LLVM_FUNCTIONS:
            setattr(module, own_name, LLVM_FUNCTIONS[own_name]())
        _kernels[key] = getattr(module, name)
    return _kernels[key]


_kernels: dict[tuple[str, str], Callable[..., None]] = {}
"""The kernels of this process, by text and name."""


def _import_text(text: str, prefix: str) -> ModuleType:
    """The module of a text, from a cached file."""
    name = f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
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
