"""What a run was made with: versions, machine and data, written beside its results."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

from evorobo.tasks.base import Task
from evorobo.tasks.dataset import DatasetTask


def provenance(task: Task) -> dict[str, Any]:
    """Versions of what counts, the processor and the system, and the sha256 of the task's data file, if it has one.

    No names of people, hosts or folders.
    """
    packages = ("evorobo", "numpy", "deap", "gymnasium", "scipy")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "data_sha256": task.fingerprint if isinstance(task, DatasetTask) else None,
    }
