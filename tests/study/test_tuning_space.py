"""Ranges of tuning: read as they are written, at least one for every method."""

import pytest
from toys import Bowl

from evorobo import Backprop, Budget, Evolution, SettingsError, Study
from evorobo.study.tuning.space import Range, parse_ranges

STUDY = Study.grid(
    "toys", tasks=[Bowl()], methods=[Evolution(), Backprop()], seeds=2, budget=Budget(flops=1e4), hidden=(2,)
)
SIGMA, RATE = "methods.cma-es.strategy.sigma=0.05..2:log", "methods.backprop.optimizer.learning_rate=1e-4..0.1:log"


def test_a_range_is_read_as_it_is_written():
    found = parse_ranges(
        STUDY, [SIGMA, RATE, "methods.backprop.batch_size=8..128:log", "methods.backprop.max_grad_norm=0.5..2"]
    )
    sigma = Range("methods.cma-es.strategy.sigma", "strategy.sigma", 0.05, 2.0, True, False)
    assert found["cma-es"] == [sigma]
    rate, batch, clip = found["backprop"]
    assert (rate.low, rate.high, rate.log, rate.integer) == (1e-4, 0.1, True, False)
    assert (batch.low, batch.high, batch.log, batch.integer) == (8, 128, True, True)
    assert (clip.low, clip.high, clip.log, clip.integer) == (0.5, 2.0, False, False)


def test_a_setting_without_a_value_is_whole_if_its_range_is():
    (_, population) = parse_ranges(STUDY, [SIGMA, RATE, "methods.cma-es.strategy.population_size=4..40"])["cma-es"]
    assert population.integer


def test_a_star_gives_every_method_the_same_range():
    study = Study.grid(
        "two", tasks=[Bowl()], methods=[Evolution(name="a"), Evolution(name="b")], seeds=1, budget=Budget(flops=1e4)
    )
    found = parse_ranges(study, ["methods.*.strategy.sigma=0.1..1"])
    assert [each.path for ranges in found.values() for each in ranges] == [
        "methods.a.strategy.sigma",
        "methods.b.strategy.sigma",
    ]


@pytest.mark.parametrize(("value", "inside"), [(0.05, True), (2, True), (0.04, False), (None, False), (True, False)])
def test_a_range_contains_the_values_in_it(value, inside):
    assert Range("x", "x", 0.05, 2, True, False).contains(value) == inside


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([SIGMA], r"backprop would be compared untuned; give it a range too \(--space methods\.backprop"),
        ([SIGMA, RATE, SIGMA], r"methods\.cma-es\.strategy\.sigma has two ranges"),
        (["methods.cma-es.strategy.sigma=0.1"], "is not a range; write methods"),
        (["budget.flops=1..2"], "'budget.flops=1..2' is not a range; write methods"),
        (["methods.cma-se.strategy.sigma=0.1..1"], "unknown method 'cma-se'; did you mean 'cma-es'"),
        (["methods.cma-es.strategy.sgima=0.1..1"], "'sgima'; did you mean 'sigma'"),
        (["methods.cma-es.strategy=0.1..1"], "not a number; only numbers are tuned"),
        (["methods.backprop.dtype=1..2"], 'is "float64", not a number'),
        (["methods.cma-es.strategy.sigma=low..high"], r"low\.\.high is not a range of numbers"),
        (["methods.cma-es.strategy.sigma=2..1"], "is empty; LOW must be below HIGH"),
        (["methods.cma-es.strategy.sigma=0..1:log"], "and above 0 for :log"),
        (["methods.backprop.batch_size=0.5..3"], "is a whole number; give it a range from one whole number to another"),
    ],
)
def test_an_invalid_range_is_refused_with_a_cure(texts, sentence):
    with pytest.raises(SettingsError, match=sentence):
        parse_ranges(STUDY, texts)
