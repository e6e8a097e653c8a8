"""The executor that runs trials on a Dask cluster, with or without a folder that its workers share."""

from __future__ import annotations

import queue
import sys
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from distributed import Future, KilledWorker

from evorobo.errors import ResultsError, SettingsError
from evorobo.files import remove_temporary_files, write_atomically
from evorobo.settings import to_plain
from evorobo.study.digests import check_files
from evorobo.study.executors.base import EventFunction, Finding, Inspection, TrialEvent
from evorobo.study.executors.dask import remote, travel
from evorobo.study.executors.dask.clusters import ClusterLost, OpenCluster, call_soon, open_cluster
from evorobo.study.executors.dask.environment import check_versions, environment, processor_caution
from evorobo.study.executors.dask.user_files import UserFiles, user_files
from evorobo.study.executors.supervision import order
from evorobo.study.executors.work import inspect_plain
from evorobo.study.folders import (
    REFUSED,
    TAKEN,
    UNFINISHED,
    Interrupted,
    Refused,
    record_failure,
    trial_lock,
    trial_status,
)
from evorobo.study.locks import FolderLock
from evorobo.study.provenance import fingerprints
from evorobo.study.trial import Trial
from evorobo.user_code import STOP_SECONDS, error_text
from evorobo.workers import Answer, Order

PART_SECONDS = 600.0
"""How long a task goes on with trials; what is left then is another task."""
MIN_SEND_SECONDS = 2.0
"""How often at most a task's new checkpoints are collected where workers do not see the folder of the study."""
MAX_SENDS = 25
"""How many such collections there may be in a second, for all workers; each takes this process about 20 ms."""
MAX_EVENTS = 500
"""Most messages about progress that all workers send in a second."""
MIN_EVENT_SECONDS = 0.5
MIN_SUBMITTED = 64
"""Tasks that are submitted at a time, or twice as many as the cluster has threads."""
LOOK_SECONDS = 0.2
END_SECONDS = 3.0
"""How long the workers may take to remove what a run has there."""


@dataclass
class _Task:
    """A batch of trials that is or will be a task on the cluster."""

    trials: list[Trial]
    continues: bool = False
    killed_at: tuple[Any, ...] | None = None
    """The checkpoints of the trials when Dask last gave the task up, because its workers had died."""
    has_collected: bool = False
    """Whether there are newer checkpoints than those that the task was submitted with."""
    is_collecting: bool = False


class DaskExecutor:
    """Runs batches on the workers of a Dask cluster, each in a process of its own, as many at a time as it has threads.

    Where all workers see the folder of the study, they write there, and the locks of the trials share them with other
    runs. Where not, a task has the files of its trials with it; this process holds the locks, collects new checkpoints
    and writes. A task whose worker dies is run again elsewhere, from the last checkpoint.
    """

    def __init__(self, cluster: Any, step_seconds: float | None = None) -> None:
        self._step_seconds = step_seconds
        self._token = f"evorobo-{uuid.uuid4().hex}"
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with ExitStack() as resources:
            self._cluster = open_cluster(cluster, resources)
            self._client = self._cluster.client
            self._client.subscribe_topic(self._token, lambda event: self._news.put(event[1]))
            self._resources = resources.pop_all()
        self._cautions: set[str] = set()

    @property
    def n_slots(self) -> int:
        """How many batches run at a time."""
        return self._cluster.n_slots

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many workers are there."""
        self._client.wait_for_workers(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(Exception):  # the cluster may have gone
            self._client.unsubscribe_topic(self._token)
        call_soon(self._client, remote.forget, self._token, END_SECONDS)
        with suppress(OSError, TimeoutError):
            self._resources.close()

    def run(
        self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction, pause_at: float = 1.0
    ) -> None:
        """Run the batches; see `Executor.run`."""
        trials = [trial for batch in batches for trial in batch]
        if not trials:
            return
        try:
            run, is_shared = self._prepare(trials, folder.absolute())
            run = replace(run, pause_at=pause_at)
            _Session(self._cluster, self._news, folder.absolute(), on_event, run, is_shared).run(batches)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return what the inspections find; see `Executor.inspect`. A worker that dies found nothing."""
        if not inspections:
            return []
        run = self.start([each.trial or each.task for each in inspections])
        orders = [order(inspect_plain, task=to_plain(each.task), trial=to_plain(each.trial)) for each in inspections]
        findings = []
        for future in self.submit(run, orders):
            try:
                answer = future.result()
            except KilledWorker:
                answer = Answer()
            except CancelledError as error:
                raise self._cluster.lost() from error
            findings.append(Finding() if answer.value is None else Finding(**answer.value))
        return findings

    def start(self, settings: Sequence[Any]) -> Future:
        """Compare all workers with this machine, and send the files of trials or tasks there, for `submit`."""
        run, _ = self._prepare(settings)
        return self._client.submit(remote.as_it_is, run, pure=False)

    def submit(self, run: Future, orders: Sequence[Order]) -> list[Future]:
        """Return futures of the answers to some orders, which processes on the workers give.

        Their results raise `KilledWorker` where workers died of one, and `CancelledError` where the cluster is lost.
        """
        return [self._client.submit(remote.call, run, each, pure=False) for each in orders]

    def _prepare(self, settings: Sequence[Any], folder: Path | None = None) -> tuple[remote.Run, bool]:
        """Compare all workers with this machine; return the run, and whether all of them see the folder."""
        self._cluster.wait_for_workers()
        files = user_files(settings, with_contents=False)
        probe = folder / f".{self._token}.probe000.tmp" if folder else None
        if probe:
            write_atomically(probe, "")
        try:
            surveys = self._survey(files, str(probe or ""))
        finally:
            if probe:
                probe.unlink(missing_ok=True)
        here = environment()
        environments = {f"{each['host']} ({worker})": each["environment"] for worker, each in surveys.items()}
        check_versions(here, environments)
        caution = processor_caution(here, environments)
        if caution and caution not in self._cautions:
            self._cautions.add(caution)
            print(f"evorobo: {caution}", file=sys.stderr)
        if not all(each["has_files"] for each in surveys.values()):
            files = user_files(settings, with_contents=True)
        is_shared = all(each["has_folder"] for each in surveys.values())
        event_seconds = max(MIN_EVENT_SECONDS, self.n_slots / MAX_EVENTS)
        send_seconds = max(MIN_SEND_SECONDS, self.n_slots / MAX_SENDS)
        run = remote.Run(self._token, files, here, self._step_seconds, PART_SECONDS, event_seconds, send_seconds)
        return run, is_shared

    def _survey(self, files: UserFiles, probe: str) -> dict[str, Any]:
        surveys: dict[str, Any] = self._client.run(remote.survey, files, probe, on_error="return")
        for worker, survey in surveys.items():
            if isinstance(survey, Exception):
                raise SettingsError(
                    f"the Dask worker {worker} cannot run evorobo ({type(survey).__name__}: {survey}); install the "
                    "same version of it there."
                )
        return surveys


class _Session:
    """One call of `DaskExecutor.run`."""

    def __init__(
        self,
        cluster: OpenCluster,
        news: queue.SimpleQueue[Any],
        folder: Path,
        on_event: EventFunction,
        run: remote.Run,
        is_shared: bool,
    ) -> None:
        self._cluster, self._client, self._news = cluster, cluster.client, news
        self._folder, self._on_event, self._run, self._is_shared = folder, on_event, run, is_shared
        self._shared_run = self._client.submit(remote.as_it_is, run, pure=False)
        self._waiting: deque[_Task] = deque()
        self._active: dict[Future, _Task] = {}
        self._started: set[str] = set()
        self._begun: set[str] = set()  # since their tasks were submitted
        self._locks: dict[str, FolderLock] = {}
        self._fingerprints: dict[tuple[str, str], dict[str, Any]] = {}

    def run(self, batches: Sequence[Sequence[Trial]]) -> None:
        self._waiting.extend(_Task([*batch]) for batch in batches)
        try:
            while self._waiting or self._active:
                while self._waiting and len(self._active) < max(MIN_SUBMITTED, 2 * self._cluster.n_slots):
                    self._submit(self._waiting.popleft())
                self._read_news(LOOK_SECONDS)
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            for lock in self._locks.values():
                lock.release()

    def _submit(self, task: _Task) -> None:
        if not self._is_shared:
            task.trials = [trial for trial in task.trials if self._take(trial)]
        if not task.trials:
            return
        paths = tuple(trial.path for trial in task.trials)
        batch = remote.Batch(
            paths,
            tuple(to_plain(trial) for trial in task.trials),
            tuple(self._fingerprints_of(trial) for trial in task.trials),
            str(self._folder),
            None if self._is_shared else tuple(travel.read_files(self._folder / path) for path in paths),
        )
        key = f"trial-{uuid.uuid4().hex}"
        priority = int(task.continues)  # a trial that has begun is finished first
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")
            future = self._client.submit(remote.run_batch, self._shared_run, batch, key=key, priority=priority)
        self._active[future] = task
        self._begun.difference_update(paths)
        future.add_done_callback(self._news.put)

    def _fingerprints_of(self, trial: Trial) -> dict[str, Any]:
        """Return the fingerprints of a trial; all seeds have the same."""
        cell = trial.task.name, trial.method.name
        if cell not in self._fingerprints:
            self._fingerprints[cell] = fingerprints(trial)
        return self._fingerprints[cell]

    def _take(self, trial: Trial) -> bool:
        """Lock the folder of a trial that is run elsewhere; report a trial that cannot be run, and return False."""
        if trial.path in self._locks:
            return True
        folder = self._folder / trial.path
        lock = trial_lock(folder)
        try:
            trial.check(folder)
            if not lock.acquire():
                self._on_event(TrialEvent(trial.path, 0.0, TAKEN))
                return False
            self._locks[trial.path] = lock
            if trial_status(folder) == "finished":  # by another run, meanwhile
                check_files(folder)
                self._end(trial.path, "finished", "")
                return False
            remove_temporary_files(folder)
        except ResultsError as error:
            self._end(trial.path, REFUSED, str(error))
            return False
        return True

    def _end(self, path: str, status: str, reason: str) -> None:
        if lock := self._locks.pop(path, None):
            lock.release()
        self._start(path)
        self._on_event(TrialEvent(path, 1.0, status, reason))

    def _start(self, path: str) -> None:
        if path not in self._started:
            self._started.add(path)
            self._on_event(TrialEvent(path))

    def _read_news(self, seconds: float) -> None:
        """Wait for a message or the end of a task, and act on it."""
        try:
            news = self._news.get(timeout=seconds)
        except queue.Empty:
            if reason := self._cluster.fault():
                raise self._cluster.lost(reason) from None
            return
        if isinstance(news, Future):
            if task := self._active.pop(news, None):
                self._end_task(news, task)
            return
        future = next((future for future in self._active if future.key == news["task"]), None)
        if future is not None:
            self._act_on(news, future, self._active[future])

    def _act_on(self, message: dict[str, Any], future: Future, task: _Task) -> None:
        """Act on a message of a task."""
        if "trial" in message:
            path, fraction = message["trial"], message["fraction"]
            self._start(path)
            self._begun.add(path)
            if fraction:
                self._on_event(TrialEvent(path, fraction))
        elif "checkpoint_at" in message:
            if not task.is_collecting:
                task.is_collecting = True
                self._collect(str(future.key), task, message["checkpoint_at"])
        elif "checkpoints" in message:
            task.is_collecting = False
            for trial in task.trials:
                if checkpoint := message["checkpoints"].get(trial.path):
                    task.has_collected |= travel.write_checkpoint(self._folder / trial.path, checkpoint)
        elif task.has_collected:  # it begins again elsewhere, since its worker died, but with old checkpoints
            del self._active[future]
            self._client.cancel([future], force=True)
            self._waiting.appendleft(_Task(task.trials, continues=True))
        else:
            task.is_collecting = False  # the worker before may never answer

    def _collect(self, key: str, task: _Task, worker: str) -> None:
        """Ask a worker for the checkpoints of a task; what it answers is a message of the task."""
        marks = travel.curve_marks({trial.path: self._folder / trial.path for trial in task.trials})

        def ask() -> None:
            answers: dict[str, Any] = {}
            with suppress(Exception):  # the worker or the cluster may have gone
                answers = self._client.run(travel.collect, key, marks, workers=[worker], on_error="ignore")
            self._news.put({"task": key, "checkpoints": answers.get(worker, {})})

        threading.Thread(target=ask, daemon=True).start()  # a worker may hang

    def _end_task(self, future: Future, task: _Task) -> None:
        """Report how the trials of a task ended; what has not ended is submitted again."""
        try:
            endings: list[remote.Ending] = future.result()
        except CancelledError as error:
            raise self._cluster.lost() from error
        except Refused as error:
            endings = [remote.Ending(trial.path, REFUSED, str(error)) for trial in task.trials]
        except KilledWorker as error:
            checkpoints, has_begun = self._checkpoints(task), any(trial.path in self._begun for trial in task.trials)
            if task.killed_at != checkpoints or not has_begun:  # Dask also counts workers on which a task only waited
                self._waiting.appendleft(_Task(task.trials, task.continues or has_begun, checkpoints))
                return
            address = getattr(error.last_worker, "address", "unknown")
            reason = (
                f"its Dask worker died {2 * (error.allowed_failures + 1)} times without a new checkpoint (the last one "
                f"was {address})"
            )
            endings = [self._record_failure(trial.path, reason) for trial in task.trials]
        except Exception as error:
            endings = [self._record_failure(trial.path, error_text(error)) for trial in task.trials]
        unfinished = {ending.path for ending in endings if ending.status == UNFINISHED}
        for ending in endings:
            if ending.files is not None:
                travel.write_files(self._folder / ending.path, ending.files)
            if ending.status != UNFINISHED:
                self._end(ending.path, ending.status, ending.reason)
        if unfinished:
            left = [trial for trial in task.trials if trial.path in unfinished]
            self._waiting.appendleft(_Task(left, continues=True))

    def _checkpoints(self, task: _Task) -> tuple[Any, ...]:
        """Return the times of the checkpoints of a task, which change with each new one."""
        paths = [self._folder / trial.path / "checkpoint.npz" for trial in task.trials]
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def _record_failure(self, path: str, reason: str) -> remote.Ending:
        if lock := self._locks.pop(path, None):
            lock.release()
        return remote.Ending(path, record_failure(self._folder / path, reason), reason)

    def _stop(self) -> None:
        """Let the tasks write checkpoints, and wait for what they send; then cancel what is left."""
        call_soon(self._client, remote.stop, self._run.token)
        end = time.monotonic() + STOP_SECONDS + 1
        idle = [future for future, task in self._active.items() if not {t.path for t in task.trials} & self._started]
        self._client.cancel(idle, force=True)
        for future in idle:
            del self._active[future]
        while self._active and time.monotonic() < end:
            with suppress(ClusterLost):
                self._read_news(LOOK_SECONDS)
        self._client.cancel([*self._active], force=True)
