"""Steps environment objects in several processes at the same time."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import EvoroboError, TaskError
from evorobo.loading import WORKER_VARIABLE
from evorobo.processes import charge_cpu, exit_status, redirect_stdout_to_stderr, start_process
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec, find_spec
from evorobo.tasks.control.simulators.sync import SyncSimulator

PATIENCE_SECONDS = 5.0
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
        program = f"from {__name__} import run_worker; run_worker()"
        self._process = start_process(program, text=False)
        weakref.finalize(self, _end, self._process)
        self.send(settings)

    def send(self, call: Any) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # a dead process is reported by `receive`
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()

    def receive(self) -> Any:
        assert self._process.stdout is not None
        try:
            result, seconds = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise TaskError(
                f"a process that steps {self._env} died ({exit_status(self._process)}); fix the environment, or run "
                "with processes=1 to see the cause."
            ) from error
        charge_cpu(seconds)
        return result


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process after its current step, or kill it if that takes too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def run_worker() -> None:
    """The loop of a worker process. It ends when its input is closed, so no worker outlives its parent.

    Each answer is a result and the processor time since the answer before. Starting the process is not charged.
    """
    os.environ[WORKER_VARIABLE] = "1"
    # what the environment prints must not mix with the results
    calls, results = sys.stdin.buffer, os.fdopen(redirect_stdout_to_stderr(), "wb")
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
            except EvoroboError as error:
                result = str(error)
            now = time.process_time()
            pickle.dump((result, now - charged), results)
            results.flush()
            charged = now
