"""Merge several results into one: methods with equal names get distinct ones, different metrics are an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from evorobo.errors import ResultsError
from evorobo.files import as_path
from evorobo.report.analysis.result_files import UNNAMED_TASK, is_table
from evorobo.settings import with_defaults
from evorobo.study.records import read_object
from evorobo.study.results import Results
from evorobo.study.trial import first_difference

MethodPair = tuple[str, str]
"""Two methods that are compared, by their names in the merged results."""


def merge_results(sides: Sequence[Results]) -> Results:
    """One `Results` with the tasks that all `sides` have.

    Methods of equal names get names that say what differs (see `unique_method_names`). Raises `ResultsError` where
    there is no common task, or where metrics differ.
    """
    sides = _name_tasks(sides)
    tasks = [task for task in sides[0].tasks if all(task in side.tasks for side in sides)]
    if not tasks:
        tasks_of_sides = "; ".join(f"{side.folder} has {', '.join(side.tasks)}" for side in sides)
        raise ResultsError(f"the results have no common task, so they cannot be compared ({tasks_of_sides}).")
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
        name=" v ".join(side_labels(sides)),
        tasks=tasks,
        methods=[name for of_side in names for name in of_side.values()],
        metrics={task: known[0].metrics[task] for task in tasks},
        references={task: known[0].references[task] for task in tasks},
        reference_metrics={task: known[0].reference_metrics.get(task, {}) for task in tasks},
        settings={},
        runs=runs,
        method_settings={
            names[number][method]: settings
            for number, side in enumerate(sides)
            for method, settings in side.method_settings.items()
            if method in names[number]  # a part of a study keeps the settings of all
        },
        earlier_verdicts=max((side.earlier_verdicts for side in sides), key=len),
    )


def unique_method_names(sides: Sequence[Results]) -> list[dict[str, str]]:
    """For each side, the names of its methods in the merged results, which say only what differs.

    A name that several sides use gets the label of its side in front. Where all sides hold one method of the same
    name, the label alone is the name.
    """
    methods = [method for side in sides for method in side.methods]
    labels = side_labels(sides)
    if len(sides) > 1 and len(set(methods)) == 1:
        return [{methods[0]: label} for label in labels]
    return [
        {name: name if methods.count(name) == 1 else f"{label}/{name}" for name in side.methods}
        for side, label in zip(sides, labels, strict=True)
    ]


def side_labels(sides: Sequence[Results]) -> list[str]:
    """A label for each side: the name of its study, or where two are equal the part of the paths that differs."""
    names = [side.name for side in sides]
    if len(set(names)) == len(names):
        return names
    paths = [as_path(side.folder).absolute().parts for side in sides]
    start = next((i for i, parts in enumerate(zip(*paths, strict=False)) if len(set(parts)) > 1), 0)
    ends = [parts[start:][::-1] for parts in paths]
    end = next((i for i, parts in enumerate(zip(*ends, strict=False)) if len(set(parts)) > 1), 0)
    labels = ["/".join(parts[end:][::-1]) for parts in ends]
    return labels if all(labels) and len(set(labels)) == len(labels) else [str(side.folder) for side in sides]


def method_pairs(sides: Sequence[Results]) -> list[MethodPair]:
    """The pairs to compare: the methods of the first side with those of each other side.

    Where both sides have several methods, only methods of equal names are compared. Within a single side all pairs are.
    """
    names = unique_method_names(sides)
    if len(sides) == 1:
        return list(combinations(names[0].values(), 2))
    pairs = []
    for number, side in enumerate(sides[1:], 1):
        first, second = sides[0].methods, side.methods
        matched = [(a, b) for a in first for b in second if a == b or 1 in (len(first), len(second))]
        if not matched:
            raise ResultsError(
                f"{sides[0].folder} ({', '.join(first)}) and {side.folder} ({', '.join(second)}) have no common "
                "method; give the folder of one method, results/<study>/<task>/<method>."
            )
        pairs += [(names[0][a], names[number][b]) for a, b in matched]
    return pairs


def provenance_cautions(sides: Sequence[Results]) -> list[str]:
    """Cautions on results that were not run together: different settings, code or data, and scores of other tools."""
    texts = []
    studies = [side for side in sides if not is_table(side)]
    settings = [dict(zip(side.tasks, with_defaults(side.settings.get("tasks", [])), strict=False)) for side in studies]
    for side, others in zip(studies[1:], settings[1:], strict=True):
        for task in sorted(settings[0].keys() & others.keys()):
            if settings[0][task] != others[task]:
                texts.append(
                    f"{task} has different settings: {first_difference(settings[0][task], others[task])} "
                    f"(there: {studies[0].folder}, here: {side.folder})."
                )
            elif _fingerprints(studies[0], task) != _fingerprints(side, task):
                texts.append(
                    f"{task} has the same settings but other code or data in {studies[0].folder} than in "
                    f"{side.folder}, so a difference may come from the task and not from the methods."
                )
    for side in sides:
        if is_table(side) and studies:
            metric = next(iter(studies[0].metrics.values()))
            texts.append(
                f"{side.folder} does not say how its scores were measured. They are assumed to be {metric.name} as in "
                f"{studies[0].folder}, of solutions that were scored again."
            )
    return texts


def _fingerprints(side: Results, task: str) -> set[str]:
    """The fingerprints of the data and of the user's code that the runs of a task used."""
    files = [run.folder / "machine.json" for run in side.runs if run.task == task]
    machines = [read_object(file) for file in files if file.is_file()]
    return {f"{machine.get('data_sha256')} {machine.get('task_code_sha256')}" for machine in machines}


def _name_tasks(sides: Sequence[Results]) -> list[Results]:
    """The same results, where a table without a task gets the name of the only task of the others."""
    names = list(dict.fromkeys(task for side in sides for task in side.tasks if task != UNNAMED_TASK))
    unnamed = [side for side in sides if UNNAMED_TASK in side.tasks]
    if not unnamed:
        return list(sides)
    if len(names) > 1:
        raise ResultsError(
            f"{unnamed[0].folder} does not name its task, which may be any of {', '.join(names)}; compare it with one "
            'of them, results/<study>/<task>, or add a column "task".'
        )
    task = names[0] if names else unnamed[0].metrics[UNNAMED_TASK].name
    return [_rename_task(side, task) if UNNAMED_TASK in side.tasks else side for side in sides]


def _rename_task(side: Results, task: str) -> Results:
    runs = [replace(run, task=task) for run in side.runs]
    return replace(side, tasks=[task], metrics={task: side.metrics[UNNAMED_TASK]}, references={task: {}}, runs=runs)


def _check_metric(sides: Sequence[Results], task: str) -> None:
    """Refuse different metrics; the scores of a table are assumed to have the metric of the study."""
    known = [side for side in sides if not is_table(side)] or list(sides)
    for side in known[1:]:
        if (first := known[0].metrics[task]) != (second := side.metrics[task]):
            raise ResultsError(
                f"scores on {task} are {first.name!r} in {known[0].folder} and {second.name!r} in {side.folder}, or "
                "their directions differ, so they cannot be compared; choose a common column with --metric."
            )
