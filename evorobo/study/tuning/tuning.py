"""Tuning with Optuna: the same number of tries and the same budget for every method, on seeds of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.files import as_path
from evorobo.loading import stop_if_loading
from evorobo.settings import to_plain
from evorobo.study.executors.base import Executor, TrialEvent
from evorobo.study.executors.choice import make_executor
from evorobo.study.progress import Display
from evorobo.study.records import write_record
from evorobo.study.sharing import run_trials
from evorobo.study.study import Study
from evorobo.study.tuning.rungs import MIN_FRACTION, Rung, plan_rungs
from evorobo.study.tuning.search import Search, Try, has_run
from evorobo.study.tuning.space import parse_ranges

SEEDS = (1000, 1001, 1002)
"""Default seeds of tuning."""


def tune(
    study: Study,
    space: Sequence[str],
    *,
    trials: int = 20,
    halving: int | None = None,
    min_fraction: float = MIN_FRACTION,
    seeds: Iterable[int] = SEEDS,
    task: str | None = None,
    methods: Sequence[str] = (),
    results: str | Path = "results",
    jobs: int = 1,
    sampler_seed: int = 0,
    step_seconds: float | None = None,
    executor: Any = None,
) -> Path:
    """Search better settings for all methods of a study, with the same effort for each.

    Each method is tried with the same number of settings. The first try has the settings of the study, where they lie
    in the ranges; Optuna's TPE sampler [1]_ proposes the others. A try runs at each seed on the whole budget of the
    study. Its value is the mean validation score of its solutions; the test score is not used. A try that fails or
    diverges at any seed has no value, and its cost counts. After an interrupt the same call continues.

    With `halving`, successive halving [2]_ spends less: all tries run on a small part of the budget, the best of each
    method continue to a larger part, and so on. The trials pause there. Their learning rate schedules are those of the
    whole budget, and the trials that reach it have the same curves as without a pause. The sampler proposes by the
    scores at the first pause.

    Parameters
    ----------
    study : Study
        The study.
    space : sequence of str
        Ranges of settings: `methods.<name>.<field>=LOW..HIGH`, or `LOW..HIGH:log` for values that are drawn evenly in
        the logarithm. A `*` for the name gives all methods the same range.
    trials : int, default 20
        Number of settings to try for each method, at least 1.
    halving : int, optional
        One of so many tries continues after each pause, at least 2. With 3, 81 tries run on 1/27 of the budget, the
        best 27 on 1/9, 9 on 1/3, and 3 on all of it. By default, all tries run on the whole budget.
    min_fraction : float, default 0.03
        The least part of the budget at which tries are compared with `halving`. More is safer for settings that are
        slow at first, and costs more.
    seeds : iterable of int, default (1000, 1001, 1002)
        Seeds of every try; none may be a seed of the study.
    task : str, optional
        Name of the task to tune on. Required where the study has several.
    methods : sequence of str, optional
        Names of the methods to tune now. They get a file of their own; `tuned` takes several files that were made with
        the same effort.
    results : str or pathlib.Path, default "results"
        The folder for results; those of tuning are in `<results>/<study>-tuning`, and with `halving` in a folder of
        their own in it, for example `halving-3-of-81-from-0.037`.
    jobs : int, default 1
        Number of worker processes, at least 1.
    sampler_seed : int, default 0
        Seed of the sampler.
    step_seconds : float, optional
        The time that a step of a trial may take, as in `Study.run`.
    executor : dask.distributed.Client or str, optional
        The Dask cluster on which the trials run, as in `Study.run`.

    Returns
    -------
    pathlib.Path
        The file with the settings found, for `tuned`.

    Raises
    ------
    SettingsError
        Where a seed is the study's own, a method has no range, trials are too few for `halving`, or Optuna is missing.
    ResultsError
        Where all tries of a method failed, or the folder cannot be written.

    References
    ----------
    .. [1] J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
    .. [2] K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
       AISTATS 2016.

    Examples
    --------
    >>> import evorobo as er
    >>> task = er.ControlTask("evorobo/Phototaxis-v0")
    >>> methods = [er.Evolution(er.CMAES()), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=5, budget=er.Budget(flops=1e7))
    >>> space = ["methods.cma-es.strategy.sigma=0.05..2:log", "methods.backprop.optimizer.learning_rate=1e-4..0.1:log"]
    >>> path = er.tune(study, space, trials=20)  # doctest: +SKIP
    >>> er.tuned(study, path).run()  # doctest: +SKIP
    """
    stop_if_loading()
    study = _on_tuning_seeds(_select_methods(study, methods), tuple(seeds), task)
    rungs = plan_rungs(trials, halving, min_fraction)
    ranges = parse_ranges(study, space)
    folder = as_path(results) / f"{study.name}-tuning"
    about = {
        "study": study.name,
        "task": study.tasks[0].name,
        "metric": vars(study.tasks[0].metric_info),
        "budget": to_plain(study.budget),
        "seeds": list(study.seeds),
        "space": list(space),
        "sampler_seed": sampler_seed,
    }
    if halving is not None:
        folder /= f"halving-{halving}-of-{trials}-from-{rungs[0].fraction:.3g}"
        about |= {"halving": halving, "rungs": [list(rung) for rung in rungs]}
    file = folder / f"{'-'.join([study.tasks[0].name, *methods])}.json"
    searches = [Search(method, ranges[method.name], study, sampler_seed) for method in study.methods]
    n_trials = len(searches) * len(study.seeds)
    n_parallel = n_trials * max([rung.n_tries for rung in rungs[1:]], default=1)
    n_parts = n_trials * sum(rung.n_tries for rung in rungs)
    with (
        make_executor(jobs, n_parallel, step_seconds, executor) as running,
        Display(folder.name, n_parts, _count_ended(folder, rungs, study)) as display,
    ):
        run_tries = partial(_run_tries, folder, running, display)
        for number in range(trials):
            run_tries([search.ask() for search in searches], rungs[0])
            for search in searches:
                search.tell()
            if len(rungs) == 1:
                write_record(file, {**about, "trials": number + 1, "methods": _best_settings(searches)})
        for rung in rungs[1:]:
            _run_rung(searches, rung, run_tries)
    for search in searches:
        if search.best is None:
            raise ResultsError(f"{search.method.name} failed with all of {trials} settings: {search.failure_reason}")
    write_record(file, {**about, "trials": trials, "methods": _best_settings(searches)})
    return file


def _select_methods(study: Study, names: Sequence[str]) -> Study:
    """Return the study with these methods alone, or with all where no name is given."""
    known = [method.name for method in study.methods]
    for name in names:
        if name not in known:
            raise unknown("method", name, known)
    return replace(study, methods=tuple(method for method in study.methods if not names or method.name in names))


def _on_tuning_seeds(study: Study, seeds: tuple[int, ...], task: str | None) -> Study:
    """Return the study as it is tuned: one task, the tuning seeds, an eval at the start and one at the end."""
    names = [each.name for each in study.tasks]
    if task is None and len(names) > 1:
        raise SettingsError(
            f"settings are tuned on one task at a time; name it with task= or --task: {', '.join(names)}."
        )
    if task is not None and task not in names:
        raise unknown("task", task, names)
    if reused := sorted(set(seeds) & set(study.seeds)):
        raise SettingsError(
            f"seeds {', '.join(map(str, reused))} are the study's own, and results on tuning seeds look too good; tune "
            "on other seeds."
        )
    tasks = tuple(each for each in study.tasks if task in (None, each.name))
    budget = replace(study.budget, n_evals=1)
    return replace(study, tasks=tasks, seeds=seeds, budget=budget, baselines=(), tuning_seeds=())


def _count_ended(folder: Path, rungs: Sequence[Rung], study: Study) -> int:
    """Return how many runs of trials to a rung need not be run again."""
    numbers, trials = range(rungs[0].n_tries), study.trials()
    paths = [folder / f"try-{number:03d}" / trial.path for number in numbers for trial in trials]
    return sum(has_run(path, rung.fraction) for path in paths for rung in rungs)


def _run_rung(searches: Sequence[Search], rung: Rung, run_tries: Callable[[Sequence[Try], Rung], None]) -> None:
    """Run the best tries of each method on; where all of them fail, the next ones."""
    rankings = {search: search.next_rung() for search in searches}
    while any(rankings.values()):
        for search, ranking in rankings.items():
            search.running += ranking[: rung.n_tries]
        chosen = [each for ranking in rankings.values() for each in ranking[: rung.n_tries]]
        run_tries(sorted(chosen, key=lambda each: each.number), rung)
        rankings = {search: [] if search.best else ranking[rung.n_tries :] for search, ranking in rankings.items()}


def _run_tries(folder: Path, executor: Executor, display: Display, tries: Sequence[Try], rung: Rung) -> None:
    """Run tries to a rung, all their trials side by side."""
    trials = [trial for each in tries for trial in each.trials]
    for trial in trials:
        trial.check(folder / trial.path)
    missing = [trial for trial in trials if not has_run(folder / trial.path, rung.fraction)]
    run_trials(missing, folder, partial(_forward_event, display, rung.fraction), executor, rung.fraction)
    for each in tries:
        each.read(folder, rung.fraction)


def _forward_event(display: Display, fraction: float, event: TrialEvent) -> None:
    """Report an event of a trial that runs to a fraction of its budget."""
    name, _, path = event.trial.partition("/")
    if fraction < 1:
        name = f"{name} to {fraction:.2g}"
    completed = min(1.0, event.completed_fraction / fraction)
    display(replace(event, trial=f"{name}/{path}", completed_fraction=completed))


def _best_settings(searches: Sequence[Search]) -> dict[str, Any]:
    found = {}
    for search in searches:
        best = search.best
        about = {"try": best.number, "validation": best.score, "settings": best.settings} if best else {}
        found[search.method.name] = {**about, "failed": search.n_failed, "cost": vars(search.cost)}
    return found
