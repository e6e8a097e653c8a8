"""The method that stays ahead and the cost from which on it does."""

import numpy as np

from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.report.analysis.verdicts import verdicts


def study(fakes, folder, scores, **task):
    """Eight runs with evals at 1, 2, ... steps, whose scores are `scores` of the method and a small offset."""
    fakes.write_study(folder, "race", {"run": task}, list(scores))
    for method, values in scores.items():
        for seed in range(8):
            rows = [{"env_steps": n, "test": value + seed / 50} for n, value in enumerate(values, 1)]
            fakes.write_run(folder / f"run/{method}/seed-{seed}", rows)
    return fakes.load_table(folder)


def sentences(table):
    return [crossover.to_sentence() for crossover in find_crossovers(table, verdicts(table), "env_steps")]


def test_a_method_that_ended_early_is_named(race):
    # the tortoise exceeds 4.5 at 50
    assert sentences(race) == [
        "tortoise stays ahead of hare from 50 env steps on (interval 40 to 50); hare ended at 40."
    ]


def test_a_method_that_is_always_ahead_is_so_from_the_start(fakes, tmp_path):
    assert sentences(study(fakes, tmp_path, {"a": (5, 5, 5), "b": (1, 1, 1)})) == [
        "a stays ahead of b from the start on."
    ]


def test_where_lower_is_better_the_lower_curve_leads(fakes, tmp_path):
    metric = {"name": "loss", "higher_is_better": False}
    table = study(fakes, tmp_path, {"slow": (9, 9, 1), "fast": (9, 4, 4)}, metric=metric)
    assert sentences(table) == ["slow stays ahead of fast from 3 env steps on (interval 2 to 3)."]


def test_an_undecided_end_has_no_crossover(fakes, tmp_path):
    rng = np.random.default_rng(0)
    fakes.write_study(tmp_path, "race", {"run": {}}, ["a", "b"])
    for method in "ab":
        for seed in range(5):
            rows = [{"env_steps": n, "test": rng.normal()} for n in range(10)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    assert sentences(fakes.load_table(tmp_path)) == []
