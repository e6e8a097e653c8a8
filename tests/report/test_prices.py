"""At one price: what each run was worth when it had paid so much, worked by hand."""

import numpy as np
import pytest

from evorobo.errors import ResultsError, SettingsError
from evorobo.report import prices
from evorobo.report.verdicts import verdicts


@pytest.fixture
def race(fakes, tmp_path):
    """The tortoise gains 1 for 10 steps up to 100; the hare has 4 at step 10 and never more, and ends at 40."""
    fakes.write_study(tmp_path, "race", {"run": {}}, ["tortoise", "hare"])
    for seed in range(4):
        luck = seed / 100
        tortoise = [{"env_steps": n, "test": n / 10 + luck} for n in range(0, 101, 10)]
        hare = [{"env_steps": n, "test": 4.5 * (n > 0) + luck} for n in range(0, 41, 10)]
        fakes.write_run(tmp_path / f"run/tortoise/seed-{seed}", tortoise)
        fakes.write_run(tmp_path / f"run/hare/seed-{seed}", hare)
    return fakes.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("env_steps=1e5", ("env_steps", 1e5)), ("seconds=60", ("cpu_seconds", 60)), ("flops = 3", ("flops", 3))],
)
def test_prices_are_read_as_people_write_them(text, expected):
    assert prices.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("env_step=3", "unknown currency 'env_step'; did you mean 'env_steps'"),
        ("flops", "'flops' is no price; write flops=1e5, a number above 0"),
        ("flops=much", "'flops=much' is no price"),
        ("flops=0", "'flops=0' is no price"),
        ("flops=nan", "is no price"),
    ],
)
def test_what_is_no_price_is_told(text, answer):
    with pytest.raises(SettingsError, match=answer):
        prices.parse(text)


def test_at_a_price_every_run_has_its_last_look_until_then(race):
    then = prices.at_price(race, "env_steps", 35)
    assert [run.score for run in then.of("run", "tortoise")] == pytest.approx([3, 3.01, 3.02, 3.03])
    assert [run.score for run in then.of("run", "hare")] == pytest.approx([4.5, 4.51, 4.52, 4.53])
    assert race.of("run", "tortoise")[0].score == 10  # the whole is as it was


def test_who_is_ahead_depends_on_the_price(race):
    (early,) = verdicts(prices.at_price(race, "env_steps", 20))
    (late,) = verdicts(prices.at_price(race, "env_steps", 80))
    assert (early.first, late.first) == ("hare", "tortoise")


def test_a_run_that_ended_keeps_its_answer_and_is_named(race):
    assert prices.fell_short(race, "env_steps", 40) == ""
    assert prices.fell_short(race, "env_steps", 80) == (
        "Not everybody spent 80 env steps: hare on run after 40 had ended, and kept the answer."
    )


def test_a_run_that_broke_later_counts_as_long_as_it_went(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    rows = [{"env_steps": n, "test": n} for n in (0, 10, 20)]
    for seed, end in enumerate(("finished", "diverged", "unfinished", "failed")):
        fakes.write_run(tmp_path / f"run/ga/seed-{seed}", rows, end)
    results = fakes.load(tmp_path)
    assert {run.status for run in prices.at_price(results, "env_steps", 15).runs} == {"finished"}
    assert [run.status for run in prices.at_price(results, "env_steps", 30).runs] == [
        run.status for run in results.runs
    ]


def test_before_the_first_look_nobody_knows(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    fakes.write_run(tmp_path / "run/ga/seed-0", [{"env_steps": 4000, "test": 1}])
    with pytest.raises(ResultsError, match="ga on run was first looked at after 4k env steps, and no score"):
        prices.at_price(fakes.load(tmp_path), "env_steps", 100)


def test_the_lead_is_told_with_who_had_ended(race):
    (verdict,) = verdicts(race)
    lead = prices.lead(race, verdict, "env_steps")
    # 4.5 is passed at 50
    assert (lead.leader, lead.crossing.price) == ("tortoise", 50)
    assert lead.sentence == "tortoise stays ahead of hare from 50 env steps on (interval 50 to 50); hare ended at 40."


def test_the_lead_is_the_later_leaders_whoever_is_first_at_a_price(race):
    (early,) = verdicts(prices.at_price(race, "env_steps", 20))
    assert early.first == "hare"
    assert prices.lead(race, early, "env_steps").leader == "tortoise"


def test_who_leads_all_the_way_is_said_to(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["a", "b"])
    for method, score in (("a", 5), ("b", 1)):
        for seed in range(3):
            rows = [{"env_steps": n, "test": score + seed / 10} for n in (10, 20, 30)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    results = fakes.load(tmp_path)
    (verdict,) = verdicts(results)
    told = prices.lead(results, verdict, "env_steps").sentence
    assert told == "a is ahead of b at every price from the first common look, 10 env steps, on."


def test_a_lead_that_may_be_none_is_not_told(fakes, tmp_path):
    rng = np.random.default_rng(0)
    fakes.write_study(tmp_path, "race", {"run": {}}, ["a", "b"])
    for method in "ab":
        for seed in range(5):
            rows = [{"env_steps": n, "test": rng.normal()} for n in range(10)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    results = fakes.load(tmp_path)
    assert all(prices.lead(results, verdict, "env_steps") is None for verdict in verdicts(results))


def test_the_shared_currency_is_one_that_all_have_paid_in(small_study, race):
    assert prices.shared_currency(small_study, "CartPole") == "flops"
    assert prices.shared_currency(race, "run") == "env_steps"
    assert prices.shared_currency(prices.at_price(race, "env_steps", 5), "run") == ""
