"""Results of several places side by side in one: methods of one name told apart, unlike tasks refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from evorobo.errors import ResultsError
from evorobo.report.analysis.result_files import UNNAMED_TASK, is_table
from evorobo.study.results import Results
from evorobo.study.trial import first_difference

MethodPair = tuple[str, str]
"""Two methods that are compared, by the names they have side by side."""


def merge_results(sides: Sequence[Results]) -> Results:
    """One `Results` of the tasks that all `sides` have. A method of a name that several sides use is called after its
    study too ("monday/cma-es"), and after its folder where studies are called alike.

    Raises `ResultsError` where there is no task in common, or scores are measured in unlike ways.
    """
    sides = _on_known_tasks(sides)
    tasks = [task for task in sides[0].tasks if all(task in side.tasks for side in sides)]
    if not tasks:
        told = "; ".join(f"{side.folder} has {', '.join(side.tasks)}" for side in sides)
        raise ResultsError(f"no task is common to all, so there is nothing to compare ({told}).")
    for task in tasks:
        _check_metric(sides, task)
    names = unique_method_names(sides)
    runs = [
        replace(run, method=names[number][run.method])
        for number, side in enumerate(sides)
        for run in side.runs
        if run.task in tasks
    ]
    known = [side for side in sides if not is_table(side)] or list(sides)
    return Results(
        folder=sides[0].folder,
        name=" v ".join(dict.fromkeys(side.name for side in sides)),
        tasks=tasks,
        methods=[name for of_side in names for name in of_side.values()],
        metrics={task: known[0].metrics[task] for task in tasks},
        references={task: known[0].references[task] for task in tasks},
        settings={},
        runs=runs,
    )


def unique_method_names(sides: Sequence[Results]) -> list[dict[str, str]]:
    """For each side, what its methods are called side by side."""
    every = [method for side in sides for method in side.methods]
    studies = [side.name for side in sides]
    found = []
    for side in sides:
        home = side.name if studies.count(side.name) == 1 else str(side.folder)
        called = {name: home if Path(home).name == name else f"{home}/{name}" for name in side.methods}
        found.append({name: name if every.count(name) == 1 else called[name] for name in side.methods})
    return found


def method_pairs(sides: Sequence[Results]) -> list[MethodPair]:
    """Who is compared with whom: the methods of the first side with those of each other one, like with like where
    both have several; within a single side each with each."""
    names = unique_method_names(sides)
    if len(sides) == 1:
        return list(combinations(names[0].values(), 2))
    pairs = []
    for number, side in enumerate(sides[1:], 1):
        ours, theirs = sides[0].methods, side.methods
        matched = [(one, other) for one in ours for other in theirs if one == other or 1 in (len(ours), len(theirs))]
        if not matched:
            raise ResultsError(
                f"{sides[0].folder} ({', '.join(ours)}) and {side.folder} ({', '.join(theirs)}) have no method in "
                "common; say which by its folder, results/<study>/<task>/<method>."
            )
        pairs += [(names[0][one], names[number][other]) for one, other in matched]
    return pairs


def provenance_cautions(sides: Sequence[Results]) -> list[str]:
    """What a reader must know of results that were not made together: other settings, scores of unknown origin."""
    found = []
    studies = [side for side in sides if not is_table(side)]
    plain = [dict(zip(side.tasks, side.settings.get("tasks", ()), strict=False)) for side in studies]
    for side, there in zip(studies[1:], plain[1:], strict=True):
        for task in sorted(plain[0].keys() & there.keys()):
            if (here := plain[0][task]) != there[task]:
                found.append(
                    f"{task} is not quite the same task in {studies[0].folder} and {side.folder}: "
                    f"{first_difference(here, there[task])}, in that order."
                )
            elif _made_of(studies[0], task) != _made_of(side, task):
                found.append(
                    f"{task} had other code or data in {studies[0].folder} than in {side.folder}, under the same "
                    "settings: what differs may be the task and not the methods."
                )
    for side in sides:
        if is_table(side) and studies:
            metric = next(iter(studies[0].metrics.values()))
            found.append(
                f"{side.folder} does not tell how its scores were measured; they are taken for {metric.name} as in "
                f"{studies[0].folder}, of answers that were scored again."
            )
    return found


def _made_of(side: Results, task: str) -> set[str]:
    """The fingerprints of the data and of the user's code that a task's runs were made with."""
    files = [run.folder / "machine.json" for run in side.runs if run.task == task]
    machines = [json.loads(file.read_text()) for file in files if file.is_file()]
    return {f"{each.get('data_sha256')} {each.get('task_code_sha256')}" for each in machines}


def _on_known_tasks(sides: Sequence[Results]) -> list[Results]:
    """The same, where a table that tells no task is taken to be of the one task that the others have."""
    told = list(dict.fromkeys(task for side in sides for task in side.tasks if task != UNNAMED_TASK))
    strangers = [side for side in sides if UNNAMED_TASK in side.tasks]
    if not strangers:
        return list(sides)
    if len(told) > 1:
        raise ResultsError(
            f"{strangers[0].folder} does not say which of the tasks {', '.join(told)} it is of; compare it with one of "
            'them, results/<study>/<task>, or give it a column "task".'
        )
    task = told[0] if told else strangers[0].metrics[UNNAMED_TASK].name
    return [_renamed(side, task) if UNNAMED_TASK in side.tasks else side for side in sides]


def _renamed(side: Results, task: str) -> Results:
    runs = [replace(run, task=task) for run in side.runs]
    return replace(side, tasks=[task], metrics={task: side.metrics[UNNAMED_TASK]}, references={task: {}}, runs=runs)


def _check_metric(sides: Sequence[Results], task: str) -> None:
    """Refuse scores that are not of one kind; a table's are taken for those of the study it is compared with."""
    known = [side for side in sides if not is_table(side)] or list(sides)
    for side in known[1:]:
        if (one := known[0].metrics[task]) != (other := side.metrics[task]):
            raise ResultsError(
                f"scores on {task} are {one.name!r} in {known[0].folder} and {other.name!r} in {side.folder} (or not "
                "better the same way), and cannot be compared; choose one column for both with --metric."
            )
