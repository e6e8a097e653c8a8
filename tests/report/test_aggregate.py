"""All tasks of a study on one scale: normalized scores, and the sentence on them."""

import numpy as np
import pytest

from evorobo.report.analysis.aggregate import normalized_scores, sentence
from evorobo.report.statistics import iqm, stratified_bootstrap_interval


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


def test_the_sentence_has_the_iqm_over_all_tasks_and_the_probability_of_improvement(study):
    table = study()
    cma = normalized_scores(table)["cma-es"]
    low, high = stratified_bootstrap_interval(cma)
    text = sentence(table)
    # the middle half of 0.9 0.91 0.92 0.93 0.75 0.75 0.75 0.75 is 0.75 0.75 0.9 0.91
    assert f"cma-es {iqm(np.concatenate(cma)):.2f} (interval {low:.2f} to {high:.2f}, optimality gap 0.17)" in text
    assert text.startswith("IQM over 2 tasks of scores from 0 (random) to 1 (solved or teacher): cma-es 0.83")
    assert text.endswith("cma-es beats ga with P = 1.00 (interval 0.70 to 1.00).")


def test_a_method_without_runs_on_some_task_is_left_out(study):
    table = study(skip=[("ga", "fit")])
    assert list(normalized_scores(table)) == ["cma-es"]
    assert sentence(table) == ""


def test_a_single_task_has_no_sentence(small_table):
    assert sentence(small_table) == ""
