"""Checks of settings: what is allowed passes, anything else is refused in one sentence."""

import pytest

from evorobo import SettingsError
from evorobo.checks import check_integer, is_overridden


def test_values_in_range_pass():
    check_integer(1, episodes=1, seeds=10**12)
    check_integer(0, seed=0)


@pytest.mark.parametrize("value", [0, -3, 1.0, True, "4", None])
def test_a_value_that_is_not_a_whole_number_in_range_is_refused(value):
    with pytest.raises(SettingsError) as error:
        check_integer(1, episodes=3, seeds=value)
    assert str(error.value) == f"seeds must be a whole number of at least 1, not {value!r}."


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
