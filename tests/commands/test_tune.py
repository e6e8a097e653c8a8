"""`evorobo tune`: from an experiment script to the same experiment with the settings found."""

import json

import pytest
from scripts import rail, run, sentence

SPACE = ("methods.cma-es.strategy.sigma=0.1..2:log", "methods.backprop.optimizer.learning_rate=1e-4..0.1:log")
FLAGS = [word for each in SPACE for word in ("--space", each)]


@pytest.fixture
def optuna():
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install 'evorobo[tune]'")


@pytest.mark.usefixtures("optuna")
def test_an_experiment_is_tuned_and_runs_with_the_settings_found(evorobo, tmp_path):
    script = rail(tmp_path)
    flags = ["--trials", 3, "--seeds", "50,51", "--budget", "generations=2", "--set", "hidden=[3]", "--jobs", 1]
    code, out, err = evorobo("tune", script, *FLAGS, *flags)
    assert (code, err) == (0, "")
    file = "results/rail-tuning/rail.json"
    found = json.loads((tmp_path / file).read_text())
    assert (found["trials"], found["seeds"], found["budget"]["generations"]) == (3, [50, 51], 2)
    sigma = found["methods"]["cma-es"]["settings"]["methods.cma-es.strategy.sigma"]
    assert f"Run it: python {script} --results results/tuned --tuned {file}" in out
    assert f"or with --set methods.cma-es.strategy.sigma={sigma} --set methods.backprop" in out

    flags = ["--results", "results/tuned", "--tuned", file, "--seeds", 1, "--jobs", 1]
    code, out, err = run(script, *flags, folder=tmp_path)
    assert (code, err) == (0, "")
    trial = json.loads((tmp_path / "results/tuned/rail/rail/cma-es/seed-0/trial.json").read_text())
    assert trial["method"]["strategy"]["sigma"] == sigma
    cost_line = "Each method was tuned with 3 settings at 2 separate seeds"
    assert cost_line in out
    assert cost_line in (tmp_path / "results/tuned/rail/table.md").read_text()


@pytest.mark.usefixtures("optuna")
def test_methods_tuned_one_by_one_run_in_one_study(evorobo, tmp_path):
    script, files = rail(tmp_path), []
    for method, space in zip(("cma-es", "backprop"), SPACE, strict=True):
        flags = ["--trials", 2, "--seeds", "50,51", "--budget", "generations=2", "--jobs", 1]
        code, out, err = evorobo("tune", script, "--space", space, "--method", method, *flags)
        assert (code, err) == (0, "")
        assert "too, with the same effort, then run the study with --tuned for each file." in out
        files.append(f"results/rail-tuning/rail-{method}.json")
        assert list(json.loads((tmp_path / files[-1]).read_text())["methods"]) == [method]
    flags = ["--results", "results/tuned", "--seeds", 1, "--jobs", 1]
    code, _, err = run(script, "--tuned", files[0], *flags, folder=tmp_path)
    assert (code, "the study compares cma-es, backprop; tune all" in err) == (2, True)
    code, out, err = run(script, "--tuned", files[0], "--tuned", files[1], *flags, folder=tmp_path)
    assert (code, err) == (0, "")
    assert "Each method was tuned with 2 settings at 2 separate seeds" in out
    other = json.loads((tmp_path / files[1]).read_text()) | {"trials": 3}
    (tmp_path / files[1]).write_text(json.dumps(other))
    code, _, err = run(script, "--tuned", files[0], "--tuned", files[1], *flags, folder=tmp_path)
    assert (code, "trials of tuning: 2 in" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["rail.py", *FLAGS, "--method", "cmaes"], "unknown method 'cmaes'; did you mean 'cma-es'?"),
        ([], "the following arguments are required: SCRIPT, --space"),
        (["rail.py"], "the following arguments are required: --space"),
        (["nowhere.py", *FLAGS], "there is no file"),
        (["empty.py", *FLAGS], "empty.py holds 0 studies; give a script with one: study = Study.grid(...)"),
        (["rail.py", *FLAGS[:2]], "backprop would be compared untuned"),
        (["rail.py", *FLAGS, "--seeds", "0,1"], "seeds 0, 1 are the study's own"),
        (["rail.py", *FLAGS, "--seeds", "some"], "--seeds takes a number of seeds (5) or a list (3,7,11), not 'some'"),
        (["rail.py", *FLAGS, "--trails", "3"], "unknown option '--trails'; did you mean '--trials'?"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(evorobo, tmp_path, words, answer):
    rail(tmp_path)
    (tmp_path / "empty.py").write_text("x = 1\n")
    assert answer in sentence(evorobo("tune", *words))
    assert not (tmp_path / "results").exists()


@pytest.mark.usefixtures("optuna")
def test_ctrl_c_says_how_to_continue(evorobo, tmp_path, monkeypatch):
    def interrupted(*_):
        from evorobo.study.folders import Interrupted

        raise Interrupted("interrupted")

    monkeypatch.setattr("evorobo.study.tuning.tuning.run_trials", interrupted)
    code, _, err = evorobo("tune", rail(tmp_path), *FLAGS, "--jobs", 1)
    assert (code, err) == (130, "evorobo: interrupted; run the same command again to continue.\n")


@pytest.mark.usefixtures("optuna")
def test_halving_by_the_command(evorobo, tmp_path):
    flags = ["--halving", 2, "--trials", 2, "--seeds", "50,51", "--budget", "generations=2", "--jobs", 1]
    script = rail(tmp_path)
    code, out, err = evorobo("tune", script, *FLAGS, *flags)
    assert (code, err) == (0, "")
    assert out.count("paused in") == 8
    assert "--tuned results/rail-tuning/halving-2-of-2-from-0.5/rail.json" in out
    refusal = sentence(evorobo("tune", script, *FLAGS, "--seeds", "50,51", "--halving", 1))
    assert refusal.startswith("halving must be a whole number of at least 2, not 1")
