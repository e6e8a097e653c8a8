"""Numbers, units and sentences in the form in which figures and tables show them."""

from __future__ import annotations

from math import floor, isfinite, log10

from evorobo.tasks.base import MetricInfo

COST_LABELS = {
    "flops": "FLOPs, networks + updates",
    "env_steps": "environment steps",
    "episodes": "episodes",
    "samples": "labeled samples",
    "forward_flops": "FLOPs, forward",
    "backward_flops": "FLOPs, backward",
    "update_flops": "FLOPs, updates",
    "robot_flops": "FLOPs, robot",
    "cpu_seconds": "CPU time [s]",
    "wall_seconds": "wall time [s]",
}
"""The possible x axes and their labels: the cost columns of the log, and "flops", the sum of those of networks and
updates."""


_UNITS = {
    "flops": "FLOPs",
    "env_steps": "env steps",
    "forward_flops": "forward FLOPs",
    "backward_flops": "backward FLOPs",
    "update_flops": "update FLOPs",
    "robot_flops": "robot FLOPs",
}


def format_number(value: float) -> str:
    """A number with up to three significant digits and an SI prefix: 1.2e6 is "1.2M"."""
    if not isfinite(value):
        return "-"
    for prefix, size in (("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{prefix}"
    return f"{value:.3g}"


def format_duration(seconds: float) -> str:
    """A time with its unit: "12 s", "3.5 min", "2.1 h"."""
    if not isfinite(seconds):
        return "-"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"


def format_cost(value: float, cost_column: str) -> str:
    """A cost with its unit: "1.2M env steps", "3.5 min of CPU time"."""
    if cost_column.endswith("_seconds"):
        return f"{format_duration(value)} of {'CPU' if cost_column.startswith('cpu') else 'wall'} time"
    return f"{format_number(value)} {cost_unit(cost_column)}"


def cost_unit(cost_column: str) -> str:
    """The unit of a cost column, for the headers of tables."""
    return _UNITS.get(cost_column, cost_column.replace("_", " "))


def format_p_value(p: float) -> str:
    """A p-value with its sign: "= 0.032", "< 0.0001"."""
    return "< 0.0001" if p < 1e-4 else f"= {p:.2g}" if p < 0.1 else f"= {p:.2f}"


def decimals(values: list[float]) -> int:
    """The number of decimals that show four significant digits of the largest of `values`."""
    largest = max((abs(value) for value in values if isfinite(value)), default=0)
    return min(max(3 - floor(log10(largest)), 0), 8) if largest else 1


def metric_label(metric: MetricInfo) -> str:
    """The label of a score axis; its arrow points to the better end when the label is vertical."""
    unit = f" [{metric.unit}]" if metric.unit else ""
    better = "higher is better →" if metric.higher_is_better else "← lower is better"
    return f"test {metric.name}{unit}\n{better}"


def few_runs_caution(n: int) -> str:
    """What `n` runs cannot show; empty from 6 runs on.

    The interval of the IQM of 2 to 4 runs reaches from the lowest to the highest score, between which the median of the
    scores lies with probability 1 - 2 / 2^n.
    """
    from evorobo.report.statistics import MIN_RUNS  # it needs SciPy, which takes long to import

    if n >= MIN_RUNS or n < 1:
        return ""
    if n == 1:
        return "A single run has no interval; run 10 seeds or more before you decide."
    least = f"Fewer than {MIN_RUNS} runs decide nothing; run 10 seeds or more."
    if n == MIN_RUNS - 1:
        return f"There are only {n} runs. {least}"
    return (
        f"With only {n} runs the intervals are too narrow: a 95% interval contains the true value in about "
        f"{1 - 2 / 2**n:.0%} of cases. {least}"
    )


def excluded_runs_caution(failed: int, diverged: int, unfinished: int, total: int, paused: int = 0) -> str:
    """How many runs are not in the averages, and why; empty if all are."""
    sentences = []
    if failed:
        sentences.append(f"{failed} of {total} runs failed and {_are(failed)} left out; verdicts are withheld.")
    if diverged:
        sentences.append(f"{diverged} of {total} runs diverged: the worst in IQM and verdicts, not in average curves.")
    if unfinished:
        sentences.append(f"{unfinished} of {total} runs {_are(unfinished)} unfinished and not in the averages.")
    if paused:
        sentences.append(f"{paused} of {total} runs {_are(paused)} paused by tuning and not in the averages.")
    return " ".join(sentences)


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
