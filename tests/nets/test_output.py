"""Settings of the output layer, at the end of `hidden`."""

import numpy as np
import pytest

from evorobo import Dense, Genome, NetworkSpec, Output, SettingsError
from evorobo.settings import from_plain, to_plain


def test_the_output_layer_has_the_width_and_activation_of_the_task_and_the_users_bias_and_init():
    spec = NetworkSpec.build(6, (Dense(6, bias=False), Output(bias=False, init="zeros")), 2, "sigmoid")
    assert spec.layers == (Dense(6, bias=False), Dense(2, "sigmoid", "zeros", bias=False))
    assert spec.n_params == 6 * 6 + 6 * 2
    assert (spec.init(np.random.default_rng(0))[36:] == 0).all()


def test_without_biases_zero_input_gives_zero_output():
    spec = NetworkSpec.build(3, (Dense(4, bias=False), Output(bias=False)), 1, "tanh")
    genome = Genome(spec, spec.init(np.random.default_rng(0)))
    assert genome(np.zeros(3)) == 0
    assert genome(np.ones(3)) == -genome(-np.ones(3)) != 0


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_an_output_with_default_settings_changes_nothing(hidden):
    assert NetworkSpec.build(3, (*hidden, Output()), 2) == NetworkSpec.build(3, hidden, 2)


def test_settings_are_equal_after_conversion_to_plain_values():
    hidden = (Dense(6, bias=False), Output(bias=False))
    assert from_plain(to_plain(hidden)) == hidden


def test_an_output_layer_in_the_middle_is_refused():
    with pytest.raises(
        SettingsError, match=r"Output\(.*\) describes the last layer of a network; write it at the end of"
    ):
        NetworkSpec.build(3, (Output(), 4), 2)


def test_an_unknown_initializer_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="unknown initializer 'zero'; did you mean 'zeros'"):
        Output(init="zero")
