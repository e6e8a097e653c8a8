"""What does a generation cost besides scoring? `generate` and `update` at 100, 1,000 and 3,000 weights, beside others.

Run `python benchmarks/evolution.py` where the other libraries are installed, best in an environment of its own:

    python3 -m venv .peers && .peers/bin/pip install . cma==4.5.0 evosax

It prints milliseconds of CPU time per generation on one thread, for populations of 4 + 3 ln p, and the ratio of each
library to evorobo for the same algorithm. All take turns in one run, so that a busy machine slows all of them down.
Scores are those of an ellipsoid. A run is long enough for the usual number of matrix decompositions (pycma and evorobo
postpone them by the same rule, deap.cma decomposes in every generation). JAX is compiled before the measurement.
Libraries that are not installed are left out, and so are those that would take minutes for a row. It takes about six
minutes.

On a busy machine with two cores, ratio to evorobo at 100, 1,000 and 3,000 weights:

    cma-es       deap 1.6, 5.8, -     cma 1.9, 1.4, 1.7    evosax 2.7, -, -
    sep-cma-es                        cma 3.1, 3.2, 2.9    evosax 3.9, 1.8, 1.0
    snes                                                   evosax 4.5, 1.9, 1.5

`benchmarks/episodes.py` measures scoring, and `benchmarks/solved.py` the time to solve a task. `python
benchmarks/evolution.py all` runs the three.
"""

from __future__ import annotations

import os

for _setting, _value in {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(_setting, _value)  # read when the libraries are loaded

import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib.util import find_spec  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from evorobo import CMAES, SNES, SepCMAES  # noqa: E402
from evorobo.learners.evolution.deap_bridge import Individual  # noqa: E402
from evorobo.learners.evolution.strategies.base import StrategySettings, default_population_size  # noqa: E402

SIZES = (100, 1000, 3000)
GENERATIONS = {100: 400, 1000: 60, 3000: 28}
ROUNDS = 3
TOO_SLOW = {("deap", 3000), ("evosax cma-es", 1000), ("evosax cma-es", 3000)}

Generation = Callable[[], Any]


def scored(rows: np.ndarray) -> np.ndarray:
    """Values of a population `(n, p)`: an ellipsoid with axes from 1 to 10 long."""
    return np.square(rows) @ np.logspace(0, 2, rows.shape[1])


def ours(settings: StrategySettings, p: int) -> Generation:
    running = settings.start(np.ones(p), np.random.default_rng(0))

    def generation() -> None:
        population = running.generate(Individual)
        for individual, cost in zip(population, scored(np.array(population)), strict=True):
            individual.fitness.values = (-cost,)
        running.update(population)

    return generation


def with_deap(p: int) -> Generation:
    from deap import cma

    np.random.seed(0)  # noqa: NPY002 - DEAP draws from the global generator
    strategy = cma.Strategy(centroid=np.ones(p), sigma=0.5, lambda_=default_population_size(p))

    def generation() -> None:
        population = strategy.generate(Individual)
        for individual, cost in zip(population, scored(np.array(population)), strict=True):
            individual.fitness.values = (-cost,)
        strategy.update(population)

    return generation


def with_pycma(p: int, diagonal: bool) -> Generation:
    import cma

    options = {"seed": 1, "verbose": -9, "CMA_diagonal": diagonal, "popsize": default_population_size(p)}
    search = cma.CMAEvolutionStrategy(np.ones(p), 0.5, options)

    def generation() -> None:
        rows = search.ask()
        search.tell(rows, scored(np.array(rows)))

    return generation


def with_evosax(name: str, p: int) -> Generation:
    import jax
    from evosax import algorithms

    start = np.ones(p, np.float32)
    strategy = getattr(algorithms, name)(population_size=default_population_size(p), solution=start)
    params, keys = strategy.default_params, iter(jax.random.split(jax.random.key(0), 10_000))
    state = [strategy.init(next(keys), start, params)]
    ask, tell = jax.jit(strategy.ask), jax.jit(strategy.tell)

    def generation() -> None:
        rows, state[0] = ask(next(keys), state[0], params)
        state[0], _ = tell(next(keys), rows, scored(np.asarray(rows)), state[0], params)
        jax.block_until_ready(state[0])

    return generation


def rivals(algorithm: str, p: int) -> dict[str, Callable[[], Generation]]:
    """evorobo first, then the libraries that have the same algorithm."""
    table: dict[str, dict[str, Callable[[], Generation]]] = {
        "cma-es": {
            "evorobo": lambda: ours(CMAES(), p),
            "deap": lambda: with_deap(p),
            "cma": lambda: with_pycma(p, diagonal=False),
            "evosax": lambda: with_evosax("CMA_ES", p),
        },
        "sep-cma-es": {
            "evorobo": lambda: ours(SepCMAES(), p),
            "cma": lambda: with_pycma(p, diagonal=True),
            "evosax": lambda: with_evosax("Sep_CMA_ES", p),
        },
        "snes": {"evorobo": lambda: ours(SNES(), p), "evosax": lambda: with_evosax("SNES", p)},
    }
    slow = {name for name in table[algorithm] if {(name, p), (f"{name} {algorithm}", p)} & TOO_SLOW}
    return {name: make for name, make in table[algorithm].items() if find_spec(name) and name not in slow}


def milliseconds(makers: dict[str, Callable[[], Generation]], generations: int) -> dict[str, float]:
    """CPU time per generation: the minimum over rounds, in which all take turns."""
    found: dict[str, list[float]] = {name: [] for name in makers}
    wheels = {name: make() for name, make in makers.items()}
    for wheel in wheels.values():
        wheel()  # the first call allocates memory and compiles
    for _ in range(ROUNDS):
        for name, wheel in wheels.items():
            start = time.process_time()
            for _ in range(generations):
                wheel()
            found[name].append(1000 * (time.process_time() - start) / generations)
    return {name: min(each) for name, each in found.items()}


def main() -> None:
    print(f"{'generate + update':<18}{'weights':>8}{'evorobo, ms':>13}   peers: ms (times ours)")
    for algorithm in ("cma-es", "sep-cma-es", "snes"):
        for p in SIZES:
            found = milliseconds(rivals(algorithm, p), GENERATIONS[p])
            mine = found.pop("evorobo")
            told = ", ".join(f"{name} {each:.2f} ({each / mine:.2f})" for name, each in found.items())
            print(f"{algorithm:<18}{p:>8}{mine:>13.2f}   {told or 'none installed'}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
    if sys.argv[1:] == ["all"]:  # processes of their own: JAX and BLAS read their numbers of threads when they start
        del os.environ["XLA_FLAGS"]
        for script in ("episodes.py", "solved.py"):
            subprocess.run([sys.executable, Path(__file__).with_name(script)], check=True)
