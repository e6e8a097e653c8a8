"""A study runs all its trials to the same curves in every way, also after interruptions."""

import json
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from curves import all_curves
from scripts import launch, rail, run
from toys import Bowl, Broken, Dies, Flattering, Line, Mute, Raises

from evorobo import CMAES, GA, Backprop, Budget, Dense, Evolution, Genome, ResultsError, SettingsError, Study, TaskError
from evorobo.report.analysis.cautions import tuned_seeds_caution
from evorobo.report.page.facts import overview
from evorobo.settings import from_plain, to_plain
from evorobo.study.overrides import apply_overrides

METHODS = (Evolution(CMAES()), Backprop())


def a_study(*tasks, methods=METHODS, name="toys", seeds=2, budget=None, hidden=(3,)):
    budget = budget or Budget(flops=2e4, n_evals=4)
    return Study.grid(name, tasks=tasks or [Bowl()], methods=methods, seeds=seeds, budget=budget, hidden=hidden)


def how(results):
    return {f"{run.task}/{run.method}/{run.seed}": run.status for run in results.runs}


# ---- what a study is


def test_a_study_is_every_task_with_every_method_at_every_seed():
    study = a_study(Bowl(), Bowl("dish"), seeds=(3, 5))
    assert [trial.path for trial in study.trials()] == [
        f"{task}/{method}/seed-{seed}"
        for seed in (3, 5)
        for task in ("bowl", "dish")
        for method in ("cma-es", "backprop")
    ]
    assert a_study(seeds=3).seeds == (0, 1, 2)


@pytest.mark.parametrize(
    ("only", "paths"),
    [
        ("dish", ["dish/cma-es/seed-0", "dish/backprop/seed-0", "dish/cma-es/seed-1", "dish/backprop/seed-1"]),
        ("seed-1", ["bowl/cma-es/seed-1", "bowl/backprop/seed-1", "dish/cma-es/seed-1", "dish/backprop/seed-1"]),
        ("*/backprop/seed-0", ["bowl/backprop/seed-0", "dish/backprop/seed-0"]),
        ("bowl/cma-es/seed-1", ["bowl/cma-es/seed-1"]),
    ],
)
def test_only_selects_a_part(only, paths):
    assert [trial.path for trial in a_study(Bowl(), Bowl("dish")).trials(only)] == paths


def test_an_unknown_part_is_answered_with_the_nearest():
    with pytest.raises(SettingsError, match="unknown part of the study 'backdrop'; did you mean 'backprop'"):
        a_study().trials("backdrop")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"methods": ()}, "methods must be a tuple of at least 1 item"),
        ({"seeds": 0}, "the number of seeds must be a whole number of at least 1, not 0"),
        ({"seeds": (1, 2, 1)}, r"seeds \(1, 2, 1\) contain one seed twice"),
        (
            {"methods": (Backprop(), Backprop(batch_size=3))},
            "two methods are called 'backprop'; give one of them another name",
        ),
        ({"name": "a/b"}, "'a/b' is invalid as the name of a folder"),
        ({"name": ".."}, r"'\.\.' is invalid as the name of a folder"),
        ({"name": "x" * 300}, r"xxxxxxxxxxxxxxxxxxxx\.\.\. has 300 letters, too many for a folder; use at most 100"),
        ({"name": ""}, "'' is invalid as the name of a folder"),
        ({"methods": (Evolution(name="a\nb"),)}, "is invalid as the name of a folder"),
        (
            {"methods": (Backprop(), Evolution()), "hidden": {"backprop": (3,)}},
            "hidden layers are given by method, and 'cma-es' has none; add them",
        ),
        (
            {"hidden": ("8",)},
            r"hidden\[0\] must be a whole number of at least 1, .*, not '8'",
        ),
    ],
)
def test_an_invalid_study_is_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        a_study(**settings)


def test_each_method_may_have_networks_of_its_own(tmp_path):
    layers = {"backprop": (5, Dense(2, "relu")), "cma-es": ()}
    study = a_study(methods=(Backprop(), Evolution()), hidden=layers, seeds=1)
    assert {trial.method.name: trial.hidden for trial in study.trials()} == layers
    assert from_plain(json.loads(json.dumps(to_plain(study)))) == study
    assert apply_overrides(study, ["hidden.cma-es=[7]"]).hidden == {**layers, "cma-es": (7,)}
    results = study.run(tmp_path)
    genomes = {name: Genome.load(tmp_path / f"toys/bowl/{name}/seed-0/genome.npz") for name in layers}
    assert {name: len(genome.spec.layers) for name, genome in genomes.items()} == {"backprop": 3, "cma-es": 1}
    assert dict(overview(results))["hidden layers"] == (
        "backprop: 5 tanh units, Dense(units=2, activation=relu, bias=True); cma-es: none"
    )


def test_two_tasks_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="two tasks are called 'bowl'"):
        a_study(Bowl(), Line())


# ---- running it


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The toy study, run in this process."""
    folder = tmp_path_factory.mktemp("serial")
    a_study(hidden=(Dense(3, "relu"),)).run(folder)
    return folder


def test_two_workers_have_the_same_curves_as_one_process(serial, tmp_path):
    a_study(hidden=(Dense(3, "relu"),)).run(tmp_path, jobs=2)
    assert all_curves(tmp_path) == all_curves(serial)
    assert len(all_curves(serial)) == 4


def test_the_order_of_trials_does_not_matter(serial, tmp_path):
    study = a_study(hidden=(Dense(3, "relu"),), methods=METHODS[::-1], seeds=(1, 0))
    study.run(tmp_path)
    assert all_curves(tmp_path) == all_curves(serial)


def test_finished_trials_are_read_and_not_repeated(serial, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in serial.rglob("seed-*/*")}
    results = a_study(hidden=(Dense(3, "relu"),)).run(serial)
    assert {path: path.stat().st_mtime_ns for path in serial.rglob("seed-*/*")} == before
    assert set(how(results).values()) == {"finished"}


def test_more_seeds_are_added_to_finished_ones(tmp_path):
    a_study(seeds=1).run(tmp_path)
    before = all_curves(tmp_path)
    results = a_study(seeds=2).run(tmp_path)
    assert len(results.runs) == 4
    assert all_curves(tmp_path).items() > before.items()


def test_a_study_keeps_the_numbers_of_seeds_with_which_it_was_finished_before(tmp_path):
    assert a_study(seeds=1).run(tmp_path).earlier_verdicts == ()
    assert a_study(seeds=1).run(tmp_path).earlier_verdicts == ()  # the same seeds again are no other look
    a_study(seeds=3).run(tmp_path, only="seed-1")  # unfinished, so nothing could be concluded with three seeds
    assert a_study(seeds=4).run(tmp_path).earlier_verdicts == (1,)
    assert a_study(seeds=2).run(tmp_path).earlier_verdicts == (1,)  # no run is new
    assert a_study(seeds=(0, 1, 2, 3, 9)).run(tmp_path).earlier_verdicts == (1, 2)


def test_a_part_may_be_run_alone(tmp_path):
    results = a_study().run(tmp_path, only="backprop")
    assert how(results) == {"bowl/backprop/0": "finished", "bowl/backprop/1": "finished"}


def test_a_study_file_holds_reference_scores(serial):
    about = json.loads((serial / "toys" / "study.json").read_text())
    assert about["tasks"]["bowl"]["references"] == {"random": -3.0}
    assert about["tasks"]["bowl"]["metric"]["name"] == "score"
    assert list(about["methods"]) == ["cma-es", "backprop"]


def test_tuning_seeds_may_be_added_later(tmp_path):
    assert tuned_seeds_caution(a_study().run(tmp_path)) == ""
    before = all_curves(tmp_path)
    results = replace(a_study(), tuning_seeds=(1,)).run(tmp_path)
    assert results.settings["tuning_seeds"] == [1]
    assert tuned_seeds_caution(results).startswith("Settings were tuned on seeds that are used here (1)")
    assert all_curves(tmp_path) == before


def test_seeds_with_another_budget_are_never_mixed(tmp_path):
    a_study(seeds=(0, 1)).run(tmp_path)
    with pytest.raises(ResultsError, match=r"seed-0 holds a run of other settings \(budget\.flops is 20000"):
        a_study(seeds=(2, 3), budget=Budget(flops=4e4, n_evals=4)).run(tmp_path)
    assert sorted(path.name for path in (tmp_path / "toys/bowl/backprop").iterdir()) == ["seed-0", "seed-1"]
    assert len(a_study(seeds=(2, 3)).run(tmp_path).runs) == 2 * 4


def test_other_settings_in_the_folder_are_reported_before_anything_runs(tmp_path):
    a_study(seeds=(1,)).run(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    sentence = r"seed-1 holds a run of other settings \(budget\.flops is 20000\.0 there and 10000\.0 here\)"
    with pytest.raises(ResultsError, match=sentence):
        a_study(seeds=2, budget=Budget(flops=1e4, n_evals=4)).run(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_settings_that_do_not_fit_are_reported_before_anything_runs(tmp_path):
    with pytest.raises(TaskError, match="mute has no teacher; give the task one"):
        a_study(Bowl(), Mute("mute")).run(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "all"])
def test_jobs_are_a_whole_number(tmp_path, jobs):
    with pytest.raises(SettingsError, match="jobs must be a whole number of at least 1"):
        a_study().run(tmp_path, jobs=jobs)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("broken", [Raises("arm"), Broken("arm")], ids=["in mid-run", "at once"])
def test_an_error_in_one_environment_does_not_stop_the_others(tmp_path, jobs, broken):
    results = a_study(broken, Bowl(), methods=[Evolution()]).run(tmp_path, jobs=jobs)
    assert how(results) == {
        "arm/cma-es/0": "failed",
        "arm/cma-es/1": "failed",
        "bowl/cma-es/0": "finished",
        "bowl/cma-es/1": "finished",
    }
    assert "stuck" in results.runs[0].reason or "returned NaN" in results.runs[0].reason


def test_a_worker_that_dies_is_among_the_results(tmp_path):
    results = a_study(Dies("fatal"), Bowl(), methods=[Evolution(GA())]).run(tmp_path, jobs=2)
    assert [run.status for run in results.runs] == ["failed", "failed", "finished", "finished"]
    assert results.runs[0].reason == "its worker process died (exit status 7)"


# ---- a user's script, run, killed, interrupted, and run again


@pytest.fixture(scope="session")
def straight(tmp_path_factory):
    """The curves of the rail script, run by one process without interruption."""
    folder = tmp_path_factory.mktemp("straight")
    status, out, err = run(rail(folder), "--jobs", 1, folder=folder)
    assert (status, err) == (0, "")
    assert "curves.png" in out
    assert (folder / "results/rail/curves.png").stat().st_size > 10_000
    return all_curves(folder / "results")


def rows(path: Path) -> int:
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def n_evals_of(folder, method):
    """Return the number of evals of each trial of a method that has a checkpoint."""
    trials = folder.glob(f"results/rail/rail/{method}/seed-*")
    return {trial.name: rows(trial / "curve.csv") for trial in trials if (trial / "checkpoint.npz").exists()}


def wait_until_running(process, folder, methods, before):
    """Wait until a trial of each of `methods` is in the middle, further than `before`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        now = {method: n_evals_of(folder, method) for method in methods}
        if all(
            any(max(2, before[method].get(each, 0) + 1) <= n < 12 for each, n in now[method].items())
            for method in methods
        ):
            return
        time.sleep(0.01)
    pytest.fail("no trial came so far")


def children(process):
    """The worker processes, by their ids."""
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def has_ended(pid):
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def end(process, signum):
    """Send the signal and return exit status, output and errors; all workers end soon after the study."""
    workers = children(process)
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    deadline = time.monotonic() + 5
    while not all(map(has_ended, workers)):
        assert time.monotonic() < deadline, "a worker is still at work"
        time.sleep(0.01)
    return process.returncode, out, err


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_and_interrupted_study_has_the_same_curves(tmp_path, straight, jobs):
    script = rail(tmp_path)
    turns = [(signal.SIGKILL, ["cma-es"]), (signal.SIGINT, ["backprop"])]
    if jobs == 2:
        turns = [(signal.SIGKILL, ["cma-es", "backprop"]), (signal.SIGINT, ["cma-es"])]
    for signum, methods in turns:
        before = {method: n_evals_of(tmp_path, method) for method in methods}
        process = launch(script, "--jobs", jobs, folder=tmp_path, slow=0.01)
        wait_until_running(process, tmp_path, methods, before)
        code, _, err = end(process, signum)
        assert list(tmp_path.rglob("checkpoint.npz")), "nothing was in the middle"
        if signum == signal.SIGKILL:
            assert code == -signal.SIGKILL
        else:
            assert code == 130
            assert err == ("evorobo: interrupted; finished work is kept. Run the same command again to continue.\n")
    code, _, err = run(script, "--jobs", jobs, folder=tmp_path)
    assert (code, err) == (0, "")
    assert all_curves(tmp_path / "results") == straight
    assert not list(tmp_path.rglob("checkpoint.npz"))


def test_a_script_with_a_robot_needs_no_main_guard(tmp_path, straight):
    script = rail(tmp_path, guard=False)
    code, out, err = run(script, "--jobs", 2, folder=tmp_path)
    assert (code, err) == (0, "")
    assert all_curves(tmp_path / "results") == straight
    assert "rail" in out
    assert (tmp_path / "results/rail/curves.png").exists()

    # one of its trials runs again alone, and the script's own work does not start
    trial = tmp_path / "results/rail/rail/backprop/seed-1/trial.json"
    code, out, err = run("-m", "evorobo", "run", trial, "--results", "again", folder=tmp_path)
    assert (code, err) == (0, "")
    assert out == "again/rail/backprop/seed-1: finished\n"
    assert all_curves(tmp_path / "again") == {"rail/backprop/seed-1": straight["rail/rail/backprop/seed-1"]}


@pytest.mark.parametrize("name", ["rail:my/Rail-v0", "lab/rail.py:my/Rail-v0"])
def test_an_id_may_have_its_module_or_file_in_front_in_every_script(tmp_path, straight, name):
    lab = tmp_path / "lab"
    lab.mkdir()
    rail(lab)
    (lab / "rail.py").write_text((lab / "rail.py").read_text().replace('Task("my/', f'Task("{name.split(":")[0]}:my/'))
    (lab / "other.py").write_text(
        f"from evorobo import ControlTask, main\nfrom rail import study\nControlTask('{name}').n_inputs\nmain(study)\n"
    )
    for script, results in (("rail.py", "one"), ("other.py", "two")):
        code, _, err = run(lab / script, "--jobs", 2, "--seeds", 1, "--results", results, folder=tmp_path)
        assert (code, err) == (0, "")
        curves = all_curves(tmp_path / results)
        assert len(curves) == 2
        assert curves.items() < straight.items()


def test_a_script_that_calls_run_itself_needs_no_main_guard(tmp_path, straight):
    script = rail(tmp_path)
    script.write_text(script.read_text().split("if __name__")[0] + "study.run(jobs=2)\n")
    code, _, err = run(script, folder=tmp_path)
    assert (code, err) == (0, "")
    assert all_curves(tmp_path / "results") == straight


def test_the_caution_of_a_task_is_in_the_study_file(tmp_path):
    results = a_study(Flattering(), Bowl(), seeds=1).run(tmp_path)
    assert results.cautions == {"flattering": "Everybody is good at this."}
