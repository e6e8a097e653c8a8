"""Environment objects across processes: each process steps its share of the robots, all of them at the same time."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import EvoroboError, TaskError
from evorobo.processes import exit_status, redirect_stdout_to_stderr, start_process
from evorobo.settings import WORKER_VARIABLE, from_plain, to_plain
from evorobo.tasks.control.simulators.sync import SyncSimulator

PATIENCE_SECONDS = 5.0
"""How long an environment may take to its next step before its process is made to end."""


class ProcessSimulator:
    """A simulator (see `Simulator`) that plays the stories of `Sync`, to the last bit, in up to `processes` processes.

    They start with the first episodes, are told id, options and limit as JSON, and end with this object, with this
    process, or where something breaks, be it Ctrl-C; who plays on then starts new ones.
    """

    state = None
    capacity = SyncSimulator.capacity  # the same batches as in one process, for the same numbers

    def __init__(self, env: str, env_kwargs: Mapping[str, Any], max_steps: int | None, processes: int) -> None:
        self._env, self._processes = env, processes
        self._order = json.dumps([env, to_plain(env_kwargs), max_steps])
        self._workers: list[_Worker] = []

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        played = np.tile(seeds, copies)
        while len(self._workers) < min(self._processes, len(played)):
            self._workers.append(_Worker(self._env, self._order))
        shares = np.array_split(played, len(self._workers))
        self._counts = [len(share) for share in shares]
        self._kept: list[np.ndarray | None] = [None] * len(shares)
        return np.concatenate(self._ask([("reset", share, 1) for share in shares]))

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        shares = np.split(actions, np.cumsum(self._counts)[:-1])
        parts = self._ask([("step", share, kept) for share, kept in zip(shares, self._kept, strict=True)])
        self._kept = [None] * len(shares)
        observations, rewards, ended = (np.concatenate(each) for each in zip(*parts, strict=True))
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        """Who leaves is told with the next step. To be called once between two steps."""
        running = np.zeros(sum(self._counts), bool)
        running[rows] = True
        masks = np.split(running, np.cumsum(self._counts)[:-1])
        self._kept = list(masks)
        self._counts = [int(mask.sum()) for mask in masks]

    def _ask(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        """What the processes answer, each to its call; those without robots are left in peace."""
        busy = [(worker, call) for worker, call in zip(self._workers, calls, strict=True) if len(call[1])]
        try:
            for worker, call in busy:
                worker.tell(call)
            answers = [worker.answer() for worker, _ in busy]
        except BaseException:  # an answer that is still to come would be taken for one to the next call
            self._workers = []
            raise
        for answer in answers:
            if isinstance(answer, str):
                raise TaskError(answer)
        return answers


class _Worker:
    """A process with some of the robots: calls in, answers out, pickled on their way between the two of us."""

    def __init__(self, env: str, order: str) -> None:
        self._env = env
        self._process = start_process(
            "from evorobo.tasks.control.simulators.processes import run_worker; run_worker()", text=False
        )
        weakref.finalize(self, _end, self._process)
        self.tell(order)

    def tell(self, call: Any) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # dead already: `answer` tells
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise TaskError(
                f"a process that steps {self._env} died ({exit_status(self._process)}); mend the environment, or run "
                "with processes=1 to see where."
            ) from error


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask a worker to end after the step that it is in, and make it end if that takes long."""
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
    """The worker's side. It ends when its input does, so none outlives who started it."""
    from evorobo.tasks.control.simulators.lookup import make_env

    os.environ[WORKER_VARIABLE] = "1"
    calls, answers = (
        sys.stdin.buffer,
        os.fdopen(redirect_stdout_to_stderr(), "wb"),
    )  # what is printed stays out of answers
    env, options, max_steps = from_plain(json.loads(pickle.load(calls)))
    simulator: Any = None
    with suppress(EOFError, BrokenPipeError):
        while True:
            call, what, how = pickle.load(calls)
            try:
                simulator = simulator or make_env(env, options, max_steps).simulator()
                if call == "reset":
                    answer = simulator.reset(what, how)
                else:
                    if how is not None:
                        simulator.keep(how)
                    answer = simulator.step(what)
            except EvoroboError as error:
                answer = str(error)
            pickle.dump(answer, answers)
            answers.flush()
