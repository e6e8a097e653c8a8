"""How does a generation of NSGA-II grow with the number of its members? `python benchmarks/populations.py`

It prints seconds of CPU time for one generation of two objectives and 58 weights, scoring aside, and beside it the
selection of DEAP, which compares all pairs. A generation sorts twice its members: the parents are scored again beside
their children. DEAP is left out where it would take minutes. It takes about a minute.

On a busy machine with two cores, seconds at 1,000, 2,000, 5,000 and 10,000 members:

    evorobo    .08    .15    .43    .87
    DEAP       1.8    6.7    -      -
"""

from __future__ import annotations

import time

import numpy as np
from deap import tools

from evorobo import NSGA2
from evorobo.learners.evolution.deap_bridge import Individual, Objectives, seeded_globals

SIZES = (1000, 2000, 5000, 10_000)
DEAP_SIZES = (1000, 2000)
WEIGHTS, GENERATIONS = 58, 3


def score(population: list[Individual]) -> np.ndarray:
    """Give each member a score and an energy; return both as rows, higher is better."""
    genes = np.array(population, dtype=float)
    scores, energies = -np.square(genes).sum(1), np.abs(genes - 1).mean(1)
    for individual, value, energy in zip(population, scores, energies, strict=True):
        individual.fitness.values, individual.measures = (float(value),), np.array([energy])
    return np.column_stack([scores, -energies])


def ours(population_size: int) -> tuple[float, np.ndarray]:
    """The shortest CPU time of a full generation, and the objectives of the last one."""
    rng = np.random.default_rng(0)
    running, seconds = NSGA2(population_size=population_size).start(np.zeros(WEIGHTS), rng), []
    for _ in range(1 + GENERATIONS):
        with seeded_globals(rng):
            start = time.process_time()
            population = running.generate(Individual)
            generated = time.process_time() - start
            objectives = score(population)
            start = time.process_time()
            running.update(population)
            seconds.append(generated + time.process_time() - start)
    return min(seconds[1:]), objectives  # the first generation has no parents yet


def with_deap(objectives: np.ndarray) -> float:
    """The CPU time of DEAP's selection alone."""
    members = [Individual(np.zeros(1)) for _ in objectives]
    for member, values in zip(members, objectives.tolist(), strict=True):
        member.fitness = Objectives(tuple(values))
    start = time.process_time()
    tools.selNSGA2(members, len(members) // 2)
    return time.process_time() - start


def main() -> None:
    print(f"{'members':>8}{'evorobo, s':>12}{'DEAP, s':>10}")
    for population_size in SIZES:
        seconds, objectives = ours(population_size)
        theirs = f"{with_deap(objectives):.2f}" if population_size in DEAP_SIZES else "-"
        print(f"{population_size:>8}{seconds:>12.2f}{theirs:>10}", flush=True)


if __name__ == "__main__":
    main()
