"""Cautions: sentences that tables, verdicts and the report page show where the data do not support a claim."""

from __future__ import annotations

import numpy as np

from evorobo.learners.saturation import motor_columns
from evorobo.report import formatting
from evorobo.report.analysis.costs import median_cost_by_method, roughly_equal
from evorobo.report.analysis.result_files import is_table
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tuning import tuning_cost_caution
from evorobo.report.analysis.verdicts import earlier_verdicts
from evorobo.report.formatting import COST_LABELS, format_cost, format_number
from evorobo.report.statistics import success_rate_interval
from evorobo.study.pauses import PAUSED
from evorobo.study.results import Results, Run

_MIN_RUNS_OF_TWO_VALUES = 4  # two or three runs may have two scores of any kind
MIN_UPDATES = 100
"""Updates below which training on examples gets a caution.

Adam moves a weight by about its learning rate in an update (Kingma & Ba 2015, section 2.1). At the default rate of
0.003, 100 updates move it by at most 0.3, about the size of an initial weight.
"""

SATURATED = 0.9
"""Share of a motor's commands near its limits, at the end of a run, from which on a gradient gets a caution."""


def cautions(table: StudyTable) -> list[str]:
    """What a reader must know before relying on averages and verdicts; empty if there is nothing."""
    texts = [excluded_runs_caution(table)]
    texts += [f"{task}: {text}" for task, text in table.results.cautions.items()]
    texts += [few_runs_caution(table), earlier_verdicts_caution(table.results)]
    texts += [unequal_costs_caution(table, task, column) for task in table.tasks for column in _budget_columns(table)]
    texts += [success_rate_caution(table, task) for task in table.tasks]
    texts += [few_updates_caution(table, task) for task in table.tasks]
    texts += [saturated_caution(table, task) for task in table.tasks]
    texts += [best_so_far_caution(table, task) for task in table.tasks]
    texts += [equal_curves_caution(table, task) for task in table.tasks]
    texts += [tuned_seeds_caution(table.results), baselines_caution(table.results), tuning_cost_caution(table.results)]
    texts.append(continued_caution(table.results))
    return [caution for caution in texts if caution]


def excluded_runs_caution(table: StudyTable) -> str:
    """How many runs are not in the averages, and why."""
    cells = table.cells.values()
    failed, diverged = sum(len(cell.failed) for cell in cells), sum(len(cell.diverged) for cell in cells)
    unfinished = [run for cell in cells for run in cell.unfinished]
    paused, total = sum(run.status == PAUSED for run in unfinished), sum(len(cell.runs) for cell in cells)
    return formatting.excluded_runs_caution(failed, diverged, len(unfinished) - paused, total, paused)


def few_runs_caution(table: StudyTable) -> str:
    """Whether the intervals are too narrow because some method has few runs."""
    counts = [len(cell.counted) for cell in table.cells.values() if cell.finished]
    return formatting.few_runs_caution(min(counts, default=0))


def earlier_verdicts_caution(results: Results) -> str:
    """Whether verdicts were made before, with fewer seeds; then p is corrected for looking again."""
    looks = earlier_verdicts(results)
    if not looks:
        return ""
    return (
        f"Verdicts were made before with {' and '.join(map(str, looks))} seeds. The corrected p allows for "
        "this, so that all verdicts together have 5% of false positives."
    )


def unequal_costs_caution(table: StudyTable, task: str, cost_column: str) -> str:
    """Whether the methods of a task have unequal costs."""
    costs = median_cost_by_method(table, task, cost_column)
    if roughly_equal(costs.values()):
        return ""
    most, least = max(costs, key=lambda name: costs[name]), min(costs, key=lambda name: costs[name])
    return (
        f"Unequal costs on {task}: {most} spent {format_cost(costs[most], cost_column)}, {least} spent "
        f"{format_number(costs[least])}. To compare at an equal cost, use evorobo compare ... --at "
        f"{cost_column}={costs[least]:.3g}."
    )


def success_rate_caution(table: StudyTable, task: str) -> str:
    """The success rates where scores take two values, as 0 and 1: then an interquartile mean is misleading."""
    cells = table.cells_of(task, lambda cell: cell.finished)
    values = {float(score) for cell in cells.values() for score in cell.scores}
    if len(values) != 2 or sum(len(cell.counted) for cell in cells.values()) < _MIN_RUNS_OF_TWO_VALUES:
        return ""
    sign = table.sign(task)
    success, failure = max(values, key=lambda value: sign * value), min(values, key=lambda value: sign * value)
    rates = []
    for method, cell in cells.items():
        successes, n = int((cell.outcomes == success).sum()), len(cell.outcomes)
        low, high = success_rate_interval(successes, n)
        rates.append(f"{method} {successes} of {n} (interval {low:.2f} to {high:.2f})")
    return (
        f"The scores of {task} take two values, {success:g} and {failure:g}. An interquartile mean hides the rarer "
        f"one, so use the success rates: {', '.join(rates)}."
    )


def few_updates_caution(table: StudyTable, task: str) -> str:
    """Whether training on examples ended after few updates, as with batches of long sequences and a small budget."""
    texts = []
    for method, cell in table.cells_of(task, lambda cell: cell.finished).items():
        updates = [run.curve["generations"][-1] for run in cell.finished if "epoch" in run.curve]
        if updates and (typical := int(np.median(updates))) < MIN_UPDATES:
            texts.append(f"{method} took {typical} update{'s' * (typical != 1)}")
    if not texts:
        return ""
    return (
        f"Few updates of the weights on {task}: {', '.join(texts)}. Fewer than {MIN_UPDATES} hardly move them from "
        "their first values, so this compares budgets, not methods. Set a smaller batch_size (for recurrent networks, "
        "smaller bptt_steps as well) or a larger budget."
    )


def saturated_caution(table: StudyTable, task: str) -> str:
    """Whether runs of a gradient ended with motors near their limits, where tanh is flat: then learning stagnates."""
    texts = []
    for method, cell in table.cells_of(task, lambda cell: cell.finished).items():
        motors = {column: label for run in cell.finished for column, label in motor_columns(run.curve).items()}
        for column, label in motors.items():
            shares = [run.curve[column][-1] for run in cell.finished if column in run.curve]
            high = [share for share in shares if share >= SATURATED]
            if high:
                share, runs = f"{np.median(high):.0%}", f"{len(high)} of {len(shares)} runs"
                texts.append(f"at the end of {method}, {label} is saturated in {share} of the steps ({runs})")
    if not texts:
        return ""
    return (
        f"Hardly any slope left on {task}: {'; '.join(texts)}. A motor near its limit changes little with the weights, "
        "so its gradient is about zero. Smaller learning rates, normalize=True or action noise may prevent it."
    )


def best_so_far_caution(table: StudyTable, task: str) -> str:
    """Whether the scores in a table of another tool never get worse: then they are best-so-far scores.

    The studies of evorobo score each solution again, on episodes that it was not chosen by.
    """
    for method, cell in table.cells_of(task).items():
        curves = [scores for run in cell.logged if is_table(run) and len(scores := _finite_scores(run)) >= 10]
        if len(curves) >= 3 and all(_never_gets_worse(table.sign(task) * scores) for scores in curves):
            return (
                f"No run of {method} on {task} ever gets worse, so its scores are probably the best so far. "
                "Where scores are noisy, these are too optimistic. Score champions again on new episodes before you "
                "compare."
            )
    return ""


def equal_curves_caution(table: StudyTable, task: str) -> str:
    """Whether methods have equal curves in all seeds, as restarts that never happen: then they are one method."""
    groups: dict[tuple[tuple[int, bytes], ...], list[str]] = {}
    for method, cell in table.cells_of(task, lambda cell: cell.finished).items():
        if any(len(np.unique(_finite_scores(run))) > 2 for run in cell.finished):  # constant scores are no sign
            groups.setdefault(tuple((run.seed, run.curve["test"].tobytes()) for run in cell.finished), []).append(
                method
            )
    texts = [
        f"Equal curves on {task} in all seeds: {', '.join(methods)}. They are one method here, but ranks and "
        f"corrections for many comparisons count it {len(methods)} times."
        for methods in groups.values()
        if len(methods) > 1
    ]
    return " ".join(texts)


def tuned_seeds_caution(results: Results) -> str:
    """Whether some of the seeds were used to tune settings."""
    tuning = set(results.settings.get("tuning_seeds") or ())
    reused = sorted({run.seed for run in results.runs} & tuning)
    if not reused:
        return ""
    return (
        f"Settings were tuned on seeds that are used here ({', '.join(map(str, reused))}), so the scores of tuned "
        "methods are too optimistic. Compare on seeds that were not used for tuning."
    )


def baselines_caution(results: Results) -> str:
    """Whether some methods are baselines, whose scores come from other tools."""
    names = [baseline["name"] for baseline in results.settings.get("baselines") or ()]
    baselines = [name for name in names if name in results.methods]
    if not baselines:
        return ""
    return (
        f"Read from files of other tools: {', '.join(baselines)}. Those tools measured these scores on their own "
        "episodes. All other methods were scored on the test episodes of this study."
    )


def continued_caution(results: Results) -> str:
    """Whether some runs went on with other package versions or on another type of processor."""
    runs = [run for run in results.runs if run.continued]
    if not runs:
        return ""
    first = f"{runs[0].method} on {runs[0].task}, seed {runs[0].seed}"
    others = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    return (
        f"Continued on another type of processor or with other package versions: {first}{others} "
        f"({' and '.join(runs[0].continued)}). Such curves are not byte for byte those of one machine; see "
        "Reproducibility in the documentation."
    )


def _budget_columns(table: StudyTable) -> list[str]:
    """The cost columns that the budget limits."""
    limits = table.results.settings.get("budget") or {}
    return [name for name in COST_LABELS if limits.get(name) is not None]


def _finite_scores(run: Run) -> np.ndarray:
    return run.curve["test"][np.isfinite(run.curve["test"])]


def _never_gets_worse(scores: np.ndarray) -> bool:
    return bool((np.diff(scores) >= 0).all() and scores[0] != scores[-1])
