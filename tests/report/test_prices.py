"""At one price: what each run was worth when it had paid so much, worked by hand."""

import pytest

from evorobo import ResultsError, SettingsError
from evorobo.report.analysis import costs as prices
from evorobo.report.analysis.verdicts import verdicts


@pytest.mark.parametrize(
    ("text", "expected"),
    [("env_steps=1e5", ("env_steps", 1e5)), ("seconds=60", ("cpu_seconds", 60)), ("flops = 3", ("flops", 3))],
)
def test_prices_are_read_as_people_write_them(text, expected):
    assert prices.parse_cost(text) == expected


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("env_step=3", "unknown cost column 'env_step'; did you mean 'env_steps'"),
        ("flops", "'flops' is no price; write flops=1e5, a number above 0"),
        ("flops=much", "'flops=much' is no price"),
        ("flops=0", "'flops=0' is no price"),
        ("flops=nan", "is no price"),
    ],
)
def test_what_is_no_price_is_told(text, answer):
    with pytest.raises(SettingsError, match=answer):
        prices.parse_cost(text)


def test_at_a_price_every_run_has_its_last_look_until_then(race):
    then = prices.at_cost(race, "env_steps", 35)
    assert [run.score for run in then.runs_of("run", "tortoise")] == pytest.approx([3, 3.01, 3.02, 3.03])
    assert [run.score for run in then.runs_of("run", "hare")] == pytest.approx([4.5, 4.51, 4.52, 4.53])
    assert race.runs_of("run", "tortoise")[0].score == 10  # the whole is as it was


def test_who_is_ahead_depends_on_the_price(race):
    (early,) = verdicts(prices.at_cost(race, "env_steps", 20))
    (late,) = verdicts(prices.at_cost(race, "env_steps", 80))
    assert (early.first, late.first) == ("hare", "tortoise")


def test_a_run_that_ended_keeps_its_answer_and_is_named(race):
    assert prices.early_end_caution(race, "env_steps", 40) == ""
    assert prices.early_end_caution(race, "env_steps", 80) == (
        "Not everybody spent 80 env steps: hare on run after 40 had ended, and kept the answer."
    )


def test_a_run_that_broke_later_counts_as_long_as_it_went(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    rows = [{"env_steps": n, "test": n} for n in (0, 10, 20)]
    for seed, end in enumerate(("finished", "diverged", "unfinished", "failed")):
        fakes.write_run(tmp_path / f"run/ga/seed-{seed}", rows, end)
    results = fakes.load(tmp_path)
    assert {run.status for run in prices.at_cost(results, "env_steps", 15).runs} == {"finished"}
    assert [run.status for run in prices.at_cost(results, "env_steps", 30).runs] == [run.status for run in results.runs]


def test_before_the_first_look_nobody_knows(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    fakes.write_run(tmp_path / "run/ga/seed-0", [{"env_steps": 4000, "test": 1}])
    with pytest.raises(ResultsError, match="ga on run was first looked at after 4k env steps, and no score"):
        prices.at_cost(fakes.load(tmp_path), "env_steps", 100)


def test_a_run_that_was_not_looked_at_by_then_is_not_in_the_averages(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    for seed, first in enumerate((5, 5, 50)):
        fakes.write_run(tmp_path / f"run/ga/seed-{seed}", [{"env_steps": n, "test": n} for n in (first, 90)])
    (tmp_path / "run/ga/seed-3").mkdir()  # begun, and not yet looked at
    then = prices.at_cost(fakes.load(tmp_path), "env_steps", 10)
    assert [run.status for run in then.runs] == ["finished", "finished", "unfinished", "unfinished"]
    assert prices.median_cost_by_method(then, "run", "env_steps") == {"ga": 5}


def test_the_shared_currency_is_one_that_all_have_paid_in(small_study, race):
    assert prices.shared_cost_column(small_study, "CartPole") == "flops"
    assert prices.shared_cost_column(race, "run") == "env_steps"
    assert prices.shared_cost_column(prices.at_cost(race, "env_steps", 5), "run") == ""
