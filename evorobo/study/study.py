"""A study: every task with every method at every seed; what is missing is run, what is finished is read."""

from __future__ import annotations

import fnmatch
import inspect
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from evorobo.checks import MAX_SEEDS, check_distinct_names, check_integer, check_name
from evorobo.errors import SettingsError, unknown
from evorobo.fields import Limits, Seed
from evorobo.files import as_path, remove_temporary_files
from evorobo.learners.base import Method
from evorobo.learners.budget import Budget, StudiedBudget, check_budget
from evorobo.loading import stop_if_loading
from evorobo.nets.spec import Hidden
from evorobo.registry import register_component
from evorobo.settings import to_plain, with_defaults
from evorobo.study.base import StudiedMethod, StudiedTask
from evorobo.study.baselines import Baseline, check_baselines as check_baselines, write_baselines
from evorobo.study.callbacks import Callback, StudiedCallback, check_callbacks as check_callbacks
from evorobo.study.digests import is_finished
from evorobo.study.executors.base import Executor, Finding, Inspection
from evorobo.study.executors.choice import make_executor
from evorobo.study.executors.work import raise_error
from evorobo.study.folders import trial_status
from evorobo.study.locks import LEASE_SECONDS, FolderLock
from evorobo.study.progress import Display
from evorobo.study.records import write_record
from evorobo.study.results import Results, load, load_study, seed_folders
from evorobo.study.shards import select_shard
from evorobo.study.sharing import run_trials
from evorobo.study.trackers.base import Tracker, check_trackers
from evorobo.study.trackers.following import tracking
from evorobo.study.trial import Trial
from evorobo.study.trust import remember
from evorobo.tasks.base import Task


@register_component("settings", "Study")
@dataclass(frozen=True)
class Study:
    """The settings of a comparison: tasks, methods and seeds that share one budget. Make one with `Study.grid`.

    Parameters
    ----------
    name : str
        Name of the study and of its results folder.
    tasks : tuple of Task
        What is learned.
    methods : tuple of Method
        How it is learned. Names must differ; give a method a `name` where its settings differ from another's.
    seeds : tuple of int
        Seeds of the trials, each 0 or above.
    budget : Budget
        What each trial may spend.
    hidden : tuple, or dict of str to tuple
        Hidden layers of all networks, or of each method's networks by the name of the method.
    callbacks : tuple of Callback, optional
        Callbacks of every trial.
    tuning_seeds : tuple of int, optional
        Seeds on which the settings were chosen. Reports warn where they are among `seeds`.
    baselines : tuple of Baseline, optional
        Learning curves of other tools, shown beside the methods.
    tuning : dict, optional
        What the search for the settings has cost, by method; `tuned` fills it.

    Raises
    ------
    SettingsError
        Where tasks, methods or seeds are missing or repeated, a name cannot be the name of a folder, or a method spends
        nothing of the budget.

    Examples
    --------
    >>> import evorobo as er
    >>> study = er.Study.grid(
    ...     "lamp",
    ...     tasks=[er.ControlTask("evorobo/Phototaxis-v0")],
    ...     methods=[er.Evolution(er.CMAES()), er.Backprop()],
    ...     seeds=5,
    ...     budget=er.Budget(flops=1e7),
    ...     hidden=(8,),
    ... )
    >>> len(study.trials())
    10
    >>> [trial.path for trial in study.trials("seed-3")]
    ['phototaxis/cma-es/seed-3', 'phototaxis/backprop/seed-3']
    """

    name: str
    tasks: Annotated[tuple[StudiedTask, ...], Limits(min_length=1)]
    methods: Annotated[tuple[StudiedMethod, ...], Limits(min_length=1)]
    seeds: Annotated[tuple[Seed, ...], Limits(min_length=1)]
    budget: StudiedBudget
    hidden: tuple[Hidden, ...] | dict[str, tuple[Hidden, ...]]
    callbacks: tuple[StudiedCallback, ...] = ()
    tuning_seeds: tuple[Seed, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    tuning: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_integer(1, maximum=MAX_SEEDS, **{"the number of seeds": len(self.seeds)})
        if len(set(self.seeds)) < len(self.seeds):
            raise SettingsError(f"seeds {self.seeds} contain one seed twice; give each seed once.")
        check_callbacks(self.callbacks)
        check_baselines(self.baselines, [task.name for task in self.tasks])
        for method in self.methods:
            if isinstance(self.hidden, dict) and method.name not in self.hidden:
                raise SettingsError(f"hidden layers are given by method, and {method.name!r} has none; add them.")
        check_name(self.name)
        check_distinct_names("task", [task.name for task in self.tasks])
        check_distinct_names(
            "method", [*(method.name for method in self.methods), *(baseline.name for baseline in self.baselines)]
        )
        for task in self.tasks:
            for method in self.methods:
                check_budget(method, task, self.budget)

    @classmethod
    def grid(
        cls,
        name: str,
        *,
        tasks: Sequence[Task],
        methods: Sequence[Method],
        seeds: int | Iterable[int],
        budget: Budget,
        hidden: Sequence[Hidden] | Mapping[str, Sequence[Hidden]] = (16,),
        callbacks: Sequence[Callback] = (),
        tuning_seeds: Iterable[int] = (),
        baselines: Sequence[Baseline] = (),
    ) -> Study:
        """Make a study of every task with every method at every seed.

        Parameters
        ----------
        name : str
            Name of the study and of its results folder.
        tasks : sequence of Task
            What is learned.
        methods : sequence of Method
            How it is learned.
        seeds : int or iterable of int
            The number of seeds, counted from 0, or the seeds themselves.
        budget : Budget
            What each trial may spend.
        hidden : sequence, or mapping of str to sequence, default (16,)
            Hidden layers of all networks: numbers of tanh units, or layers such as `Elman(8)`. A mapping gives them by
            the name of the method, where networks are compared.
        callbacks : sequence of Callback, optional
            Callbacks of every trial.
        tuning_seeds : iterable of int, optional
            Seeds on which the settings were chosen.
        baselines : sequence of Baseline, optional
            Learning curves of other tools, shown beside the methods.

        Returns
        -------
        Study
            The study. Nothing has run yet.

        Raises
        ------
        SettingsError
            Where settings are invalid or do not fit together.
        """
        if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool):
            check_integer(1, maximum=MAX_SEEDS, **{"the number of seeds": int(seeds)})
            seeds = range(int(seeds))
        layers = {key: _listed(one) for key, one in hidden.items()} if isinstance(hidden, Mapping) else _listed(hidden)
        parts = [_listed(part) for part in (callbacks, tuning_seeds, baselines)]
        return cls(name, _listed(tasks), _listed(methods), _listed(seeds), budget, layers, *parts)

    def layers(self, method: Method) -> tuple[Hidden, ...]:
        """Return the hidden layers of a method's networks.

        Parameters
        ----------
        method : Method
            A method of this study.

        Returns
        -------
        tuple of int or layer
            Its hidden layers.
        """
        return self.hidden[method.name] if isinstance(self.hidden, dict) else self.hidden

    def trials(self, only: str | None = None) -> list[Trial]:
        """Return the trials, seed by seed, so that an interrupted study has runs of every method.

        Parameters
        ----------
        only : str, optional
            A part of the path of a trial ("cma-es", "seed-3") or a pattern (`cartpole*/backprop/*`).

        Returns
        -------
        list of Trial
            All trials, or those that `only` selects.

        Raises
        ------
        SettingsError
            Where `only` selects no trial.
        """
        trials = [
            Trial(task, method, self.budget, self.layers(method), seed, self.callbacks)
            for seed in self.seeds
            for task in self.tasks
            for method in self.methods
        ]
        if only is None:
            return trials
        selected = [trial for trial in trials if only in trial.path.split("/") or fnmatch.fnmatch(trial.path, only)]
        if not selected:
            raise unknown("part of the study", only, {part for trial in trials for part in trial.path.split("/")})
        return selected

    def run(
        self,
        results: str | Path = "results",
        *,
        jobs: int = 1,
        only: str | None = None,
        step_seconds: float | None = None,
        executor: Any = None,
        spread: str = "trials",
        shard: str | None = None,
        callbacks: Sequence[Tracker] = (),
    ) -> Results:
        """Run the trials that are not finished, and read the results of all.

        Failed and diverged trials are run again. Before anything runs, one trial of each task and method is started,
        so that settings that do not fit together are found at once.

        Parameters
        ----------
        results : str or pathlib.Path, default "results"
            The folder for results; those of the study are in `<results>/<name>`.
        jobs : int, default 1
            Number of worker processes, at least 1. With 1 the trials run in this process.
        only : str, optional
            The trials to run, as in `trials`.
        step_seconds : float, optional
            The time that a start, a step (a generation or a mini-batch) or an eval may take. A trial that exceeds it
            fails. It is no setting of the trials. Trials then run in worker processes, also with `jobs=1`.
        executor : dask.distributed.Client or str, optional
            The Dask cluster on which the trials run: a client, the address of a scheduler, `"local:4"`, or a TOML file
            that describes the jobs of a queue. It runs as many trials at a time as it has threads.
        spread : {"trials", "members"}, default "trials"
            What goes to the cluster. With "members" the trials run in this process, one after another, and the members
            of each generation of `Evolution` are scored there, to the same scores. This is for expensive simulators.
        shard : str, optional
            The part of the trials to run, such as "3/10"; ten calls, on any machines, run all.
        callbacks : sequence of Tracker, optional
            Experiment trackers, such as `MLflow()`: they receive the evals of all trials in the folder while this
            runs, and are no settings of the trials.

        Returns
        -------
        Results
            All runs in the folder.

        Raises
        ------
        SettingsError
            Where settings are invalid or do not fit together.
        ResultsError
            Where the folder cannot be written, or holds runs of other settings, data or code.
        Interrupted
            After Ctrl-C. The same call continues the study.
        """
        stop_if_loading()
        check_integer(1, jobs=jobs)
        check_trackers(callbacks)
        to_plain(self)  # settings that workers could not read are refused before anything runs
        folder = as_path(results) / self.name
        trials = select_shard(self.trials(only), shard)
        self._check(folder)
        write_baselines(self.baselines, folder)
        missing = [trial for trial in trials if not is_finished(folder / trial.path)]
        with make_executor(jobs, len(missing), step_seconds, executor, spread) as running:
            findings = self._inspect(running, folder, missing)
            earlier_verdicts = self._earlier_verdicts(folder)
            self._claim(folder, missing, {**self._record(findings), "earlier_verdicts": earlier_verdicts})
            with tracking(folder, callbacks), Display(self.name, len(trials), len(trials) - len(missing)) as display:
                run_trials(missing, folder, display, running)
        return load(folder, trust=True)  # its code is that of this study

    def _check(self, folder: Path) -> None:
        """Raise `ResultsError` for a folder with a trial of other settings at any seed; curves must not be mixed."""
        for trial in replace(self, seeds=self.seeds[:1]).trials():
            for seed, path in seed_folders((folder / trial.path).parent).items():
                replace(trial, seed=seed).check(path)

    def _claim(self, folder: Path, trials: Sequence[Trial], record: dict[str, Any]) -> None:
        """Write the settings of each task and method, so that a run with others that begins meanwhile is refused.

        A task and a method are claimed by one `trial.json` at any seed. Then `study.json` gets its content, `record`.
        """
        first = {(trial.task.name, trial.method.name): trial for trial in reversed(trials)}
        lock = FolderLock(folder, "study.lock")
        lock.wait(LEASE_SECONDS)
        try:
            for trial in first.values():
                paths = seed_folders((folder / trial.path).parent)
                if claimed := [seed for seed, path in paths.items() if (path / "trial.json").exists()]:
                    replace(trial, seed=claimed[0]).check(paths[claimed[0]])
                else:
                    write_record(folder / trial.path / "trial.json", to_plain(trial))
            remove_temporary_files(folder, "study.json")
            write_record(folder / "study.json", record)
            remember(folder / "study.json")
        finally:
            lock.release()

    def _inspect(self, executor: Executor, folder: Path, missing: list[Trial]) -> dict[str, Finding]:
        """Return scores and caution of each task, read from the folder where the tasks are the same.

        One missing trial of each task and method is started, to find settings that do not fit together before the
        long run. What user code raises is left to the trials, which report it.
        """
        known = self._known_findings(folder)
        inspections = [Inspection(task) for task in self.tasks if task.name not in known]
        n_scored = len(inspections)
        for task in self.tasks:
            first = {trial.method.name: trial for trial in reversed(missing) if trial.task is task}
            inspections += [Inspection(task, trial) for trial in reversed(first.values())]
        findings = executor.inspect(inspections)
        known |= {each.task.name: finding for each, finding in zip(inspections[:n_scored], findings, strict=False)}
        for each, finding in zip(inspections[n_scored:], findings[n_scored:], strict=True):
            is_task_sound = known[each.task.name].references is not None  # else the trials report what is wrong with it
            if is_task_sound or finding.error.get("type") == "SettingsError":
                raise_error(finding)
        return known

    def _earlier_verdicts(self, folder: Path) -> list[int]:
        """Return the numbers of seeds with which verdicts on the study in `folder` could be made before."""
        if not (folder / "study.json").exists():
            return []
        before = load_study(folder)
        seeds = before.settings.get("seeds", [])
        cells = [folder / task / method for task in before.tasks for method in before.methods]
        ended = all(trial_status(cell / f"seed-{seed}") in ("finished", "diverged") for cell in cells for seed in seeds)
        is_new = seeds and ended and len(seeds) not in before.earlier_verdicts and not set(self.seeds) <= set(seeds)
        return [*before.earlier_verdicts, *([len(seeds)] if is_new else [])]

    def _known_findings(self, folder: Path) -> dict[str, Finding]:
        if not (folder / "study.json").exists():
            return {}
        before = load_study(folder)
        if with_defaults(before.settings["tasks"]) != json.loads(json.dumps(to_plain(self.tasks))):
            return {}
        return {
            task: Finding(scores, before.cautions.get(task, ""), before.reference_metrics.get(task, {}))
            for task, scores in before.references.items()
            if scores
        }

    def _record(self, findings: Mapping[str, Finding]) -> dict[str, Any]:
        """Return the content of `study.json`."""
        tasks: dict[str, dict[str, Any]] = {}
        for task in self.tasks:
            finding = findings[task.name]
            tasks[task.name] = {"metric": vars(task.metric_info), "references": finding.references or {}}
            if finding.reference_metrics:
                tasks[task.name]["reference_metrics"] = finding.reference_metrics
            if finding.caution:
                tasks[task.name]["caution"] = finding.caution
        methods = {method.name: to_plain(method) for method in self.methods}
        methods |= {baseline.name: to_plain(baseline) for baseline in self.baselines}
        about = {"name": self.name, "question": self._question(), "tasks": tasks, "methods": methods}
        return {**about, "settings": to_plain(self)}

    def _question(self) -> str:
        """Return the docstring of the script that defines this study; an empty text where there is no script."""
        script = sys.modules.get("__main__")
        studies = [thing for thing in vars(script).values() if isinstance(thing, Study)] if script else []
        return inspect.getdoc(script) or "" if self.name in [study.name for study in studies] else ""


def _listed(values: Any) -> Any:
    """Return what can be iterated over as a tuple; the fields of a study refuse the rest, as they do a text."""
    is_list = isinstance(values, Iterable) and not isinstance(values, str | Mapping)
    return tuple(islice(values, MAX_SEEDS + 1)) if is_list else values
