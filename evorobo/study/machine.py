"""The machine of a run: processor, BLAS kernel, versions and commit, on which the last bits of numbers depend."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from evorobo.version import __version__

NUMERIC_FACTS = ("processor", "architecture", "blas", "simd")
"""Where two machines agree in these and in their package versions, equal runs have equal curves, byte for byte."""
_GIT_SECONDS = 5.0


@cache  # reading it takes 100 ms, and nothing of it changes while a process runs
def machine_facts() -> dict[str, Any]:
    """Return versions, system, type of processor, and the commit of the package if it runs in a git checkout."""
    facts = {
        "python": platform.python_version(),
        **package_versions(),
        "system": platform.system(),
        "processor": _processor_model(),
        "architecture": platform.machine(),
        "blas": _blas_kernel(),
        "simd": " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
        "cores": os.cpu_count(),
    }
    commit = _commit(Path(__file__).parents[1])
    return {**facts, "commit": commit} if commit else facts


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that influence numbers."""
    packages = ["numpy", "deap", "gymnasium", "scipy", *filter(find_spec, ("mujoco", "numba"))]
    return {"evorobo": __version__, **{name: version(name) for name in packages}}


def differing_facts(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a new machine that differ from those of an old one and may change numbers."""
    names = (*NUMERIC_FACTS, *package_versions())
    return {name: new.get(name) for name in names if name in old and old[name] != new.get(name)}


def _processor_model() -> str:
    """Return the name of the processor as the system gives it; on other systems what Python knows."""
    with suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "linux":
            for line in Path("/proc/cpuinfo").read_text().splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
        elif sys.platform == "darwin":
            return _output(["sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.processor() or platform.machine()


def _blas_kernel() -> str:
    """Return the library for matrix products in NumPy, with the kernel that it chose for this processor."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    libraries.sort(key=lambda library: "numpy" not in Path(library["filepath"]).parent.name)  # SciPy may have another
    if not libraries:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    first = libraries[0]
    return " ".join(str(first[name]) for name in ("internal_api", "version", "architecture") if first.get(name))


def _commit(folder: Path) -> str:
    """Return the commit that a folder of a git checkout is at, with "-dirty" if files changed since; else empty."""
    with suppress(OSError, subprocess.SubprocessError):
        _output(["git", "-C", str(folder), "ls-files", "--error-unmatch", "__init__.py"])
        return _output(["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
    return ""


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
    return done.stdout.strip()
