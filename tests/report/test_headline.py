"""The headline of a study: one short sentence that says what its verdicts say."""

from __future__ import annotations

import pytest

from evorobo.report.analysis.headline import headline
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import verdicts

LOW, MIDDLE, HIGH = list(range(10)), list(range(40, 50)), list(range(90, 100))


def of_table(table):
    return headline(table, verdicts(table))


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ({"ga": LOW}, "ga ends at 4.500 (IQM of 10 runs); there is no other method to compare with."),
        ({"ga": LOW, "es": []}, "There is nothing to compare yet: two methods with finished runs are needed."),
        ({"ga": HIGH, "es": LOW}, "ga ends above es: mean 94.50 against 4.500."),
        ({"ga": [0, *HIGH], "es": [1, *HIGH]}, "es against ga is undecided: mean 86.00 against 85.91."),
        ({"ga": [5] * 10, "es": [5] * 10}, "ga and es do not differ: mean 5.000 against 5.000."),
        ({"ga": HIGH, "es": LOW, "pso": MIDDLE}, "ga ends above pso and es."),
        ({"ga": HIGH, "es": LOW, "pso": [0, *HIGH]}, "ga ends above es; against pso it is undecided."),
        (
            {"a": LOW, "b": [9, *LOW], "c": [8, *LOW]},
            "b has the best mean, 4.909, but no difference from the others is decided.",
        ),
        ({"a": HIGH, "b": LOW, "c": LOW, "d": MIDDLE, "e": LOW}, "a ends above all 4 other methods."),
        (
            {"a": HIGH, "b": [50, *HIGH], "c": LOW, "d": MIDDLE, "e": LOW},
            "a has the best mean, 94.50: it ends above 3 of 4 other methods, and 1 is undecided.",
        ),
    ],
)  # fmt: skip
def test_one_task(tiny_table, scores, sentence):
    assert of_table(tiny_table(scores)) == sentence


def test_a_loss_names_the_better_end(tiny_table):
    table = tiny_table({"ga": HIGH, "es": LOW}, metric={"higher_is_better": False})
    assert of_table(table) == "es ends below ga: mean 4.500 against 94.50 (lower is better)."


def test_failed_runs_withhold_it(tiny_table):
    assert of_table(tiny_table({"ga": HIGH, "es": LOW}, failed=1)) == "The verdict is withheld, because runs failed."


@pytest.mark.parametrize(
    ("by_task", "sentence"),
    [
        ([(HIGH, LOW)] * 3, "ga is better than es on 3 of 3 tasks."),
        ([(HIGH, LOW)] * 2, "ga is better than es on both tasks."),
        ([(HIGH, LOW)] * 2 + [(LOW, LOW)], "ga is better than es on 2 of 3 tasks, and 1 is undecided."),
        ([(HIGH, LOW)] * 2 + [(LOW, HIGH)], "ga is better than es on 2 of 3 tasks, and es is better on 1."),
        (
            [(HIGH, LOW), (LOW, HIGH), (LOW, LOW), (HIGH, LOW), (LOW, LOW)],
            "ga is better than es on 2 of 5 tasks, es is better on 1, and 2 are undecided.",
        ),
        ([(LOW, LOW)] * 2, "ga against es is undecided on all 2 tasks."),
        ([(HIGH, LOW, LOW), (HIGH, MIDDLE, LOW)], "ga wins most often: 4 of 4 comparisons on 2 tasks."),
        ([(HIGH, HIGH, LOW), (HIGH, HIGH, LOW)], "ga and es win most often: 2 of 4 comparisons each on 2 tasks."),
        ([(LOW, LOW, LOW)] * 4, "No difference between the methods is decided on any of 4 tasks."),
    ],
)
def test_several_tasks(fakes, tmp_path, by_task, sentence):
    methods = ["ga", "es", "pso"][: len(by_task[0])]
    fakes.write_study(tmp_path, "several", {f"task-{k}": {} for k in range(len(by_task))}, methods)
    for k, of_methods in enumerate(by_task):
        for method, scores in zip(methods, of_methods, strict=True):
            for seed, score in enumerate(scores):
                rows = [{"test": 0}, {"env_steps": 50, "test": score}]
                fakes.write_run(tmp_path / f"task-{k}" / method / f"seed-{seed}", rows)
    assert of_table(StudyTable.from_results(fakes.load(tmp_path))) == sentence


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"es": LOW, "pso": [5, *HIGH]}, "ga ends above es; against pso it is withheld."),
        (
            {"es": LOW, "pso": [5, *HIGH], "de": [0, *HIGH]},
            "ga ends above es; against pso and de it is undecided or withheld.",
        ),
    ],
)
def test_a_method_with_failed_runs_is_withheld_and_not_undecided(fakes, tmp_path, others, sentence):
    fakes.write_study(tmp_path, "failed", {"reach": {}}, ["ga", *others])
    for method, scores in {"ga": HIGH, **others}.items():
        for seed, score in enumerate(scores):
            status = "failed" if (method, seed) == ("pso", 0) else "finished"
            rows = [{"test": 0}, {"env_steps": 50, "test": score}]
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", rows, status)
    assert of_table(StudyTable.from_results(fakes.load(tmp_path))) == sentence
