"""Tuning with Optuna: the same number of tries and the same budget for every method, on seeds of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from evorobo.checks import check_integer
from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.files import as_path
from evorobo.loading import stop_if_loading
from evorobo.settings import to_plain
from evorobo.study.executors.base import Executor, TrialEvent
from evorobo.study.executors.choice import make_executor
from evorobo.study.folders import trial_status
from evorobo.study.progress import Display
from evorobo.study.records import write_record
from evorobo.study.sharing import run_trials
from evorobo.study.study import Study
from evorobo.study.tuning.search import Search
from evorobo.study.tuning.space import parse_ranges

SEEDS = (1000, 1001, 1002)
"""Default seeds of tuning."""
_ENDED = ("finished", "diverged")


def tune(
    study: Study,
    space: Sequence[str],
    *,
    trials: int = 20,
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

    Parameters
    ----------
    study : Study
        The study.
    space : sequence of str
        Ranges of settings: `methods.<name>.<field>=LOW..HIGH`, or `LOW..HIGH:log` for values that are drawn evenly in
        the logarithm. A `*` for the name gives all methods the same range.
    trials : int, default 20
        Number of settings to try for each method, at least 1.
    seeds : iterable of int, default (1000, 1001, 1002)
        Seeds of every try; none may be a seed of the study.
    task : str, optional
        Name of the task to tune on. Required where the study has several.
    methods : sequence of str, optional
        Names of the methods to tune now. They get a file of their own; `tuned` takes several files that were made with
        the same effort.
    results : str or pathlib.Path, default "results"
        The folder for results; those of tuning are in `<results>/<study>-tuning`.
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
        Where a seed is the study's own, a method has no range, or Optuna is missing.
    ResultsError
        Where all tries of a method failed, or the folder cannot be written.

    References
    ----------
    .. [1] J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.

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
    check_integer(1, trials=trials)
    ranges = parse_ranges(study, space)
    folder = as_path(results) / f"{study.name}-tuning"
    file = folder / f"{'-'.join([study.tasks[0].name, *methods])}.json"
    searches = [Search(method, ranges[method.name], study, sampler_seed) for method in study.methods]
    about = {
        "study": study.name,
        "task": study.tasks[0].name,
        "metric": vars(study.tasks[0].metric_info),
        "budget": to_plain(study.budget),
        "seeds": list(study.seeds),
        "space": list(space),
        "sampler_seed": sampler_seed,
    }
    folders = [folder / f"try-{number:03d}" for number in range(trials)]
    n_trials = trials * len(searches) * len(study.seeds)
    with (
        make_executor(jobs, len(searches) * len(study.seeds), step_seconds, executor) as running,
        Display(folder.name, n_trials, _count_ended(folders, study)) as display,
    ):
        for number, try_folder in enumerate(folders):
            _run_try(searches, try_folder, running, display)
            write_record(file, {**about, "trials": number + 1, "methods": _best_settings(searches)})
    for search in searches:
        if search.best is None:
            raise ResultsError(f"{search.method.name} failed with all of {trials} settings: {search.failure_reason}")
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


def _count_ended(folders: list[Path], study: Study) -> int:
    """Return how many trials need not run again."""
    paths = [folder / trial.path for folder in folders for trial in study.trials()]
    return sum(trial_status(path) in _ENDED for path in paths)


def _run_try(searches: list[Search], folder: Path, executor: Executor, display: Display) -> None:
    """Try one more setting of every method; their trials run side by side."""
    proposed = [search.ask() for search in searches]
    trials = [trial for of_method in proposed for trial in of_method]
    for trial in trials:
        trial.check(folder / trial.path)
    missing = [trial for trial in trials if trial_status(folder / trial.path) not in _ENDED]
    on_event = partial(_forward_event, display, folder.name)
    run_trials(missing, folder, on_event, executor)
    for search, of_method in zip(searches, proposed, strict=True):
        search.tell(of_method, folder)


def _forward_event(display: Display, name: str, event: TrialEvent) -> None:
    display(replace(event, trial=f"{name}/{event.trial}"))


def _best_settings(searches: list[Search]) -> dict[str, Any]:
    return {
        search.method.name: {**(search.best or {}), "failed": search.n_failed, "cost": vars(search.cost)}
        for search in searches
    }
