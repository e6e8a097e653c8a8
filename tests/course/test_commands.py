"""Lessons as a user runs and writes them: `evorobo lessons`, and what `teach` prints and draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts import run

from evorobo import SettingsError
from evorobo.course.lesson import run_seeds
from evorobo.course.lessons import find_lessons, lesson_title, select_lessons

TOY = '''
"""Coins fall on both sides."""

import numpy as np

from evorobo.course import estimate, teach


def run_seed(seed):
    return {"heads": np.random.default_rng(seed).uniform() + 1, "curve": [seed, 1.0, 2.0]}


def summarize(data):
    return f"Heads came {estimate(data['heads'])} times"


def draw(page, data):
    left, right = page.add_panels("curves", "scores")
    page.plot_curve(left, [0, 1, 2], data["curve"], "coin")
    page.plot_scores(right, {"coin": data["heads"]})


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
'''


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A checkout with two lessons."""
    folder = tmp_path / "experiments" / "lessons"
    folder.mkdir(parents=True)
    for name in ("01_coins.py", "02_more_coins.py"):
        (folder / name).write_text(TOY.lstrip())
    return tmp_path


def test_a_lesson_ends_with_one_sentence_and_one_figure_for_any_number_of_jobs(toy):
    outputs = []
    for jobs in (1, 2):
        code, out, err = run("experiments/lessons/01_coins.py", "--seeds", 3, "--jobs", jobs, folder=toy)
        assert (code, err) == (0, "")
        outputs.append(out.splitlines())
    assert outputs[0] == outputs[1]
    sentence, path = outputs[0]
    expected = r"Heads came 1\.\d\d \[1\.\d\d, 1\.\d\d\] times \(3 seeds; interquartile mean \[95% interval\]\)\."
    assert re.fullmatch(expected, sentence)
    assert path == "results/lessons/01-coins.png"
    assert (toy / path).read_bytes().startswith(b"\x89PNG")


def test_one_seed_has_no_interval_and_no_seed_is_refused(toy):
    out = run("experiments/lessons/01_coins.py", "--seeds", 1, "--results", "there", folder=toy)[1]
    assert re.match(r"Heads came 1\.\d\d times \(1 seed; ", out)
    assert (toy / "there/lessons/01-coins.png").exists()
    with pytest.raises(SettingsError, match="at least one seed"):
        run_seeds(lambda seed: {"seed": seed}, ())


def test_an_unknown_flag_gives_one_sentence(toy):
    answer = run("experiments/lessons/01_coins.py", "--sedes", 3, folder=toy)
    assert answer == (2, "", "evorobo: unknown option '--sedes'; did you mean '--seeds'?\n")


def test_the_command_lists_and_runs_the_lessons_of_the_checkout_around_it(toy):
    inside = toy / "experiments"
    listed = "01  Coins fall on both sides.\n02  Coins fall on both sides.\n"
    assert run("-m", "evorobo", "lessons", folder=inside) == (0, listed, "")
    code, out, err = run("-m", "evorobo", "lessons", "all", "--seeds", 1, "--jobs", 1, folder=inside)
    assert (code, err) == (0, "")
    assert re.fullmatch(
        r"(0\d  Coins fall on both sides\.\nHeads came .*\.\nresults/lessons/0\d-(more-)?coins\.png\n){2}", out
    )
    assert (inside / "results/lessons/02-more-coins.png").exists()


def test_the_exit_status_of_a_lesson_is_that_of_the_command(toy):
    (toy / "experiments/lessons/03_broken.py").write_text('"""Broken."""\n\nraise SystemExit(7)\n')
    assert run("-m", "evorobo", "lessons", "broken", folder=toy) == (7, "03  Broken.\n", "")


@pytest.mark.parametrize("name", ["2", "02", "more_coins", "02-more-coins", "02_more_coins.py"])
def test_a_lesson_has_a_number_and_a_name(toy, monkeypatch, name):
    monkeypatch.chdir(toy)
    assert select_lessons(name) == [find_lessons()[1]]
    assert select_lessons("all") == find_lessons()
    assert lesson_title(find_lessons()[1]) == "Coins fall on both sides."


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("3", "there is no lesson 3; the nearest is 2."),
        ("coin", "unknown lesson 'coin'; did you mean 'coins'?"),
        ("xyz", "unknown lesson 'xyz'; known: all, coins, more_coins."),
    ],
)
def test_an_unknown_lesson_gives_the_nearest(toy, name, answer):
    assert run("-m", "evorobo", "lessons", name, folder=toy) == (2, "", f"evorobo: {answer}\n")


def test_without_a_checkout_the_command_says_where_the_lessons_are(tmp_path):
    code, out, err = run("-m", "evorobo", "lessons", folder=tmp_path)
    assert (code, out) == (2, "")
    assert re.match(
        r"evorobo: there is no experiments/lessons in or above .*; the lessons are in evorobo's sources", err
    )
