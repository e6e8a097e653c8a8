"""Recorded episodes: kept and read without loss, and refused in a sentence when they make no sense."""

import numpy as np
import pytest

from evorobo import DataError, Demonstrations, SettingsError
from evorobo.tasks.base import Cost
from evorobo.tasks.control.teaching.demonstrations import StepRecorder

OBSERVATIONS = np.random.default_rng(0).normal(size=(6, 3))
MOVES = np.array([0, 1, 2, 2, 1, 0])
MOTORS = np.random.default_rng(1).uniform(-1, 1, (6, 2))
EPISODE = np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("actions", [MOVES, MOTORS], ids=["moves", "motors"])
@pytest.mark.parametrize("suffix", [".npz", ".csv", ".NPZ", ".CSV"])
def test_what_is_saved_is_loaded(actions, suffix, tmp_path):
    Demonstrations(OBSERVATIONS, actions, EPISODE).save(tmp_path / f"shown{suffix}")
    loaded = Demonstrations.load(tmp_path / f"shown{suffix}")
    np.testing.assert_array_equal(loaded.observations, OBSERVATIONS, strict=True)
    np.testing.assert_array_equal(loaded.actions, actions)
    np.testing.assert_array_equal(loaded.episode, EPISODE, strict=True)


def test_a_saved_table_has_the_names_that_a_reader_expects(tmp_path):
    Demonstrations(OBSERVATIONS, MOTORS, EPISODE).save(tmp_path / "shown.csv")
    header, first, *_ = (tmp_path / "shown.csv").read_text().splitlines()
    assert header == "sensor 0,sensor 1,sensor 2,action 0,action 1,episode"
    assert first == ",".join(map(repr, [*OBSERVATIONS[0].tolist(), *MOTORS[0].tolist(), 0]))
    Demonstrations(OBSERVATIONS, MOVES, EPISODE).save(tmp_path / "moves.csv")
    assert (tmp_path / "moves.csv").read_text().splitlines()[2].endswith(",1,0")


def test_demonstrations_cost_their_steps_and_episodes():
    assert Demonstrations(OBSERVATIONS, MOVES, EPISODE).cost == Cost(env_steps=6, episodes=2)


def test_demonstrations_add_up_with_their_episodes_apart():
    one, other = Demonstrations(OBSERVATIONS, MOVES, EPISODE), Demonstrations(OBSERVATIONS[:2], MOVES[:2], EPISODE[2:4])
    both = one + other
    assert both.episode.tolist() == [0, 0, 0, 1, 1, 1, 2, 3]
    assert both.actions.tolist() == [*MOVES, 0, 1]
    assert both.cost == one.cost + other.cost
    with pytest.raises(DataError, match=r"of shapes .* are not of one robot; add demonstrations of the same"):
        one + Demonstrations(OBSERVATIONS, MOTORS, EPISODE)


def test_a_name_with_another_ending_is_refused(tmp_path):
    with pytest.raises(
        SettingsError, match=r"shown.txt ends with .txt; demonstrations are saved as .npz, .csv or a fo"
    ):
        Demonstrations(OBSERVATIONS, MOVES, EPISODE).save(tmp_path / "shown.txt")


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    path = tmp_path / "shown.csv"
    path.write_text("light, action left ,episode,action right,bumper\n1,0.1,0,-0.2,5\n\n2,0.3,7,-0.4,6\n")
    loaded = Demonstrations.load(path)
    assert loaded.observations.tolist() == [[1, 5], [2, 6]]
    assert loaded.actions.tolist() == [[0.1, -0.2], [0.3, -0.4]]
    assert loaded.episode.tolist() == [0, 7]


def test_one_column_of_actions_is_a_plain_row_of_them_and_episodes_may_be_missing(tmp_path):
    path = tmp_path / "shown.csv"
    path.write_text("light,action\n1,2\n3,0\n")
    loaded = Demonstrations.load(path)
    assert (loaded.actions.tolist(), loaded.episode.tolist()) == ([2, 0], [0, 0])


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "shown.csv is empty"),
        ("\n", "shown.csv is empty"),
        ("light,motor\n1,2\n", "needs a header with columns named action... and others, not light, motor"),
        ("action\n1\n", "needs a header with columns named action... and others, not action"),
        ("light,action\n", "has a header and no rows"),
        (
            "light,action\n1,left\n",
            "line 2, column 'action': 'left' is not a number; correct the cell or delete the line",
        ),
        ("light,action\n1,2\n1\n", "line 3 has 1 cells where other lines have 2; correct the line"),
        ("light,action\n1,2,3\n1,3,4\n", "column 0 has no name and does not number the rows; name it in the header"),
        ("light,action\n1,2,3,4\n", "has 4 cells where other lines have 2"),
        ("light,action\n1,nan\n", "line 2, column 'action': 'nan' is not a number"),
        (b"light,action\n\xff,1\n", "is not a number; correct the cell"),
        ("light,action,episode\n1,2,\n", "'episode' has empty cells; give each step the number of an episode"),
        ("light,action,done\n1,2,5\n", "'done' marks steps with 1, others with 0, and holds other values"),
    ],
)
def test_tables_that_make_no_sense_are_reported(content, match, tmp_path):
    path = tmp_path / "shown.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=match):
        Demonstrations.load(path)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"observations": OBSERVATIONS}, "has no array 'actions'; it holds observations"),
        ({"observations": OBSERVATIONS, "actions": MOVES[:5]}, "holds 6 observations and 5 actions; it needs pairs"),
        ({"observations": OBSERVATIONS[:0], "actions": MOVES[:0]}, "holds 0 observations and 0 actions"),
        ({"observations": OBSERVATIONS * np.inf, "actions": MOVES}, "holds numbers that are not finite"),
        ({"observations": OBSERVATIONS, "actions": MOVES.astype(str)}, "needs arrays of numbers, not float64 and <U"),
        ({"observations": OBSERVATIONS, "actions": np.array(3)}, "needs arrays of numbers"),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "episode": EPISODE[:3]},
            "holds 6 steps and .*give each step",
        ),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "terminals": EPISODE[:2]},
            r"holds 6 steps and 'terminals' of shape \(2,\); give each step one",
        ),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "episode_ends": np.array([2, 5])},
            "holds 6 steps; give a 'episode_ends' of whole numbers that rises to this number",
        ),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "lengths": np.array([2.5, 3.5])},
            "holds 6 steps; give a 'lengths' of whole numbers that adds up to this number",
        ),
        *(
            (
                {"observations": OBSERVATIONS, "actions": MOVES, "rollouts": np.array(values)},
                "does not say where episodes are, and 'rollouts' may: rename it to 'episode' .numbers., 'dones'",
            )
            for values in ([False, False, True, False, False, True], [0, 0, 1, 1, 2, 2], [3, 6], [2, 2, 2])
        ),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "episode": EPISODE, "episodes": EPISODE[::-1] // 2},
            "has both 'episode' and 'episodes', which differ; leave one of them out",
        ),
        (
            {"observations": OBSERVATIONS, "actions": MOVES, "episode": np.array([0, np.nan, 0, 1, 1, 1])},
            "'episode' holds numbers that are not finite; give each step the number of an episode",
        ),
    ],
)
def test_arrays_that_make_no_sense_are_reported(arrays, match, tmp_path):
    np.savez(tmp_path / "shown.npz", **arrays)
    with pytest.raises(DataError, match=match):
        Demonstrations.load(tmp_path / "shown.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing of the kind"])
def test_files_that_are_no_archives_are_reported(content, tmp_path):
    (tmp_path / "shown.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"shown.npz is damaged or no NPZ file"):
        Demonstrations.load(tmp_path / "shown.npz")
    with pytest.raises(DataError, match=r"there is no file .*other.npz with demonstrations"):
        Demonstrations.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"terminals": [0, 0, 1, 0, 0, 0], "timeouts": [0, 0, 0, 0, 1, 0]}, [0, 0, 0, 1, 1, 2]),  # D4RL
        ({"terminals": [False, False, True, False, False, True]}, [0, 0, 0, 1, 1, 1]),
        ({"timeouts": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]}, [0, 0, 1, 1, 2, 2]),
        ({"terminated": [0, 1, 0, 0, 0, 0], "truncated": [0, 1, 0, 1, 0, 0]}, [0, 0, 1, 1, 2, 2]),  # Gymnasium
        ({"terminations": [0, 1, 0, 0, 0, 0], "truncations": [0, 0, 0, 1, 0, 0]}, [0, 0, 1, 1, 2, 2]),  # Minari
        ({"dones": [0, 0, 0, 0, 0, 1]}, [0] * 6),
        ({"episode_starts": [1, 0, 1, 0, 0, 1]}, [0, 0, 1, 1, 1, 2]),  # Stable-Baselines3
        ({"is_first": [1, 0, 0, 1, 0, 0], "is_last": [0, 0, 1, 0, 0, 1]}, [0, 0, 0, 1, 1, 1]),  # RLDS
        ({"episodes": [3, 3, 5, 5, 5, 9]}, [3, 3, 5, 5, 5, 9]),
        ({"trajectory": [3, 3, 5, 5, 5, 9]}, [3, 3, 5, 5, 5, 9]),
        ({"episode_ends": [2, 5, 6]}, [0, 0, 1, 1, 1, 2]),  # replay buffers of diffusion policies
        ({"episode_lengths": [2, 3, 1]}, [0, 0, 1, 1, 1, 2]),
        ({"episode_lengths": [6]}, [0] * 6),
        ({"actions_of_teacher": [0.5] * 6, "step": [0, 1, 2, 3, 4, 5], "seed": 7}, [0] * 6),
        ({"episode": [0.5, 0.5, 0.25, 0.25, 1.0, 1.0]}, [0, 0, 1, 1, 2, 2]),
        ({"episode": [2.0, 2.0, 2.0, 4.0, 4.0, 4.0]}, [2, 2, 2, 4, 4, 4]),
        ({"episode_id": ["b", "b", "a", "a", "a", "a"]}, [0, 0, 1, 1, 1, 1]),
        ({"episode": EPISODE, "terminals": [0, 0, 0, 0, 0, 1]}, EPISODE.tolist()),
        ({"rewards": [1, 0, 1, 0, 1, 0]}, [0] * 6),
    ],
)
def test_episodes_are_numbered_or_begin_after_the_flags_of_the_last(arrays, expected, tmp_path):
    np.savez(tmp_path / "shown.npz", observations=OBSERVATIONS, actions=MOVES, **arrays)
    assert Demonstrations.load(tmp_path / "shown.npz").episode.tolist() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffepisode,x,y,action\n0,1,2,0\n0,3,4,1\n1,5,6,0\n", [0, 0, 1]),
        ('"episode","x","y","action"\n"0","1","2","0"\n"0","3","4","1"\n"1","5","6","0"\n', [0, 0, 1]),
        ("episode;x;y;action\n0;1,0;2,0;0\n0;3,0;4,0;1\n1;5,0;6,0;0\n", [0, 0, 1]),
        ("x,y,action,terminals,timeouts\n1,2,0,False,False\n3,4,1,False,True\n5,6,0,True,False\n", [0, 0, 1]),
        ("x,y,action,reward,done\n1,2,0,1,0\n3,4,1,1,1\n5,6,0,1,1\n", [0, 0, 1]),
        ("episode,x,y,action\n1.1,1,2,0\n1.1,3,4,1\n1.10,5,6,0\n", [0, 0, 1]),
        ("episode,x,y,action\n0.5,1,2,0\n0.5,3,4,1\n0.75,5,6,0\n", [0, 0, 1]),
        ("Episode,x,y,Action\n4.0,1,2,0\n4.0,3,4,1\n7.0,5,6,0\n", [4, 4, 7]),
        (",x,y,action,episode\n0,1,2,0,0\n1,3,4,1,0\n2,5,6,0,1\n", [0, 0, 1]),  # an index of pandas
        ("# 20 Hz\nx\ty\taction\tepisode\n1\t2\t0\t0\n3\t4\t1\t0\n5\t6\t0\t1\n", [0, 0, 1]),
    ],
)
def test_tables_as_other_programs_write_them_are_read(text, expected, tmp_path):
    path = tmp_path / "SHOWN.CSV"
    path.write_bytes(text.encode())
    loaded = Demonstrations.load(path)
    assert loaded.observations.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert loaded.actions.tolist() == [0, 1, 0]
    assert loaded.episode.tolist() == expected


@pytest.mark.parametrize("episode", [[0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0], [0.5, 1.5, 0.5, 1.5, 0.5, 1.5]])
def test_steps_of_an_episode_that_are_apart_are_refused(episode, tmp_path):
    np.savez(tmp_path / "shown.npz", observations=OBSERVATIONS, actions=MOVES, episode=episode)
    with pytest.raises(
        DataError,
        match=r"2 values of 'episode' in shown.npz stand in [36] separate runs of steps; sort the steps by 'episode' "
        "and time if robots took turns, or give each run a number of its own if each is one episode",
    ):
        Demonstrations.load(tmp_path / "shown.npz")


def test_a_recorder_puts_the_ticks_of_each_episode_one_after_the_other():
    recorder = StepRecorder()
    recorder(np.array([4, 5]), np.array([[0.4], [0.5]]), np.array([40, 50]))
    recorder(np.array([5]), np.array([[0.6]]), np.array([60]))
    recorder(np.array([4, 9]), np.array([[0.7], [0.9]]), np.array([70, 90]))
    episode, observations, actions = recorder.collected()
    assert episode.tolist() == [4, 4, 5, 5, 9]
    assert observations.ravel().tolist() == [0.4, 0.7, 0.5, 0.6, 0.9]
    assert actions.tolist() == [40, 70, 50, 60, 90]
