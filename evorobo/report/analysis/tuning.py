"""The results and the cost of tuning, in a table and in a sentence."""

from __future__ import annotations

import json
from typing import Any

from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.formatting import format_cost
from evorobo.study.results import Results
from evorobo.tasks.base import FLOPS_COLUMNS


def to_terminal(tuning: dict[str, Any], width: int | None = None) -> str:
    """The table of a file that `tune` wrote, for a terminal of this width."""
    rows = [
        [
            name,
            f"{best['validation']:.4g}",
            f"{best['try']}",
            ", ".join(f"{path.split('.', 2)[2]}={json.dumps(value)}" for path, value in best["settings"].items()),
            str(best["failed"]),
            _format_costs(best["cost"]),
        ]
        for name, best in tuning["methods"].items()
    ]
    header = ["method", f"validation {tuning['metric']['name']}", "try", "settings", "failed", "cost of tuning"]
    return terminal_table(rows, header, ["left"] * len(header), width)


def tuning_cost_caution(results: Results) -> str:
    """The cost of tuning, which is not part of the curves; empty where no method was tuned."""
    tuning = results.settings.get("tuning") or {}
    if not tuning:
        return ""
    trials = next(iter(tuning.values()))["trials"]
    seeds = len(results.settings.get("tuning_seeds") or ())
    costs = "; ".join(f"{name} {_format_costs(cost)}" for name, cost in tuning.items())
    return (
        f"Each method was tuned with {trials} settings at {seeds} separate seeds. The cost of tuning is in no curve "
        f"and no table: {costs}."
    )


def _format_costs(cost: dict[str, float]) -> str:
    amounts = [format_cost(cost[name], name) for name in ("env_steps", "samples") if cost[name]]
    flops = format_cost(sum(cost[name] for name in FLOPS_COLUMNS), "flops")
    return ", ".join([*amounts, flops, format_cost(cost["cpu_seconds"], "cpu_seconds")])
