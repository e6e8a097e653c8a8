"""How fast are whole episodes of a population: NumPy and machine code, beside a plain loop and evosax with gymnax?

Run `python benchmarks/episodes.py` where the peers are installed, best in an environment of its own:

    python3 -m venv .peers && .peers/bin/pip install '.[fast]' evosax gymnax six

256 networks (32-32, tanh) run CartPole-v1 (balancing for 500 steps, and random ones) and Pendulum-v1. All take
turns in one run. It prints steps per second of wall time and of CPU time, populations per second,
and how many times the plain loop's steps: one environment of gymnasium, one network, one step at a time, in NumPy.
The targets are 30 times the plain loop for machine code, and more than evosax. `evosax` is its own GymnaxProblem
without normalization, compiled before the measurement. It steps all robots for the longest possible episode;
only steps of robots that have not ended are counted. Machine code and JAX use as many threads as there are processors.

A step of the balancing CartPole takes 156 ns of CPU time on a processor with AVX-512, in turns with 231 ns before
`evorobo.machine_code.weighted_rows` kept the sums of a layer in registers (187), and before episodes were stepped side
by side (228 for one at a time, 175 for two, 156 for six). In turns with evosax it takes 173 ns, and evosax 255: 1.47
times per CPU second while all processors were busy. A quiet machine with two processors made 7.05 million steps per
second of wall time on two threads, evosax 4.44: 1.59 times (target 1.5; 1.38 before). One thread made 6.25 million, and
JAX uses hardly more than one processor here. Networks of 64-64 and of 128-128 units take 15 and 22 % less time than
before.

A profile by addresses (perf) says what the kernel's time is made of: 36 % are tanh (a rational function with a
division), 27 % the products of weights, and 25 % the physics, of which 5 are sine and cosine. Vectors of 16 numbers for
tanh, by a setting of LLVM, would save 5 %. Fused multiplications and additions would change scores.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import gymnasium
import numpy as np
from stepping import balancing
from threadpoolctl import threadpool_limits

from evorobo import ControlTask, NetworkSpec

MEMBERS, HIDDEN, ROUNDS, LOOPED = 256, (32, 32), 7, 16
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

Play = Callable[[], float]
"""One population's episodes; the steps that were taken."""


def drawn(spec: NetworkSpec) -> np.ndarray:
    """Random networks, as at the start of every run."""
    return np.stack([spec.init(np.random.default_rng(member)) for member in range(MEMBERS)])


def ours(id: str, spec: NetworkSpec, weights: np.ndarray, compiled: bool, threads: int) -> Play:
    task, seeds = ControlTask(id, compiled=compiled), np.random.default_rng(0)

    def play() -> float:
        os.environ["OMP_NUM_THREADS"] = str(threads)
        return task.score(spec, weights, seeds, None).cost.env_steps

    return play


def plain_loop(id: str, spec: NetworkSpec, weights: np.ndarray) -> Play:
    """A loop written by hand, for the first members only because it is slow."""
    env, task = gymnasium.make(id), ControlTask(id)
    layers = [[(each["weight"], each["bias"]) for each in spec.unpack(genome)] for genome in weights[:LOOPED]]

    def play() -> float:
        steps = 0
        for (w1, b1), (w2, b2), (w3, b3) in layers:
            x, _ = env.reset(seed=steps)
            over = False
            while not over:
                answer = np.tanh(np.tanh(x @ w1 + b1) @ w2 + b2) @ w3 + b3
                action = int(answer.argmax()) if task.output == "identity" else 2 * np.tanh(answer)
                x, _, terminated, truncated, _ = env.step(action)
                over, steps = terminated or truncated, steps + 1
        return steps

    return play


def with_evosax(id: str, spec: NetworkSpec, weights: np.ndarray) -> Play:
    import jax
    from evosax.problems import MLP, GymnaxProblem

    def act(answer: Any, key: Any) -> Any:
        return answer.argmax(-1) if id == "CartPole-v1" else 2 * jax.numpy.tanh(answer)

    policy = MLP((*HIDDEN, spec.n_outputs), activation=jax.nn.tanh, output_fn=act)
    problem = GymnaxProblem(id, policy, use_normalize_obs=False)
    layers = {
        f"Dense_{number}": {"kernel": np.float32(views["weight"]), "bias": np.float32(views["bias"])}
        for number, views in enumerate(spec.unpack(weights))
    }
    keys, state = iter(jax.random.split(jax.random.key(0), 10_000)), problem.init(jax.random.key(1))
    solutions = jax.tree.map(jax.numpy.asarray, {"params": layers})

    def play() -> float:
        scores = np.asarray(problem.eval(next(keys), solutions, state)[0])  # waits for the result
        return float(scores.sum()) if id == "CartPole-v1" else MEMBERS * 200.0

    return play


def measured(contestants: dict[str, Play]) -> Iterator[tuple[str, float, float, float]]:
    """For each: the name, and medians of steps per second of wall time and CPU time, and of populations per second."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contestants}
    for play in contestants.values():
        play()  # the first call allocates memory and compiles
    for _ in range(ROUNDS):
        for name, play in contestants.items():
            wall, cpu = time.perf_counter(), time.process_time()
            steps = play()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found[name].append((steps / wall, steps / cpu, 1 / wall))
    for name, each in found.items():
        wall, cpu, populations = (statistics.median(column) for column in zip(*each, strict=True))
        yield name, wall, cpu, populations * (LOOPED / MEMBERS if name == "plain loop" else 1)


def main() -> None:
    print(f"{'':<22}{'':<26}{'steps/s':>12}{'times':>7}{'per CPU s':>12}{'times':>7}{'populations/s':>15}")
    for id, name, draw in (
        ("CartPole-v1", "balancing", lambda spec: balancing(np.random.default_rng(0))),
        ("CartPole-v1", "drawn", drawn),
        ("Pendulum-v1", "drawn", drawn),
    ):
        task = ControlTask(id)
        spec = NetworkSpec.build(task.n_inputs, HIDDEN, task.n_outputs, task.output)
        weights = draw(spec)
        contestants = {"plain loop": plain_loop(id, spec, weights), "lock step": ours(id, spec, weights, False, 1)}
        if find_spec("numba"):
            for threads in sorted({1, PROCESSORS}):
                contestants[f"machine code, {threads} threads"] = ours(id, spec, weights, True, threads)
        if find_spec("evosax") and find_spec("gymnax"):
            contestants["evosax + gymnax"] = with_evosax(id, spec, weights)
        rows = list(measured(contestants))
        for title, wall, cpu, populations in rows:
            times, cpu_times = wall / rows[0][1], cpu / rows[0][2]
            line = f"{id + ' ' + name:<22}{title:<26}{wall:>12,.0f}{times:>7.1f}{cpu:>12,.0f}{cpu_times:>7.1f}"
            print(f"{line}{populations:>15.1f}", flush=True)
    missing = [each for each in ("numba", "evosax", "gymnax") if not find_spec(each)]
    if missing:
        print(f"not installed here: {', '.join(missing)}", file=sys.stderr)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        main()
