"""Checkpoints return the state that was saved."""

import pickle
import zipfile

import numpy as np
import pytest

from evorobo import ResultsError
from evorobo.study.checkpoint import load, save


def equal(one, other):
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and one == other


def test_a_nested_state_is_restored_to_the_last_bit(tmp_path):
    state = {
        "weights": np.random.default_rng(0).normal(size=(3, 4)),
        "single": np.float32([1 / 3, np.inf]),
        "counts": np.arange(5),
        "empty": np.empty((0, 7)),
        "zero": np.zeros(()),
        "deep": {"er": {"still": np.eye(2)}, "none": None, "nothing": {}},
        "list": [np.ones(2), "text", {"in": np.zeros(1)}, 0.1 + 0.2],
        "flag": True,
        "big": 2**200 + 1,
        "infinite": float("inf"),
    }
    save(tmp_path / "state.npz", state)
    assert equal(load(tmp_path / "state.npz"), state)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_a_generator_continues_where_it_was(tmp_path, kind):
    rng = np.random.Generator(kind(5))
    rng.normal(size=3)
    save(tmp_path / "state.npz", {"rng": rng.bit_generator.state})
    other = np.random.Generator(kind(0))
    other.bit_generator.state = load(tmp_path / "state.npz")["rng"]
    assert other.normal(size=10).tolist() == rng.normal(size=10).tolist()


def test_numbers_of_numpy_become_plain_ones(tmp_path):
    save(tmp_path / "state.npz", {"a": np.float64(0.1), "b": np.int64(3), "c": np.bool_(True)})
    assert equal(load(tmp_path / "state.npz"), {"a": 0.1, "b": 3, "c": True})


def test_loaded_arrays_are_independent_copies(tmp_path):
    weights = np.ones(3)
    save(tmp_path / "state.npz", {"weights": weights})
    weights[:] = 5
    assert load(tmp_path / "state.npz")["weights"].tolist() == [1, 1, 1]


def test_names_with_points_do_not_collide(tmp_path):
    state = {"a.b": np.ones(1), "a": {"b": np.zeros(1)}}
    save(tmp_path / "state.npz", state)
    assert equal(load(tmp_path / "state.npz"), state)


def test_text_that_looks_like_a_reference_is_text(tmp_path):
    state = {"weights": np.ones(1), "note": "array:.weights"}
    save(tmp_path / "state.npz", state)
    assert equal(load(tmp_path / "state.npz"), state)


def test_other_values_are_refused_and_the_old_file_stays(tmp_path):
    save(tmp_path / "state.npz", {"a": 1})
    with pytest.raises(TypeError):
        save(tmp_path / "state.npz", {"a": object()})
    assert load(tmp_path / "state.npz") == {"a": 1}


@pytest.mark.parametrize("damage", ["cut", "bent", "empty", "text", "no state"])
def test_a_damaged_file_is_refused_with_a_cure(tmp_path, damage):
    path = tmp_path / "checkpoint.npz"
    save(path, {"weights": np.arange(1000.0)})
    whole = path.read_bytes()
    if damage == "no state":
        np.savez(path, other=np.ones(1))
    else:
        bent = whole[:2000] + bytes(500) + whole[2500:]
        path.write_bytes({"cut": whole[: len(whole) // 2], "bent": bent, "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(ResultsError, match=r"checkpoint\.npz is damaged .*delete it and this trial starts over"):
        load(path)


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def test_a_pickle_is_never_opened(tmp_path):
    path = tmp_path / "checkpoint.npz"
    array = np.empty(1, object)
    array[0] = Bomb()
    np.savez(path, state=array)
    with pytest.raises(ResultsError, match="is damaged"):
        load(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ResultsError, match="is damaged"):
        load(path)


def test_a_checkpoint_holds_plain_arrays_and_one_json_text(tmp_path):
    save(tmp_path / "state.npz", {"a": np.ones(2), "b": {"c": np.zeros(1), "d": 5}})
    with zipfile.ZipFile(tmp_path / "state.npz") as archive:
        assert len(archive.namelist()) == 3
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
