"""Numbers and sentences as figures and tables print them."""

from __future__ import annotations

from math import floor, isfinite, log10

from evorobo.tasks.base import MetricInfo

COST_LABELS = {
    "flops": "FLOPs, forward + backward",
    "env_steps": "environment steps",
    "episodes": "episodes",
    "samples": "labelled samples",
    "forward_flops": "FLOPs, forward",
    "backward_flops": "FLOPs, backward",
    "cpu_seconds": "CPU time [s]",
    "wall_seconds": "wall time [s]",
}
"""What may be an x axis: the ledger's columns and both kinds of FLOPs together, with their labels."""


_UNITS = {
    "flops": "FLOPs",
    "env_steps": "env steps",
    "forward_flops": "forward FLOPs",
    "backward_flops": "backward FLOPs",
}


def format_number(value: float) -> str:
    """Up to three digits that matter and an SI prefix: 1.2e6 is "1.2M"."""
    if not isfinite(value):
        return "-"
    for prefix, size in (("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{prefix}"
    return f"{value:.3g}"


def format_duration(seconds: float) -> str:
    """A time as people say it: "12 s", "3.5 min", "2.1 h"."""
    if not isfinite(seconds):
        return "-"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"


def format_cost(value: float, cost_column: str) -> str:
    """An amount of a currency: "1.2M environment steps", "3.5 min of CPU time"."""
    if cost_column.endswith("_seconds"):
        return f"{format_duration(value)} of {'CPU' if cost_column.startswith('cpu') else 'wall'} time"
    return f"{format_number(value)} {cost_unit(cost_column)}"


def cost_unit(cost_column: str) -> str:
    """What a currency's amounts are counted in, for the heads of tables."""
    return _UNITS.get(cost_column, cost_column.replace("_", " "))


def format_p_value(p: float) -> str:
    """A p-value with its sign: "= 0.032", "< 0.0001"."""
    return "< 0.0001" if p < 1e-4 else f"= {p:.2g}" if p < 0.1 else f"= {p:.2f}"


def decimals(values: list[float]) -> int:
    """How many decimals show four digits of the largest of `values`."""
    largest = max((abs(value) for value in values if isfinite(value)), default=0)
    return min(max(3 - floor(log10(largest)), 0), 8) if largest else 1


def metric_label(metric: MetricInfo) -> str:
    """The name of a score axis, with an arrow that points to the better end once it stands upright."""
    unit = f" [{metric.unit}]" if metric.unit else ""
    better = "higher is better →" if metric.higher_is_better else "← lower is better"
    return f"test {metric.name}{unit}\n{better}"


def few_runs_caution(n: int) -> str:
    """How far to trust an interval over `n` runs; nothing from 10 runs on.

    Coverage measured on 192 runs of SAC on HalfCheetah, drawn n at a time.
    """
    if n >= 10 or n < 1:
        return ""
    if n == 1:
        return "One run says nothing about the next: no interval can be given; run 10 seeds or more before you decide."
    return (
        f"Only {n} runs: such intervals are too narrow. On 192 real runs (SAC on HalfCheetah) this 95% bootstrap "
        "interval of the IQM held the true value in 76% of draws of 3 runs, 89% of 5 and 94% of 10; "
        "run 10 seeds or more before you decide."
    )


def excluded_runs_caution(failed: int, diverged: int, unfinished: int, total: int) -> str:
    """Which runs the averages are without, and nothing when they have all of them."""
    sentences = []
    if failed:
        sentences.append(f"{failed} of {total} runs failed and {_are(failed)} left out.")
    if diverged:
        sentences.append(f"{diverged} of {total} runs diverged and {_are(diverged)} left out.")
    if unfinished:
        sentences.append(f"{unfinished} of {total} runs {_are(unfinished)} unfinished and not in the averages.")
    return " ".join(sentences)


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
