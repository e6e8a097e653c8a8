"""check_task on gymnasium environments: the message names the function at fault, with its file and line."""

import odd_environments
import pytest

from evorobo import CMAES, Budget, ControlTask, Evolution, Study, TaskError
from evorobo.testing import check_task

PLACES = {
    name: rf"{name}\(\) \(odd_environments.py, line {getattr(odd_environments.Fault, name).__code__.co_firstlineno}\)"
    for name in ("reset", "step")
}


def task(env="Fault", **env_kwargs):
    return ControlTask(f"odd/{env}-v0", env_kwargs=env_kwargs, test_episodes=3, validation_episodes=2)


@pytest.mark.parametrize(
    ("fault", "function", "sentence"),
    [
        ("own generator", "reset", "returns another first observation for the same seed"),
        ("unseeded", "reset", "returns another first observation for the same seed"),
        ("battery", "reset", "does not restore everything: an episode .* differs from step 1 on"),
        ("ends at once", "step", "ends every episode at its first step"),
        ("NaN reading", "step", "returned an observation with .*nan.* at step 1"),
        ("NaN reward", "step", "returned the reward nan at step 1; return one finite number"),
        ("no reward", "step", "returned the reward None at step 1"),
        ("raises", "step", r"raised ZeroDivisionError at step 1 in odd_environments.py, line \d+: no power"),
    ],
)
def test_the_function_at_fault_is_named_with_file_and_line(fault, function, sentence):
    with pytest.raises(TaskError, match=f"odd/Fault-v0: {PLACES[function]} {sentence}"):
        check_task(task(fault=fault))


@pytest.mark.parametrize(
    ("types", "sentence"),
    [
        ({"first": "list"}, r"reset\(\) .* returns whole numbers where step\(\) returns others"),
        ({"first": "uint8", "form": "dict"}, r"reset\(\) .* returns whole numbers where step\(\) returns others"),
        ({"declared": "int64"}, r"step\(\) .* at step 1, and its observation_space declares whole numbers \(int64\)"),
        ({"declared": "int8", "form": "tuple"}, r"step\(\) .* declares whole numbers \(int8\)"),
    ],
)
def test_readings_of_another_type_are_named(types, sentence):
    with pytest.raises(TaskError, match=sentence):
        check_task(task("Line", **types))


@pytest.mark.parametrize("env", ["Mixed", "Pair", "Line", "Fault"])
def test_a_sound_environment_passes(env):
    check_task(task(env))


@pytest.mark.parametrize(("fault", "step"), [("own generator", 0), ("unseeded", 0), ("battery", 2), ("none", None)])
def test_an_environment_that_does_not_repeat_itself_has_a_caveat(fault, step):
    caveat = task(fault=fault).caveat()
    assert ("does not repeat an episode with the same seed" in caveat) == (step is not None)


def test_the_caveat_stands_among_the_cautions_of_a_study(tmp_path):
    study = Study.grid(
        "seeds", tasks=[task(fault="battery")], methods=[Evolution(CMAES())], seeds=1, budget=Budget(env_steps=200)
    )
    assert "odd/Fault-v0 does not repeat" in study.run(tmp_path).cautions["fault"]
