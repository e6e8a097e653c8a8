"""The headline of a study: its verdicts in one short sentence, for the top of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite

from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import Verdict, format_together

NOTHING = "There is nothing to compare yet: two methods with finished runs are needed."
_MAX_NAMES = 3  # more methods are counted instead


def headline(table: StudyTable, verdicts: Sequence[Verdict]) -> str:
    """One sentence on all `verdicts` of a study, without the numbers that the verdicts themselves give."""
    if not verdicts:
        return _on_single_method(table) if len(table.methods) == 1 else NOTHING
    if all(verdict.withheld for verdict in verdicts):
        return "The verdict is withheld, because runs failed."
    by_task = [[one for one in verdicts if one.task == task] for task in table.tasks]
    by_task = [of_task for of_task in by_task if of_task]
    if len(by_task) == 1:
        return _on_pair(verdicts[0]) if len(verdicts) == 1 else _on_task(by_task[0])
    methods = {name for verdict in verdicts for name in (verdict.first, verdict.second)}
    return _on_pair_over_tasks(verdicts) if len(methods) == 2 else _on_tasks(verdicts, len(by_task))


def _on_single_method(table: StudyTable) -> str:
    """The score of the only method of a study; of several tasks, that there is nothing to compare."""
    cells = [cell for cell in table.cells.values() if cell.finished]
    if not cells:
        return NOTHING
    if len(table.tasks) > 1 or not isfinite(cells[0].iqm):
        return f"There is nothing to compare: {table.methods[0]} is the only method."
    score, n = format_together(cells[0].iqm, cells[0].iqm)[0], len(cells[0].counted)
    runs = "1 run" if n == 1 else f"{n} runs"
    return f"{table.methods[0]} ends at {score} (IQM of {runs}); there is no other method to compare with."


def _on_pair(verdict: Verdict) -> str:
    first, second = verdict.first, verdict.second
    means = ""
    if verdict.mean_first == verdict.mean_first and verdict.mean_second == verdict.mean_second:
        means = ": mean {} against {}".format(*format_together(verdict.mean_first, verdict.mean_second))
    if verdict.significant:
        return f"{first} {_ends(verdict)} {second}{means}{_lower(verdict)}."
    if verdict.p_value == 1 and verdict.mean_first == verdict.mean_second:
        return f"{first} and {second} do not differ{means}."
    return f"{first} against {second} is undecided{means}{_lower(verdict)}."


def _on_task(verdicts: Sequence[Verdict]) -> str:
    """The method with the best mean, and against how many of the others it is decided."""
    best = verdicts[0].first
    of_best = [verdict for verdict in verdicts if best in (verdict.first, verdict.second)]
    below = [one.second for one in of_best if one.first == best and one.significant]
    rest = [one.second if one.first == best else one.first for one in of_best]
    rest = [name for name in rest if name not in below]
    ends, mean = _ends(verdicts[0]), verdicts[0].mean_first
    lower = _lower(verdicts[0])
    has_best = f"{best} has the best mean, {format_together(mean, mean)[0]}{lower}" if mean == mean else best + lower
    if not below:
        return f"{has_best}, but no difference from the others is decided."
    if not rest:
        all_others = _names(below) if len(below) <= _MAX_NAMES else f"all {len(below)} other methods"
        return f"{best} {ends} {all_others}{lower}."
    if len(of_best) <= _MAX_NAMES:
        is_withheld = [bool(one.withheld) for one in of_best if not (one.first == best and one.significant)]
        word = "withheld" if all(is_withheld) else "undecided or withheld" if any(is_withheld) else "undecided"
        return f"{best} {ends} {_names(below)}{lower}; against {_names(rest)} it is {word}."
    return f"{has_best}: it {ends} {len(below)} of {len(of_best)} other methods, and {_undecided(len(rest))}."


def _on_pair_over_tasks(verdicts: Sequence[Verdict]) -> str:
    wins = Counter((one.first, one.second) for one in verdicts if one.significant)
    n, first, second = len(verdicts), verdicts[0].first, verdicts[0].second
    if not wins:
        return f"{first} against {second} is undecided on all {n} tasks."
    (first, second), most = wins.most_common(1)[0]
    text = f"{first} is better than {second} on {most} of {n} tasks"
    if most == n:
        return f"{text}." if n > 2 else f"{first} is better than {second} on both tasks."
    parts = [text]
    if fewer := wins[second, first]:
        parts.append(f"{second} is better on {fewer}")
    if undecided := n - wins.total():
        parts.append(_undecided(undecided))
    return f"{', '.join(parts[:-1])}, and {parts[-1]}."


def _on_tasks(verdicts: Sequence[Verdict], n_tasks: int) -> str:
    wins = Counter(one.first for one in verdicts if one.significant)
    compared = Counter(name for one in verdicts for name in (one.first, one.second))
    if not wins:
        return f"No difference between the methods is decided on any of {n_tasks} tasks."
    most = max(wins.values())
    best = [name for name, count in wins.items() if count == most]
    who, verb = (
        (_names(best) if len(best) <= _MAX_NAMES else f"{len(best)} methods"),
        "win" if len(best) > 1 else "wins",
    )
    each = " each" if len(best) > 1 else ""
    return f"{who} {verb} most often: {most} of {compared[best[0]]} comparisons{each} on {n_tasks} tasks."


def _ends(verdict: Verdict) -> str:
    return "ends above" if verdict.higher_is_better else "ends below"


def _undecided(n: int) -> str:
    return f"{n} {'is' if n == 1 else 'are'} undecided"


def _lower(verdict: Verdict) -> str:
    return "" if verdict.higher_is_better else " (lower is better)"


def _names(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
