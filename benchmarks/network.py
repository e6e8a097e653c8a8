"""What does a slow network cost a study on a cluster without a shared folder, and what bounds a large cluster?

Run `python benchmarks/network.py`. It starts a scheduler and 2, 4 and 8 workers on this machine. Everything between
scheduler and workers, and between workers, goes through a proxy process, which delays it and lets all connections
share one bandwidth, as if one cable led to the scheduler. The trials sleep, so that a few processors stand for many.
They have 10,201 weights, so that their checkpoints have a usual size, and an eval every second. For each network it
prints the share of the workers' time in which trials ran, and for each second in which a trial ran what crossed the
network and the CPU time of client and scheduler. `--quick` leaves out the largest cluster.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster
from scale import Nap

from evorobo import SNES, Budget, Evolution, Study
from evorobo.processes import ChildProcess
from evorobo.study.executors.dask.executor import DaskExecutor
from evorobo.study.results import read_curve
from evorobo.study.sharing import run_trials

WORKERS = (2, 4, 8)
NETWORKS = {"none": (0.0, 0.0), "1 ms, 1 Gbit/s": (0.001, 125e6), "10 ms, 100 Mbit/s": (0.01, 12.5e6),
            "100 ms, 10 Mbit/s": (0.1, 1.25e6)}  # fmt: skip
"""By name, the delay in one direction in seconds, and the bandwidth in bytes a second, 0 for no limit."""
SECONDS, TRIALS = 10.0, 2
"""How long a trial sleeps, and trials for each worker."""


@dataclass(frozen=True)
class WideNap(Nap):
    """A task that sleeps, with many weights."""

    n_inputs = 100


# ---- the proxy, in a process of its own


class Link:
    """One direction of a cable that all connections share."""

    def __init__(self) -> None:
        self.delay, self.bandwidth, self.bytes, self._free_at = 0.0, 0.0, 0, 0.0

    def send(self, size: int) -> float:
        """Return when so many bytes, sent now, arrive."""
        now = time.monotonic()
        self.bytes += size
        if not self.bandwidth:
            return now + self.delay
        self._free_at = max(now, self._free_at) + size / self.bandwidth
        return self._free_at + self.delay


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
    """Pass on what is read when it would arrive."""
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(100)

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            if (seconds := due - time.monotonic()) > 0:
                await asyncio.sleep(seconds)
            if not data:
                writer.close()
                return
            writer.write(data)
            await writer.drain()

    delivery = asyncio.ensure_future(deliver())
    data = b"."
    while data:
        try:
            data = await reader.read(1 << 16)
        except OSError:
            data = b""
        await waiting.put((link.send(len(data)), data))
    await asyncio.gather(delivery, return_exceptions=True)


async def proxy(pairs: list[tuple[int, int]]) -> None:
    """Serve each first port for the second one; lines "delay bandwidth" on the standard input change the network.

    Each line is answered with the bytes since the last one.
    """
    there, back = Link(), Link()

    async def serve(port: int, target: int, links: tuple[Link, Link]) -> None:
        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                writer.close()
                return
            await asyncio.gather(pump(reader, far_writer, links[0]), pump(far_reader, writer, links[1]))

        await asyncio.start_server(connect, "127.0.0.1", port)

    for number, (port, target) in enumerate(pairs):  # the first one leads to the scheduler, the others to workers
        await serve(port, target, (there, back) if number == 0 else (back, there))
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([there.bytes, back.bytes]), flush=True)
        for link in (there, back):
            link.delay, link.bandwidth = map(float, line.split())
            link.bytes = 0


# ---- the measurement


class Blind(DaskExecutor):
    """An executor whose workers do not see the folder of the study."""

    def _survey(self, *arguments: Any) -> dict[str, Any]:
        surveys = super()._survey(*arguments)
        return {worker: {**each, "has_folder": False} for worker, each in surveys.items()}


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[Client, Any]]:
    """Yield a client of a cluster behind a proxy, and a function that sets the network and returns bytes so far."""
    with ExitStack() as stack:
        local = LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0")
        stack.callback(local.close)
        own = int(local.scheduler_address.rpartition(":")[2])
        entry, *ports = free_ports(2 * workers + 1)
        listening, contacts = ports[:workers], ports[workers:]
        pairs = [(entry, own), *zip(contacts, listening, strict=True)]
        words = [sys.executable, __file__, "--proxy", json.dumps(pairs)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(process.wait)
        stack.callback(process.kill)
        process.stdout.readline()  # type: ignore[union-attr]
        for port, contact in zip(listening, contacts, strict=True):
            flags = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
            flags += ["--listen-address", f"tcp://127.0.0.1:{port}", "--contact-address", f"tcp://127.0.0.1:{contact}"]
            flags += ["--local-directory", str(folder)]
            program = "import sys; from distributed.cli.dask_worker import main; main(sys.argv[1:])"
            quiet = {"DASK_LOGGING__DISTRIBUTED": "critical"}
            child = ChildProcess(program, f"tcp://127.0.0.1:{entry}", *flags, variables=quiet)
            stack.callback(child.end)
        client = stack.enter_context(Client(local))
        client.wait_for_workers(workers)

        def set_network(delay: float, bandwidth: float) -> list[int]:
            process.stdin.write(f"{delay} {bandwidth}\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            found: list[int] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            return found

        yield client, set_network


def naps(n_trials: int, seconds: float) -> Study:
    return Study.grid(
        "naps",
        tasks=[WideNap(seconds=seconds / 80)],
        methods=[Evolution(SNES(population_size=4))],
        seeds=n_trials,
        budget=Budget(generations=80, n_evals=10),
        hidden=(100,),
    )


def measure(workers: int, folder: Path) -> None:
    with cluster(workers, folder / "space") as (client, set_network), redirect_stdout(io.StringIO()):
        run_all(client, naps(2 * workers, 0.1), folder / "warm")
        for name, network in NETWORKS.items():
            set_network(*network)
            place, cpu = folder / name.replace("/", "-"), time.process_time()
            seconds = run_all(client, naps(TRIALS * workers, SECONDS), place)
            cpu = time.process_time() - cpu
            there, back = set_network(0.0, 0.0)
            curves = [read_curve(path) for path in place.rglob("curve.csv")]
            ran = sum(float(curve["wall_seconds"][-1]) for curve in curves)
            line = f"{workers:3}  {name:20} {ran / (workers * seconds):6.1%} {there / ran / 1000:8.1f} kB/s"
            line += f" {back / ran / 1000:8.1f} kB/s {1000 * cpu / ran:8.1f} ms"
            print(line, file=sys.__stdout__, flush=True)


def run_all(client: Client, study: Study, folder: Path) -> float:
    """Run a study; return the seconds it took."""
    begin = time.perf_counter()
    with Blind(client) as executor:
        run_trials(study.trials(), folder, lambda event: None, executor)
    return time.perf_counter() - begin


def main(*words: str) -> None:
    if words[:1] == ("--proxy",):
        asyncio.run(proxy(json.loads(words[1])))
        return
    size = checkpoint_size()
    print(f"checkpoints of {size / 1000:.0f} kB, {TRIALS} trials of {SECONDS:.0f} s for each worker")
    print("workers, network; time in which trials ran; to the scheduler and from it, and CPU, for a second of a trial")
    for workers in WORKERS[: -1 if "--quick" in words else None]:
        with tempfile.TemporaryDirectory() as name:
            measure(workers, Path(name))


def checkpoint_size() -> int:
    """Return the bytes of a checkpoint of these trials."""
    with tempfile.TemporaryDirectory() as name:
        one, stops = naps(1, 0.1).trials()[0], iter((False, False, True))
        try:
            one.run(name, should_stop=lambda: next(stops))
        except Exception:  # the trial was interrupted
            return os.path.getsize(Path(name) / "checkpoint.npz")
    raise RuntimeError("the trial ended before it could be interrupted")


if __name__ == "__main__":
    main(*sys.argv[1:])
