"""Do the printed intervals contain the true value in 95% of cases, and are verdicts wrong in at most 5%?

Run it with `python benchmarks/interval_coverage.py`; it takes some minutes on two cores and prints Markdown tables.
Scores are of eight kinds, with equal and unequal spreads and numbers of runs. A value is marked where it is outside its
bound (0.94 for a coverage, 0.05 for false positives) by more than two standard errors of the simulation. Each table has
random numbers of its own, so that the number of processes changes nothing.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from scipy.stats import binom, ttest_ind
from tabulate import tabulate

from evorobo.report.statistics import (
    MIN_RUNS,
    additional_runs,
    bootstrap_interval,
    decision_test,
    find_crossing,
    hall_test,
    mean_probability_of_improvement,
    probability_test,
    stratified_bootstrap_interval,
    success_rate_interval,
    verdict_level,
)
from evorobo.report.statistics.pairs import placements, probability_interval

Sampler = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

KINDS: dict[str, Sampler] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "lognormal": lambda rng, shape: rng.lognormal(size=shape),
    "minus lognormal": lambda rng, shape: -rng.lognormal(size=shape),
    "bimodal": lambda rng, shape: rng.normal(size=shape) + 10.0 * (rng.random(shape) < 0.5),
    "0 or 500 at .5": lambda rng, shape: 500.0 * (rng.random(shape) < 0.5),
    "0 or 500 at .9": lambda rng, shape: 500.0 * (rng.random(shape) < 0.9),
    "saturated": lambda rng, shape: np.minimum(rng.normal(480, 60, shape), 500.0).round(),
    "heavy tails": lambda rng, shape: rng.standard_t(2, shape),
}
"""Eight kinds of scores; "saturated" has ties at its ceiling of 500, "heavy tails" is Student's t with 2 degrees."""

SOLVE_TIMES = {"solve times": lambda rng, shape: np.ceil(rng.lognormal(1.5, 0.7, shape))}
"""Costs of reaching a score, which are costs of the few evals of a run, so that many are equal."""

SKEWED = ("lognormal", "minus lognormal", "saturated")
TWO_VALUES = ("0 or 500 at .5", "0 or 500 at .9")  # their spread is given by the rate
NUMBERS = (5, 6, 10, 20, 50)
FEW = (3, 4)
PAIRS = ((5, 5), (6, 6), (10, 10), (20, 20), (50, 50), (5, 20), (20, 5), (10, 50))
LEVEL_PAIRS = ((3, 3), (4, 4), (5, 5), (6, 6), (10, 10), (20, 20), (50, 50), (6, 20), (10, 50), (50, 10))


@dataclass(frozen=True)
class Share:
    """A simulated share with its number of repetitions; `bound` is the least coverage, or the most false positives."""

    value: float
    n: int
    bound: float
    at_least: bool

    @property
    def is_within(self) -> bool:
        """Whether the share keeps its bound within two standard errors."""
        error = 2 * np.sqrt(self.bound * (1 - self.bound) / self.n)
        return self.value >= self.bound - error if self.at_least else self.value <= self.bound + error

    def __str__(self) -> str:
        return f"{self.value:.3f}{'' if self.is_within else ' (!)'}"


def coverage(inside: np.ndarray) -> Share:
    return Share(float(np.mean(inside)), len(inside), 0.94, at_least=True)


def false_positives(wrong: np.ndarray | list[bool]) -> Share:
    return Share(float(np.mean(wrong)), len(wrong), 0.05, at_least=False)


def iqm_coverage(rng: np.random.Generator, n_repetitions: int, numbers: Iterable[int] = NUMBERS) -> dict:
    """Coverage of the interval of the IQM, by kind and number of runs."""
    shares = {}
    for kind, sample in KINDS.items():
        many = np.sort(sample(np.random.default_rng(0), (400_000,)))
        true = {"0 or 500 at .5": 250.0, "0 or 500 at .9": 500.0, "bimodal": 5.0}.get(
            kind, many[100_000:300_000].mean()
        )
        for n in numbers:
            low, high = bootstrap_interval(sample(rng, (n, n_repetitions)))
            shares[kind, str(n)] = coverage((low <= true) & (true <= high))
    return shares


def probability_coverage(
    rng: np.random.Generator, n_repetitions: int, pairs: Iterable[tuple[int, int]] = PAIRS
) -> dict:
    """Coverage of the interval of P, by kind with P = 1/2 or about 0.8, and by numbers of runs; the worst spread."""
    shares: dict = {}
    for kind, sample in (KINDS | SOLVE_TIMES).items():
        for target in (0.5, 0.8):
            for spread in (1.0, 3.0) if kind not in TWO_VALUES else (1.0,):
                shift, true = shift_for(sample, spread, target if kind not in TWO_VALUES else 0.5)
                for n, m in pairs:
                    x, y = spread * sample(rng, (n_repetitions, n)) + shift, sample(rng, (n_repetitions, m))
                    low, high = probability_interval(placements(x, y))
                    share = coverage((low <= true) & (true <= high))
                    key = (f"{kind}, P = {target}", f"{n} v {m}")
                    shares[key] = min(shares.get(key, share), share, key=lambda one: one.value)
            if kind in TWO_VALUES:
                break
    return shares


def level(rng: np.random.Generator, n_repetitions: int, pairs: Iterable[tuple[int, int]] = LEVEL_PAIRS) -> dict:
    """False positives of a first verdict where P = 1/2, by kind and numbers of runs; the worst of three spreads."""
    return _level(rng, n_repetitions, pairs, KINDS, lambda sample, spread: shift_for(sample, spread, 0.5)[0])


def level_of_equal_means(
    rng: np.random.Generator, n_repetitions: int, pairs: Iterable[tuple[int, int]] = LEVEL_PAIRS
) -> dict:
    """The same for skewed kinds with equal means, so that P is not 1/2 where spreads are unequal."""
    kinds = {kind: KINDS[kind] for kind in SKEWED}
    return _level(rng, n_repetitions, pairs, kinds, lambda sample, spread: (1 - spread) * mean_of(sample))


def _level(
    rng: np.random.Generator,
    n_repetitions: int,
    pairs: Iterable[tuple[int, int]],
    kinds: dict[str, Sampler],
    shift_of: Callable[[Sampler, float], float],
) -> dict:
    shares: dict = {}
    for kind, sample in kinds.items():
        for spread in (1.0, 3.0, 1 / 3) if kind not in TWO_VALUES else (1.0,):
            shift = shift_of(sample, spread)
            for n, m in pairs:
                x, y = spread * sample(rng, (n_repetitions, n)) + shift, sample(rng, (n_repetitions, m))
                share = false_positives(is_significant(x, y))
                key = (kind, f"{n} v {m}")
                shares[key] = max(shares.get(key, share), share, key=lambda one: one.value)
    return shares


def is_significant(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether the first verdict on each pair of samples `(n_repetitions, n)` and `(n_repetitions, m)` is a difference.

    It is `decision_test` for many pairs at once; where both sides are constant, the test of P has the larger p.
    """
    if min(x.shape[1], y.shape[1]) < MIN_RUNS:
        return np.zeros(len(x), bool)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # constant samples
        welch = np.nan_to_num(ttest_ind(x, y, axis=1, equal_var=False).pvalue)
    same_side = (x.mean(1) > y.mean(1)) == (placements(x, y).value > 0.5)
    return (np.fmax(np.maximum(welch, probability_test(x, y)), hall_test(x, y)) < verdict_level(0)) & same_side


@lru_cache
def shift_for(sample: Sampler, spread: float, target: float) -> tuple[float, float]:
    """The shift with which `spread` times a score beats another one with probability `target`, and that P."""
    x, y = (np.sort(sample(np.random.default_rng(seed), (50_000,))) for seed in (1, 2))
    if len(np.unique(x)) == 2:
        return 0.0, 0.5
    x = spread * x

    def p(shift: float) -> float:
        below, up_to = (np.searchsorted(y, x + shift, side=side).mean() / len(y) for side in ("left", "right"))
        return float(below + up_to) / 2

    low, high = y[0] - x[-1], y[-1] - x[0]
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if p(middle) > target else (middle, high)
    return middle, p(middle)


@lru_cache
def mean_of(sample: Sampler) -> float:
    """The mean of a kind of scores, from a million of them."""
    return float(sample(np.random.default_rng(0), (1_000_000,)).mean())


def rate_coverage(rng: np.random.Generator, n_repetitions: int) -> dict:
    """Coverage of the interval of a success rate, without simulation."""
    shares = {}
    for rate in (0.5, 0.9, 0.99):
        for n in NUMBERS:
            low, high = success_rate_interval(np.arange(n + 1), n)
            inside = binom.pmf(np.arange(n + 1), n, rate)[(low <= rate) & (rate <= high)].sum()
            shares[f"rate {rate}", str(n)] = Share(float(inside), 10**9, 0.94, at_least=True)
    return shares


def profile_coverage(rng: np.random.Generator, n_repetitions: int) -> dict:
    """Coverage of the band of a performance profile over three tasks, from the shares of runs above a score."""
    shares = {}
    for rates in ((0.5, 0.5, 0.5), (0.2, 0.5, 0.8), (0.05, 0.5, 0.95), (0.9, 0.95, 0.99)):
        for n in NUMBERS:
            counts = reduce(np.convolve, [binom.pmf(np.arange(n + 1), n, rate) for rate in rates])
            low, high = success_rate_interval(np.arange(3 * n + 1), 3 * n)
            true = np.mean(rates)
            inside = counts[(low <= true) & (true <= high)].sum()
            shares[f"shares {rates}", str(n)] = Share(float(inside), 10**9, 0.94, at_least=True)
    return shares


def crossing_coverage(rng: np.random.Generator, n_repetitions: int) -> dict:
    """Coverage of the interval of a crossing at 10, by kind of the runs' levels, noise of each eval and shape."""
    shares = {}
    for kind, (middle, scale) in LEVELS.items():
        for noise in (0.02, 0.3, 1.0):
            for n in (5, 10, 20):
                inside = []
                for repetition in range(n_repetitions):
                    x, rise = CROSSING_SHAPES[repetition % len(CROSSING_SHAPES)]
                    sides = [
                        [
                            (x, 1 + growth + level + noise * rng.normal(size=len(x)))
                            for level in 0.15 * (KINDS[kind](rng, (n,)) - middle) / scale
                        ]
                        for growth in (rise, 0.0)
                    ]
                    crossing = find_crossing(*sides, n_resamples=300)
                    if crossing is not None:
                        inside.append(crossing.low <= 10 <= crossing.high)
                shares[f"{kind}, noise {noise}", str(n)] = coverage(np.array(inside))
    return shares


LEVELS = {"normal": (0.0, 1.0), "lognormal": (1.0725, 1.17), "minus lognormal": (-1.0725, 1.17), "bimodal": (5.0, 5.0)}
"""The IQM of the levels of runs, and their scale, for each kind of curves that cross."""

CROSSING_SHAPES = [
    (steps := np.linspace(1, 20, 39), 0.1 * (steps - 10)),
    (steps := np.geomspace(1, 100, 41), 0.5 * np.log(steps / 10)),
    (steps := np.linspace(1, 40, 40), 1 - np.exp(-(steps - 10) / 5).clip(0, 3)),
]
"""Evals and the difference of two curves, which is 0 at 10: a straight line, a logarithm, and a rise to a ceiling."""


def tasks_coverage(rng: np.random.Generator, n_repetitions: int) -> dict:
    """Coverage over three tasks: of the mean P, and of the IQM."""
    shares = {}
    for kind in ("normal", "lognormal", "heavy tails"):
        sample = KINDS[kind]
        true = np.mean([shift_for(sample, 1.0, target)[1] for target in (0.5, 0.7, 0.9)])
        shifts = [shift_for(sample, 1.0, target)[0] for target in (0.5, 0.7, 0.9)]
        many = np.sort(sample(np.random.default_rng(0), (400_000,)))
        for n in (5, 10):
            inside, iqm_inside = [], []
            for _ in range(n_repetitions):
                first = [sample(rng, (n,)) + shift for shift in shifts]
                p = mean_probability_of_improvement(first, [sample(rng, (n,)) for _ in shifts])
                inside.append(p.low <= true <= p.high)
                low, high = stratified_bootstrap_interval([sample(rng, (n,)) for _ in shifts])
                iqm_inside.append(low <= many[100_000:300_000].mean() <= high)
            shares[f"mean P, {kind}", str(n)] = coverage(np.array(inside))
            shares[f"IQM, {kind}", str(n)] = coverage(np.array(iqm_inside))
    return shares


def procedure_level(rng: np.random.Generator, n_repetitions: int) -> dict:
    """False positives of a verdict at n seeds and two more with the seeds asked for (60 at most)."""
    shares = {}
    for kind in ("normal", "lognormal", "bimodal", "saturated"):
        for n in (6, 10):
            wrong = [_is_ever_significant(KINDS[kind], rng, n) for _ in range(n_repetitions)]
            shares[kind, f"from {n}"] = false_positives(wrong)
    return shares


def _is_ever_significant(sample: Sampler, rng: np.random.Generator, n: int) -> bool:
    x, y = sample(rng, (n,)), sample(rng, (n,))
    for n_before in range(3):
        if decision_test(x, y) < verdict_level(n_before):
            return True
        n_more = min(additional_runs(x, y, verdict_level(n_before + 1)) or 60, 60)
        x, y = np.append(x, sample(rng, (n_more,))), np.append(y, sample(rng, (n_more,)))
    return False


def to_markdown(title: str, shares: dict) -> str:
    columns = list(dict.fromkeys(column for _, column in shares))
    lines = [
        [row, *(str(shares.get((row, column), "")) for column in columns)]
        for row in dict.fromkeys(r for r, _ in shares)
    ]
    return f"{title}\n\n{tabulate(lines, ['', *columns], 'pipe', disable_numparse=True)}\n"


TABLES: tuple[tuple[str, Callable[[np.random.Generator, int], dict], float], ...] = (
    ("Coverage of the interval of the IQM, by number of runs", iqm_coverage, 1),
    ("The same for 3 and 4 runs, which a caution names", lambda rng, n: iqm_coverage(rng, n, FEW), 1),
    ("Coverage of the interval of P, by numbers of runs (worst of two spreads)", probability_coverage, 1),
    ("Coverage of the interval of a success rate", rate_coverage, 1),
    ("Coverage of the band of a performance profile over three tasks, by number of runs", profile_coverage, 1),
    ("Coverage over three tasks, by number of runs", tasks_coverage, 1 / 4),
    ("Coverage of the crossing of two curves, by number of runs", crossing_coverage, 1 / 8),
    ("False positives of a verdict where P is 1/2 (worst of three spreads)", level, 2),
    ("False positives of a verdict where skewed scores have equal means (worst of three spreads)",
     level_of_equal_means, 2),
    ("False positives of up to three verdicts on growing numbers of seeds", procedure_level, 1 / 2),
)  # fmt: skip
"""The title of each table, what computes it, and its number of samples as a multiple of `--repetitions`."""


def table(number: int, n_repetitions: int) -> str:
    """A table as Markdown."""
    title, compute, share = TABLES[number]
    return to_markdown(title, compute(np.random.default_rng([0, number]), max(int(share * n_repetitions), 1)))


def main() -> None:
    """Print all tables, computed in two processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repetitions", type=int, default=2000, metavar="N", help="samples of each kind (default 2000)"
    )
    n = parser.parse_args().repetitions
    with ProcessPoolExecutor(2) as pool:
        slowest_first = {number: pool.submit(table, number, n) for number in reversed(range(len(TABLES)))}
        for number in range(len(TABLES)):
            print(slowest_first[number].result(), flush=True)


if __name__ == "__main__":
    main()
