"""Settings and provenance of every trial, so that a reader of the page alone could run all of it again."""

from __future__ import annotations

import json
from typing import Any

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.page.charts import Json
from evorobo.study.results import Results, Run

_COSTS = {
    "env_steps": "env steps",
    "samples": "samples",
    "flops": "FLOPs",
    "cpu_seconds": "CPU",
    "wall_seconds": "wall",
}


def overview(results: Results) -> list[tuple[str, str]]:
    """What was compared, as pairs of a word and its value."""
    settings = results.settings
    seeds = sorted({run.seed for run in results.runs})
    limits = {name: value for name, value in settings.get("budget", {}).items() if value is not None}
    facts = [
        ("tasks", ", ".join(results.tasks)),
        ("methods", ", ".join(results.methods)),
        ("seeds", _listed(seeds)),
        ("each trial may spend", _budget(limits)),
        ("hidden layers", _layers(settings.get("hidden", ()))),
        ("trials", _counts(results.runs)),
    ]
    return [(name, value) for name, value in facts if value]


def settings(results: Results) -> list[tuple[str, str]]:
    """The settings of each task and method as JSON texts, by name."""
    whole = results.settings
    common = ("budget", "hidden", "callbacks", "tuning_seeds", "tuning")
    named = {"budget and network": {key: whole.get(key) for key in common if whole.get(key)}}
    tasks = dict(zip(results.tasks, whole.get("tasks", ()), strict=False))
    every = [*whole.get("methods", ()), *whole.get("baselines", ())]
    methods = dict(zip(results.methods, every, strict=False))
    named |= {f"task {name}": each for name, each in tasks.items()}
    named |= {f"method {name}": each for name, each in methods.items()}
    return [(name, json.dumps(each, indent=2, ensure_ascii=False)) for name, each in named.items() if each]


def trials(results: Results) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of all trials: how each ended, what it scored and paid, and on which machine."""
    machines, reasons = _machines(results), any(run.reason for run in results.runs)
    rows = []
    for run in results.runs:
        priced = len(run.curve.get("test", ())) > 0
        rows.append(
            [
                run.task,
                run.method,
                str(run.seed),
                run.status,
                f"{run.score:.5g}" if priced else "",
                *(_format_cost(run, cost_column) if priced else "" for cost_column in _COSTS),
                machines.get(_machine(run), ""),
                *([run.reason] if reasons else []),
            ]
        )
    head = ["task", "method", "seed", "ended", "test score", *_COSTS.values(), "machine"]
    return [*head, *(["reason"] if reasons else [])], rows


def machines(results: Results) -> list[tuple[str, dict[str, Any]]]:
    """The machines of the trials by letter: versions, system, processor, and the fingerprint of the data."""
    return [(letter, json.loads(text)) for text, letter in _machines(results).items()]


def _machines(results: Results) -> dict[str, str]:
    texts = dict.fromkeys(text for run in results.runs if (text := _machine(run)))
    return {text: _letter(number) for number, text in enumerate(texts)}


def _machine(run: Run) -> str:
    path = run.folder / "machine.json"
    try:
        return json.dumps(json.loads(path.read_text()))
    except (OSError, ValueError):
        return ""  # a trial that was stopped as it began, or somebody else's log


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else str(number)


def _format_cost(run: Run, cost_column: str) -> str:
    value = runs.cumulative_cost(run, cost_column)[-1]
    return wording.format_duration(value) if cost_column.endswith("seconds") else wording.format_number(value)


def _listed(seeds: list[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{len(seeds)}, numbers {seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _budget(limits: dict[str, Any]) -> str:
    prices = [wording.format_cost(value, name) for name, value in limits.items() if name not in ("type", "n_evals")]
    looks = f", with {limits['n_evals']} looks at the test score on the way" if "n_evals" in limits else ""
    return " or ".join(prices) + looks if prices else ""


def _layers(hidden: Json) -> str:
    if isinstance(hidden, dict):
        return "; ".join(f"{method}: {_layers(each) or 'none'}" for method, each in hidden.items())

    def named(layer: Json) -> str:
        if not isinstance(layer, dict):
            return f"{layer} tanh units"
        of = ", ".join(f"{key}={value}" for key, value in layer.items() if key != "type" and value is not None)
        return f"{layer.get('type', '')}({of})"

    return ", ".join(named(layer) for layer in hidden)


def _counts(found: list[Run]) -> str:
    statuses = dict.fromkeys(run.status for run in found)
    parts = [f"{sum(run.status == status for run in found)} {status}" for status in statuses]
    return ", ".join(parts)
