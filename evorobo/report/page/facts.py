"""The facts of a study on the report page: settings, trials and machines, from which it can be run again."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from evorobo.report.analysis.runs import cumulative_cost
from evorobo.report.formatting import format_cost, format_duration, format_number
from evorobo.report.page.charts import Json
from evorobo.study.records import read_object
from evorobo.study.results import Results, Run

_COSTS = {
    "env_steps": "env steps",
    "samples": "samples",
    "flops": "FLOPs",
    "update_flops": "update FLOPs",
    "robot_flops": "robot FLOPs",
    "cpu_seconds": "CPU",
    "wall_seconds": "wall",
}


def overview(results: Results) -> list[tuple[str, str]]:
    """What was compared, as pairs of a name and a value."""
    settings = results.settings
    seeds = sorted({run.seed for run in results.runs})
    limits = {name: value for name, value in settings.get("budget", {}).items() if value is not None}
    facts = [
        ("tasks", ", ".join(results.tasks)),
        ("methods", ", ".join(results.methods)),
        ("seeds", _format_seeds(seeds)),
        ("budget of each trial", _format_budget(limits)),
        ("hidden layers", _format_layers(settings.get("hidden", ()))),
        ("trials", _count_statuses(results.runs)),
    ]
    return [(name, value) for name, value in facts if value]


def origin(results: Results) -> list[str]:
    """In a few words each: how many trials, and when, at which commit and on which machine they ran."""
    machines = [read_object(path) for run in results.runs if (path := run.folder / "machine.json").is_file()]
    dates = sorted({date for machine in machines if (date := _format_date(machine.get("date")))})
    commits = dict.fromkeys(commit for machine in machines if (commit := _short_commit(machine)))
    computers = dict.fromkeys(text for machine in machines if (text := _computer(machine)))
    commit = next(iter(commits)) if len(commits) == 1 else f"{len(commits)} commits"
    computer = next(iter(computers)) if len(computers) == 1 else f"{len(computers)} types of machines"
    return [
        *filter(None, [_count_statuses(results.runs).replace("finished", "trials finished", 1)]),
        *([" to ".join(dict.fromkeys((dates[0], dates[-1])))] if dates else []),
        *([commit] if commits else []),
        *([computer] if computers else []),
    ]


def _format_date(text: Any) -> str:
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except (TypeError, ValueError):
        return ""


def _short_commit(machine: dict[str, Any]) -> str:
    commit, _, dirty = str(machine.get("commit") or "").partition("-")
    if not commit:
        return f"version {machine['evorobo']}" if machine.get("evorobo") else ""
    return f"commit {commit[:8]}{' with changes' if dirty else ''}"


def _computer(machine: dict[str, Any]) -> str:
    processor = re.sub(r"\((R|TM|C)\)|\bProcessor\b", "", str(machine.get("processor") or "")).split()
    cores = machine.get("cores")
    parts = [" ".join(processor), f"{cores} cores" if cores else "", str(machine.get("system") or "")]
    return ", ".join(filter(None, parts))


def settings(results: Results) -> list[tuple[str, str]]:
    """The settings of each task and method as JSON, by name."""
    common = ("budget", "hidden", "callbacks", "tuning_seeds", "tuning")
    by_name = {"budget and network": {key: value for key in common if (value := results.settings.get(key))}}
    tasks = zip(results.tasks, results.settings.get("tasks", ()), strict=False)
    methods_and_baselines = [*results.settings.get("methods", ()), *results.settings.get("baselines", ())]
    methods = zip(results.methods, methods_and_baselines, strict=False)
    by_name |= {f"task {name}": task for name, task in tasks}
    by_name |= {f"method {name}": method for name, method in methods}
    return [(name, _format_json(value)) for name, value in by_name.items() if value]


def _format_json(value: Json) -> str:
    """A value as JSON in lines, where lists of numbers and texts are one line each."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(r"\[\n[^\[\]{}]*\]", lambda match: re.sub(r"\n *", " ", match[0]), text)


def trials(results: Results) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of all trials: status, score, costs and machine."""
    letters, has_reasons = _machine_letters(results), any(run.reason for run in results.runs)
    rows = []
    for run in results.runs:
        has_evals = len(run.curve.get("test", ())) > 0
        rows.append(
            [
                run.task,
                run.method,
                str(run.seed),
                run.status,
                f"{run.score:.5g}" if has_evals else "",
                *(_format_total_cost(run, cost_column) if has_evals else "" for cost_column in _COSTS),
                letters.get(_read_machine(run), ""),
                *([run.reason] if has_reasons else []),
            ]
        )
    header = ["task", "method", "seed", "status", "test score", *_COSTS.values(), "machine"]
    return [*header, *(["reason"] if has_reasons else [])], rows


def machines(results: Results) -> list[tuple[str, dict[str, Any]]]:
    """The machines of the trials by letter: versions, system, processor, and the fingerprint of the data."""
    return [(letter, json.loads(text)) for text, letter in _machine_letters(results).items()]


def _machine_letters(results: Results) -> dict[str, str]:
    texts = dict.fromkeys(text for run in results.runs if (text := _read_machine(run)))
    return {text: chr(ord("A") + number) if number < 26 else str(number) for number, text in enumerate(texts)}


def _read_machine(run: Run) -> str:
    path = run.folder / "machine.json"
    if not path.is_file():
        return ""  # a trial that was stopped before its first step, or a log of another tool
    return json.dumps({name: value for name, value in read_object(path).items() if name != "date"})


def _format_total_cost(run: Run, cost_column: str) -> str:
    value = cumulative_cost(run, cost_column)[-1]
    return format_duration(value) if cost_column.endswith("seconds") else format_number(value)


def _format_seeds(seeds: list[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{len(seeds)}, numbers {seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _format_budget(limits: dict[str, Any]) -> str:
    amounts = [format_cost(value, name) for name, value in limits.items() if name not in ("type", "n_evals")]
    evals = f", with {limits['n_evals']} evals" if "n_evals" in limits else ""
    return " or ".join(amounts) + evals if amounts else ""


def _format_layers(hidden: Json) -> str:
    if isinstance(hidden, dict):
        return "; ".join(f"{method}: {_format_layers(layers) or 'none'}" for method, layers in hidden.items())
    return ", ".join(map(_format_layer, hidden))


def _format_layer(layer: Json) -> str:
    if not isinstance(layer, dict):
        return f"{layer} tanh units"
    args = ", ".join(f"{key}={value}" for key, value in layer.items() if key != "type" and value is not None)
    return f"{layer.get('type', '')}({args})"


def _count_statuses(runs: list[Run]) -> str:
    statuses = [run.status for run in runs]
    return ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
