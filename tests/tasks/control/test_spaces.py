"""Networks meet gymnasium's spaces: what they answer is an action, what they see is one flat vector."""

import numpy as np
import pytest
from gymnasium import spaces

from evorobo import SettingsError
from evorobo.tasks.control.spaces import make_decoder, make_flattener

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
