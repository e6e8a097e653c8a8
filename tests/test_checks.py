"""Checks of settings: what is allowed passes, anything else is refused in one sentence."""

import pytest

from evorobo import GRU, LSTM, Dense, SettingsError
from evorobo.checks import check_integer, is_overridden, unchanged_kind


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


class Tuned(Dense):
    """Other settings and a further method, and nothing else."""

    activation: str = "relu"

    def parameters(self, n_inputs):
        return super().parameters(n_inputs)

    def describe(self):
        return "tuned"


class Squared(LSTM):
    def step(self, params, drive, states):
        return super().step(params, drive**2, states)


class Deeper(Squared):
    pass


@pytest.mark.parametrize(
    ("layer", "kind"),
    [(Dense(2), Dense), (Tuned(2), Dense), (Squared(2), None), (Deeper(2), None), (GRU(2), None)],
)
def test_a_derived_class_computes_as_its_parent_unless_it_overrides_a_method(layer, kind):
    assert unchanged_kind(layer, (Dense, LSTM), ("parameters",)) is kind
    assert unchanged_kind(Tuned(2), (Dense,)) is None
