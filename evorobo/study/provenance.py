"""What a run was made with: versions, machine and data, written beside its results."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any


def machine() -> dict[str, Any]:
    """Versions of what counts, the processor and the system; no names of people, hosts or folders."""
    packages = ("evorobo", "numpy", "deap", "gymnasium", "scipy")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
