"""Paths that users give: `~`, brackets, names that cannot be; and the end of an output that is no longer read."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evorobo as er
from evorobo.cli import main
from evorobo.files import as_path, write_atomically

SPEC = er.NetworkSpec(2, (er.Dense(1, "identity"),))


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home [1] (two)"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def a_study(**changes):
    task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=10, test_episodes=1, validation_episodes=1)
    parts = {"tasks": [task], "methods": [er.Evolution(er.CMAES(population_size=4))], "seeds": 1, "hidden": (2,)}
    return er.Study.grid("lamp", **{**parts, "budget": er.Budget(flops=1e4, n_evals=1), **changes})


def test_home_and_brackets_in_the_paths_of_a_study(home, capsys):
    results = a_study().run("~/res[0-9]")
    assert results.folder == home / "res[0-9]" / "lamp"
    trial = "~/res[0-9]/lamp/phototaxis/cma-es/seed-0"
    er.Trial.load(f"{trial}/trial.json")
    genome = er.Genome.load(f"{trial}/genome.npz")
    genome.save("~/again.npz")
    assert np.array_equal(er.Genome.load(home / "again.npz").weights, genome.weights)
    er.export_genome(genome, "json", "~/controller.json")
    assert er.import_genome("~/controller.json").spec == genome.spec
    assert not (Path.cwd() / "~").exists()


def test_home_and_brackets_in_the_files_of_a_baseline(home):
    for folder in ("runs[1]", "runs1"):
        write_atomically(home / folder / "a.csv", f"step,return\n1,{len(folder)}\n2,3\n")
    (curve,) = er.Baseline("ppo", "lamp", "~/runs[1]/*.csv", {"env_steps": "step", "test": "return"}).curves().values()
    assert curve["test"].tolist() == [7, 3]


def test_home_in_the_paths_of_data_and_demonstrations(home):
    write_atomically(home / "robot [a].csv", "x,y\n" + "".join(f"{n},{2 * n}\n" for n in range(40)))
    assert er.DatasetTask("~/robot [a].csv").n_inputs == 1
    record = er.Demonstrations(np.zeros((4, 2)), np.zeros((4, 1)), np.array([0, 0, 1, 1]))
    record.save("~/[demo].npz")
    assert (home / "[demo].npz").is_file()
    assert len(er.Demonstrations.load("~/[demo].npz").observations) == 4


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (3, "a path must be a text, not 3."),
        (None, "a path must be a text, not None."),
        ("a\0b", "is no path; a name in it is too long or has a null character."),
        ("x" * 300, "is no path; a name in it is too long or has a null character."),
        ("é" * 200 + "/a", "is no path; a name in it is too long or has a null character."),
    ],
)
def test_what_cannot_be_a_path_is_one_sentence(path, sentence):
    for read in (as_path, er.Genome.load, er.Trial.load, er.load_results, er.Archive.load, er.import_genome):
        with pytest.raises(er.SettingsError) as error:
            read(path)
        assert str(error.value).endswith(sentence)


def test_the_home_of_an_unknown_user_is_a_name_like_others():
    assert as_path("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")


def evorobo(*args, cwd):
    """The exit status and the error stream of a command whose output is read for one line only."""
    command = [sys.executable, "-m", "evorobo", *args]
    environment = {**os.environ, "PYTHONPATH": str(Path(er.__file__).parents[1])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=cwd, text=True, env=environment, **pipes) as process:
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        return process.wait(), errors


SCRIPT = """
import evorobo as er
er.main(er.Study.grid("lamp", tasks=[er.ControlTask("CartPole-v1")], methods=[er.Backprop()], seeds=500,
    budget=er.Budget(flops=1e4)))
"""


@pytest.mark.parametrize("args", [("list",), ("run", "script.py", "--dry-run")])
def test_an_output_that_is_no_longer_read_ends_quietly(tmp_path, args):
    (tmp_path / "script.py").write_text(SCRIPT)
    assert evorobo(*args, cwd=tmp_path) == (141, "")


@pytest.mark.parametrize("command", ["run", "list", "lessons", "check-task", "table"])
def test_help_of_a_command(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: evorobo {command} [-h]")


def test_commands_take_home_and_brackets(home, capsys):
    results = a_study().run("~/r[1]")
    (home / "robot[1].py").write_text("import evorobo as er\ntask = er.ControlTask('CartPole-v1')\n")
    for args in (["table", "~/r[1]/lamp"], ["plot", "~/r[1]/lamp", "--out", "~/p[0].png"]):
        with pytest.raises(SystemExit) as end:
            main(args)
        assert end.value.code == 0, args
    assert (home / "p[0].png").is_file()
    listing = [sys.executable, "-m", "evorobo", "list", "~/robot[1].py"]  # a process without the robots of other tests
    assert subprocess.run(listing, capture_output=True, check=False).returncode == 0
    with pytest.raises(SystemExit):
        main(["check-task", "~/robot[2].py:task"])
    assert f"there is no file {home}/robot[2].py" in capsys.readouterr().err
    assert results.runs[0].status == "finished"
