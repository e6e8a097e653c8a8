"""Opens Dask clusters: a scheduler by its address, workers on this machine, or the jobs of a queue."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import ModuleType
from typing import Any

import dask
from distributed import Client, LocalCluster

from evorobo.errors import EvoroboError, SettingsError, unknown
from evorobo.files import as_path
from evorobo.processes import ChildProcess, temporary_folder

CONNECT_SECONDS = 20.0
_NOTE_SECONDS, _SLOTS_SECONDS, _CLOSE_SECONDS = 10.0, 2.0, 2.0
_QUEUES = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
_KEYS = {"queue", "jobs", "adapt", "options"}


class ClusterLost(EvoroboError):
    """The cluster has gone; everything is kept, and the same command continues it anywhere."""


class OpenCluster:
    """A client of a cluster; `n_expected` threads will be there once all its workers are."""

    def __init__(self, client: Client, name: str, n_expected: int = 0, fault: Callable[[], str] = str) -> None:
        self.client, self.name = client, name
        self._n_expected, self._own_fault = n_expected, fault
        self._slots, self._slots_time = 0, -_SLOTS_SECONDS

    @property
    def n_slots(self) -> int:
        """The number of threads of all workers."""
        if time.monotonic() - self._slots_time > _SLOTS_SECONDS:
            self._slots = max(1, self._n_expected, sum(self.client.nthreads().values()))
            self._slots_time = time.monotonic()
        return self._slots

    def fault(self) -> str:
        """Return why the cluster can no longer work; an empty text where it can."""
        if self.client.status not in ("running", "connecting"):
            return f"the client is {self.client.status}"
        return self._own_fault()

    def lost(self, reason: str = "its scheduler no longer answers") -> ClusterLost:
        """Return the error for a cluster that has gone."""
        return ClusterLost(
            f"the Dask cluster {self.name} was lost ({reason}); finished work is kept. Run the same command again, "
            "with or without the cluster."
        )

    def wait_for_workers(self) -> None:
        """Wait for the first worker, or for all of a cluster on this machine; say so where it takes long."""
        begin, is_noted = time.monotonic(), False
        while not self.client.nthreads():
            if reason := self.fault():
                raise self.lost(reason)
            if not is_noted and time.monotonic() - begin > _NOTE_SECONDS:
                is_noted = True
                print(f"evorobo: {self.name} has no worker yet; waiting for one.", file=sys.stderr)
            time.sleep(0.1)


def open_cluster(where: Any, resources: ExitStack) -> OpenCluster:
    """Return the cluster of a Dask client, which stays open, or of a text as `--dask` takes it, opened in `resources`.

    The texts are the address of a scheduler (`tcp://host:8786`), `local:4` for four workers on this machine, and the
    name of a TOML file that describes the jobs of a queue.
    """
    if isinstance(where, Client):
        if where.asynchronous:
            raise SettingsError("an asynchronous Dask client cannot run a study; use Client(..., asynchronous=False).")
        return OpenCluster(where, str(getattr(where.scheduler, "address", "")))
    if not isinstance(where, str):
        raise SettingsError(
            f"executor must be a Dask client or a text such as 'local:4', 'tcp://host:8786' or 'cluster.toml', not "
            f"{where!r}."
        )
    if "://" in where:
        return OpenCluster(_connect(where, resources), where)
    if where.startswith("local:"):
        return _local(where, resources)
    if where.endswith(".toml"):
        return _queue(where, resources)
    raise SettingsError(
        f"--dask takes the address of a scheduler (tcp://host:8786), local:4 or the name of a TOML file, not {where!r}."
    )


def call_soon(client: Any, function: Callable[[str], None], token: str, seconds: float = 0.0) -> None:
    """Call a function on all workers, and wait at most so many seconds, since a worker may hang."""

    def call() -> None:
        with suppress(Exception):  # the cluster may have gone
            client.run(function, token, on_error="ignore")

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)


def _connect(where: Any, resources: ExitStack) -> Client:
    try:
        client = Client(where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"there is no Dask scheduler at {where} ({type(error).__name__}); start one with dask scheduler, or "
            "correct the address."
        ) from error
    resources.callback(client.close, _CLOSE_SECONDS)
    return client


def _local(where: str, resources: ExitStack) -> OpenCluster:
    """Start a scheduler in this process, and workers with one thread each in processes that end with this one."""
    number = where.removeprefix("local:")
    if not number.isdecimal() or int(number) < 1:
        raise SettingsError(f"--dask local:N takes a number of workers, at least 1, not {number!r}.")
    folder = resources.enter_context(temporary_folder())
    resources.enter_context(dask.config.set({"temporary-directory": str(folder)}))
    cluster = LocalCluster(n_workers=0, processes=True, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL)
    resources.callback(cluster.close)
    client = _connect(cluster, resources)
    words = [cluster.scheduler_address, "--nworkers", number, "--nthreads", "1", "--no-dashboard"]
    words += ["--memory-limit", "0", "--local-directory", str(folder)]
    quiet = {"DASK_LOGGING__DISTRIBUTED": "critical", "TMPDIR": str(folder)}
    process = ChildProcess(
        "import sys; from distributed.cli.dask_worker import main; main(sys.argv[1:])", *words, variables=quiet
    )
    resources.callback(process.end)

    def fault() -> str:
        return "" if process.poll() is None else f"the workers of {where} have died ({process.exit_status()})"

    return OpenCluster(client, where, int(number), fault)


def _queue(where: str, resources: ExitStack) -> OpenCluster:
    """Submit jobs of a batch system, as a TOML file describes them; each is one Dask worker."""
    settings = _read_toml(where)
    queue = settings.get("queue")
    if queue not in _QUEUES:
        raise unknown(f"queue in {where}", queue, _QUEUES)
    if strange := sorted(settings.keys() - _KEYS):
        raise unknown(f"key in {where}", strange[0], _KEYS)
    jobs, adapt = settings.get("jobs"), settings.get("adapt")
    most = jobs if adapt is None else adapt.get("maximum")
    if (jobs is None) == (adapt is None) or not isinstance(most, int) or most < 1:
        raise SettingsError(
            f"{where} needs either jobs = N or adapt = {{ minimum = 0, maximum = N }}; give one of both."
        )
    try:
        queues = import_queues()
        options = settings.get("options", {})
        scheduler = {"dashboard_address": ":0", **options.get("scheduler_options", {})}  # the usual port may be taken
        cluster = getattr(queues, _QUEUES[queue])(**{**options, "scheduler_options": scheduler})
    except ModuleNotFoundError as error:
        raise SettingsError(f"queues need {error.name}: pip install 'evorobo[dask]'") from error
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{where}: {queue} does not accept these options: {error}.") from error
    resources.callback(cluster.close)
    client = _connect(cluster, resources)
    if adapt is None:
        cluster.scale(jobs=most)
    else:
        cluster.adapt(minimum_jobs=adapt.get("minimum", 0), maximum_jobs=most)
    return OpenCluster(client, where, most * max(1, int(options.get("cores", 1))))


def import_queues() -> ModuleType:
    """Import dask-jobqueue and keep the handler of Ctrl-C, which its import replaces.

    Raises `SettingsError` in a thread that may not do so.
    """
    if "dask_jobqueue" in sys.modules:
        return sys.modules["dask_jobqueue"]
    if threading.current_thread() is not threading.main_thread():
        raise SettingsError(
            "dask-jobqueue can only be imported in the main thread, since it replaces the handler of Ctrl-C; run the "
            "study there, or import dask_jobqueue there first."
        )
    handler = signal.getsignal(signal.SIGINT)
    try:
        import dask_jobqueue
    finally:
        signal.signal(signal.SIGINT, handler)
    return dask_jobqueue


def _read_toml(where: str) -> dict[str, Any]:
    path = as_path(where)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror or os.strerror(error.errno or 0)}).") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no TOML file ({error}).") from error
