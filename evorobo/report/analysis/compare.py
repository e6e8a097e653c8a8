"""The comparison of results of one or several studies, of their parts, and of tables of other tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evorobo.errors import ResultsError, SettingsError
from evorobo.files import as_path
from evorobo.report.analysis import costs
from evorobo.report.analysis.cautions import cautions, tuned_seeds_caution
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.report.analysis.merge import MethodPair, merge_results, method_pairs, provenance_cautions
from evorobo.report.analysis.result_files import is_table, read_results
from evorobo.report.analysis.solve_times import solve_time_verdicts
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import Verdict, apply_holm_correction, verdicts


def compare(
    *paths: str | Path,
    at: str = "",
    metric: str = "test",
    threshold: float | None = None,
    lower_is_better: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare the results at the first path with those at each other path, or the methods of a single study.

    Parameters
    ----------
    *paths : str or Path
        Each path is a study's folder, the folder of one of its tasks or methods, or a table of other runs. A table is a
        CSV or TSV file with a header and a row for each eval. It has a column of steps or costs and one of scores, and
        if needed also `method`, `seed` and `task`.
    at : str, optional
        The cost at which the methods are compared, for example "env_steps=1e5", "flops=1e9" or "seconds=60" (of CPU
        time). By default they are compared at the end of their runs.
    metric : str, default "test"
        The column of scores, for example "validation" or "train".
    threshold : float, optional
        The score whose cost is reported; by default the "solved" or else the "teacher" score of the task.
    lower_is_better : bool, default False
        Whether lower scores are better, for columns whose direction is unknown.
    columns : dict of str to str, optional
        For tables, the name in the file of "task", "method", "seed", "test" or a cost column:
        ``{"env_steps": "time/total_timesteps", "seed": "run_name"}``. Usual names need no entry.

    Returns
    -------
    Comparison
        Verdicts, numbers and cautions.

    Raises
    ------
    SettingsError
        Without a path, for two equal paths, or where `at` is invalid.
    ResultsError
        Where nothing can be compared: there is no common task, metrics differ, or no common cost column exists.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> comparison = er.compare(results.folder, at="flops=1e5")
    >>> len(comparison.verdicts), comparison.cost
    (1, 100000.0)
    """
    if not paths:
        raise SettingsError(
            "compare needs at least one path, for example: evorobo compare results/monday results/tuesday"
        )
    if len({str(as_path(path).absolute()) for path in paths}) < len(paths):
        raise SettingsError(f"a path is given twice, {', '.join(map(str, paths))}; give different ones.")
    sides = [read_results(path, metric, lower_is_better, columns) for path in paths]
    table, pairs = StudyTable.from_results(merge_results(sides)), method_pairs(sides)
    cost_column, cost = costs.parse_cost(at) if at else (costs.shared_cost_column(table, *table.tasks), None)
    if not cost_column:
        raise ResultsError(
            "no cost column is reported by all runs; name one with --at, for example --at env_steps=1e5."
        )
    if not pairs:
        raise ResultsError(f"{paths[0]} holds only one method; give another folder or table to compare it with.")
    final = table if cost is None else costs.at_cost(table, cost_column, cost)
    final_verdicts = verdicts(final, pairs)
    if not final_verdicts:
        raise ResultsError(
            f"fewer than two methods have finished runs on {', '.join(table.tasks)}; run the study first."
        )
    warnings = [*cautions(final), *map(tuned_seeds_caution, sides), *provenance_cautions(sides)]
    if cost is not None:
        warnings.append(costs.early_end_caution(table, cost_column, cost))
    if all(map(is_table, sides)) and not lower_is_better:
        name = next(iter(table.results.metrics.values())).name
        warnings.append(
            f"The direction of {name} is unknown. Higher is assumed to be better; else use --lower-is-better."
        )
    if metric == "train":
        warnings.append(
            "The column train holds the training scores, which may differ in kind between methods (losses, returns). "
            "Champions are not scored again, so their scores are too optimistic. Compare test scores as well."
        )
    return Comparison(
        table=table,
        final=final,
        cost_column=cost_column,
        cost=cost,
        threshold=threshold,
        first_methods=frozenset(first for first, _ in pairs) if len(sides) > 1 else frozenset(table.methods[:1]),
        verdicts=final_verdicts,
        at_equal_cost=_at_equal_cost(table, cost_column, pairs) if cost is None else [],
        crossovers=find_crossovers(table, verdicts(table, pairs), cost_column),
        solve_times=solve_time_verdicts(final, final_verdicts, cost_column, threshold),
        cautions=[caution for caution in warnings if caution],
    )


def _at_equal_cost(table: StudyTable, cost_column: str, pairs: Sequence[MethodPair]) -> list[tuple[float, Verdict]]:
    """For each pair with unequal costs, the highest cost that both have spent and the verdict at that cost."""
    amounts: list[float] = []
    pair_verdicts: list[Verdict] = []
    for task in table.tasks:
        spent = costs.median_cost_by_method(table, task, cost_column)
        for pair in pairs:
            both = [spent[method] for method in pair if method in spent]
            if len(both) == 2 and not costs.roughly_equal(both) and min(both) > 0:
                final = costs.at_cost(table.select([task], pair), cost_column, min(both))
                pair_verdicts += (of_pair := verdicts(final))
                amounts += [min(both)] * len(of_pair)
    return list(zip(amounts, apply_holm_correction(pair_verdicts), strict=True))
