"""The memory that settings need, compared with that of the machine before any of it is taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from evorobo.errors import SettingsError
from evorobo.settings import iter_settings
from evorobo.study.base import TrialSettings
from evorobo.tasks.control.task import ControlTask

_BYTES = 8
_MATRIX_WEIGHTS = 10_000
"""From this number of weights on, a covariance matrix needs a gigabyte or more."""


def check_memory(trial: TrialSettings) -> None:
    """Raise `SettingsError` where a setting needs more memory than this machine has."""
    available = machine_memory()
    for setting, numbers in _needs(trial):
        if numbers * _BYTES > available:
            raise SettingsError(
                f"{setting} would need {numbers * _BYTES / 2**30:,.0f} GiB of memory, and this machine has "
                f"{available / 2**30:,.0f}; choose a smaller number."
            )


def machine_memory() -> float:
    """Return the bytes of memory of this machine; infinity where the system does not report them."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _needs(trial: TrialSettings) -> Iterator[tuple[str, int]]:
    """Yield settings with the least count of numbers that they need in memory at one time."""
    task, spec = trial.task, trial.spec
    sizes = [
        size for part in iter_settings(trial.method) if type(size := getattr(part, "population_size", None)) is int
    ]
    for size in sizes:
        yield f"population_size={size:,} with {spec.n_params:,} weights each", size * spec.n_params
    if spec.n_params > _MATRIX_WEIGHTS and any(map(_has_covariance, iter_settings(trial.method))):
        yield f"the covariance matrix of {spec.n_params:,} weights", spec.n_params**2
    if isinstance(task, ControlTask):
        for name in ("validation_episodes", "test_episodes"):
            yield f"{name}={getattr(task, name):,}", getattr(task, name) * spec.n_inputs
        members = max(sizes, default=1)
        yield f"episodes={task.episodes:,} of {members:,} members", task.episodes * members * spec.n_inputs
        steps, width = task.env_spec.max_steps or 1, spec.n_inputs + spec.n_outputs
        yield f"n_demonstrations={task.n_demonstrations:,}", task.n_demonstrations * steps * width


def _has_covariance(part: Any) -> bool:
    from evorobo.learners.evolution.strategies.cma_es import CMAES
    from evorobo.learners.evolution.strategies.one_plus_one import OnePlusOneCMAES
    from evorobo.learners.evolution.strategies.xnes import XNES

    return isinstance(part, CMAES | OnePlusOneCMAES | XNES)
