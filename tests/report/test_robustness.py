"""Scores under changes: unchanged without one, noise and motors of the right size, nothing tested twice."""

from __future__ import annotations

import csv
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from evorobo import (
    BatchNorm,
    Budget,
    ControlTask,
    DatasetTask,
    Dense,
    Evolution,
    Genome,
    NetworkSpec,
    OpenAIES,
    ResultsError,
    Study,
)
from evorobo.files import write_json
from evorobo.nets.scaling import Scaler
from evorobo.report.analysis import robustness as robustness_module
from evorobo.report.analysis.robustness import (
    LEVELS,
    SensorNoise,
    changes_of,
    load_robustness,
    robustness,
    sensor_std,
    to_terminal,
    with_sensor_noise,
    with_weaker_motors,
    with_weight_noise,
)
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.page.robustness import robustness_charts
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.study.digests import digests
from evorobo.study.results import load
from evorobo.tasks.base import UnlabelledInputs
from evorobo.tasks.control.spaces import decoder_of


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robust")
    patch = pytest.MonkeyPatch()
    patch.setenv("EVOROBO_DATA", str(folder))
    rng = np.random.default_rng(0)
    inputs = rng.normal(2.0, [1.0, 10.0], size=(400, 2))
    targets = (inputs[:, 0] > 2).astype(int)
    tasks = [
        DatasetTask.from_arrays(inputs, targets, label="rows"),
        ControlTask("CartPole-v1", teacher=None, max_steps=30, test_episodes=5),
    ]
    methods = [Evolution(OpenAIES(population_size=10))]
    study = Study.grid(
        "robust", tasks=tasks, methods=methods, seeds=2, budget=Budget(generations=30, n_evals=2), hidden=()
    )
    yield StudyTable.from_results(study.run(folder))
    patch.undo()


def test_without_noise_the_scores_are_those_of_the_trial(table):
    for row in robustness(table):
        if row.level == 0:
            (run,) = [run for run in table.cells[row.task, row.method].runs if run.seed == row.seed]
            assert row.score == pytest.approx(run.score, rel=1e-12)


def test_each_finished_run_is_tested_at_every_level_under_both_kinds_of_noise(table):
    rows = robustness(table)
    assert len(rows) == len({row[:5] for row in rows}) == 2 * 2 * 2 * len(LEVELS)
    assert load_robustness(table.results.folder) == rows


def test_changed_an_informative_sensor_lowers_the_score(table):
    rows = [row for row in robustness(table) if (row.task, row.changed) == ("rows", "sensors")]
    without, with_noise = (np.mean([row.score for row in rows if row.level == level]) for level in (0.0, 0.8))
    assert without - with_noise > 0.05


def test_a_genome_is_tested_once_and_the_one_of_a_new_run_again(table, monkeypatch):
    before = robustness(table)
    tested = []

    def test(self, genome):
        tested.append(genome)
        return 0.5

    monkeypatch.setattr(DatasetTask, "test", test)
    monkeypatch.setattr(ControlTask, "test", test)
    assert robustness(table) == before
    assert not tested
    run = table.cells["rows", "openai-es"].runs[0]
    with restored(run.folder):
        change_genome(run.folder)
        result = json.loads((run.folder / "result.json").read_text())
        result["sha256"] |= digests(run.folder, ["genome.npz"])
        write_json(run.folder / "result.json", result)
        changed = [row for row in robustness(table) if row not in before]
        assert {row[:3] for row in changed} == {("rows", "openai-es", 0)}
        assert len(changed) == 2 * len(LEVELS)
    monkeypatch.undo()
    assert robustness(table) == before


def test_a_genome_that_its_trial_did_not_write_is_refused_and_no_score_is_lost(table):
    before = robustness(table)
    run = table.cells["rows", "openai-es"].runs[1]
    with restored(run.folder):
        change_genome(run.folder)
        with pytest.raises(ResultsError, match=r"seed-1/genome\.npz is not what its trial wrote .*; restore it from"):
            robustness(table)
        (run.folder / "genome.npz").unlink()
        with pytest.raises(ResultsError, match=r"seed-1/genome\.npz is missing, although its trial has ended; restore"):
            robustness(table)
    assert load_robustness(table.results.folder) == before
    assert robustness(table) == before


@contextmanager
def restored(folder):
    """After the block, `genome.npz` and `result.json` of a trial are those from before."""
    before = {path: path.read_bytes() for path in (folder / "genome.npz", folder / "result.json")}
    try:
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def change_genome(folder):
    """Move all weights of the solution of a trial."""
    genome = Genome.load(folder / "genome.npz")
    replace(genome, weights=genome.weights + 1).save(folder / "genome.npz")


def test_the_changed_sensors_is_relative_to_their_standard_deviation():
    """The task returns the deviation of its one linear unit, whose sensor has a standard deviation of 3."""

    class Spread:
        n_inputs = 1

        def unlabelled_inputs(self, rng, rows):
            return UnlabelledInputs(rng.normal(5, 3, (rows, 1)))

        def test(self, genome):
            return float(np.std(genome(np.full((20000, 1), 7.0))))

    spec = NetworkSpec.build(1, (), 1)
    genome = Genome(spec, np.array([1.0, 0.0]), Scaler(np.array([3.0]), np.array([4.0])))
    scores_under_noise = list(with_sensor_noise(Spread(), genome, seed=0))
    np.testing.assert_allclose(scores_under_noise, np.array(LEVELS) * 3 / 4, rtol=0.05, atol=1e-12)


def test_the_changed_weights_is_relative_to_their_root_mean_square():
    class Moved:
        def test(self, genome):
            return float(np.sqrt(np.mean(np.square(genome.weights - weights))))

    spec = NetworkSpec.build(60, (60,), 3)
    weights = np.random.default_rng(1).normal(0, 2.5, spec.n_params)
    size = np.sqrt(np.mean(np.square(weights)))
    scores_under_noise = list(with_weight_noise(Moved(), Genome(spec, weights), seed=0))
    np.testing.assert_allclose(scores_under_noise, np.array(LEVELS) * size, rtol=0.03, atol=1e-12)


@pytest.mark.parametrize("actions", ["scale", "clip"])
def test_weaker_motors_act_with_a_share_of_their_commands(actions, monkeypatch):
    """The score is the mean command of Pendulum's motor, within -2 and 2: 1.6 without a change, or 2 if cut there."""

    def test(self, genome):
        return float(decoder_of(genome, self.decoder).actions(genome(np.zeros((5, 3)))).mean())

    monkeypatch.setattr(ControlTask, "test", test)
    spec = NetworkSpec.build(3, (), 1, "identity")
    task = ControlTask("Pendulum-v1")
    for output, command in ((0.8, 1.6 if actions == "scale" else 0.8), (3.0, 2.0)):
        genome = Genome(spec, np.array([0.0, 0.0, 0.0, output]), actions=actions)
        np.testing.assert_allclose(
            list(with_weaker_motors(task, genome, 0)), command * (1 - np.array(LEVELS)), rtol=1e-12
        )


def test_robots_with_motors_are_tested_with_weaker_ones_and_the_table_has_the_means(tmp_path):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=5)
    assert changes_of(task) == ["sensors", "weights", "motors"]
    assert changes_of(ControlTask("CartPole-v1")) == ["sensors", "weights"]
    methods, budget = [Evolution(OpenAIES(population_size=4))], Budget(generations=2)
    study = Study.grid("weaker", tasks=[task], methods=methods, seeds=2, budget=budget, hidden=())
    table = StudyTable.from_results(study.run(tmp_path))
    rows = robustness(table)
    means = [
        np.mean([row.score for row in rows if row[3:5] == key])
        for key in (("sensors", 0.0), ("sensors", 0.2), ("weights", 0.2), ("motors", 0.2))
    ]
    header, _, line = to_terminal(table, rows).splitlines()
    assert re.split("  +", header.strip()) == [
        *("task", "method", "unchanged", "noisy sensors", "noisy weights", "weaker motors")
    ]
    assert line.split() == ["phototaxis", "openai-es", *(f"{mean:.4g}" for mean in means)]
    assert to_terminal(table, []) == ""


def test_solutions_of_compiled_tasks_are_tested_without_compilation():
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=5)
    spec = NetworkSpec.build(task.n_inputs, (), task.n_outputs, task.output)
    genome = Genome(spec, np.random.default_rng(0).normal(size=spec.n_params))
    for test in (with_sensor_noise, with_weaker_motors):
        assert list(test(replace(task, compiled=True), genome, 0)) == list(test(task, genome, 0))


def test_standard_deviations_come_from_training_rows_or_a_random_policy(table):
    task = DatasetTask.from_arrays(np.arange(60.0).reshape(30, 2) * [1, 5], np.arange(30) % 2, label="ramp")
    np.testing.assert_allclose(sensor_std(task), task.table.inputs[task.parts.train].std(0))
    pole = sensor_std(ControlTask("CartPole-v1"))
    assert pole.shape == (4,)
    assert (pole > 0).all()
    assert pole[3] > pole[2]  # a falling pole's speed varies more than its angle


def test_networks_with_batch_norm_can_be_tested():
    task = ControlTask("CartPole-v1", max_steps=30, test_episodes=5)
    spec = NetworkSpec.build(4, (Dense(3, "identity"), BatchNorm(activation="tanh")), 2)
    rng = np.random.default_rng(0)
    running_stats = rng.uniform(0.5, 1.5, spec.n_running_stats)
    genome = Genome(spec, rng.normal(size=spec.n_params), running_stats=running_stats)
    for noise in (with_sensor_noise, with_weight_noise):
        assert next(iter(noise(task, genome, 0))) == task.test(genome)
        assert len(list(noise(task, genome, 0))) == len(LEVELS)


def test_noise_does_not_change_the_number_of_weights():
    noise = SensorNoise(np.ones(3), np.random.default_rng(0))
    assert NetworkSpec(3, (noise, *NetworkSpec.build(3, (4,), 2).layers)).n_params == 4 * 4 + 5 * 2


def test_a_damaged_file_raises(table, tmp_path):
    (tmp_path / "robustness.csv").write_text("task,method\nrows,openai-es\n")
    with pytest.raises(ResultsError, match=r"robustness\.csv is damaged"):
        load_robustness(tmp_path)
    assert load_robustness(tmp_path / "nowhere") == []


def test_the_charts_show_the_iqm_of_the_runs_at_each_level(table):
    rows = robustness(table)
    charts = robustness_charts(rows, table)
    assert [(chart["task"], chart["title"]) for chart in charts] == [
        (task, f"noise on the {noisy}") for task in ("rows", "cartpole-v1") for noisy in ("sensors", "weights")
    ]
    curve = charts[0]["methods"]["openai-es"]
    assert curve["x"] == list(LEVELS)
    scores = [[row.score for row in rows if row[3:5] == ("sensors", level) and row.task == "rows"] for level in LEVELS]
    np.testing.assert_allclose(curve["middle"], [iqm(of_level) for of_level in scores], rtol=1e-4)
    np.testing.assert_allclose(curve["low"], [bootstrap_interval(of_level)[0] for of_level in scores], rtol=1e-4)


def test_the_file_has_named_columns(table):
    robustness(table)
    with (table.results.folder / "robustness.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"task", "method", "seed", "changed", "level", "score", "genome"}
    assert load(table.results.folder).tasks == ["rows", "cartpole-v1"]


def test_results_before_an_interruption_are_kept(table, tmp_path, monkeypatch):
    robustness(table)
    folder = shutil.copytree(table.results.folder, tmp_path / "again")
    (folder / "robustness.csv").unlink()
    straight, left = load_robustness(table.results.folder), 3

    def interrupted(task, genome, seed):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        yield from with_sensor_noise(task, genome, seed)

    monkeypatch.setitem(robustness_module._KINDS, "sensors", interrupted)
    with pytest.raises(KeyboardInterrupt):
        robustness(StudyTable.from_results(load(folder)))
    assert 2 * 3 * len(LEVELS) == len(load_robustness(folder)) < len(straight)
    assert set(load_robustness(folder)) < set(straight)
    monkeypatch.undo()
    assert robustness(StudyTable.from_results(load(folder))) == straight
