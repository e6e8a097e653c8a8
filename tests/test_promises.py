"""Whole runs that must reach a number: what the README and the experiments promise, with the experiments' settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from at_hand import needs, needs_mujoco

from evorobo import Budget, ControlTask, StopAt, Study
from evorobo.loading import load_script
from evorobo.study.results import Results
from evorobo.tasks.base import FLOPS_COLUMNS
from evorobo.tasks.control.recording import trajectory
from evorobo.tasks.control.robots.wall_following import LEFT, LENGTH, WIDTH
from evorobo.tasks.data.catalogue import failures, kin8nm, puma, sarcos, scitos

pytestmark = [pytest.mark.slow, pytest.mark.reproduction]

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def experiment(name: str) -> Any:
    """What an experiment script defines, its study above all."""
    return load_script(EXPERIMENTS / f"{name}.py")


def run(study: Study, folder: Path, **changes: Any) -> Results:
    return replace(study, **changes).run(folder, jobs=1)


def scores(results: Results, method: str, task: str | None = None) -> np.ndarray:
    runs = results.runs_of(task or results.tasks[0], method)
    assert all(run.status == "finished" for run in runs)
    return np.array([run.score for run in runs])


def only(study: Study, *methods: str) -> tuple[Any, ...]:
    return tuple(method for method in study.methods if method.name in methods)


def test_cma_es_solves_cartpole_within_200_000_steps_in_nine_of_ten_seeds(tmp_path: Path) -> None:
    study = experiment("cartpole").study
    results = run(study, tmp_path, methods=only(study, "cma-es"), budget=Budget(env_steps=190_000, n_evals=1))
    assert (scores(results, "cma-es") >= 475).sum() >= 9
    spent = [run.curve["env_steps"][-1] for run in results.runs]
    assert len(spent) == 10
    assert max(spent) <= 200_000


def test_five_weights_keep_the_inverted_pendulum_up_in_four_of_five_seeds(tmp_path: Path) -> None:
    needs_mujoco()
    study = experiment("inverted_pendulum").study
    budget = Budget(env_steps=60_000, n_evals=1)  # a third of the script's
    results = run(study, tmp_path, methods=only(study, "cma-es"), budget=budget)
    assert len(scores(results, "cma-es")) == 5
    assert (scores(results, "cma-es") == 1000).sum() >= 4


def test_a_network_cloned_on_cartpole_reaches_its_teacher_within_five_percent(tmp_path: Path) -> None:
    study = experiment("cartpole").study
    results = run(study, tmp_path, methods=only(study, "backprop"), seeds=(0, 1, 2, 3, 4))
    teacher = results.references["cartpole-v1"]["teacher"]
    assert teacher == 500
    assert (scores(results, "backprop") >= 0.95 * teacher).all()


def test_evolution_finds_the_light_better_than_the_teacher_and_backprop_about_as_well(tmp_path: Path) -> None:
    study = experiment("phototaxis").study
    results = run(study, tmp_path, seeds=(0, 1, 2), budget=Budget(flops=4e7, n_evals=1))
    references = results.references["phototaxis"]
    assert references["random"] < 10 < 35 < references["teacher"] < 45
    assert scores(results, "cma-es").mean() > 1.3 * references["teacher"]
    assert scores(results, "clone-gradient").mean() > 1.4 * references["teacher"]
    assert scores(results, "ppo").mean() > 1.3 * references["teacher"]
    steps = {
        method: sum(run.curve["env_steps"][-1] for run in results.runs if run.method == method)
        for method in ("cma-es", "ppo")
    }
    assert steps["cma-es"] > 8 * steps["ppo"]
    assert scores(results, "clone-cma-es").mean() > references["teacher"]
    assert scores(results, "backprop").mean() == pytest.approx(references["teacher"], rel=0.15)


def test_backprop_reads_the_real_robots_sensors_and_evolution_falls_behind_at_equal_flops(tmp_path: Path) -> None:
    needs(scitos.data_file(24))
    study = experiment("wall_following").study
    real = study.tasks[0]
    results = run(study, tmp_path, tasks=(real,), budget=replace(study.budget, n_evals=1))
    backprop, evolution = scores(results, "backprop"), scores(results, "openai-es")
    assert len(backprop) == 5
    assert backprop.mean() >= 0.92
    assert 0.75 < evolution.mean() < backprop.mean() - 0.02
    spent = [sum(run.curve[name][-1] for name in FLOPS_COLUMNS) for run in results.runs]
    assert max(spent) / min(spent) < 1.05


def test_novelty_search_leaves_the_deceptive_maze_where_climbing_the_score_fails(tmp_path: Path) -> None:
    study = experiment("quality_diversity").study
    solved = study.tasks[0].references()["solved"]
    novel, climbing = only(study, "novelty-ga"), only(study, "ga")
    # 9 of 10 seeds find it and no other search ever does; which seeds hangs on how a machine rounds
    found = (
        run(study, tmp_path / str(seed), seeds=(seed,), methods=novel, callbacks=(StopAt(solved),)) for seed in range(3)
    )
    assert any((scores(each, "novelty-ga") >= solved).all() for each in found)
    stuck = run(study, tmp_path, seeds=(0,), methods=climbing, budget=Budget(env_steps=3.4e5, n_evals=1))
    assert (scores(stuck, "ga") < 0.6 * solved).all()


def test_a_network_trained_on_the_real_robot_drives_its_simulated_twin(tmp_path: Path) -> None:
    needs(scitos.data_file(24))
    study = experiment("wall_following").study
    real, twin = study.tasks[0], study.tasks[2]
    assert isinstance(twin, ControlTask)
    trial = replace(study, tasks=(real,), budget=replace(study.budget, n_evals=1)).trials("backprop")[0]
    learner = trial.start()
    while learner.cost.flops < 1e9:
        learner.step(0.0)
    references = twin.references()
    assert references["random"] < 1 < 5 < references["teacher"]
    assert twin.test(learner.genome) > 0.6 * references["teacher"]


def test_backprop_reaches_the_promised_error_on_the_robot_arms_official_splits(tmp_path: Path) -> None:
    needs(kin8nm.DATA, *(kin8nm.fold_file(fold) for fold in range(5)))
    study = experiment("kin8nm").study
    results = run(study, tmp_path, seeds=(0,), methods=only(study, "backprop"), budget=replace(study.budget, n_evals=1))
    errors = [scores(results, "backprop", task)[0] for task in results.tasks]
    assert len(errors) == 5
    assert np.mean(errors) <= 0.070


def test_inverse_and_raw_ranges_of_the_real_robot_reach_the_promised_accuracies_on_its_last_lap(tmp_path: Path) -> None:
    needs(scitos.data_file(24))
    study = experiment("scitos").study
    last = tuple(task for task in study.tasks if task.name.endswith("lap-6"))
    results = run(study, tmp_path, tasks=last, methods=only(study, "l1"), budget=replace(study.budget, n_evals=1))
    inverse, raw = (scores(results, "l1", f"{ranges}-lap-6") for ranges in ("inverse", "raw"))
    assert len(inverse) == len(raw) == 5
    assert inverse.mean() >= 0.94
    assert raw.mean() >= 0.885


def test_l1_finds_the_two_sensors_that_matter_where_plain_training_fits_noise(tmp_path: Path) -> None:
    needs(puma.PUMA32H)
    study = experiment("puma32h").study
    methods, budget = only(study, "plain", "l1"), replace(study.budget, n_evals=1)
    results = run(study, tmp_path, seeds=(0, 1, 2, 3, 4), methods=methods, budget=budget)
    assert scores(results, "l1").mean() < 0.1
    assert scores(results, "plain").min() > 0.8


def test_a_network_with_memory_classifies_the_failures_of_a_gripper(tmp_path: Path) -> None:
    needs(failures.data_file(4))
    study = experiment("failures").study
    results = run(study, tmp_path, methods=only(study, "backprop"), budget=replace(study.budget, n_evals=1))
    right = [scores(results, "backprop", task).mean() for task in results.tasks]
    assert len(right) == 5
    assert np.mean(right) >= 0.85


def test_the_torques_of_a_real_arm_are_predicted_on_whole_blocks_of_its_recording(tmp_path: Path) -> None:
    needs(sarcos.TEST)
    study = experiment("sarcos").study
    blocks = study.tasks[:-1]  # the last one is random rows
    results = run(
        study, tmp_path, tasks=blocks, methods=only(study, "backprop"), budget=replace(study.budget, n_evals=1)
    )
    errors = [scores(results, "backprop", task).mean() for task in results.tasks]
    assert np.mean(errors) <= 0.040
    assert all(
        results.references[task]["linear fit"] > 2 * error for task, error in zip(results.tasks, errors, strict=True)
    )


def test_the_twin_drives_like_the_robot_that_made_the_data() -> None:
    needs(scitos.data_file(24))
    real = experiment("wall_following").study.tasks[0].table
    real_left = 1 / real.inputs[:, 17:20].max(1)  # inverse ranges
    real_sharp = np.mean(real.targets == real.classes.index("Sharp-Right-Turn"))
    twin = ControlTask("evorobo/WallFollowing-v0", max_steps=5400, test_episodes=4)  # ten minutes
    laps, left = [], []
    for episode in range(4):
        states = trajectory(twin, None, episode)[900:]  # the first 100 s find the wall
        x, y = states[:, 0] - LENGTH / 2, states[:, 1] - WIDTH / 2
        turned = np.unwrap(np.arctan2(y, x))
        assert turned[-1] < turned[0]  # clockwise, the wall to the left
        laps.append(2 * np.pi / (turned[0] - turned[-1]) * len(states) / 9)
        left.append(np.median(states[:, 3:][:, LEFT].min(1)))
    shown = replace(twin, n_demonstrations=4).examples(np.random.default_rng(0))
    assert np.mean(laps) == pytest.approx(101, rel=0.12)  # 5456 rows at 9 Hz, six laps
    assert np.mean(left) == pytest.approx(np.median(real_left), abs=0.05)
    assert np.mean(shown.targets == 2) == pytest.approx(real_sharp, abs=0.05)
