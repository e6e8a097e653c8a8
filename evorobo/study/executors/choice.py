"""Which executor runs a study: this process, workers of this machine, or a Dask cluster."""

from __future__ import annotations

import math
from typing import Any

from evorobo.checks import is_number
from evorobo.errors import SettingsError, unknown
from evorobo.study.executors.base import Executor
from evorobo.study.executors.local import LocalExecutor
from evorobo.study.executors.serial import SerialExecutor

SPREADS = ("trials", "members")


def make_executor(
    jobs: int, n_trials: int, step_seconds: float | None = None, cluster: Any = None, spread: str = "trials"
) -> Executor:
    """Return the executor for `n_trials` trials, `jobs` at a time; a time limit needs a worker even for one.

    With a `cluster`, a Dask client or a text as `--dask` takes it, the trials run there, as many at a time as it has
    threads. With `spread="members"` they run here, and the members of their generations are scored there.
    """
    if spread not in SPREADS:
        raise unknown("spread", spread, SPREADS)
    if spread == "members" and cluster is None:
        raise SettingsError("spread='members' sends members to a Dask cluster; name it with executor= (--dask).")
    if step_seconds is not None and not (is_number(step_seconds) and 0 < step_seconds < math.inf):
        raise SettingsError(f"step_seconds must be a number of seconds above 0, not {step_seconds!r}.")
    if cluster is not None:
        try:
            from evorobo.study.executors.dask.executor import DaskExecutor
            from evorobo.study.executors.dask.members import MemberExecutor
        except ModuleNotFoundError as error:
            raise SettingsError(f"a Dask cluster needs {error.name}: pip install 'evorobo[dask]'") from error
        return (MemberExecutor if spread == "members" else DaskExecutor)(cluster, step_seconds)
    if step_seconds is None and jobs == 1:
        return SerialExecutor()
    return LocalExecutor(max(1, min(jobs, n_trials)), step_seconds)
