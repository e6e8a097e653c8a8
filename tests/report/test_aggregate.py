"""All tasks of a study on one scale: normalized scores, and the sentence on them."""

import numpy as np
import pytest

from evorobo.report.analysis.aggregate import normalized_scores, pair_sentences, sentence
from evorobo.report.statistics import iqm, mean_probability_of_improvement, stratified_bootstrap_interval


@pytest.fixture
def study(fakes, tmp_path):
    """Two tasks with references, one of them a loss, and one without; `ga` has no runs on the second."""

    def make(skip=()):
        loss = {"name": "RMSE", "higher_is_better": False}
        tasks = {
            "reach": {"references": {"random": 0, "solved": 10, "teacher": 20}},
            "fit": {"metric": loss, "references": {"random": 5, "teacher": 1}},
            "bare": {"references": {"random": 3}},
        }
        fakes.write_study(tmp_path, "both", tasks, ["cma-es", "ga"])
        for method, reach, fit in (("cma-es", 9, 2), ("ga", 5, 4)):
            for seed in range(4):
                for task, score in (("reach", reach + seed / 10), ("fit", fit), ("bare", 1)):
                    if (method, task) not in skip:
                        fakes.write_run(tmp_path / f"{task}/{method}/seed-{seed}", [{"env_steps": 1, "test": score}])
        return fakes.load_table(tmp_path)

    return make


def test_scores_are_normalized_between_random_and_solved_or_else_the_teacher(study):
    scores = normalized_scores(study())
    assert list(scores) == ["cma-es", "ga"]
    assert scores["cma-es"][0] == pytest.approx([0.9, 0.91, 0.92, 0.93])
    assert [of_task.tolist() for of_task in (scores["cma-es"][1], scores["ga"][1])] == [[0.75] * 4, [0.25] * 4]


def test_the_sentence_has_the_iqm_over_all_tasks(study):
    table = study()
    cma = normalized_scores(table)["cma-es"]
    low, high = stratified_bootstrap_interval(cma)
    text = sentence(table)
    assert text.startswith(
        "Scores over 2 tasks are scaled from 0 (random) to 1 (solved or teacher). cma-es has IQM 0.83"
    )
    # the middle half of 0.9 0.91 0.92 0.93 0.75 0.75 0.75 0.75 is 0.75 0.75 0.9 0.91
    mean = iqm(np.concatenate(cma))
    assert f"cma-es has IQM {mean:.2f} (interval {low:.2f} to {high:.2f}) and optimality gap 0.17." in text


def write_folds(fakes, folder, shifts, names, n=8):
    rng = np.random.default_rng(0)
    fakes.write_study(folder, "s", {name: {} for name in names}, ["a", "b"])
    first, second = [], []
    for name, shift in zip(names, shifts, strict=True):
        first.append(rng.normal(shift, 1, n))
        second.append(rng.normal(0, 1, n))
        for method, scores in (("a", first[-1]), ("b", second[-1])):
            for seed, score in enumerate(scores):
                fakes.write_run(folder / f"{name}/{method}/seed-{seed}", [{"env_steps": 1, "test": score}])
    return fakes.load_table(folder), first, second


def test_folds_have_one_sentence_with_the_mean_p(fakes, tmp_path):
    names = [f"scitos-fold-{k}" for k in range(4)]
    table, first, second = write_folds(fakes, tmp_path, (1.0, 1.5, 1.0, 2.0), names)
    p = mean_probability_of_improvement(first, second)
    assert pair_sentences(table) == [
        f"Over 4 folds of scitos, a beats b: mean P = {p.value:.2f} (interval {p.low:.2f} to {p.high:.2f}), "
        "above 0.5 on 4 of 4."
    ]


def test_folds_and_tasks_have_a_sentence_each_and_the_better_method_is_first(fakes, tmp_path):
    names = ["x-fold-0", "x-fold-1", "lamp"]
    texts = pair_sentences(write_folds(fakes, tmp_path, (-2.0, -2.0, -1.0), names)[0])
    assert [text.split(":")[0] for text in texts] == ["Over 2 folds of x, b beats a", "Over 3 tasks, b beats a"]


def test_equal_methods_are_undecided_over_tasks(fakes, tmp_path):
    (text,) = pair_sentences(write_folds(fakes, tmp_path, (1.0, -1.0), ["lamp", "wall"])[0])
    assert text.split(":")[0] in ("Over 2 tasks, a against b is undecided", "Over 2 tasks, b against a is undecided")


def test_few_runs_have_no_sentence_over_tasks(fakes, tmp_path):
    assert pair_sentences(write_folds(fakes, tmp_path, (5.0, 5.0), ["lamp", "wall"], n=5)[0]) == []


def test_a_method_without_runs_on_some_task_is_left_out(study):
    table = study(skip=[("ga", "fit")])
    assert list(normalized_scores(table)) == ["cma-es"]
    assert sentence(table) == ""


def test_a_single_task_has_no_sentence(small_table):
    assert sentence(small_table) == ""
