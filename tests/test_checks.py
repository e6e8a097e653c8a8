"""Checks of settings: what is allowed passes, anything else is refused in one sentence."""

import math

import pytest

from evorobo import SettingsError
from evorobo.checks import check_integer, check_optional_integer, check_positive, check_within, is_overridden


def test_values_in_range_pass():
    check_integer(1, episodes=1, seeds=10**12)
    check_integer(0, seed=0)
    check_optional_integer(2, population_size=None, n_parents=2)
    check_within(0, 1, rate=0, momentum=1.0)
    check_within(0, math.inf, tolerance=1e300)
    check_positive(sigma=1e-300, factor=3)


@pytest.mark.parametrize("value", [0, -3, 1.0, True, "4", None])
def test_a_value_that_is_not_a_whole_number_in_range_is_refused(value):
    with pytest.raises(SettingsError) as error:
        check_integer(1, episodes=3, seeds=value)
    assert str(error.value) == f"seeds must be a whole number of at least 1, not {value!r}."


def test_an_optional_whole_number_is_checked_where_it_is_given():
    with pytest.raises(SettingsError, match="population_size must be a whole number of at least 2, not 1"):
        check_optional_integer(2, population_size=1)


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan, True, "0.5", None])
def test_a_number_out_of_range_is_refused(value):
    with pytest.raises(SettingsError) as error:
        check_within(0, 1, rate=value)
    assert str(error.value) == f"rate must be a number from 0 to 1, not {value!r}."


def test_a_range_without_an_upper_end_is_described_by_its_lower_end():
    with pytest.raises(SettingsError, match="tolerance must be a number of at least 0, not -1"):
        check_within(0, math.inf, tolerance=-1)


@pytest.mark.parametrize("value", [0, -1.0, math.inf, math.nan, False, "1"])
def test_a_number_that_is_not_positive_is_refused(value):
    with pytest.raises(SettingsError) as error:
        check_positive(sigma=value)
    assert str(error.value) == f"sigma must be a number above 0, not {value!r}."


def test_whether_a_derived_class_overrides_a_method():
    class Plain:
        def method(self):
            return 1

    class Same(Plain):
        pass

    class Other(Plain):
        def method(self):
            return 2

    assert not is_overridden(Plain(), Plain.method)
    assert not is_overridden(Same(), Plain.method)
    assert is_overridden(Other(), Plain.method)
