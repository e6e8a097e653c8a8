"""The figure of many methods: ranked as by hand, a line for each, one scale of scores."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import learning, write_run, write_study

from evorobo import FigureSettings
from evorobo.report.analysis.ranks import MAX_OVERLAID_METHODS, mean_ranks, rank_methods
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import summarize
from evorobo.report.figures import curves
from evorobo.report.figures.many_methods import figure
from evorobo.report.statistics import iqm
from evorobo.study.results import load

METHODS = [f"method-{letter}" for letter in "abcdefghi"]


def flat(score):
    """A run that has this score at every eval."""
    return [{"env_steps": steps, "test": score} for steps in (10, 100, 1000)]


@pytest.fixture
def many(tmp_path):
    """Nine methods on two tasks, twelve seeds each; on the second task lower is better and the last has no run."""
    loss = {"metric": {"name": "loss", "higher_is_better": False}}
    write_study(tmp_path, "many", {"climb": {"references": {"random": 2, "solved": 90}}, "fall": loss}, METHODS)
    for number, method in enumerate(METHODS):
        for seed in range(12):
            write_run(tmp_path / "climb" / method / f"seed-{seed}", learning(seed, 0, 100 - 9 * number, noise=0.02))
            if method != METHODS[-1]:
                write_run(tmp_path / "fall" / method / f"seed-{seed}", flat(5.0 + number + 0.02 * seed))
    return StudyTable.from_results(load(tmp_path))


def test_methods_are_ranked_by_their_mean_rank(tmp_path):
    write_study(tmp_path, "ranks", {"one": {}, "two": {}, "three": {}}, ["a", "b", "c"])
    # ranks on the three tasks: a has 1, 3, 3; b has 2, 1, 1.5; c has 3, 2, 1.5
    for task, scores in {"one": (9, 5, 1), "two": (1, 9, 5), "three": (3, 4, 4)}.items():
        for method, score in zip("abc", scores, strict=True):
            write_run(tmp_path / task / method / "seed-0", flat(float(score)))
    table = StudyTable.from_results(load(tmp_path))
    assert rank_methods(table, ["one", "two", "three"]) == ["b", "c", "a"]
    assert mean_ranks(table, ["one", "two", "three"]) == {"a": 7 / 3, "b": 1.5, "c": 6.5 / 3}
    assert rank_methods(table, ["one"]) == ["a", "b", "c"]


def test_where_lower_is_better_the_lowest_is_first_and_a_method_without_scores_last(many):
    assert rank_methods(many, ["fall"])[:2] == METHODS[:2]
    assert rank_methods(many, ["climb", "fall"]) == METHODS


def test_the_figure_of_a_study_has_a_line_for_each_of_many_methods(many, tmp_path):
    drawn = curves.figure(many)
    lines = len(METHODS)
    assert lines > MAX_OVERLAID_METHODS
    assert len(drawn.axes) == lines * 4  # on each task curves and scores
    names = [axes.get_ylabel() for axes in drawn.axes if axes.get_ylabel()]
    assert names == METHODS
    assert curves.plot(many, tmp_path / "many.png")[0].read_bytes().startswith(b"\x89PNG")


def test_a_line_shows_the_curve_and_the_final_scores_of_its_method_on_a_common_scale(many):
    drawn = figure(many, {"climb": ("env_steps",)}, METHODS, "many", FigureSettings())
    grid = np.array(drawn.axes).reshape(len(METHODS), 2)
    for method, (panel, scores) in zip(METHODS, grid, strict=True):
        runs = many.cells["climb", method].runs
        (average,) = [line for line in panel.lines if line.get_label() == method]
        assert average.get_ydata()[-1] == pytest.approx(float(iqm([run.score for run in runs])))
        dots = next(line for line in scores.lines if line.get_marker() == "o")
        assert sorted(dots.get_xdata()) == sorted(run.score for run in runs)
        assert panel.get_ylim() == scores.get_xlim() == grid[0, 1].get_xlim()
    above = {text.get_text() for text in grid[0, 1].texts}
    assert above == {"random", "solved"}


def test_names_of_close_references_are_stacked(many):
    near = {"random": 2.0, "solved": 90.0, "theirs": 91.0, "others": 92.0}
    results = replace(many.results, references={**many.results.references, "climb": near})
    drawn = figure(StudyTable.from_results(results), {"climb": ("env_steps",)}, METHODS, "many", FigureSettings())
    heights = {text.get_text(): text.get_position()[1] for text in drawn.axes[1].texts}
    assert heights["random"] == heights["solved"]
    assert len({heights[name] for name in ("solved", "theirs", "others")}) == 3


def test_the_costs_can_be_chosen(many):
    drawn = curves.figure(many, FigureSettings(x=("episodes", "cpu_seconds")))
    assert len(drawn.axes) == len(METHODS) * (3 + 3)
    labels = [axes.get_xlabel() for axes in drawn.axes[-6:]]
    assert labels[:2] == ["episodes", "CPU time [s]"]


def test_with_many_methods_there_are_sentences_on_the_best_only(many):
    climb, fall, both = summarize(many).sentences
    assert climb.startswith("climb: of 9 methods method-a has the best mean, ")
    assert "(higher is better)" in climb
    assert "Holm-corrected for all 36 pairs" in climb
    # runs differ by .2 within a method and by 1 between methods, so all effects are large
    above = ", ".join(METHODS[1:-1])
    assert fall.startswith("fall: of 8 methods method-a has the best mean, 5.110 (lower is better).")
    assert f"Significantly worse: {above}; undecided: none (Holm-corrected" in fall
    assert both.startswith("Mean ranks over 2 tasks (1 is the best): method-a 1.0, method-b 2.0, method-c 3.0, ")
    assert both.endswith("method-i 9.0.")
