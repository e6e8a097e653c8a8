"""What a lesson's script ends with: `teach(run_seed, summarize, draw)` measures at many seeds, tells and draws the finding."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evorobo.arguments import Parser, add_common_flags, exit_with, parse_args, parse_seeds
from evorobo.arrays import Array
from evorobo.errors import EvoroboError, SettingsError

SeedFunction = Callable[[int], Mapping[str, Any]]


def teach(
    run_seed: SeedFunction,
    summarize: Callable[[Mapping[str, Array]], str],
    draw: Callable[[Any, Mapping[str, Array]], object],
    seeds: int = 10,
    argv: Sequence[str] | None = None,
) -> None:
    """Measure at `seeds` seeds, print the finding in one sentence, and draw it in one figure.

    `run_seed(seed)` returns numbers and arrays by name; `summarize(found)` and `draw(page, found)` are told all seeds', each
    name an array `(seeds, ...)`, and `page` is a `LessonPage`. The figure's title is the first line of the script, its file
    `results/lessons/NN-name.png`. The command line may change `--seeds`, `--jobs` and `--results`.
    """
    try:
        _teach(run_seed, summarize, draw, seeds, argv)
    except KeyboardInterrupt:
        exit_with("interrupted; a lesson keeps nothing until it is over.", 130)
    except EvoroboError as error:
        exit_with(str(error), 2)


def _teach(run_seed: SeedFunction, summarize: Any, draw: Any, seeds: int, argv: Sequence[str] | None) -> None:
    parser = Parser(description="Measure, say and draw what this lesson is about.")
    parser.add_argument("--seeds", default=str(seeds), metavar="N", help=f"how many seeds ({seeds}), or which (3,7,11)")
    add_common_flags(parser, "seeds")
    asked = parse_args(parser, argv)
    chosen = parse_seeds(asked.seeds)
    found = run_seeds(run_seed, chosen, asked.jobs)
    from evorobo.course.page import write_lesson_figure
    from evorobo.report.formatting import few_runs_caution

    script = sys.modules[run_seed.__module__]
    title = (script.__doc__ or "").splitlines()[0]
    finding = f"{summarize(found)} ({_number(len(chosen))}; interquartile mean [95% interval])."
    name = Path(script.__file__ or "").stem.replace("_", "-")
    path = write_lesson_figure(
        title, finding, draw, found, few_runs_caution(len(chosen)), Path(asked.results) / "lessons" / f"{name}.png"
    )
    print(finding, path, sep="\n")


def run_seeds(run_seed: SeedFunction, seeds: Sequence[int], jobs: int = 1) -> dict[str, Array]:
    """What `measure` finds at each of `seeds`, `jobs` at a time, as arrays `(seeds, ...)`; the same for any `jobs`."""
    if not seeds:
        raise SettingsError("a lesson needs at least one seed.")
    if jobs == 1:
        return _stacked([_alone(run_seed, seed) for seed in seeds])
    fresh = get_context("spawn")  # forked processes would share locks with our threads
    with ProcessPoolExecutor(min(jobs, len(seeds)), fresh, initializer=_deaf) as pool:
        return _stacked(list(pool.map(partial(_alone, run_seed), seeds)))


def _alone(run_seed: SeedFunction, seed: int) -> Mapping[str, Any]:
    with threadpool_limits(1):  # the same sums in the same order on any machine
        return run_seed(seed)


def _deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer


def _stacked(runs: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    return {name: np.stack([np.asarray(run[name]) for run in runs]) for name in runs[0]}


def _number(seeds: int) -> str:
    return "1 seed" if seeds == 1 else f"{seeds} seeds"
