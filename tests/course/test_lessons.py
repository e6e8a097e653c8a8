"""The statements of the lessons hold: each lesson measures, at fewer seeds and epochs, what its figure shows."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from at_hand import needs

from evorobo.course.lesson import run_seeds
from evorobo.loading import load_script
from evorobo.tasks.data.catalogue import failures, puma, sarcos, scitos

pytestmark = [pytest.mark.slow, pytest.mark.reproduction]

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "experiments" / "lessons").glob("*.py"))


def lesson(number: int) -> ModuleType:
    return load_script(SCRIPTS[number - 1])


def measure(number: int, seeds: int, **settings: int) -> dict[str, np.ndarray]:
    """The measurements of a lesson at the first seeds; its sentence must hold a number with an interval."""
    module = lesson(number)
    data = run_seeds(partial(module.run_seed, **settings), range(seeds))
    assert re.search(r"\d \[\d", module.summarize(data))
    return data


# ---- the course as a whole


def test_twelve_lessons_are_numbered_and_short_and_begin_with_their_statement():
    assert [path.stem[:3] for path in SCRIPTS] == [f"{number:02}_" for number in range(1, 13)]
    for path in SCRIPTS:
        text = path.read_text()
        assert len(text.splitlines()) <= 60, path.name
        assert ast.get_docstring(ast.parse(text)).endswith((".", "?"))


def test_the_course_page_shows_every_lesson_with_its_statement_and_figure():
    page = (ROOT / "experiments" / "lessons" / "README.md").read_text()
    pictures = ROOT / "results" / "reference" / "lessons"
    for path in SCRIPTS:
        name = path.stem.replace("_", "-")
        assert ast.get_docstring(ast.parse(path.read_text())) in page
        assert f"]({path.name})" in page
        assert f"](../../results/reference/lessons/{name}.png)" in page
        assert (pictures / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (pictures / f"{name}.png").stat().st_size <= 80_000


# ---- the statements


def test_01_backprop_refuses_without_labels_and_evolution_learns():
    data = measure(1, seeds=3)
    assert data["refused"].all()
    assert (data["evolved"][:, -1] > 450).all()
    few, *_, many = data["trained"].T
    assert np.median(few) < 150
    assert (many > few + 200).all()


def test_02_both_passes_by_hand_are_the_gradient_and_differences_agree():
    needs(scitos.data_file(2), scitos.data_file(24))
    data = measure(2, seeds=3)
    assert data["error"].max() < 1e-14
    assert (data["differences"].min(1) < 1e-9).all()
    # the error of central differences falls with the square of the step, until rounding errors exceed it
    assert data["differences"][:, 1] / data["differences"][:, 2] == pytest.approx(100, rel=0.05)
    assert (data["differences"][:, -1] > 1e-6).all()


def test_03_a_quadratic_loss_diverges_just_above_the_limit_and_a_network_far_above_its_best_rate():
    needs(sarcos.TEST, scitos.data_file(24))
    data = measure(3, seeds=2, count=3)
    start, (slow, right, below, above) = data["quadratic"][:, 0, 0], data["quadratic"][:, :, -1].T
    assert (above > 10 * start).all()
    assert (below < start / 50).all()
    assert (slow > 20 * right).all()
    lowest, best, highest = data["final"][:, 0], data["final"].min(1), data["final"][:, -1]
    assert (best < lowest / 2).all()
    assert (highest > 2 * data["untrained"]).all()


def test_04_the_loss_on_unseen_rows_rises_while_it_falls_on_training_rows():
    needs(scitos.data_file(24))
    data = measure(4, seeds=2, count=70)
    lowest, last = data["test"].min(1), data["test"][:, -1]
    assert (last > 1.2 * lowest).all()
    assert (data["test"].argmin(1) < 50).all()
    assert (data["train"][:, -1] < 0.1).all()
    assert np.abs(data["accuracy"][:, -1] - 0.89).max() < 0.03


def test_05_early_stopping_saves_the_loss_and_costs_a_lap():
    needs(scitos.data_file(24))
    data = measure(5, seeds=3, count=60)
    (whole, stopped, all_laps), accuracy = data["final"][..., 0].T, data["final"][..., 1].T
    assert stopped.mean() < 0.9 * whole.mean()
    assert (data["best_epoch"] < 60).all()
    assert accuracy[2].mean() > accuracy[1].mean()
    assert all_laps.mean() > stopped.mean()


def test_06_each_regularizer_helps_on_unseen_rows_and_l1_most():
    needs(puma.PUMA32H, scitos.data_file(24))
    data = measure(6, seeds=2, arm_epochs=100)
    unseen, (plain, *_) = data["losses"][..., 1], data["losses"][..., 0].swapaxes(0, 1)
    arm, rover = unseen.mean(0).T
    assert (arm[1:] < 0.75 * arm[0]).all()
    assert arm.argmin() == 1
    assert arm[1] < 0.1
    assert (rover[1:] < 0.95 * rover[0]).all()
    assert (plain[:, 0] < 0.05).all()


def test_07_batch_norm_is_faster_at_first_and_better_on_unseen_rows():
    needs(scitos.data_file(24))
    data = measure(7, seeds=2, count=15)
    (sigmoid, relu), epochs = data["losses"].mean(0), np.arange(1, 6)
    assert (sigmoid[1, epochs, 0] < sigmoid[0, epochs, 0] - 0.05).all()
    assert (relu[1, 1:3, 0] < relu[0, 1:3, 0]).all()
    assert relu[1, -1, 1] < 0.85 * relu[0, -1, 1]
    assert relu[1, -1, 0] > relu[0, -1, 0]  # against the course page: plain training ends lower


def test_08_recurrent_networks_classify_best_and_a_window_does_not_always_help():
    needs(failures.data_file(1), failures.data_file(4))
    data = measure(8, seeds=5)
    (grasp, ungrasp) = data["accuracy"].mean(0)
    last_step, window, elman, gru = range(4)
    assert grasp[window] > grasp[last_step] + 0.03
    assert grasp[[elman, gru]].min() > grasp[window] + 0.1
    assert ungrasp[gru] > ungrasp[[last_step, window]].max() + 0.05
    assert ungrasp[window] < ungrasp[last_step] + 0.05  # against expectation: fifteen steps are no better than one


def test_09_the_cosine_of_the_two_gradients_follows_its_law():
    needs(scitos.data_file(24))
    data = measure(9, seeds=8)
    assert data["cosine"].mean(0) == pytest.approx(lesson(9).law(lesson(9).PAIRS), abs=0.03)


def test_10_the_loss_is_higher_between_the_solutions_of_backprop_and_evolution():
    needs(scitos.data_file(24))
    data = measure(10, seeds=2)
    line = data["line"]
    assert (line[:, [0, -1]].max(1) < 0.4 * data["start"]).all()
    assert (line[:, 0] < line[:, -1]).all()
    assert (line.max(1) > line[:, [0, -1]].max(1) + 0.02).all()
    assert (data["share"] > 0.8).all()


def test_12_a_baseline_and_gae_lower_the_error_and_ppo_learns_soonest():
    data = measure(12, seeds=3)
    plain, baseline, mixed = data["errors"].swapaxes(0, 1)
    assert (plain[:, 0] > 1.5 * baseline[:, 0]).all()
    assert (baseline[:, 0] > 1.5 * mixed[:, 0]).all()
    # without bias the error falls with the number of episodes; that of GAE ends at its bias
    assert (plain[:, 0] > 20 * plain[:, -1]).all()
    assert mixed[:, -1].mean() > baseline[:, -1].mean()
    *others, ppo = data["curves"].swapaxes(0, 1)
    assert (ppo[:, -1] > 190).all()
    assert all(np.median(other[:, 8]) < ppo[:, 8].min() for other in others)
