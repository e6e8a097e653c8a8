"""The result of a comparison: verdicts at the end or at an equal cost, crossovers, a table and cautions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.notebooks import to_html
from evorobo.printable import wrapped
from evorobo.report.analysis import scores
from evorobo.report.analysis.crossovers import Crossover
from evorobo.report.analysis.solve_times import SolveTimeVerdict
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.formatting import format_cost


@dataclass(frozen=True, eq=False)
class Comparison:
    """Methods of one or several results compared; `print` it to read it, `write_comparison` writes figure and tables.

    Parameters
    ----------
    table : StudyTable
        All compared runs as a table of tasks and methods; `table.results` holds the runs themselves.
    final : StudyTable
        The same table at the cost asked for; the whole table where none was asked for.
    cost_column : str
        The column in which costs are counted, for example "env_steps".
    cost : float or None
        The cost at which the methods are compared; None at the end of the runs.
    threshold : float or None
        The score whose cost is reported; None for that of the task.
    first_methods : frozenset of str
        The methods of the first side.
    verdicts : sequence of Verdict
        The verdicts on `final`, a verdict for each pair.
    at_equal_cost : sequence of (float, Verdict)
        For each pair with unequal costs, the highest cost that both have spent and the verdict at that cost. Empty
        where `cost` is given.
    crossovers : sequence of Crossover
        For each pair with a significant difference at the end, where the curves cross for the last time.
    solve_times : sequence of SolveTimeVerdict
        For each pair that is undecided although all runs reach the threshold, which of the two reaches it sooner.
    cautions : sequence of str
        What a reader must know before relying on the verdicts.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> comparison = er.compare(results.folder)
    >>> comparison.cost_column, [row["method"] for row in comparison.rows]
    ('flops', ['cma-es', 'backprop'])
    """

    table: StudyTable
    final: StudyTable
    cost_column: str
    cost: float | None
    threshold: float | None
    first_methods: frozenset[str]
    verdicts: Sequence[Verdict]
    at_equal_cost: Sequence[tuple[float, Verdict]]
    crossovers: Sequence[Crossover]
    solve_times: Sequence[SolveTimeVerdict]
    cautions: Sequence[str]

    @property
    def sentences(self) -> list[str]:
        """The verdicts as sentences, each with the crossover of the curves where there is one.

        Returns
        -------
        list of str
            One sentence or more for each pair.
        """
        when = "" if self.cost is None else self._when(self.cost)
        sentences = []
        for verdict in self.verdicts:
            crossover = self.crossover(verdict)
            parts = [verdict.to_sentence(when), *([crossover.to_sentence()] if crossover else [])]
            sentences.append(self._prefix(verdict) + " ".join(parts))
        sentences += [self._prefix(verdict) + verdict.to_sentence() for verdict in self.solve_times]
        return sentences + [
            self._prefix(verdict) + verdict.to_sentence(self._when(cost)) for cost, verdict in self.at_equal_cost
        ]

    @property
    def rows(self) -> list[scores.Row]:
        """The numbers of each method at the cost asked for.

        Returns
        -------
        list of dict
            A row for each task and method; `compare.csv` holds the same rows.
        """
        return scores.score_rows(self.final, self.cost_column, self.threshold)

    @property
    def exit_status(self) -> int:
        """The exit status of `evorobo compare`.

        Returns
        -------
        int
            0 if the first side is not worse than any other, 1 if it is significantly worse, 2 if no pair has two runs
            on both sides.
        """
        if any(verdict.significant and verdict.second in self.first_methods for verdict in self.verdicts):
            return 1
        return 2 if all(np.isnan(verdict.corrected_p) for verdict in self.verdicts) else 0

    def __str__(self) -> str:
        return self.to_terminal()

    def _repr_html_(self) -> str:
        return to_html(self)

    def to_terminal(self, width: int | None = None) -> str:
        """Return sentences, table and cautions.

        Parameters
        ----------
        width : int, optional
            The number of characters in a line of the terminal; by default lines are as long as they are.

        Returns
        -------
        str
            The text.
        """
        sentences, cautions = ([wrapped(text, width) for text in texts] for texts in (self.sentences, self.cautions))
        return "\n\n".join([*sentences, scores.to_terminal(self.rows, self.cost_column, width), *cautions])

    def crossover(self, verdict: Verdict) -> Crossover | None:
        """Find where the curves of the two methods of a verdict cross for the last time.

        Parameters
        ----------
        verdict : Verdict
            One of `verdicts`.

        Returns
        -------
        Crossover or None
            The crossover; None where there is none or the runs do not show it.
        """
        pair = {verdict.first, verdict.second}
        matching = (one for one in self.crossovers if one.task == verdict.task and {one.leader, one.other} == pair)
        return next(matching, None)

    def _prefix(self, verdict: Verdict | SolveTimeVerdict) -> str:
        return f"{verdict.task}: " if len(self.table.tasks) > 1 else ""

    def _when(self, cost: float) -> str:
        return f"when both have spent {format_cost(cost, self.cost_column)}"
