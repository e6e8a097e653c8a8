"""Tasks that do to their process what no task should do; each is a bowl otherwise. Only for worker processes."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pdb
import resource
import signal
import threading
import time
from dataclasses import dataclass

import gymnasium
import numpy as np
from toys import Bowl


@dataclass(frozen=True)
class Hostile(Bowl):
    """Does what its name says when it is scored."""

    name: str = "pool"

    def score(self, *args):
        assert os.environ.get("EVOROBO_WORKER"), "this would harm the tests"
        globals()[self.name]()
        return super().score(*args)


def pool():
    with multiprocessing.Pool(2) as workers:
        assert workers.map(abs, [-1, 2]) == [1, 2]


def open_pool():
    _kept.append(multiprocessing.Pool(2))  # never closed


def vector():
    environments = gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 2)
    environments.reset(seed=0)
    _kept.append(environments)


def thread():
    threading.Thread(target=time.sleep, args=(600,)).start()


def sleeper():
    os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "601")


def reads():
    input()


def debugger():
    pdb.set_trace()


def hangs():
    time.sleep(600)


def hangs_in_c():
    ctypes.PyDLL(None).sleep(600)  # holds the interpreter, so that no thread and no signal handler runs


def closes():
    os.closerange(0, 256)


def wanders():
    os.chdir("/")


def leaves():
    os._exit(0)


def exits():
    os._exit(7)


def crashes():
    signal.raise_signal(signal.SIGSEGV)


def memory():
    resource.setrlimit(resource.RLIMIT_AS, (2**31, resource.RLIM_INFINITY))
    _kept.append(np.ones(2**31))


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def deaf():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


_kept: list[object] = []
