"""Genome files: loaded genomes are exact, and every invalid file is refused with a clear sentence."""

import io
import json
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from evorobo import BatchNorm, DataError, Dense, Genome, NetworkSpec, ResultsError, SettingsError
from evorobo.nets.genome import FORMAT
from evorobo.nets.scaling import Scaler
from evorobo.settings import to_plain

SPEC = NetworkSpec(3, (Dense(5, "relu", "he"), Dense(2, "identity", bias=False)))


def scalers(rng):
    return [Scaler(rng.normal(size=k), rng.uniform(0.5, 2, k)) for k in (3, 2)]


@pytest.fixture
def genome():
    rng = np.random.default_rng(0)
    return Genome(SPEC, rng.normal(size=SPEC.n_params), *scalers(rng))


@pytest.fixture
def saved(genome, tmp_path):
    genome.save(tmp_path / "genome.npz")
    return tmp_path / "genome.npz"


def tampered(saved, **changes):
    """The saved file with some arrays replaced, or left out where None."""
    with np.load(saved) as file:
        arrays = {**file, **changes}
    np.savez(saved, **{name: array for name, array in arrays.items() if array is not None})
    return saved


def about(**changes):
    spec = {"type": "NetworkSpec", "n_inputs": 3, "layers": [{"type": "Dense", "units": 2}]}
    return np.array(json.dumps({"format": FORMAT, "spec": spec, **changes}))


def test_a_loaded_genome_equals_the_saved_one(genome, saved):
    read = Genome.load(saved)
    assert read.spec == genome.spec
    np.testing.assert_array_equal(read.weights, genome.weights)
    for name in ("input_scaler", "output_scaler"):
        np.testing.assert_array_equal(getattr(read, name).mean, getattr(genome, name).mean)
        np.testing.assert_array_equal(getattr(read, name).sd, getattr(genome, name).sd)
    sensors = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_array_equal(read(sensors), genome(sensors))


def test_a_loaded_genome_has_the_same_reading_of_actions(genome, saved, tmp_path):
    replace(genome, actions="clip").save(tmp_path / "clip.npz")
    assert Genome.load(tmp_path / "clip.npz").actions == "clip"
    assert Genome.load(tmp_path / "clip.npz").folded().actions == "clip"
    assert (
        Genome.load(saved).actions == Genome.load(tampered(saved, about=about(spec=to_plain(SPEC)))).actions == "scale"
    )
    with pytest.raises(SettingsError, match="unknown reading of actions 'clop'; did you mean 'clip'"):
        replace(genome, actions="clop")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_this_holds_without_scalers_and_in_both_precisions(tmp_path, dtype):
    genome = Genome(SPEC, SPEC.init(np.random.default_rng(0)).astype(dtype))
    genome.save(tmp_path / "plain")  # no suffix is added
    read = Genome.load(tmp_path / "plain")
    assert read.input_scaler is None
    assert read.output_scaler is None
    assert read.weights.dtype == dtype
    np.testing.assert_array_equal(read.weights, genome.weights)


def test_extreme_weights_are_saved_exactly(tmp_path):
    weights = np.resize([0.1, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3], SPEC.n_params)
    Genome(SPEC, weights).save(tmp_path / "g.npz")
    assert Genome.load(tmp_path / "g.npz").weights.tobytes() == weights.tobytes()


def test_the_same_genome_gives_the_same_bytes(genome, saved, tmp_path):
    Genome.load(saved).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == saved.read_bytes()


def test_the_file_holds_arrays_and_one_json_text_and_no_pickle(saved):
    with np.load(saved, allow_pickle=False) as file:
        assert sorted(file.files) == [
            "about",
            "input_scaler_mean",
            "input_scaler_sd",
            "output_scaler_mean",
            "output_scaler_sd",
            "weights",
        ]
        text = json.loads(str(file["about"]))
    assert text["format"] == "evorobo genome 2"
    assert text["spec"]["layers"][0] == {
        "type": "Dense", "units": 5, "activation": "relu", "init": "he", "bias": True
    }  # fmt: skip


def test_an_unwritable_path_is_refused(genome, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"cannot write .*genome\.npz"):
        genome.save(tmp_path / "file" / "genome.npz")


def refused(path, *patterns):
    """Assert that loading raises a DataError whose message names the file and matches the patterns."""
    with pytest.raises(DataError) as error:
        Genome.load(path)
    for pattern in (str(path), *patterns):
        assert re.search(pattern, str(error.value)), f"{pattern!r} is not in {str(error.value)!r}"


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / "none.npz", "there is no genome file")
    refused(tmp_path, "there is no genome file")


@pytest.mark.parametrize("fraction", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(saved, fraction):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(fraction * len(whole))])
    refused(saved, "is damaged or no genome file", "save it again")


def test_random_bytes_are_refused(tmp_path):
    for seed in range(20):
        path = tmp_path / f"{seed}.npz"
        path.write_bytes(np.random.default_rng(seed).bytes(500))
        refused(path, "is damaged or no genome file")


def test_a_text_file_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("weights: see attachment\n")
    refused(tmp_path / "notes.txt", "is damaged or no genome file")


def test_a_flipped_byte_is_detected_or_has_no_effect(genome, saved):
    whole = saved.read_bytes()
    detected = 0
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        saved.write_bytes(damaged)
        try:
            read = Genome.load(saved)
        except DataError:
            detected += 1
        else:
            # the byte lies outside of the contents: dates, attributes, padding
            assert read.spec == genome.spec
            np.testing.assert_array_equal(read.weights, genome.weights)
    assert detected > 0.8 * len(whole) / 3


def test_an_array_file_is_refused(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(12.0))
    refused(tmp_path / "rows.npy", "is damaged or no genome file")


def test_files_with_other_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", inputs=np.zeros((5, 3)), labels=np.arange(5))
    refused(tmp_path / "data.npz", "was not written by Genome.save", "inputs, labels")
    np.savez(tmp_path / "empty.npz")
    refused(tmp_path / "empty.npz", "was not written by Genome.save; it holds nothing")


def test_pickled_objects_are_never_loaded(tmp_path, saved):
    loaded = []

    class Trap:
        def __reduce__(self):
            return loaded.append, (1,)

    buffer = io.BytesIO()
    np.savez(buffer, about=np.array([Trap()], dtype=object), weights=np.zeros(3))
    (tmp_path / "trap.npz").write_bytes(buffer.getvalue())
    loaded.clear()
    refused(tmp_path / "trap.npz", "is damaged or no genome file", "objects are never loaded")
    assert not loaded


def test_a_zip_file_of_other_contents_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "robot.zip", "w") as file:
        file.writestr("about.txt", "a robot")
    refused(tmp_path / "robot.zip", "is damaged or no genome file", "about.txt")


NORMALIZED = NetworkSpec(3, (BatchNorm(), Dense(2, "identity")))


@pytest.fixture
def normalized(tmp_path):
    rng = np.random.default_rng(2)
    running_stats = rng.uniform(0.5, 2, NORMALIZED.n_running_stats)
    genome = Genome(NORMALIZED, rng.normal(size=NORMALIZED.n_params), *scalers(rng), running_stats)
    genome.save(tmp_path / "genome.npz")
    return genome


def test_running_statistics_are_saved_with_the_genome(normalized, tmp_path):
    read = Genome.load(tmp_path / "genome.npz")
    np.testing.assert_array_equal(read.running_stats, normalized.running_stats)
    sensors = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_array_equal(read(sensors), normalized(sensors))
    np.testing.assert_array_equal(
        read.output_scaler.inverse_transform(read.controller()(sensors[None])[0]), read(sensors)
    )


@pytest.mark.parametrize(
    ("running_stats", "sentence"),
    [
        (None, "it has no running_stats, of which this network needs 6"),
        (np.ones(4), r"running_stats should be 6 real numbers, not float64 \(4,\)"),
        (np.full(6, np.nan), "holds running statistics that are not finite numbers, since its training diverged"),
    ],
    ids=["none", "too few", "NaN"],
)
def test_a_file_with_invalid_running_statistics_is_refused(normalized, tmp_path, running_stats, sentence):
    refused(tampered(tmp_path / "genome.npz", running_stats=running_stats), sentence)


def test_a_genome_with_batch_norm_needs_running_statistics(normalized):
    with pytest.raises(SettingsError, match="has 6 running statistics, but 0 were given"):
        Genome(NORMALIZED, normalized.weights)


def test_a_wrong_number_of_weights_is_refused_with_both_numbers(saved):
    refused(tampered(saved, weights=np.zeros(31)), r"weights should be 30 real numbers, not float64 \(31,\)")


@pytest.mark.parametrize(
    "weights",
    [np.zeros((2, 30)), np.zeros(()), np.array(["a"] * 30), np.zeros(30, complex), np.zeros(30, int)],
    ids=["two genomes", "one number", "text", "complex", "whole numbers"],
)
def test_weights_that_are_not_one_row_of_real_numbers_are_refused(saved, weights):
    refused(tampered(saved, weights=weights), "was not written by Genome.save")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(genome, tmp_path, bad):
    weights = genome.weights.copy()
    weights[3] = bad
    Genome(SPEC, weights).save(tmp_path / "g.npz")
    refused(tmp_path / "g.npz", "holds weights that are not finite numbers, since its training diverged")


@pytest.mark.parametrize(
    "changes",
    [
        {"input_scaler_mean": np.zeros(4)},
        {"input_scaler_sd": np.zeros(3)},
        {"input_scaler_sd": None},
        {"output_scaler_mean": np.array([0, np.nan])},
        {"output_scaler_sd": np.array(["x", "y"])},
    ],
    ids=["too many means", "zero sd", "missing sd", "NaN", "text"],
)
def test_invalid_scalers_are_refused(saved, changes):
    refused(
        tampered(saved, **changes),
        "was not written by Genome.save",
        "put_scaler(_mean|_sd| has a mean or a standard deviation that is invalid)",
    )


def test_an_unknown_layer_is_refused_with_the_nearest_name(saved):
    spec = {"type": "NetworkSpec", "n_inputs": 3, "layers": [{"type": "Dens", "units": 2}]}
    refused(tampered(saved, about=about(spec=spec)), "unknown name 'Dens'; did you mean 'Dense'")


def test_a_layer_of_a_missing_module_is_refused(saved):
    spec = {"type": "NetworkSpec", "n_inputs": 3, "layers": [{"type": "nowhere.layers:Spiking", "units": 2}]}
    refused(tampered(saved, about=about(spec=spec)), "nowhere.layers:Spiking", "import nowhere.layers first")


def test_an_unknown_setting_is_refused_with_the_nearest_name(saved):
    spec = {"type": "NetworkSpec", "n_inputs": 3, "layers": [{"type": "Dense", "unit": 2}]}
    refused(tampered(saved, about=about(spec=spec)), "unknown field of Dense 'unit'; did you mean 'units'")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1, 2]", "not json", '{"format": "evorobo genome 2"}', '{"format": "evorobo genome 2", "spec": 3}',
     '{"format": "evorobo genome 2", "spec": {"type": "Dense", "units": 2}}'],
)  # fmt: skip
def test_an_invalid_description_is_refused(saved, text):
    refused(tampered(saved, about=np.array(text)), "was not written by Genome.save|is damaged or no description")


def test_a_file_of_an_older_format_is_refused_with_both_formats_and_the_way_out(saved):
    sentence = (
        "has the format 'evorobo genome 1' of another version .* reads 'evorobo genome 2'; run its experiment again"
    )
    refused(tampered(saved, about=about(format="evorobo genome 1")), sentence)


def test_a_row_a_batch_and_a_stack_of_batches_have_the_same_outputs(genome):
    sensors = np.random.default_rng(1).normal(size=(2, 6, 3))
    batch = genome(sensors[0])
    assert genome(sensors[0, 0]).shape == (2,)
    assert batch.shape == (6, 2)
    assert genome(sensors).shape == (2, 6, 2)
    np.testing.assert_array_equal(genome(sensors)[0], batch)
    for row in range(6):
        np.testing.assert_allclose(genome(sensors[0, row]), batch[row], rtol=1e-13)
    np.testing.assert_array_equal(genome(list(map(list, sensors[0]))), batch)


def test_scaling_of_sensors_and_outputs_by_hand():
    # one weight 3: sensors 10 +- 2, predictions 100 +- 50; (14 - 10) / 2 = 2, 3 x 2 = 6, 100 + 50 x 6
    spec = NetworkSpec(1, (Dense(1, "identity", bias=False),))
    genome = Genome(
        spec, np.array([3.0]), Scaler(np.array([10.0]), np.array([2.0])), Scaler(np.array([100.0]), np.array([50.0]))
    )
    assert genome(np.array([14.0])) == 400
    assert Genome(spec, np.array([3.0]))(np.array([14.0])) == 42
