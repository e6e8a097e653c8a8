"""Archives: saved exactly, distinguished from other files, and identical after an interruption."""

import json
import re
from dataclasses import dataclass

import numpy as np
import pytest
from toys import Bowl

from evorobo import (
    CMAES,
    NSGA2,
    Archive,
    BatchNorm,
    Budget,
    DataError,
    Dense,
    Evolution,
    Genome,
    Grid,
    MAPElites,
    Mapped,
    NetworkSpec,
    NoveltySearch,
    SettingsError,
    Trial,
)
from evorobo.learners.evolution.measures import MeasureScorer
from evorobo.nets.scaling import Scaler
from evorobo.study import running
from evorobo.study.folders import Interrupted
from evorobo.testing.methods import Wave

SPEC = NetworkSpec.build(2, (3,), 1)
GRID = Grid(("level", "tilt"), (8, 6))
COLLECTORS = [
    Evolution(NSGA2(minimize=("energy", "size"), population_size=12)),
    Evolution(NoveltySearch(("tilt",))),
    Evolution(MAPElites(GRID)),
    Evolution(Mapped(GRID, CMAES())),
]


@pytest.fixture
def archive():
    rng = np.random.default_rng(0)
    measures = np.array([[0.0, 5.0], [1.0, 5.0], [1.0, 9.0]])
    scores, weights = np.array([1.0, 3.0, 2.0]), rng.normal(size=(3, SPEC.n_params))
    ranges, inputs = np.array([[0.0, 1.0], [0.0, 100.0]]), Scaler(np.ones(2), np.full(2, 2.0))
    return Archive(SPEC, weights, scores, measures, ("x", "y"), ranges, (4, 5), inputs)


@pytest.fixture
def saved(archive, tmp_path):
    archive.save(tmp_path / "archive.npz")
    return tmp_path / "archive.npz"


def test_a_loaded_archive_equals_the_saved_one(archive, saved):
    read = Archive.load(saved)
    assert (read.spec, read.measure_names, read.grid_shape, len(read)) == (SPEC, ("x", "y"), (4, 5), 3)
    for name in ("weights", "scores", "measures", "ranges"):
        np.testing.assert_array_equal(getattr(read, name), getattr(archive, name))
    sensors = np.array([0.3, -1.0])
    np.testing.assert_array_equal(read[2](sensors), archive[2](sensors))


def test_an_archive_is_indexed_by_number(archive):
    np.testing.assert_array_equal(archive[2].weights, archive.weights[2])
    assert archive[2].input_scaler is archive.input_scaler
    np.testing.assert_array_equal(archive.best.weights, archive.weights[1])


def test_the_nearest_genome_is_measured_in_units_of_the_ranges(archive):
    # from x = 0.9, y = 8 the third is 0.1 of a range away in x and 0.01 in y
    np.testing.assert_array_equal(archive.nearest(x=0.9, y=8.0).weights, archive.weights[2])
    np.testing.assert_array_equal(archive.nearest(x=0.1).weights, archive.weights[0])
    # 0.4 of a range away in x counts for more than 0.05 in y
    np.testing.assert_array_equal(archive.nearest(x=0.4, y=9.0).weights, archive.weights[0])
    with pytest.raises(SettingsError, match="unknown measure 'z'; known: x, y"):
        archive.nearest(z=1.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"about": None}, "about"),
        (
            {"about": np.array(json.dumps({"format": "evorobo archive 9"}))},
            "has the format 'evorobo archive 9' of another version",
        ),
        ({"scores": np.ones(4)}, "weights should be 4 x 13 real numbers, not float64 (3, 13)"),
        ({"measures": np.ones((3, 2), int)}, "measures should be 3 x 2 real numbers, not int64 (3, 2)"),
        ({"ranges": None}, "it has no ranges, of which this network needs 2 x 2"),
    ],
)
def test_an_invalid_file_is_refused_in_one_sentence(saved, change, sentence):
    with np.load(saved) as file:
        arrays = {**file, **change}
    np.savez(saved, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(DataError, match=re.escape(sentence)):
        Archive.load(saved)


def test_a_genome_file_and_a_missing_file_are_refused(tmp_path):
    Genome(SPEC, np.zeros(SPEC.n_params)).save(tmp_path / "genome.npz")
    with pytest.raises(DataError, match=r"was not written by Archive\.save"):
        Archive.load(tmp_path / "genome.npz")
    with pytest.raises(DataError, match="there is no archive file"):
        Archive.load(tmp_path / "nothing.npz")


# ---- archives of trials


def trial(method, hidden=(3,)):
    return Trial(Wave(), method, Budget(generations=12, n_evals=3), hidden, 0)


@pytest.mark.parametrize("method", COLLECTORS, ids=lambda method: method.name)
def test_an_interrupted_trial_ends_with_the_identical_archive(tmp_path, monkeypatch, method):
    trial(method).run(tmp_path / "straight")
    monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
    for after in (1, 4):
        calls = iter(range(100))
        with pytest.raises(Interrupted):
            trial(method).run(tmp_path / "stopped", should_stop=lambda calls=calls, after=after: next(calls) >= after)
    trial(method).run(tmp_path / "stopped")
    one, other = ((tmp_path / name / "archive.npz").read_bytes() for name in ("straight", "stopped"))
    assert one == other


@pytest.mark.parametrize("method", COLLECTORS, ids=lambda method: method.name)
def test_the_measures_of_an_archive_are_in_the_units_of_the_task(tmp_path, method):
    trial(method).run(tmp_path)
    archive = Archive.load(tmp_path / "archive.npz")
    assert len(archive) >= 3
    names = [name for name in archive.measure_names if name != "size"]
    expected = Wave().score_with_measures(names, archive.spec, archive.weights, np.random.default_rng(0), None).measures
    columns = [archive.measure_names.index(name) for name in names]
    np.testing.assert_allclose(archive.measures[:, columns], expected, rtol=1e-9, atol=1e-12)
    if "size" in archive.measure_names:
        size = archive.measures[:, archive.measure_names.index("size")]
        np.testing.assert_allclose(size, np.abs(archive.weights).mean(1))


def test_the_genomes_of_an_archive_have_running_statistics(tmp_path):
    trial(COLLECTORS[2], hidden=(Dense(4, "identity"), BatchNorm(activation="tanh"))).run(tmp_path)
    archive, task = Archive.load(tmp_path / "archive.npz"), Wave()
    assert archive.running_stats.shape == (len(archive), archive.spec.n_running_stats)
    x = task._points(0.0)[0]
    levels = [float(archive[number](x).mean()) for number in range(len(archive))]
    np.testing.assert_allclose(archive.measures[:, archive.measure_names.index("level")], levels, atol=1e-9)


def test_a_strategy_without_a_collection_writes_no_archive(tmp_path):
    trial(Evolution(CMAES())).run(tmp_path)
    assert not (tmp_path / "archive.npz").exists()


def test_an_unknown_measure_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="unknown measure of wave 'energie'; did you mean 'energy'"):
        Evolution(NSGA2(("energie",))).start(Wave(), SPEC, np.random.default_rng(0))


def test_every_task_has_the_measure_size():
    learner = Evolution(NSGA2(("size",))).start(Bowl(), SPEC, np.random.default_rng(0))
    for _ in range(20):
        learner.step(0.0)
    assert learner.archive.measures.min() < 0.8 * learner.archive.measures.max()
    with pytest.raises(SettingsError, match="unknown measure of bowl 'energy'; known: size"):
        Evolution(NSGA2()).start(Bowl(), SPEC, np.random.default_rng(0))


@dataclass(frozen=True)
class NotFinite(Wave):
    """A wave with measures of the first two members that are not finite."""

    name: str = "not-finite"

    def score_with_measures(self, names, spec, weights, rng, input_scaler):
        scores = super().score_with_measures(names, spec, weights, rng, input_scaler)
        scores.measures[:2, 0] = np.nan, np.inf
        return scores


def test_measures_are_scaled_by_their_ranges_and_those_that_are_not_finite_are_zero():
    weights = np.random.default_rng(0).normal(size=(5, SPEC.n_params))
    plain = Wave().score_with_measures(["level", "tilt"], SPEC, weights, np.random.default_rng(1), None)
    scorer = MeasureScorer(NotFinite(), ["level", "size", "tilt"])
    scores, units = scorer.score(SPEC, weights, np.random.default_rng(1), None, weights)
    np.testing.assert_array_equal(scores.values, plain.values)
    np.testing.assert_array_equal(units[:2, 0], 0)
    np.testing.assert_allclose(units[2:, 0], (plain.measures[2:, 0] + 1) / 2)
    np.testing.assert_allclose(units[:, 1], np.abs(weights).mean(1))
    np.testing.assert_allclose(units[:, 2], (plain.measures[:, 1] + 1) / 2)
