"""Every field of every settings class refuses wrong types and numbers out of range, in Python, JSON and `--set`."""

import dataclasses
import inspect
import json
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import pytest

import evorobo as er
from evorobo import registry
from evorobo.annotations import check_fields, field_rules
from evorobo.fields import Limits, PositiveInt
from evorobo.settings import from_plain, resolve_reference, to_plain
from evorobo.study.overrides import apply_overrides
from evorobo.tasks.control.class_index import registered_classes


def a_function(*args):
    """A function at the top of a file, as settings may hold one."""


TASK = er.ControlTask("evorobo/Phototaxis-v0")
BUDGET = er.Budget(flops=1e6)
COMMON = {"budget": BUDGET, "hidden": (4,)}
PLANE = er.Grid(("x", "y"))
REQUIRED = {
    "NetworkSpec": {"n_inputs": 3, "layers": (er.Dense(2),)},
    "Grid": {"measures": ("x",)},
    "MAPElites": {"grid": PLANE},
    "Mapped": {"grid": PLANE},
    "NoveltySearch": {"measures": ("x",)},
    "DEAPStrategy": {"make": a_function},
    "Baseline": {"name": "ppo", "task": "phototaxis", "files": "ppo.csv"},
    "Budget": {"flops": 1e6},
    "StopAt": {"score": 1.0},
    "StopWhen": {"exam": a_function},
    "ControlTask": {"env": "evorobo/Phototaxis-v0"},
    "DatasetTask": {"source": "sensors.csv"},
    "NoisyTeacher": {"noise": 0.1, "random_action_rate": 0.1},
    "MixedTeachers": {"teachers": (None,)},
    "GroupSplit": {"column": "day", "test": ("monday",)},
    "Study": {"name": "x", "tasks": (TASK,), "methods": (er.Backprop(),), "seeds": (0,)} | COMMON,
    "Stage": {"method": er.Backprop()},
    "Stages": {"stages": (er.Backprop(),)},
    "Trial": {"task": TASK, "method": er.Backprop(), "seed": 0} | COMMON,
} | {name: {"units": 3} for name in ("Dense", "Elman", "GRU", "LSTM", "CTRNN")}  # fmt: skip
"""Settings without a default."""


def own_classes():
    """Every registered class of the package, by key, and the classes of robots."""
    found = {}
    for kind in registry.kinds():
        for one in registry.components(kind):
            if registry.is_own(one.module) and isinstance(one.thing, type) and dataclasses.is_dataclass(one.thing):
                found[one.key] = one.thing
    for robot in registered_classes("robots"):
        thing = resolve_reference(robot.reference)
        if dataclasses.is_dataclass(thing):
            found[thing.__name__] = thing
    return found


CLASSES = own_classes()
FIELDS = [(key, field.name) for key, cls in CLASSES.items() for field in dataclasses.fields(cls)]


def an_object(key, **settings):
    return CLASSES[key](**{**REQUIRED.get(key, {}), **settings})


class Odd:
    """An object of no use to anyone."""


NEVER = [Odd(), Odd, b"3", 1j, Fraction(1, 2), {3}, np.array([1.0, 2.0]), np.array("x"), range(3)]
NUMBERS = [0, 7, -3, 2.5]
NOT_FINITE = [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400, -(10**400), 10**30]
TEXTS = ["3", "x"]
FLAGS = [True, False, np.True_]
WRONG = {
    "int": [*NEVER, *TEXTS, *FLAGS, *NOT_FINITE, 1.5, 2.5, np.float64(3.25), (3,), [3], {}, {"a": 3}],
    "seed": [*NEVER, *TEXTS, *FLAGS, *NOT_FINITE[:-1], -1, 1.5, (3,), {}],
    "float": [*NEVER, *TEXTS, *FLAGS, *NOT_FINITE[:-1], (1.0,), [1.0], {}],
    "bool": [*NEVER, *NUMBERS, *TEXTS, *NOT_FINITE, 1, 1.0, np.int64(1), (True,), {}],
    "str": [*NEVER, *NUMBERS, *FLAGS, *NOT_FINITE, ("x",), ["x"], {}],
    "tuple": [*NEVER, *NUMBERS, *FLAGS, *NOT_FINITE, {}, (Odd(),), [b"x"]],
    "dict": [*NEVER, *NUMBERS, *FLAGS, *TEXTS, *NOT_FINITE, (3,), [("a", 3)]],
    "object": [*NEVER, *NUMBERS, *FLAGS, *TEXTS, *NOT_FINITE, (3,), {}, er.Adam, er.Dense],
}
"""Values that a field of each kind must refuse."""


def kinds_of(key, name):
    """The kinds of values that a field takes, from the text of its annotation alone."""
    cls = CLASSES[key]
    hint = next(base.__annotations__[name] for base in cls.__mro__ if name in inspect.get_annotations(base))
    if hint in ("Teacher", "WarmStart") or "Callable" in hint:
        return None  # a function, a text or an object
    if "Literal" in hint:
        return {"str", "None"} if "None" in hint else {"str"}
    kinds = set()
    for part in re.sub(r"\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*\]", "", hint).split(" | "):
        if part == "Annotated":
            part = hint.removeprefix("Annotated[").split(",")[0].split("[")[0]
        if part in ("PositiveInt", "NonNegativeInt", "int"):
            kinds.add("int")
        elif part == "Seed":
            kinds.add("seed")
        elif part in ("PositiveFloat", "NonNegativeFloat", "Probability", "Decay", "DecayRate", "float"):
            kinds.add("float")
        elif part in ("tuple", "str", "bool", "None"):
            kinds.add(part)
        else:
            kinds.add("dict" if part in ("dict", "Mapping") else "object")
    return kinds


def wrong_values(key, name):
    kinds = kinds_of(key, name)
    if kinds is None:
        return (
            [b"3", 1j, 3, 2.5, True, {}, er.Adam]
            if name in ("teacher", "warm_start")
            else [b"3", 1j, 3, 2.5, True, {}, "x"]
        )
    wrong = list(WRONG[sorted(kinds - {"None"})[0]])
    for kind in sorted(kinds - {"None"})[1:]:
        wrong = [value for value in wrong if any(value is other for other in WRONG[kind])]
    return wrong + ([] if "None" in kinds else [None])


@pytest.mark.parametrize(("key", "name"), FIELDS)
def test_a_wrong_type_is_refused_with_class_and_field(key, name):
    for value in wrong_values(key, name):
        with pytest.raises(er.SettingsError) as error:
            an_object(key, **{name: value})
        assert str(error.value).startswith(f"{key}: {name}"), (value, error.value)
        assert " must be " in str(error.value)
        assert len(str(error.value)) < 400


@pytest.mark.parametrize(("key", "name"), FIELDS)
def test_a_wrong_value_in_json_is_refused_with_the_same_sentence(key, name):
    if key not in {one.key for kind in registry.kinds() for one in registry.components(kind)}:
        pytest.skip("robots are named in env_kwargs")
    plain = json.loads(json.dumps(to_plain(an_object(key))))
    for value in (True, 3, 2.5, "3", math.nan, 10**30, [True], {"a": 1}, {"type": "Constant"}):
        if not any(type(value) is type(wrong) and value == wrong for wrong in wrong_values(key, name)):
            continue
        with pytest.raises(er.SettingsError, match=rf"{key}: {name}.* must be "):
            from_plain(json.loads(json.dumps({**plain, name: value})))


RANGES = {
    r"at least (\d+)": lambda limit: [limit - 1, limit - 1e9],
    r"above (\d+)": lambda limit: [limit, limit - 1],
    r"below (\d+)": lambda limit: [limit, limit + 1],
    r"(?<!-)(\d) to (\d)": lambda low, high: [low - 1, high + 0.5, high + 1],
    r"(\d) or more": lambda limit: [limit - 1],
    r"between (\d) and (\d)": lambda low, high: [low, high, -1],
    r"multiple of (\d)": lambda factor: [factor + 1, 3 * factor - 1],
}
"""What a docstring says of a range, and numbers outside of it."""


def described(key):
    """The names of a class's parameters, each with the text of its description."""
    section = re.split(r"\n\s*(?:Raises|Returns|Examples|References)\n", CLASSES[key].__doc__)[0].split("Parameters\n")
    entries = re.split(r"\n    (?=\w[\w, ]* : )", section[1]) if len(section) == 2 else []
    for entry in entries:
        names, _, text = entry.partition(" : ")
        for name in names.strip().split(", "):
            if (key, name) in FIELDS:
                yield name, " ".join(text.split())


DOCUMENTED = [
    (key, name, pattern, match.groups())
    for key in CLASSES
    for name, text in described(key)
    for pattern in RANGES
    if (kinds := kinds_of(key, name)) and kinds & {"int", "float", "seed"}
    for match in [re.search(pattern, re.sub(r"\{.*?\}|default [\w.-]+", "", text))]
    if match
]


def test_the_ranges_of_most_numbers_are_documented():
    assert len({(key, name) for key, name, *_ in DOCUMENTED}) > 100


@pytest.mark.parametrize(("key", "name", "pattern", "limits"), DOCUMENTED)
def test_a_number_outside_of_its_documented_range_is_refused(key, name, pattern, limits):
    whole = "float" not in kinds_of(key, name)
    for value in RANGES[pattern](*map(int, limits)):
        for number in {int(value)} if whole else {value, np.float64(value)}:
            if whole and number != value:
                continue
            with pytest.raises(er.SettingsError, match=rf"{key}: {name} must be .*, not "):
                an_object(key, **{name: number})


@pytest.mark.parametrize("key", CLASSES)
def test_defaults_and_numbers_of_numpy_are_taken(key):
    one = an_object(key)
    hints = field_rules(CLASSES[key])
    for field in dataclasses.fields(one):
        assert field.name in hints, "the annotation cannot be resolved"
        value = getattr(one, field.name)
        converted = hints[field.name].convert(value)
        assert converted == value
        assert type(converted) is type(value)
        if type(value) in (bool, int, float):
            numpy_value = {bool: np.bool_, int: np.int64, float: np.float64}[type(value)](value)
            again = hints[field.name].convert(numpy_value)
            assert (again, type(again)) == (value, type(value))


SET = {
    "layer": lambda x: ({"hidden": (x,)}, None),
    "optimizer": lambda x: ({"methods": (er.Backprop(x),)}, "methods.backprop.optimizer"),
    "schedule": lambda x: ({"methods": (er.Backprop(schedule=x),)}, "methods.backprop.schedule"),
    "loss": lambda x: ({"methods": (er.Backprop(loss=x),)}, "methods.backprop.loss"),
    "penalty": lambda x: ({"methods": (er.Backprop(penalty=x),)}, "methods.backprop.penalty"),
    "method": lambda x: ({"methods": (x,)}, "methods.*"),
    "strategy": lambda x: ({"methods": (er.Evolution(x, name="evo"),)}, "methods.evo.strategy"),
    "task": lambda x: ({"tasks": (x,)}, "tasks.*"),
    "split": lambda x: ({"tasks": (er.DatasetTask("a.csv", split=x),)}, "tasks.*.split"),
    "teacher": lambda x: ({"tasks": (er.ControlTask("CartPole-v1", teacher=x),)}, "tasks.*.teacher"),
}
"""By kind, a study with an object of it, and the path of the object."""


def test_wrong_values_of_set_are_refused_with_the_same_sentence():
    tried = 0
    for kind, place in SET.items():
        for one in registry.components(kind):
            if one.key not in CLASSES:
                continue
            changes, path = place(an_object(one.key))
            study = er.Study(**{**REQUIRED["Study"], **changes})
            for field in dataclasses.fields(CLASSES[one.key]):
                if "str" in (kinds_of(one.key, field.name) or {"str"}):
                    continue  # what follows the sign is a text
                for text in ("true", "[true]", "NaN", "1e999", "-1e12", "x", '{"a": 1}', "-5", "2.5", "null"):
                    value = json.loads(text) if text != "x" else text
                    value = tuple(value) if isinstance(value, list) else value
                    try:
                        an_object(one.key, **{field.name: value})
                    except er.SettingsError as error:
                        sentence = str(error)
                    else:
                        continue
                    if not sentence.startswith(f"{one.key}: {field.name}"):
                        continue  # a sentence of two fields together, or of a list
                    if path is None:
                        plain = {**to_plain(an_object(one.key)), field.name: json.loads(json.dumps(value))}
                        argument = f"hidden=[{json.dumps(plain)}]"
                    else:
                        argument = f"{path}.{field.name}={text}"
                    with pytest.raises(er.SettingsError) as caught:
                        apply_overrides(study, [argument])
                    assert (
                        f"{one.key}: {field.name}" in str(caught.value)
                        or "is a list" in str(caught.value)
                        or ("has fields" in str(caught.value))
                    ), (argument, caught.value)
                    tried += 1
    assert tried > 1000


def test_methods_of_an_interface_with_a_body_may_be_left_out():
    @dataclasses.dataclass(frozen=True)
    class Sign:  # no update_flops, which counts 2 operations for each weight by default
        learning_rate: float = 0.01

        def start(self, weights):
            return {}

        def update(self, weights, gradient, state, factor=1.0):
            weights -= self.learning_rate * factor * np.sign(gradient)

    assert er.Backprop(Sign()).optimizer == Sign()
    without = type("Half", (), {"learning_rate": 0.01, "start": Sign.start})
    with pytest.raises(er.SettingsError, match="optimizer must be an object such as Adam"):
        er.Backprop(without())


# ---- classes of users


@er.register_component("settings", "Gripper")
@dataclass(frozen=True)
class Gripper:
    """A registered class with every kind of annotation."""

    fingers: Annotated[int, Limits(ge=2, le=5)] = 2
    force: Annotated[float, Limits(gt=0)] | None = None
    names: tuple[str, ...] = ()
    corner: tuple[float, float] = (0.0, 0.0)
    options: Any = None
    unknown: "NotImported" = 3  # noqa: F821
    count: int = None  # a default is never refused, whatever the annotation says


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fingers": 6}, "Gripper: fingers must be a whole number from 2 to 5, not 6."),
        ({"fingers": 10**5000}, "not a value of type int."),
        ({"force": 0}, "Gripper: force must be a number above 0 or None, not 0."),
        ({"force": np.float64("inf")}, "Gripper: force must be a finite number above 0 or None, not np.float64(inf)."),
        ({"names": "left"}, "Gripper: names must be a tuple of items, each a text, not 'left'; write ('left',)."),
        ({"names": ["left", 3]}, "Gripper: names[1] must be a text, not 3."),
        ({"corner": (1, 2, 3)}, "Gripper: corner must be a tuple of 2: a number, a number, not (1, 2, 3)."),
        ({"corner": (1, None)}, "Gripper: corner[1] must be a number, not None."),
        ({"count": 1.5}, "Gripper: count must be a whole number, not 1.5."),
    ],
)
def test_registered_classes_of_users_check_their_fields(settings, sentence):
    with pytest.raises(er.SettingsError) as error:
        Gripper(**settings)
    assert str(error.value).endswith(sentence)


def test_lists_and_numbers_of_numpy_become_plain_and_free_fields_take_everything():
    one = Gripper(np.int32(3), np.float32(0.5), ["a"], [np.int64(1), 2.5], {"x": np.float64(2)}, "anything")
    assert one == Gripper(3, 0.5, ("a",), (1, 2.5), {"x": 2.0}, "anything")
    assert [type(value) for value in (one.fingers, one.force, one.names, one.corner[0])] == [int, float, tuple, int]
    assert list(inspect.signature(Gripper).parameters)[:2] == ["fingers", "force"]
    with pytest.raises(TypeError, match="multiple values for argument 'fingers'"):
        Gripper(3, fingers=3)


@dataclass(frozen=True)
class StopAfter(er.Callback):
    """A callback in a script, which is not registered."""

    generations: PositiveInt


@pytest.mark.parametrize("value", [1e3, np.float64(1e3), np.float32(1e3), np.int16(1000)])
def test_a_whole_number_may_be_written_as_a_float(value):
    patience = er.Stagnation(value).patience
    assert (patience, type(patience)) == (1000, int)


def test_a_class_that_is_not_registered_is_checked_where_it_joins_a_study():
    for wrong in (0, 1.5, "3", None):
        with pytest.raises(er.SettingsError, match="StopAfter: generations must be a whole number of at least 1, not"):
            er.Study(**REQUIRED["Study"], callbacks=(StopAfter(wrong),))
    check_fields(StopAfter(3))


class PlainDescent:
    """An optimizer that derives from nothing and counts nothing."""

    learning_rate = 0.1

    def start(self, weights):
        return {}

    def update(self, weights, gradient, state, factor=1.0):
        weights -= self.learning_rate * factor * gradient


class TooFewArguments(PlainDescent):
    """It lacks the state."""

    def update(self, weights, gradient):
        weights -= gradient


def test_an_interface_needs_its_methods_with_as_many_arguments():
    er.Backprop(PlainDescent())
    for wrong in (TooFewArguments(), PlainDescent, er.MSE(), Odd()):
        with pytest.raises(er.SettingsError, match=r"Backprop: optimizer must be an object such as Adam\(\), not"):
            er.Backprop(wrong)


def test_a_strategy_is_no_method_and_an_id_no_task():
    for wrong, sentence in (
        ({"methods": [er.CMAES()]}, "Study: methods[0] must be an object such as Evolution(CMAES()), not CMAES(...)."),
        (
            {"tasks": ["CartPole-v1"]},
            'Study: tasks[0] must be an object such as ControlTask("CartPole-v1"), not \'Cart',
        ),
        ({"hidden": 8}, "Study: hidden must be a tuple or a dict, not 8; write (8,)."),
        ({"budget": 1e7}, "Study: budget must be an object such as Budget(flops=1e9), not 10000000.0."),
        ({"seeds": True}, "Study: seeds must be a tuple of at least 1 item"),
        ({"name": 3}, "Study: name must be a text, not 3."),
    ):
        parts = {"name": "x", "tasks": [TASK], "methods": [er.Backprop()], "seeds": 1, **COMMON, **wrong}
        with pytest.raises(er.SettingsError) as error:
            er.Study.grid(parts.pop("name"), **parts)
        assert str(error.value).startswith(sentence)
    with pytest.raises(er.SettingsError, match=r"Budget takes its settings by name, as Budget\(env_steps=...\), not 1"):
        er.Budget(1e7)
