"""Record how many evaluations pycma needs, for our tests to compare with: see `main` for how to run it.

Needs numpy, scipy and cma (4.5); the tests need only the file it writes, `pycma_reference.json`, and `PROBLEMS`.
It takes some minutes.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from climbing import ellipsoid, rosenbrock, rotated_ellipsoid, sphere

FILE = Path(__file__).with_name("pycma_reference.json")
TARGET, SIGMA, SIZES = -1e-9, 0.5, (10, 40)
LANDSCAPES = {
    "sphere": sphere,
    "ellipsoid": ellipsoid,
    "rosenbrock": rosenbrock,
    "rotated ellipsoid": rotated_ellipsoid,
}
# a diagonal matrix cannot learn the rotated ellipsoid within any patience
PROBLEMS = [
    (kind, landscape, n)
    for kind in ("cma-es", "sep-cma-es")
    for landscape in LANDSCAPES
    for n in SIZES
    if (kind, landscape) != ("sep-cma-es", "rotated ellipsoid")
]


def begin(landscape: str, n: int) -> np.ndarray:
    """Where a search starts: for Rosenbrock's valley near its bend, away from its local optimum."""
    return np.full(n, 0.1) if landscape == "rosenbrock" else np.linspace(-1, 2, n)


def evaluations(kind: str, landscape: str, n: int, seed: int) -> int:
    """Evaluations until a member scores above the target, counted in whole generations."""
    import cma

    never = {"tolfun": 0, "tolfunhist": 0, "tolx": 0, "tolstagnation": 10**9, "tolflatfitness": 10**9}
    options: dict[str, Any] = {"seed": seed, "verbose": -9, "CMA_diagonal": kind == "sep-cma-es", **never}
    search, spent = cma.CMAEvolutionStrategy(begin(landscape, n), SIGMA, options), 0
    while True:
        rows = search.ask()
        values = LANDSCAPES[landscape](np.array(rows))
        spent += len(rows)
        if values.max() > TARGET:
            return spent
        search.tell(rows, -values)


def main(seeds: int = 5) -> None:
    """PYTHONPATH=tests/helpers python tests/learners/evolution/record_pycma_reference.py"""
    import cma

    medians: dict[str, Any] = {}
    for kind, landscape, n in PROBLEMS:
        counts = [evaluations(kind, landscape, n, seed) for seed in range(1, seeds + 1)]
        medians[f"{kind}, {landscape}, {n}"] = statistics.median(counts)
        print(kind, landscape, n, counts, flush=True)
    record = {"pycma": cma.__version__, "seeds": seeds, "median evaluations to 1e-9": medians}
    FILE.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
