"""Steps environment objects in several processes at the same time."""

from __future__ import annotations

import json
import os
import pickle
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.processes import ChildProcess, charge_cpu, take_streams
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec, find_spec
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.user_code import as_error, error_text

PATIENCE_SECONDS = 2.0
"""How long a step may take after the input of a process is closed; then the process is killed."""


class ProcessSimulator:
    """A simulator (see `Simulator`) with the episodes of `SyncSimulator`, bit for bit, in up to `processes` processes.

    The processes start with the first episodes and read id, options and step limit as JSON. They end with this
    object, with this process or after any error, also after Ctrl-C. The next episodes then start new processes.
    """

    state = None
    capacity = SyncSimulator.capacity  # equal batches give equal numbers for any number of processes

    def __init__(self, env: str, env_kwargs: Mapping[str, Any], max_steps: int | None, processes: int) -> None:
        self._env, self._processes = env, processes
        self._settings = json.dumps([env, to_plain(env_kwargs), max_steps])
        self._workers: list[_Worker] = []

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        all_seeds = np.tile(seeds, copies)
        while len(self._workers) < min(self._processes, len(all_seeds)):
            self._workers.append(_Worker(self._env, self._settings))
        shares = np.array_split(all_seeds, len(self._workers))
        self._counts = [len(share) for share in shares]
        self._masks: list[np.ndarray | None] = [None] * len(shares)
        return np.concatenate(self._call([("reset", share, 1) for share in shares]))

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        shares = np.split(actions, np.cumsum(self._counts)[:-1])
        parts = self._call([("step", share, mask) for share, mask in zip(shares, self._masks, strict=True)])
        self._masks = [None] * len(shares)
        observations, rewards, ended = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        """Continue with these rows; the processes learn it with the next step. Call it at most once between steps."""
        running = np.zeros(sum(self._counts), bool)
        running[rows] = True
        masks = np.split(running, np.cumsum(self._counts)[:-1])
        self._masks = list(masks)
        self._counts = [int(mask.sum()) for mask in masks]

    def _call(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        """Send one call to each process that still has robots, and return the results."""
        busy = [(worker, call) for worker, call in zip(self._workers, calls, strict=True) if len(call[1])]
        try:
            for worker, call in busy:
                worker.send(call)
            results = [worker.receive() for worker, _ in busy]
        except BaseException:  # a late result would be taken for that of the next call
            self._workers = []
            raise
        for result in results:
            if isinstance(result, str):
                raise TaskError(result)
        return results


class _Worker:
    """A process with some of the robots; calls and results are pickled."""

    def __init__(self, env: str, settings: str) -> None:
        self._env = env
        self._process = ChildProcess(f"from {__name__} import run_worker; run_worker()", piped=True)
        weakref.finalize(self, _end, self._process)
        # what the environment started may hold the streams open when its process has died
        threading.Thread(target=_end_when_dead, args=(self._process,), daemon=True).start()
        self.send(settings)

    def send(self, call: Any) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # a dead process is reported by `receive`
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()

    def receive(self) -> Any:
        assert self._process.stdout is not None
        try:
            result, seconds = pickle.load(self._process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise TaskError(
                f"a process that steps {self._env} died ({self._process.exit_status()}); fix the environment, or run "
                "with processes=1 to see the cause."
            ) from error
        charge_cpu(seconds)
        return result


def _end_when_dead(process: ChildProcess) -> None:
    process.wait()
    process.end_group()


def _end(process: ChildProcess) -> None:
    """End a process after its current step, or kill it if that takes too long."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    process.wait(PATIENCE_SECONDS)
    process.end()


def run_worker() -> None:
    """The loop of a worker process. It ends when its input is closed, so no worker outlives its parent.

    Each answer is a result and the processor time since the answer before. Starting the process is not charged.
    """
    # what the environment reads and prints must not mix with calls and results
    calls_in, results_out = take_streams()
    calls, results = os.fdopen(calls_in, "rb"), os.fdopen(results_out, "wb")
    env, env_kwargs, max_steps = from_plain(json.loads(pickle.load(calls)), imports=True)
    simulator: Any = None
    result: Any
    charged = time.process_time()
    with suppress(EOFError, BrokenPipeError):
        while True:
            method, rows, argument = pickle.load(calls)
            try:
                simulator = simulator or GymEnvSpec(find_spec(env), env_kwargs, max_steps).simulator()
                if method == "reset":
                    result = simulator.reset(rows, argument)
                else:
                    if argument is not None:
                        simulator.keep(argument)
                    result = simulator.step(rows)
            except BaseException as error:
                result = error_text(as_error(error))
            now = time.process_time()
            pickle.dump((result, now - charged), results)
            results.flush()
            charged = now
