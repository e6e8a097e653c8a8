"""The last line of a lesson: `teach(run_seed, summarize, draw)` measures, prints the finding, draws it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evorobo.arguments import Parser, add_common_flags, exit_with, parse_seeds
from evorobo.arrays import Array
from evorobo.errors import EvoroboError, SettingsError, TaskError
from evorobo.files import as_path, npz_bytes, read_npz
from evorobo.settings import from_plain, to_plain
from evorobo.workers import Order, WorkerPool

SeedFunction = Callable[[int], Mapping[str, Any]]


def teach(
    run_seed: SeedFunction,
    summarize: Callable[[Mapping[str, Array]], str],
    draw: Callable[[Any, Mapping[str, Array]], object],
    seeds: int = 10,
    argv: Sequence[str] | None = None,
) -> None:
    """Measure at several seeds, print the finding in one sentence, and draw it in one figure.

    The title of the figure is the first line of the lesson's script. The file is `results/lessons/NN-name.png`, with
    the name of the script, or of the format that `--format` names. On an error, or where flags are invalid, the process
    exits with status 2.

    Parameters
    ----------
    run_seed : callable
        A function of a seed that measures and returns numbers and arrays by name. It must be at the top of the script.
    summarize : callable
        A function of the measurements of all seeds that returns the finding as a sentence without its period. The
        measurements are a dict of arrays of shape `(n_seeds, ...)`.
    draw : callable
        A function of a `LessonPage` and the measurements that draws the figure.
    seeds : int, default 10
        The number of seeds, unless the command line says otherwise.
    argv : sequence of str, optional
        The flags `--seeds`, `--jobs`, `--results`, `--format` and `--width`; by default those of the command line.

    Examples
    --------
    A whole lesson, to be saved as a script:

    >>> import numpy as np
    >>> from evorobo.course import estimate, teach
    >>> def run_seed(seed):
    ...     return {"mean": np.random.default_rng(seed).normal(size=100).mean()}
    >>> def summarize(data):
    ...     return f"The mean of 100 numbers was {estimate(data['mean'])}"
    >>> def draw(page, data):
    ...     (axes,) = page.add_panels("means")
    ...     page.plot_scores(axes, {"normal": data["mean"]})
    >>> teach(run_seed, summarize, draw)  # doctest: +SKIP
    """
    try:
        _teach(run_seed, summarize, draw, seeds, argv)
    except KeyboardInterrupt:
        exit_with("interrupted; a lesson keeps nothing until it has finished.", 130)
    except EvoroboError as error:
        exit_with(str(error), 2)


def _teach(run_seed: SeedFunction, summarize: Any, draw: Any, seeds: int, argv: Sequence[str] | None) -> None:
    parser = Parser(description="Measure the statement of this lesson, print the finding and draw it.")
    parser.add_argument("--seeds", default=str(seeds), metavar="N", help=f"how many seeds ({seeds}), or which (3,7,11)")
    add_common_flags(parser, "seeds")
    parser.add_argument("--format", default="png", metavar="FORMAT", help="of the figure: png, pdf, svg or pgf")
    parser.add_argument("--width", default="", metavar="WIDTH", help='of the figure on paper: 8.5cm, "2 columns"')
    args = parser.parse_args(argv)
    from evorobo.report.figures.output import file_format
    from evorobo.report.figures.settings import FigureSettings

    settings = FigureSettings(width=args.width)
    script = sys.modules[run_seed.__module__]
    name = Path(script.__file__ or "").stem.replace("_", "-")
    path = as_path(args.results) / "lessons" / f"{name}.{args.format}"
    file_format(path)
    chosen_seeds = parse_seeds(args.seeds)
    measurements = run_seeds(run_seed, chosen_seeds, args.jobs)
    from evorobo.course.lesson_page import write_lesson_figure
    from evorobo.report.formatting import few_runs_caution

    title = (script.__doc__ or "").splitlines()[0]
    number = "1 seed" if len(chosen_seeds) == 1 else f"{len(chosen_seeds)} seeds"
    finding = f"{summarize(measurements)} ({number}; interquartile mean [95% interval])."
    note = few_runs_caution(len(chosen_seeds))
    print(finding, *write_lesson_figure(title, finding, draw, measurements, note, path, settings), sep="\n")


def run_seeds(run_seed: SeedFunction, seeds: Sequence[int], jobs: int = 1) -> dict[str, Array]:
    """The measurements of `run_seed` at each seed as arrays `(n_seeds, ...)`; the same for any number of `jobs`."""
    if not seeds:
        raise SettingsError("a lesson needs at least one seed.")
    if jobs == 1:
        return _stack([_run_single_threaded(run_seed, seed) for seed in seeds])
    reference = to_plain(run_seed)
    with tempfile.TemporaryDirectory(prefix="evorobo-") as folder, WorkerPool(min(jobs, len(seeds))) as pool:
        files = [Path(folder) / f"{number}.npz" for number in range(len(seeds))]
        orders = [
            Order(f"{__name__}:measure_seed", {"function": reference, "seed": seed, "file": str(file)})
            for seed, file in zip(seeds, files, strict=True)
        ]
        for number, answer in pool.run(orders):
            if answer.error:
                raise TaskError(f"the lesson failed at seed {seeds[number]}: {answer.error}")
        return _stack([read_npz(file) for file in files])


def measure_seed(function: Any, seed: int, file: str) -> None:
    """Measure at one seed in a worker, and write what the function of the lesson returns as a file of arrays."""
    Path(file).write_bytes(npz_bytes(_run_single_threaded(from_plain(function, imports=True), seed)))


def _run_single_threaded(run_seed: SeedFunction, seed: int) -> Mapping[str, Any]:
    with threadpool_limits(1):  # the same sums in the same order on any machine
        return run_seed(seed)


def _stack(runs: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    return {name: np.stack([np.asarray(run[name]) for run in runs]) for name in runs[0]}
