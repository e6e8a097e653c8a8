"""Files with random damage and settings that make no sense: one sentence, no traceback, no wrong value."""

import random
from contextlib import suppress

import pytest
from damage import KINDS, SPEC, STUDY, damaged, odd_assignments, outcome

from evorobo import Budget, EvoroboError, NetworkSpec, SettingsError
from evorobo.arguments import parse_seeds
from evorobo.study.overrides import apply_overrides

N_DAMAGES = 200


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_one_sentence_or_is_read(tmp_path, name):
    kind = KINDS[name]
    if name == "policy.pt":
        pytest.importorskip("torch")
    path = kind.write(tmp_path)
    values = kind.read(path)
    for number in damaged(path, N_DAMAGES, random.Random(1)):
        assert outcome(kind, path, values) in ("refused", "read"), number


def test_settings_that_make_no_sense_are_one_sentence():
    for assignment in odd_assignments(2 * N_DAMAGES, random.Random(2)):
        with suppress(EvoroboError):
            for trial in apply_overrides(STUDY, [assignment]).trials():
                _ = trial.path, trial.spec.n_params


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: parse_seeds("99999999999"), "the number of --seeds must be at most 100,000, not 99,999,999,999"),
        (lambda: parse_seeds("0"), "the number of --seeds must be a whole number of at least 1, not 0"),
        (lambda: Budget(flops=1, n_evals=10**9), "n_evals must be a whole number from 1 to 1,000,000, not 1000000000"),
        (lambda: NetworkSpec.build(3, (99999999999,), 2).n_params, "at most 100,000,000 are accepted; use fewer units"),
        (lambda: NetworkSpec(3.5, SPEC.layers), "n_inputs must be a whole number of at least 1, not 3.5"),
        (lambda: NetworkSpec(3, (4,)), "NetworkSpec: layers[0] must be an object such as Dense(8), not 4"),
        (
            lambda: apply_overrides(STUDY, ["seeds=[true]"]),
            "seeds[0] must be a whole number from 0 to 2**128 - 1",
        ),
        (lambda: apply_overrides(STUDY, ["hidden=" + "[" * 9999]), "nested too deeply"),
    ],
)
def test_what_would_take_all_memory_is_refused(call, sentence):
    with pytest.raises(SettingsError) as caught:
        call()
    assert sentence in str(caught.value)
