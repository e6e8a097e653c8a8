"""A study: every task with every method at every seed, run where they were not run yet."""

from __future__ import annotations

import fnmatch
import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evorobo.checks import check_integer
from evorobo.errors import SettingsError, TaskError, unknown
from evorobo.files import write_json
from evorobo.learners.base import Method
from evorobo.nets.spec import Hidden
from evorobo.registry import register_component
from evorobo.settings import stop_if_loading, to_plain
from evorobo.study.baselines import Baseline, check_baselines as check_baselines, write_baselines
from evorobo.study.batching import batch_trials
from evorobo.study.budget import Budget
from evorobo.study.callbacks import Callback, check_callbacks as check_callbacks
from evorobo.study.executors import run_parallel, run_serial
from evorobo.study.folders import trial_status
from evorobo.study.progress import Display
from evorobo.study.results import Results, load, load_study, seed_folders
from evorobo.study.trial import Trial
from evorobo.tasks.base import Task
from evorobo.tasks.capabilities import HasCaveat

MAX_NAME_LENGTH = 100
"""Letters of a name; most systems take folders of 255 bytes."""


@register_component("settings", "Study")
@dataclass(frozen=True)
class Study:
    """What is compared, as plain settings. Make one with `Study.grid`."""

    name: str
    tasks: tuple[Task, ...]
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    budget: Budget
    hidden: tuple[Hidden, ...] | dict[str, tuple[Hidden, ...]]
    callbacks: tuple[Callback, ...] = ()
    tuning_seeds: tuple[int, ...] = ()
    """On which the settings were chosen; reports warn where they are among `seeds`."""
    baselines: tuple[Baseline, ...] = ()
    tuning: dict[str, dict[str, float]] = field(default_factory=dict)
    """What finding the settings has cost, by method; see `tuned`."""

    def __post_init__(self) -> None:
        if not (self.tasks and self.methods and self.seeds):
            raise SettingsError("a study needs at least one task, one method and one seed.")
        if len(set(self.seeds)) < len(self.seeds):
            raise SettingsError(f"seeds {self.seeds} repeat themselves; a run counted twice proves nothing.")
        check_callbacks(self.callbacks)
        check_baselines(self.baselines, [task.name for task in self.tasks])
        for method in self.methods:
            if isinstance(self.hidden, dict) and method.name not in self.hidden:
                raise SettingsError(f"hidden layers are given by method, and {method.name!r} has none; name it, too.")
            for layer in self.layers(method):
                if isinstance(layer, bool | float | str):
                    raise SettingsError(
                        f"hidden layers are numbers of units or layers such as Dense(8), not {layer!r}."
                    )
        for kind, names in (
            ("task", [task.name for task in self.tasks]),
            ("method", [*(m.name for m in self.methods), *(b.name for b in self.baselines)]),
        ):
            for name in (self.name, *names):
                if not re.fullmatch(r"[\w.+ ()=-]+", name) or name.startswith("."):
                    raise SettingsError(f"{name!r} cannot be the name of a folder; use letters, digits, - and _.")
                if len(name) > MAX_NAME_LENGTH:
                    raise SettingsError(
                        f"{name[:20]}... has {len(name)} letters; as names of folders {MAX_NAME_LENGTH} will do."
                    )
            for name in names:
                if names.count(name) > 1:
                    raise SettingsError(f"two {kind}s are called {name!r}; give one of them another name.")

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
        """Every task x method x seed; `seeds=5` means seeds 0 to 4. Each trial has the `callbacks`; `baselines` are
        shown beside the methods. `hidden` layers are those of all networks, or by method where networks are what is
        compared: {"reactive": (8,), "recurrent": (Elman(8),)}."""
        numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
        return cls(
            name,
            tuple(tasks),
            tuple(methods),
            numbers,
            budget,
            {name: tuple(each) for name, each in hidden.items()} if isinstance(hidden, Mapping) else tuple(hidden),
            tuple(callbacks),
            tuple(tuning_seeds),
            tuple(baselines),
        )

    def layers(self, method: Method) -> tuple[Hidden, ...]:
        """The hidden layers of this method's networks."""
        return self.hidden[method.name] if isinstance(self.hidden, dict) else self.hidden

    def trials(self, only: str | None = None) -> list[Trial]:
        """Seed by seed, so that an interrupted study has runs of everything. `only` picks by a part of the path
        ("cma-es", "seed-3") or a pattern ("cartpole*/backprop/*")."""
        trials = [
            Trial(task, method, self.budget, self.layers(method), seed, self.callbacks)
            for seed in self.seeds
            for task in self.tasks
            for method in self.methods
        ]
        if only is None:
            return trials
        picked = [t for t in trials if only in t.path.split("/") or fnmatch.fnmatch(t.path, only)]
        if not picked:
            raise unknown("part of the study", only, {part for trial in trials for part in trial.path.split("/")})
        return picked

    def run(self, results: str | Path = "results", *, jobs: int = 1, only: str | None = None) -> Results:
        """Run what is missing under `results/<name>` and read everything back.

        Finished trials are read, not repeated; failed and diverged ones are tried again. Nothing is run before all
        settings fit together and no folder holds other settings. Ctrl-C raises `Interrupted`; the same call goes on.
        """
        stop_if_loading()
        check_integer(1, jobs=jobs)
        folder = Path(results) / self.name
        trials = self.trials(only)
        self._check(folder)
        write_baselines(self.baselines, folder)
        missing = [trial for trial in trials if trial_status(folder / trial.path) != "finished"]
        references = self._references(folder)
        self._try_out([trial for trial in missing if trial.task.name in references])
        write_json(folder / "study.json", self._about(references))
        with Display(self.name, len(trials), len(trials) - len(missing)) as display:
            if jobs == 1:
                run_serial(batch_trials(missing, jobs), folder, display)
            elif missing:
                run_parallel(batch_trials(missing, jobs), folder, display, jobs)
        return load(folder)

    def _check(self, folder: Path) -> None:
        """Refuse a folder in which any trial of a cell, of whatever seed, was run with other settings: their curves
        would be drawn together."""
        for trial in replace(self, seeds=self.seeds[:1]).trials():
            for seed, path in seed_folders((folder / trial.path).parent).items():
                replace(trial, seed=seed).check(path)

    def _try_out(self, trials: list[Trial]) -> None:
        """Start one trial of each cell, so that what does not fit together is told before a night is spent on it."""
        tried = set()
        for trial in trials:
            cell = trial.task.name, trial.method.name
            if cell not in tried:
                trial.start()
                tried.add(cell)

    def _references(self, folder: Path) -> dict[str, dict[str, float]]:
        """By task, from the last time if it was the same study; a task that breaks down is left out: its trials will
        say why, and the others run."""
        if (folder / "study.json").exists():
            before = load_study(folder)
            if before.settings["tasks"] == json.loads(json.dumps(to_plain(self.tasks))):
                return {task: each for task, each in before.references.items() if each}
        found = {}
        for task in self.tasks:
            with suppress(TaskError):
                found[task.name] = task.references()
        return found

    def _about(self, references: dict[str, dict[str, float]]) -> dict[str, Any]:
        tasks: dict[str, dict[str, Any]] = {}
        for task in self.tasks:
            tasks[task.name] = {"metric": vars(task.metric_info), "references": references.get(task.name, {})}
            if isinstance(task, HasCaveat) and (caveat := task.caveat()):
                tasks[task.name]["caution"] = caveat
        methods = {method.name: to_plain(method) for method in self.methods}
        methods |= {baseline.name: to_plain(baseline) for baseline in self.baselines}
        about = {"name": self.name, "question": self._question(), "tasks": tasks, "methods": methods}
        return {**about, "settings": to_plain(self)}

    def _question(self) -> str:
        """What the script that holds this study says in its docstring; nothing where it was made otherwise."""
        script = sys.modules.get("__main__")
        held = [thing for thing in vars(script).values() if isinstance(thing, Study)] if script else []
        return inspect.getdoc(script) or "" if self.name in [study.name for study in held] else ""
