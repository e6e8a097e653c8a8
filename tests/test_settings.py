"""Settings as plain data: written as JSON and read back to equal settings."""

import dataclasses
import enum
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from evorobo import (
    CTRNN,
    GRU,
    LSTM,
    MAE,
    MSE,
    SGD,
    Adam,
    AdamW,
    BatchNorm,
    ClipUp,
    Constant,
    Cosine,
    CrossEntropy,
    Dense,
    Dropout,
    Elman,
    Exponential,
    GaussianNLL,
    Huber,
    LayerNorm,
    Linear,
    Momentum,
    Nesterov,
    NetworkSpec,
    ReduceOnPlateau,
    RMSprop,
    SettingsError,
    Step,
    TaskError,
    WarmUp,
    registry,
)
from evorobo.arrays import with_plain_numbers
from evorobo.loading import load_script
from evorobo.nets.batch_norm import Affine
from evorobo.settings import from_plain, reference_to, resolve_reference, to_plain

SETTINGS = [
    Dense(5),
    Dense(7, "gelu", "lecun", bias=False),
    Affine(),
    BatchNorm(activation="relu"),
    CTRNN(3),
    Dropout(0.2),
    Elman(4, "relu"),
    GRU(4),
    LSTM(4),
    LayerNorm(),
    MSE(),
    MAE(),
    Huber(0.3),
    GaussianNLL(),
    CrossEntropy(),
    CrossEntropy(0.1, (1.0, 2.0, 0.5), (2, 1)),
    SGD(0.3),
    Momentum(0.02, 0.8),
    Nesterov(0.02, 0.8),
    RMSprop(0.02, 0.9, 1e-6),
    Adam(0.02, 0.8, 0.95, 1e-6),
    AdamW(0.02, 0.8, 0.95, 1e-6, 0.1),
    ClipUp(0.1, 0.8, 0.3),
    Constant(),
    Step((0.3, 0.6, 0.9), 0.5),
    Exponential(0.2),
    Linear(0.2),
    Cosine(0.1),
    WarmUp(0.1, WarmUp(0.2, Cosine(0.3))),
    ReduceOnPlateau(0.2, 3, 1e-2),
    NetworkSpec.build(3, (5, Dense(4, "relu")), 2, "tanh"),
]


def through_json(value):
    return from_plain(json.loads(json.dumps(to_plain(value))))


@pytest.mark.parametrize("value", SETTINGS, ids=repr)
def test_settings_are_read_back_from_json_equal(value):
    back = through_json(value)
    assert type(back) is type(value)
    assert back == value
    assert to_plain(back) == to_plain(value)


@pytest.mark.parametrize("value", SETTINGS, ids=repr)
def test_settings_are_frozen_and_hashable(value):
    name = next((field.name for field in dataclasses.fields(value)), "anything")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, 1)
    assert {value: "kept"}[through_json(value)] == "kept"


def test_every_layer_loss_optimizer_and_schedule_is_among_them():
    tried = {type(value) for value in SETTINGS}
    for kind in ("layer", "loss", "optimizer", "schedule"):
        own = [component for component in registry.components(kind) if registry.is_own(component.module)]
        assert [component.key for component in own if component.thing not in tried] == []


def test_the_plain_form_is_what_a_person_would_write():
    assert to_plain(WarmUp(0.1, Cosine())) == {
        "type": "WarmUp",
        "fraction": 0.1,
        "then": {"type": "Cosine", "final": 0.0},
    }


def test_settings_left_out_are_the_defaults():
    assert from_plain({"type": "Adam", "beta1": 0.5}) == Adam(beta1=0.5)


def test_lists_are_read_back_as_tuples_and_numpy_numbers_as_numbers():
    assert through_json([1, (2.5, None), [True, "x"]]) == (1, (2.5, None), (True, "x"))
    numbers = through_json([np.float64(0.1), np.float32(0.5), np.int32(3), np.bool_(True)])
    assert numbers == (0.1, 0.5, 3, True)
    assert [type(each) for each in numbers] == [float, float, int, bool]
    assert to_plain(Path("results") / "maze") == "results/maze"


OPTIONS = [
    {"goal": [1, 2.5], "start": (1, 2)},
    {"nested": [(1, [2, (3,)]), {"deep": [[]]}]},
    {"empty": [], "nothing": (), "none": None},
    {"type": "hard", "function": "sin"},
    {"robot": {"type": "list", "items": [1]}},
    {"activation": [np.tanh.__name__, Adam(), {"type": Adam()}]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
def test_options_in_a_dict_keep_their_types(options):
    assert repr(through_json(options)) == repr(options)


def test_a_list_in_a_file_that_a_person_wrote_is_a_tuple():
    assert from_plain({"goal": [1, [2, 3]]}) == {"goal": (1, (2, 3))}


class Level(enum.IntEnum):
    EASY = 1


class Point(NamedTuple):
    x: float


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({0: 5.0}, "0 is invalid as a key in settings, because in JSON it would become '0'; use texts"),
        ({"gains": {True: 1}}, "True is invalid as a key"),
        ({"gains": [{(1, 2): 1}]}, r"\(1, 2\) is invalid as a key"),
        ({None: 1}, "None is invalid as a key"),
        (
            {"level": Level.EASY},
            "level: .*Level.EASY.* is invalid as a setting, because JSON does not keep its type Level",
        ),
        (
            {"at": (Point(1.0),)},
            r"at: Point\(x=1.0\) is invalid as a setting, because JSON does not keep its type Point",
        ),
        ({"counts": Counter(a=1)}, "JSON does not keep its type Counter"),
    ],
)
def test_what_json_would_change_is_refused(options, sentence):
    with pytest.raises(SettingsError, match=sentence):
        to_plain(options)


def test_numpy_numbers_and_paths_in_options_become_plain():
    plain = with_plain_numbers(
        {"a": np.float32(0.5), "b": [np.int8(3), (Path("x") / "y",)], "c": {"d": np.bool_(True)}}
    )
    assert repr(plain) == "{'a': 0.5, 'b': [3, ('x/y',)], 'c': {'d': True}}"


def test_numbers_are_read_back_to_the_last_bit():
    for number in (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, float("inf"), 2**60):
        assert repr(through_json(number)) == repr(number)


@pytest.mark.parametrize("value", [np.zeros(3), object(), {1, 2}, b"bytes", sys.stdout], ids=lambda v: type(v).__name__)
def test_a_value_without_a_plain_form_is_refused_with_a_cure(value):
    with pytest.raises(SettingsError, match=r"is invalid as a setting.*put arrays into a file and give its path"):
        to_plain({"deep": [value]})


def test_lambdas_and_inner_functions_are_refused_with_a_cure():
    def inner():
        pass

    for function in (lambda x: x, inner):
        with pytest.raises(SettingsError, match="cannot be found by a name; define it at the top level of a file"):
            to_plain(function)


def test_a_class_inside_a_function_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Inner:
        x: int = 1

    with pytest.raises(SettingsError, match="Inner cannot be found by a name"):
        to_plain(Inner())


def test_an_unknown_field_is_answered_with_the_nearest_one():
    with pytest.raises(SettingsError, match="unknown field of Adam 'beta_1'; did you mean 'beta1'"):
        from_plain({"type": "Adam", "beta_1": 0.9})


def test_an_unknown_type_is_answered_with_the_nearest_one():
    with pytest.raises(SettingsError, match="unknown name 'Addam'; did you mean 'Adam'"):
        from_plain({"type": "Addam"})


def test_invalid_values_in_saved_settings_are_refused_like_in_python():
    with pytest.raises(SettingsError, match="learning_rate must be a number above 0, not -1"):
        from_plain({"type": "Adam", "learning_rate": -1})


def test_functions_and_classes_are_kept_by_name():
    assert to_plain(through_json) == {"function": f"{__name__}:through_json"}
    assert through_json(through_json) is through_json
    assert through_json(Adam) is Adam
    assert to_plain(Adam) == {"function": "Adam"}


def test_a_name_missing_in_its_module_is_answered_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"unknown name in evorobo\.nets\.losses 'HuberLoss'; did you mean 'Huber'"):
        resolve_reference("evorobo.nets.losses:HuberLoss")


def test_a_missing_module_is_named_with_a_cure():
    with pytest.raises(SettingsError, match=r"'my_lab:Robot' cannot be found.*Is its folder on the Python path"):
        resolve_reference("my_lab:Robot")


SCRIPT = """
import json
from dataclasses import dataclass

from evorobo.loading import StopLoading
from evorobo.settings import from_plain, to_plain


@dataclass(frozen=True)
class Gripper:
    fingers: int = 2


def reward(x):
    return x + 1


if __name__ != "__main__":
    raise StopLoading
print(json.dumps(to_plain([Gripper(3), reward])))
assert from_plain(to_plain(Gripper(3))) == Gripper(3)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A user's script in the current folder; effects of loading it are undone."""
    path = tmp_path / "robots" / "arm.py"
    path.parent.mkdir()
    path.write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    for name in [name for name in sys.modules if name.startswith("evorobo_script_")]:
        del sys.modules[name]


def test_definitions_of_a_script_are_found_by_path_and_name(script):
    module = load_script(script)
    assert load_script(script) is module
    assert reference_to(module.Gripper) == "robots/arm.py:Gripper"
    assert through_json(module.Gripper(3)) == module.Gripper(3)
    assert through_json(module.reward)(1) == 2


def test_another_process_reads_what_a_running_script_writes(script):
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    gripper, reward = from_plain(json.loads(done.stdout), imports=True)
    assert (type(gripper).__name__, gripper.fingers) == ("Gripper", 3)
    assert reward(1) == 2


def test_a_script_in_another_folder_is_stored_with_its_whole_path(script, tmp_path_factory, monkeypatch):
    module = load_script(script)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert reference_to(module.Gripper) == f"{script}:Gripper"
    assert resolve_reference(reference_to(module.Gripper)) is module.Gripper


def test_a_missing_script_is_an_error_with_a_cure(script):
    with pytest.raises(SettingsError, match=r"there is no file .*leg\.py; run from the folder"):
        resolve_reference("robots/leg.py:Foot")


def test_a_script_that_fails_is_not_kept_half_loaded(script):
    script.write_text("half = 1\nraise RuntimeError('no licence')\n")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no licence"):
            load_script(script)


def test_a_script_may_import_other_files_of_its_folder(script):
    (script.parent / "arm_lengths_of_this_test.py").write_text("UPPER = 0.3\n")
    script.write_text("from arm_lengths_of_this_test import UPPER\n")
    try:
        assert load_script(script).UPPER == 0.3
    finally:
        sys.modules.pop("arm_lengths_of_this_test", None)


def test_reading_without_imports_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stranger.py").write_text("raise SystemExit('I ran')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for place in ("stranger:Layer", f"{tmp_path / 'stranger.py'}:Layer"):
        with pytest.raises(SettingsError, match=r"is not loaded; import .* first if you trust it"):
            from_plain({"type": place, "units": 3})


@pytest.mark.parametrize("plain", [{"type": "main"}, {"type": "Dense"}])
def test_a_class_that_is_not_settings_or_lacks_a_field_is_refused(plain: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"unknown name|Dense: units is missing; add it"):
        from_plain(plain)


def test_definitions_typed_at_a_prompt_are_refused():
    code = "import evorobo as er\nclass R(er.Robot): motors = ('m',)\ner.register(R, 'my/R-v0')\n"
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True)
    assert "R was typed at a prompt; put it into a file so that it can be found again." in done.stderr


def test_an_error_in_a_file_that_is_loaded_is_reported_with_the_line(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for name, text, words in (
        ("no_syntax", "x = 1\ndef broken(:\n", r"SyntaxError in line 2: invalid syntax; fix it"),
        ("no_sense", "x = 1\n\ny = x / 0\n", r"ZeroDivisionError in line 3: division by zero; fix it"),
        ("no_friend", "import no_such_friend\n", r"ModuleNotFoundError in line 1: No module named 'no_such_friend'"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
        for where in (name, (tmp_path / f"{name}.py").as_posix()):
            with pytest.raises(TaskError, match=f"{name}.* cannot be loaded: {words}"):
                resolve_reference(f"{where}:Robot")
