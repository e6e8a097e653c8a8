"""Networks meet gymnasium's spaces: what they answer is an action, what they see is one flat vector."""

import numpy as np
import pytest
from gymnasium import spaces

from evorobo import SettingsError
from evorobo.tasks.control.spaces import make_decoder, make_flattener, unflatten

ACTION_SPACES = {
    "Discrete": spaces.Discrete(3),
    "Discrete from 5": spaces.Discrete(4, start=5),
    "MultiBinary": spaces.MultiBinary(4),
    "MultiBinary 2 x 2": spaces.MultiBinary((2, 2)),
    "MultiDiscrete": spaces.MultiDiscrete([2, 5]),
    "MultiDiscrete 2 x 2": spaces.MultiDiscrete([[2, 3], [4, 2]]),
    "MultiDiscrete from 1 and -1": spaces.MultiDiscrete([3, 3], start=[1, -1]),
    "Box": spaces.Box(np.array([-2, 0.1], np.float32), np.array([2, 0.3], np.float32)),
    "Box 2 x 2": spaces.Box(-0.7, 0.7, (2, 2), np.float32),
    "Box in double precision": spaces.Box(-1 / 3, 0.1, (3,), np.float64),
    "Box without ends": spaces.Box(-np.inf, np.inf, (2,), np.float32),
    "Box of whole numbers": spaces.Box(-2, 2, (2,), np.int64),
    "Box of bytes": spaces.Box(0, 255, (2,), np.uint8),
    "Box of two switches": spaces.Box(0, 1, (2,), np.int8),
    "Box of a locked motor": spaces.Box(np.array([-1, 0.5], np.float32), np.array([1, 0.5], np.float32)),
    "Box that is locked": spaces.Box(3, 3, (2,), np.int32),
    "Box with one end": spaces.Box(np.array([0, -np.inf], np.float32), np.array([np.inf, 1], np.float32)),
}
every_space = pytest.mark.parametrize("space", ACTION_SPACES.values(), ids=ACTION_SPACES)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@every_space
def test_whatever_a_network_answers_is_an_action_of_the_space(space, rng):
    decode = make_decoder(space)
    outputs = rng.normal(0, 3, (50, decode.n_outputs)).astype(np.float32)
    if decode.output == "tanh":
        outputs = np.tanh(outputs)
        outputs[:2] = [[-1], [1]]
    for action in decode.actions(outputs):
        native = decode.to_env_action(action)
        assert space.contains(native), native


@every_space
def test_a_random_action_is_an_action_of_the_space(space, rng):
    decode = make_decoder(space)
    for action in decode.sample(rng, 20):
        assert space.contains(decode.to_env_action(action))


@every_space
def test_actions_that_the_space_draws_are_read_and_given_back_as_they_were(space):
    decode = make_decoder(space)
    space.seed(3)
    native = np.stack([np.asarray(space.sample()) for _ in range(20)])
    for before, action in zip(native, decode.from_env_actions(native), strict=True):
        after = decode.to_env_action(action)
        np.testing.assert_array_equal(after, before)
        assert np.asarray(after).dtype == before.dtype


@every_space
def test_a_network_that_hits_its_targets_takes_the_teachers_actions(space):
    decode = make_decoder(space)
    space.seed(4)
    actions = decode.from_env_actions(np.stack([np.asarray(space.sample()) for _ in range(20)]))
    targets = decode.targets(actions)
    if np.issubdtype(targets.dtype, np.integer):  # class numbers: a network that is sure of them
        sizes = getattr(decode, "sizes", (decode.n_outputs,))
        outputs = np.concatenate(
            [5.0 * np.eye(size)[chosen] for size, chosen in zip(sizes, targets.reshape(20, -1).T, strict=True)], axis=1
        )
    else:
        outputs = targets
        assert decode.output == "identity" or np.abs(targets).max() <= 1
    assert decode.loss.value(outputs, targets) < 0.05
    np.testing.assert_allclose(decode.actions(outputs), actions, atol=1e-12)


def test_motors_spread_from_one_end_of_the_range_to_the_other():
    decode = make_decoder(ACTION_SPACES["Box"])
    assert decode.output == "tanh"
    actions = decode.actions(np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]))
    np.testing.assert_allclose(actions, [[-2, 0.1], [0, 0.2], [2, 0.3]], rtol=1e-6)


def test_motors_without_an_end_are_linear_and_stop_at_the_end_there_is():
    decode = make_decoder(ACTION_SPACES["Box with one end"])
    assert decode.output == "identity"
    np.testing.assert_array_equal(decode.actions(np.array([[-5.0, -5.0], [5.0, 5.0]])), [[0, -5], [5, 1]])


@pytest.mark.parametrize(
    ("low", "high", "dtype"), [(-2, 2, np.int64), (0, 255, np.uint8), (0, 1, np.int8), (5, 9, np.int32)]
)
def test_every_whole_number_of_an_integer_box_is_reached_by_its_target(low, high, dtype):
    decode = make_decoder(spaces.Box(low, high, (1,), dtype))
    numbers = np.arange(low, high + 1)[:, None]
    targets = decode.targets(decode.from_env_actions(numbers))
    np.testing.assert_allclose(targets[[0, -1], 0], [-1, 1])
    for error in (-1e-3, 0.0, 1e-3):  # what a tanh unit misses
        outputs = np.clip(targets + error, -0.9999, 0.9999).astype(np.float32)
        taken = [decode.to_env_action(action) for action in decode.actions(outputs)]
        np.testing.assert_array_equal(taken, numbers)


def test_random_whole_numbers_are_equally_frequent(rng):
    drawn = make_decoder(spaces.Box(-2, 2, (1,), np.int64)).sample(rng, 10_000)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    np.testing.assert_allclose(counts, 2000, atol=150)  # nearly 4 standard deviations


def test_a_locked_motor_keeps_its_value_and_has_the_target_0(rng):
    decode = make_decoder(ACTION_SPACES["Box of a locked motor"])
    np.testing.assert_array_equal(decode.actions(np.array([[-1.0, -1.0], [1.0, 1.0]])), [[-1, 0.5], [1, 0.5]])
    np.testing.assert_array_equal(decode.targets(np.array([[-1.0, 0.5], [1.0, 0.4]])), [[-1, 0], [1, 0]])
    assert np.ptp(decode.sample(rng, 10)[:, 1]) == 0


LIMITS = {
    "float32": (np.finfo(np.float32).max, np.float32),
    "float64": (np.finfo(np.float64).max, np.float64),
    "1e10": (1e10, np.float32),
    "int64": (np.iinfo(np.int64).max, np.int64),
    "uint64": (np.iinfo(np.uint64).max, np.uint64),
}


@pytest.mark.parametrize(("limit", "dtype"), LIMITS.values(), ids=LIMITS)
def test_ends_of_1e10_and_more_are_no_ends_and_are_not_exceeded(limit, dtype):
    space = spaces.Box(0 if dtype is np.uint64 else -limit, limit, (1,), dtype)
    decode = make_decoder(space)
    assert decode.output == "identity"
    assert decode.actions(np.array([[3.0]])) == [[3.0]]
    assert decode.targets(np.array([[3.0]])) == [[3.0]]
    for output in (-1e30, 1e30):
        with np.errstate(over="ignore"):
            assert space.contains(decode.to_env_action(decode.actions(np.array([[output]]))[0]))


def test_whole_numbers_out_of_range_are_clipped_and_do_not_wrap():
    decode = make_decoder(spaces.Box(0, 255, (3,), np.uint8))
    (actions,) = decode.from_env_actions(np.array([[300.0, -3.0, 1.7]]))
    assert decode.to_env_action(actions).tolist() == [255, 0, 2]


def test_a_teacher_beyond_the_range_is_copied_at_its_end():
    decode = make_decoder(ACTION_SPACES["Box 2 x 2"])
    assert decode.targets(np.array([[9.0, -9.0, 0.0, 0.7]])).tolist() == [[1, -1, 0, pytest.approx(1, abs=1e-6)]]


def test_the_largest_output_of_each_group_wins():
    outputs = np.array([[0.1, 0.2, 0.5, 0.9, 0.3]])
    assert make_decoder(spaces.Discrete(5, start=-2)).actions(outputs) == [3]
    assert make_decoder(spaces.Discrete(5, start=-2)).to_env_action(np.int64(3)) == 1
    decode = make_decoder(spaces.MultiDiscrete([2, 3], start=[1, 10]))
    assert decode.actions(outputs).tolist() == [[1, 1]]
    assert decode.to_env_action(np.array([1, 1])).tolist() == [2, 11]
    binary = make_decoder(spaces.MultiBinary(2))
    assert binary.n_outputs == 4
    assert binary.to_env_action(binary.actions(outputs[:, :4])[0]).tolist() == [1, 1]


@pytest.mark.parametrize("wrong", [4, 9, 5.5, -1, np.nan])
def test_what_is_none_of_the_choices_is_refused(wrong):
    with pytest.raises(ValueError, match="none of the choices"):
        make_decoder(spaces.Discrete(4, start=5)).from_env_actions(np.array([5, wrong]))


def test_an_action_of_no_fixed_size_is_refused_in_a_sentence():
    with pytest.raises(SettingsError, match="actions of kind Text have no fixed length, which a network needs"):
        make_decoder(spaces.Text(3))


NESTED = spaces.Dict(
    {
        "arm": spaces.Tuple((spaces.Box(-1, 1, (2, 2), np.float32), spaces.Discrete(3, start=1))),
        "buttons": spaces.MultiBinary(2),
        "gear": spaces.MultiDiscrete([2, 3]),
    }
)


def test_nested_observations_become_one_vector_in_the_order_of_their_names():
    size, flatten = make_flattener(NESTED)
    arm = (np.array([[0.1, 0.2], [0.3, 0.4]], np.float32), np.int64(2))
    flat = flatten({"arm": arm, "buttons": np.array([1, 0], np.int8), "gear": np.array([1, 2])})
    assert size == 4 + 3 + 2 + 5
    np.testing.assert_allclose(flat, [0.1, 0.2, 0.3, 0.4, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1], rtol=1e-6)


def test_a_number_among_n_becomes_n_lights_of_which_one_is_on():
    size, flatten = make_flattener(spaces.Discrete(4, start=2))
    assert size == 4
    assert flatten(3).tolist() == [0, 1, 0, 0]


READINGS = {
    "whole numbers in a list": (spaces.Box(-1, 1, (2,), np.float32), [0, 1]),
    "floats in an integer box": (spaces.Box(0, 9, (2,), np.int64), np.array([1.7, 2.5])),
    "floats in a box of bytes": (spaces.Box(0, 255, (2,), np.uint8), np.array([300.5, -1.0])),
    "a matrix": (spaces.Box(0, 9, (1, 2), np.int32), np.array([[1.7, 2.5]])),
    "a number": (spaces.Box(0, 9, (), np.int32), np.float64(0.3)),
    "double precision": (spaces.Box(-1, 1, (2,), np.float32), np.array([1 / 3, 2.0])),
    "switches": (spaces.MultiBinary(2), [True, False]),
}


@pytest.mark.parametrize(("space", "reading"), READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("inside", ["alone", "Dict", "Tuple"])
def test_readings_keep_their_values_whatever_type_the_space_declares(space, reading, inside):
    expected = np.ravel(np.array(reading, float))
    if inside == "Dict":
        space, reading = spaces.Dict({"a": spaces.Discrete(2), "b": space}), {"a": 1, "b": reading}
    elif inside == "Tuple":
        space, reading = spaces.Tuple((spaces.Discrete(2), space)), (1, reading)
    size, flatten = make_flattener(space)
    flat = flatten(reading)
    assert flat.dtype.kind == "f"
    assert flat.shape == (size,)
    np.testing.assert_array_equal(flat[-len(expected) :], expected)
    again = unflatten(space, flat)
    np.testing.assert_array_equal(flatten(again), flat)  # what a teacher is given


def test_whole_numbers_are_returned_as_integers_that_do_not_wrap():
    space = spaces.Dict({"place": spaces.Box(0, 255, (2, 1), np.uint8), "gear": spaces.Discrete(3, start=1)})
    again = unflatten(space, np.array([0.0, 1.0, 0.0, 3.0, 4.0]))
    assert again["gear"] == 2
    assert again["place"].dtype == np.int64
    assert again["place"].tolist() == [[3], [4]]


@pytest.mark.parametrize(
    ("space", "value", "sentence"),
    [
        (spaces.Discrete(4), -1, "-1 is out of the observation space, which has whole numbers from 0 to 3 there"),
        (spaces.Discrete(4), np.array([4]), "4 is out of .* from 0 to 3 there"),
        (spaces.Discrete(3, start=2), 1, "1 is out of .* from 2 to 4 there"),
        (spaces.Discrete(3), 1.5, "1.5 is out of"),
        (spaces.MultiDiscrete([2, 3]), [0, 3], "3 is out of .* from 0 to 2 there"),
        (spaces.MultiDiscrete([2, 3]), [0], "1 values stand where the observation space has 2 choices"),
        (spaces.MultiBinary(2), [0, 2], "2 is out of the observation space, which has 0 and 1 there"),
    ],
)
def test_a_choice_out_of_the_observation_space_is_an_error(space, value, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_flattener(space)[1](value)
    with pytest.raises(ValueError, match=sentence):
        make_flattener(spaces.Dict({"part": space}))[1]({"part": value})


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(0, 255, (16, 16, 3), np.uint8),
        spaces.Box(0, 1, (3, 16, 16), np.float32),
        spaces.Box(0, 255, (16, 16), np.uint8),
        spaces.Dict({"camera": spaces.Box(0, 255, (16, 16, 3), np.uint8), "speed": spaces.Discrete(2)}),
        spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 255, (16, 16), np.uint8))),
    ],
    ids=["color", "channels first", "gray", "in a Dict", "in a Tuple"],
)
def test_images_are_refused_with_the_way_out(space):
    with pytest.raises(SettingsError, match=r"shows images of shape \(.*16, 16.* Choose a version with vector obs"):
        make_flattener(space)


def test_observations_of_no_fixed_length_are_refused_in_a_sentence():
    with pytest.raises(SettingsError, match="observations of kind Sequence have no fixed length"):
        make_flattener(spaces.Sequence(spaces.Discrete(2)))
