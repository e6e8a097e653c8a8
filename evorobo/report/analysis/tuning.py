"""What tuning has found and what it has cost, in a table and in one sentence."""

from __future__ import annotations

import json
from typing import Any

from tabulate import tabulate

from evorobo.report import formatting as wording
from evorobo.study.results import Results


def to_terminal(found: dict[str, Any]) -> str:
    """The table of a file that `tune` wrote."""
    rows = [
        [
            name,
            f"{each['validation']:.4g}",
            f"{each['try']}",
            ", ".join(f"{path.split('.', 2)[2]}={json.dumps(value)}" for path, value in each["settings"].items()),
            each["failed"],
            _paid(each["cost"]),
        ]
        for name, each in found["methods"].items()
    ]
    header = ["method", f"validation {found['metric']['name']}", "try", "settings", "failed", "cost of tuning"]
    return tabulate(rows, header, "simple", disable_numparse=True)


def tuning_cost_caution(results: Results) -> str:
    """What was paid for the settings of a study before its curves began; empty where nobody was tuned."""
    tuning = results.settings.get("tuning") or {}
    if not tuning:
        return ""
    trials = next(iter(tuning.values()))["trials"]
    seeds = len(results.settings.get("tuning_seeds") or ())
    paid = "; ".join(f"{name} {_paid(each)}" for name, each in tuning.items())
    return (
        f"Tuned beforehand, each method with {trials} settings at {seeds} seeds of their own; what that has cost is on "
        f"no curve and in no table: {paid}."
    )


def _paid(cost: dict[str, float]) -> str:
    told = {"env_steps": cost["env_steps"], "samples": cost["samples"]}
    amounts = [wording.format_cost(amount, name) for name, amount in told.items() if amount]
    flops = wording.format_cost(cost["forward_flops"] + cost["backward_flops"], "flops")
    return ", ".join([*amounts, flops, wording.format_cost(cost["cpu_seconds"], "cpu_seconds")])
