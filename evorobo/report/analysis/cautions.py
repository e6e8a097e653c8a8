"""Where the data do not carry the claim: words of caution that go with every table, verdict and page."""

from __future__ import annotations

import numpy as np

from evorobo.report import formatting as wording
from evorobo.report.analysis import costs as prices, runs, tuning
from evorobo.report.analysis.result_files import is_table
from evorobo.report.statistics import wilson_interval
from evorobo.study.results import Results, Run


def cautions(results: Results) -> list[str]:
    """What a reader must know before believing averages and verdicts, a sentence or two each; empty if nothing."""
    found = [runs.excluded_runs_caution(results.runs)]
    found += [f"{task}: {text}" for task, text in results.cautions.items()]
    counts = [len(runs.finished(cell)) for _, _, cell in results.cells()]
    found.append(wording.few_runs_caution(min((n for n in counts if n), default=0)))
    found += [
        unequal_costs_caution(results, task, cost_column) for task in results.tasks for cost_column in _budget(results)
    ]
    found += [success_rate_caution(results, task) for task in results.tasks]
    found += [best_so_far_caution(results, task) for task in results.tasks]
    found.append(tuned_seeds_caution(results))
    found += [baselines_caution(results), tuning.tuning_cost_caution(results)]
    return [caution for caution in found if caution]


def unequal_costs_caution(results: Results, task: str, cost_column: str) -> str:
    """Whether the methods of a task spent unlike amounts of `currency`."""
    spent = prices.median_cost_by_method(results, task, cost_column)
    if prices.roughly_equal(spent.values()):
        return ""
    most, least = max(spent, key=lambda name: spent[name]), min(spent, key=lambda name: spent[name])
    return (
        f"Unequal budgets on {task}: {most} spent {wording.format_cost(spent[most], cost_column)}, {least} "
        f"{wording.format_number(spent[least])}; evorobo compare ... --at {cost_column}={spent[least]:.3g} compares at one price."
    )


def success_rate_caution(results: Results, task: str) -> str:
    """Rates for scores that are successes or failures, of which the interquartile mean makes 0 or 1."""
    rates = []
    for method in results.methods:
        scores = [run.score for run in runs.finished(results.runs_of(task, method))]
        if not set(scores) <= {0.0, 1.0}:
            return ""
        if scores:
            low, high = wilson_interval(int(sum(scores)), len(scores))
            rates.append(f"{method} {int(sum(scores))} of {len(scores)} (Wilson interval {low:.2f} to {high:.2f})")
    if not rates:
        return ""
    return (
        f"The scores of {task} are successes, 1 or 0, and an interquartile mean of them hides the rarer kind; "
        f"read the rates: {', '.join(rates)}."
    )


def best_so_far_caution(results: Results, task: str) -> str:
    """Whether the scores in somebody's table never get worse: then they are those of the luckiest so far.

    Our own studies score every answer again, on episodes that it was not chosen by.
    """
    sign = 1 if results.metrics[task].higher_is_better else -1
    for method in results.methods:
        cell = [run for run in results.runs_of(task, method) if is_table(run) and len(_scores(run)) >= 10]
        if len(cell) >= 3 and all((sign * np.diff(_scores(run)) >= 0).all() and _rises(run) for run in cell):
            return (
                f"No run of {method} on {task} ever gets worse: such scores are of the best so far, and where chance "
                "plays a part the best is the luckiest. Score champions again on fresh episodes before you compare."
            )
    return ""


def tuned_seeds_caution(results: Results) -> str:
    """Whether seeds that settings were tuned on are counted."""
    tuning = set(results.settings.get("tuning_seeds") or ())
    reused = sorted({run.seed for run in results.runs} & tuning)
    if not reused:
        return ""
    named = ", ".join(map(str, reused))
    return (
        f"Settings were tuned on seeds that count here ({named}): their scores flatter whoever was tuned. "
        "Compare on seeds that nobody was tuned on."
    )


def baselines_caution(results: Results) -> str:
    """Whether some methods are baselines, and their scores somebody else's."""
    baselines = [each["name"] for each in results.settings.get("baselines") or () if each["name"] in results.methods]
    if not baselines:
        return ""
    return (
        f"Read from other tools' files: {', '.join(baselines)}. These scores are as those tools measured them, on "
        "episodes of their own; the other methods were scored on the test episodes of this study."
    )


def _budget(results: Results) -> list[str]:
    """What the budget is counted in, as far as a ledger tells."""
    limits = results.settings.get("budget") or {}
    return [name for name in wording.COST_LABELS if limits.get(name) is not None]


def _scores(run: Run) -> np.ndarray:
    return run.curve["test"][np.isfinite(run.curve["test"])]


def _rises(run: Run) -> bool:
    scores = _scores(run)
    return bool(scores[0] != scores[-1])
