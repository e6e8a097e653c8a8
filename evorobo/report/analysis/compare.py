"""The comparison of results that need not lie in one study: other days, other machines, other people's tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evorobo.errors import ResultsError, SettingsError
from evorobo.report.analysis import costs as prices, result_files as sources
from evorobo.report.analysis.cautions import cautions, tuned_seeds_caution
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.report.analysis.merge import MethodPair, merge_results, method_pairs, provenance_cautions
from evorobo.report.analysis.verdicts import Verdict, apply_holm_correction, verdicts
from evorobo.study.results import Results


def compare(
    *paths: str | Path,
    at: str = "",
    metric: str = "test",
    threshold: float | None = None,
    lower_is_better: bool = False,
) -> Comparison:
    """Compare what lies at the first of `paths` with each of the others, or the methods of a single study.

    A path is a study, a task's or a method's folder in one, or somebody's table (see `sources.read`). `at`
    ("env_steps=1e5", "flops=1e9", "seconds=60") asks who is ahead when all have spent so much, in place of who is at
    the end. `metric` is another column to compare than the test score; `threshold` the score whose price is told, by
    default the task's "solved" or "teacher"; `lower_is_better` says so of a column that does not itself.

    Raises `ResultsError` where there is nothing to compare: no common task, unlike scores, no common currency.
    """
    if not paths:
        raise SettingsError("what is to be compared? For example: evorobo compare results/monday results/tuesday")
    if len({str(Path(path).absolute()) for path in paths}) < len(paths):
        raise SettingsError(f"{paths[0]} compared with itself decides nothing; give two different places.")
    sides = [sources.read_results(path, metric, lower_is_better) for path in paths]
    results, pairs = merge_results(sides), method_pairs(sides)
    cost_column, cost = prices.parse_cost(at) if at else (prices.shared_cost_column(results, *results.tasks), None)
    if not cost_column:
        raise ResultsError("there is no column of the ledger that all sides have paid in; name one with --at.")
    if not pairs:
        raise ResultsError(f"{paths[0]} holds one method alone; give another folder or table to compare it with.")
    final = results if cost is None else prices.at_cost(results, cost_column, cost)
    found = verdicts(final, pairs)
    if not found:
        raise ResultsError(
            f"there are no two methods with finished runs on {', '.join(results.tasks)}; run them first."
        )
    warnings = [*cautions(final), *map(tuned_seeds_caution, sides), *provenance_cautions(sides)]
    if cost is not None:
        warnings.append(prices.early_end_caution(results, cost_column, cost))
    if all(map(sources.is_table, sides)) and not lower_is_better:
        name = next(iter(results.metrics.values())).name
        warnings.append(f"Nobody says which way {name} is better: higher is taken to be, unless --lower-is-better.")
    if metric == "train":
        warnings.append(
            "train is what each method itself climbed, a loss here and a return there: champions are not scored again, "
            "and the lucky look good. Compare test scores before you believe it."
        )
    ours = frozenset(first for first, _ in pairs) if len(sides) > 1 else frozenset(results.methods[:1])
    return Comparison(
        results=results,
        final=final,
        cost_column=cost_column,
        cost=cost,
        threshold=threshold,
        first_methods=ours,
        verdicts=found,
        at_equal_cost=_at_equal_cost(results, cost_column, pairs) if cost is None else [],
        crossovers=find_crossovers(results, verdicts(results, pairs), cost_column),
        cautions=[words for words in warnings if words],
    )


def _at_equal_cost(results: Results, cost_column: str, pairs: Sequence[MethodPair]) -> list[tuple[float, Verdict]]:
    """For each pair of unlike spending the highest price that both have paid, and the verdict there."""
    amounts: list[float] = []
    found: list[Verdict] = []
    for task in results.tasks:
        paid = prices.median_cost_by_method(results, task, cost_column)
        for pair in pairs:
            both = [paid[method] for method in pair if method in paid]
            if len(both) == 2 and not prices.roughly_equal(both) and min(both) > 0:
                then = prices.at_cost(prices.select_results(results, task, pair), cost_column, min(both))
                found += (judged := verdicts(then))
                amounts += [min(both)] * len(judged)
    return list(zip(amounts, apply_holm_correction(found), strict=True))
