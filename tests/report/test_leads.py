"""Who stays ahead, and from which price on: a hare, a tortoise, and their like."""

import numpy as np

from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.report.analysis.verdicts import verdicts


def study(fakes, folder, scores, **task):
    """Five runs with looks at 1, 2, ... steps that score `scores` of each method and a little luck."""
    fakes.write_study(folder, "race", {"run": task}, list(scores))
    for method, values in scores.items():
        for seed in range(5):
            rows = [{"env_steps": n, "test": value + seed / 50} for n, value in enumerate(values, 1)]
            fakes.write_run(folder / f"run/{method}/seed-{seed}", rows)
    return fakes.load(folder)


def told(results):
    return [lead.sentence for lead in find_crossovers(results, verdicts(results), "env_steps")]


def test_who_had_ended_before_is_told(race):
    # 4.5 is passed at 50
    assert told(race) == ["tortoise stays ahead of hare from 50 env steps on (interval 50 to 50); hare ended at 40."]


def test_who_leads_all_the_way_does_from_the_start(fakes, tmp_path):
    assert told(study(fakes, tmp_path, {"a": (5, 5, 5), "b": (1, 1, 1)})) == ["a stays ahead of b from the start on."]


def test_where_lower_is_better_the_lower_curve_leads(fakes, tmp_path):
    metric = {"name": "loss", "higher_is_better": False}
    results = study(fakes, tmp_path, {"slow": (9, 9, 1), "fast": (9, 4, 4)}, metric=metric)
    assert told(results) == ["slow stays ahead of fast from 3 env steps on (interval 3 to 3)."]


def test_of_an_undecided_end_no_lead_is_told(fakes, tmp_path):
    rng = np.random.default_rng(0)
    fakes.write_study(tmp_path, "race", {"run": {}}, ["a", "b"])
    for method in "ab":
        for seed in range(5):
            rows = [{"env_steps": n, "test": rng.normal()} for n in range(10)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    assert told(fakes.load(tmp_path)) == []
