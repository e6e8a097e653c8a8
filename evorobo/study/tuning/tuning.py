"""Tuning with Optuna: as many tries for every method, at the same price, on seeds that no result is reported on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from evorobo.checks import check_integer
from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.files import write_json
from evorobo.settings import stop_if_loading, to_plain
from evorobo.study.batching import batch_trials
from evorobo.study.executors import TrialEvent, run_parallel, run_serial
from evorobo.study.folders import trial_status
from evorobo.study.progress import Display
from evorobo.study.study import Study
from evorobo.study.tuning.search import Search
from evorobo.study.tuning.space import parse_ranges

SEEDS = (1000, 1001, 1002)
"""The tuning seeds, unless others are asked for."""
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
) -> Path:
    """Look for better settings of all methods of `study`; the file returned tells what was found (see `tuned`).

    `space` are ranges, `methods.<name>.<field>=LOW..HIGH` or `LOW..HIGH:log`. Each method is tried with `trials`
    settings, the study's own first where they lie in its ranges, the others proposed by Optuna's TPE sampler (Bergstra
    et al. 2011) with the seed `sampler_seed`. A try is run at each of `seeds` on the study's whole budget, and is worth the
    mean validation score of its answers; the test score has no say. One that fails or diverges at any seed is worth
    nothing, and paid for. With several tasks say which `task`. With `methods` only these are tuned now, and told in a
    file of their own; `tuned` takes several files, if all methods had the same effort.

    Everything lies in `results/<study>-tuning`: `<task>.json` (or `<task>-<method>.json`) and a folder for each try.
    Interrupted, the same call goes on: what is finished is read, and the sampler, told of it in the same order,
    proposes the same. Raises `SettingsError` where seeds are the study's own, a method has no range, or Optuna is
    missing.
    """
    stop_if_loading()
    study = _on_tuning_seeds(_only(study, methods), tuple(seeds), task)
    check_integer(1, trials=trials)
    ranges = parse_ranges(study, space)
    folder = Path(results) / f"{study.name}-tuning"
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
    tries = [folder / f"try-{number:03d}" for number in range(trials)]
    with Display(folder.name, trials * len(searches) * len(study.seeds), _done(tries, study)) as display:
        for number, place in enumerate(tries):
            _try(searches, place, jobs, display)
            write_json(file, {**about, "trials": number + 1, "methods": _found(searches)})
    for search in searches:
        if search.best is None:
            raise ResultsError(f"{search.method.name} failed with all of {trials} settings: {search.failure_reason}")
    return file


def _only(study: Study, methods: Sequence[str]) -> Study:
    names = [method.name for method in study.methods]
    for name in methods:
        if name not in names:
            raise unknown("method", name, names)
    return replace(study, methods=tuple(each for each in study.methods if not methods or each.name in methods))


def _on_tuning_seeds(study: Study, seeds: tuple[int, ...], task: str | None) -> Study:
    """The study as it is tuned: one task, the tuning seeds, a look at the start and one at the end."""
    names = [each.name for each in study.tasks]
    if task is None and len(names) > 1:
        raise SettingsError(f"settings are tuned on one task at a time; say which: {', '.join(names)}.")
    if task is not None and task not in names:
        raise unknown("task", task, names)
    if reused := sorted(set(seeds) & set(study.seeds)):
        named = ", ".join(map(str, reused))
        raise SettingsError(
            f"seeds {named} are the study's own, and flatter whoever was tuned on them; tune on others."
        )
    tasks = tuple(each for each in study.tasks if task in (None, each.name))
    budget = replace(study.budget, n_evals=1)
    return replace(study, tasks=tasks, seeds=seeds, budget=budget, baselines=(), tuning_seeds=())


def _done(tries: list[Path], study: Study) -> int:
    """How many trials need not be run again."""
    cells = [place / trial.path for place in tries for trial in study.trials()]
    return sum(trial_status(cell) in _ENDED for cell in cells)


def _try(searches: list[Search], folder: Path, jobs: int, display: Display) -> None:
    """One more setting of every method, all side by side."""
    asked = [search.ask() for search in searches]
    every = [trial for trials in asked for trial in trials]
    for trial in every:
        trial.check(folder / trial.path)
    missing = [trial for trial in every if trial_status(folder / trial.path) not in _ENDED]
    on_event = partial(_pass_on, display, folder.name)
    if jobs == 1:
        run_serial(batch_trials(missing, jobs), folder, on_event)
    elif missing:
        run_parallel(batch_trials(missing, jobs), folder, on_event, jobs)
    for search, trials in zip(searches, asked, strict=True):
        search.tell(trials, folder)


def _pass_on(display: Display, name: str, event: TrialEvent) -> None:
    display(replace(event, trial=f"{name}/{event.trial}"))


def _found(searches: list[Search]) -> dict[str, Any]:
    return {
        search.method.name: {**(search.best or {}), "failed": search.n_failed, "cost": vars(search.cost)}
        for search in searches
    }
