"""The command line: what it does, and the one sentence that it prints after a mistake."""

import errno
import json
import os
import re
import subprocess
import sys

import gymnasium
import pytest
from curves import all_curves
from scripts import rail, run, sentence

from evorobo.cli import build_parser
from evorobo.errors import SettingsError
from evorobo.report.analysis.tables import COST_NOTE
from evorobo.version import __version__

TOYS = """
study = Study.grid(
    "toys", tasks=[Bowl()], methods=[Evolution(CMAES()), Backprop()], seeds=1,
    budget=Budget(flops=1e4, n_evals=3), hidden=(2,),
)
main(study)
"""
HEADER = """
import gymnasium
import numpy as np
from toys import Bowl, Mute, Raises

from evorobo import CMAES, Backprop, Budget, ControlTask, DatasetTask, Evolution, Study, main
"""


def script(folder, text=TOYS, name="toys_script.py", **changes):
    """Write an experiment script; `changes` replace settings."""
    for old, new in changes.items():
        text = re.sub(rf"{old}=[^\n]*?(?=, \w+=|,?\n)", f"{old}={new}", text, count=1)
    path = folder / name
    path.write_text(HEADER + text)
    return path


# ---- unknown names


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["run"], "the following arguments are required: SCRIPT"),
        (["run", "--seeds", "3"], "unknown option '--seeds'"),
        (["run", "nowhere.py"], "there is no file nowhere.py."),
        (["run", "."], "there is no file ."),
        (["rum", "x.py"], "unknown command 'rum'; did you mean 'run'?"),
        (["plto"], "unknown command 'plto'; did you mean 'plot'?"),
        (["--version-of-doom"], "unknown option '--version-of-doom'; did you mean '--version'?"),
        (["list", "task"], "unknown kind of component 'task'; did you mean 'tasks'?"),
        (["plot"], "the following arguments are required: FOLDER"),
        (["plot", "nowhere"], "nowhere holds no study; give a folder that an experiment wrote"),
        (["table", "."], ". holds no study"),
        (["table", ".", "--formt", "csv"], "unknown option '--formt'; did you mean '--format'?"),
        (["table", ".", "--format", "cvs"], "unknown format 'cvs'; did you mean 'csv'?"),
        (["convert", "."], "the following arguments are required: --to"),
        (["convert", ".", "--to", "parket"], "unknown format 'parket'; did you mean 'parquet'?"),
        (["report"], "the following arguments are required: FOLDER"),
        (["report", "nowhere"], "nowhere holds no study; give a folder that an experiment wrote"),
        (["report", ".", "--rubustness"], "unknown option '--rubustness'; did you mean '--robustness'?"),
        (["replay", "nowhere"], "nowhere holds no trial; give the folder of one seed"),
        (["replay", ".", "--gif", "--mp4"], "argument --mp4: not allowed with argument --gif"),
        (["replay", ".", "--window", "--out", "x"], "a window writes no file; leave out --out"),
        (["replay", ".", "--episodes", "0"], "Replay: n_episodes must be a whole number of at least 1 or None, not 0"),
        (["replay", ".", "--episode", "-1"], "Replay: first_episode must be a whole number of at least 0, not -1"),
        (["compare"], "the following arguments are required: PLACE"),
        (["compare", "nowhere", "there"], "nowhere is not a study, a part of one or a table"),
        (["compare", ".", "--att", "flops=1"], "unknown option '--att'; did you mean '--at'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(evorobo, words, answer):
    assert answer in sentence(evorobo(*words))


@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (["--seed-of-doom=3"], "unknown option '--seed-of-doom'; did you mean '--seeds'?"),
        (["--resluts", "there"], "unknown option '--resluts'; did you mean '--results'?"),
        (["--jobs", "many"], "argument --jobs: invalid int value: 'many'"),
        (["--jobs", "0"], "jobs must be a whole number of at least 1, not 0"),
        (["--seeds", "all"], "--seeds takes a number of seeds (5) or a list (3,7,11), not 'all'"),
        (["--seeds", "0"], "the number of --seeds must be a whole number of at least 1, not 0"),
        (["--seeds", "1,1"], "seeds (1, 1) contain one seed twice"),
        (["--budget", "euros=5"], "unknown cost column 'euros'"),
        (["--budget", "flop=5"], "unknown cost column 'flop'; did you mean 'flops'?"),
        (["--budget", "flops=0"], "flops must be a number above 0 or None, not 0.0"),
        (["--only", "backdrop"], "unknown part of the study 'backdrop'; did you mean 'backprop'?"),
        (["--set", "hiden=[3]"], "unknown setting in --set hiden: 'hiden'; did you mean 'hidden'?"),
        (["--set", "methods.cma-es.strategy.sgima=1"], "'sgima'; did you mean 'sigma'?"),
        (
            ["--set", "methods.backprop.batch_size=big"],
            "Backprop: batch_size must be a whole number of at least 1, not 'big'",
        ),
    ],
)
def test_an_invalid_flag_is_refused_with_a_cure_and_nothing_runs(evorobo, tmp_path, flags, answer):
    assert answer in sentence(evorobo("run", script(tmp_path), *flags))
    assert not (tmp_path / "results").exists()


# ---- invalid tasks


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ('ControlTask("CartPol-v1")', "unknown environment 'CartPol-v1'; did you mean 'CartPole-v1'?"),
        ('ControlTask("no_such_lab:Arm-v0")', "cannot be found: No module named 'no_such_lab'"),
        ('ControlTask("CartPole-v1", env_kwargs={"gravty": 1})', "CartPole-v1 cannot be made with these options"),
        ('ControlTask("CartPole-v1", episodes=0)', "episodes must be a whole number of at least 1, not 0"),
        ('ControlTask("MountainCar-v0")', "MountainCar-v0 has no teacher, and without labeled examples there is no"),
        ('Mute("mute")', "mute has no teacher; give the task one"),
        ('DatasetTask("nowhere.csv")', "there is no file nowhere.csv"),
        ('DatasetTask("kin8mn")', "unknown data set 'kin8mn'; did you mean 'kin8nm'?"),
    ],
)
def test_an_invalid_task_is_reported_before_anything_runs(evorobo, tmp_path, task, answer):
    assert answer in sentence(evorobo("run", script(tmp_path, tasks=f"[{task}]")))
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("a,b,y\n1,2,3\n4,5\n6,7,8\n", r"line 3\b.*\b2\b"),
        ("a,b,y\n1,2,3\n4,left,5\n6,7,8\n", r"line 3, column 'b': 'left' is not a number; correct the cell"),
        ("a,b,y\n1,2,3\n4,NaN,5\n6,7,8\n", r"line 3, column 'b' is NaN; fill the cell or delete the line"),
        ("a,b,y\n1,2,3\n4,,5\n6,7,8\n", r"line 3, column 'b' is empty; fill the cell or delete the line"),
        ("", r"data\.csv"),
    ],
    ids=["ragged", "text", "NaN", "empty cell", "empty file"],
)
def test_a_broken_data_file_is_reported_with_the_place(evorobo, tmp_path, content, answer):
    (tmp_path / "data.csv").write_text(content)
    answered = sentence(evorobo("run", script(tmp_path, tasks='[DatasetTask("data.csv")]')))
    assert "data.csv" in answered
    assert re.search(answer, answered), answered


ENVIRONMENT = """
class {name}(gymnasium.Env):
    observation_space = gymnasium.spaces.{space}
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return self.observation_space.sample() * 0, {{}}

    def step(self, action):
        self.time += 1
        reward = 1.0
        {trouble}
        return self.observation_space.sample() * 0, reward, False, self.time == 10, {{}}


gymnasium.register("trouble/{name}-v0", entry_point={name}, max_episode_steps=10)
"""


def with_environment(folder, name, trouble="", space="Box(-1, 1, (3,), np.float32)", more=""):
    text = ENVIRONMENT.format(name=name, space=space, trouble=trouble) + TOYS
    tasks = f'[ControlTask("trouble/{name}-v0", test_episodes=2, validation_episodes=2){more}]'
    return script(folder, text, tasks=tasks, methods="[Evolution(CMAES())]")


def test_images_are_refused_with_a_cure(evorobo, tmp_path):
    path = with_environment(tmp_path, "Camera", space="Box(0, 255, (64, 64, 3), np.uint8)")
    answer = sentence(evorobo("run", path))
    assert "shows images of shape (64, 64, 3)" in answer
    assert "Choose a version with vector observations" in answer
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("name", "trouble", "reason"),
    [
        ("Stuck", 'if self.time == 7: raise ValueError("the gripper is stuck")', "the gripper is stuck"),
        ("Lost", 'if self.time == 7: reward = float("nan")', "with nan at step 7"),
    ],
)
def test_an_error_in_an_environment_fails_its_trials_and_the_others_finish(
    evorobo, tmp_path, jobs, name, trouble, reason
):
    path = with_environment(tmp_path, f"{name}{jobs}", trouble, more=", Bowl()")
    code, out, err = evorobo("run", path, "--jobs", jobs)
    assert code == 1
    assert re.fullmatch(r"evorobo: 1 of 2 trials failed: [^\n]+\n", err)
    assert reason in err
    assert "bowl/cma-es/seed-0 finished" in out
    assert (tmp_path / "results/toys/curves.png").exists()

    # the script is fixed, as if in another process; only the failed trial runs again
    path.write_text(path.read_text().replace(trouble, "pass"))
    del gymnasium.registry[f"trouble/{name}{jobs}-v0"]
    code, out, err = evorobo("run", path, "--jobs", jobs)
    assert (code, err) == (0, "")
    assert "1 of 2 trials are finished already" in out


# ---- folders that cannot be written or hold other results


def test_a_folder_of_other_settings_is_refused_with_the_field_and_both_values(evorobo, tmp_path):
    path = script(tmp_path)
    assert evorobo("run", path, "--jobs", 1)[0] == 0
    answer = sentence(evorobo("run", path, "--set", "hidden=[5]", "--jobs", 1))
    assert "holds a run of other settings (hidden is [2] there and [5] here)" in answer
    assert "give another folder with --results, or delete it" in answer


@pytest.mark.parametrize("folder", ["a_file/results", "/proc/nope"])
def test_a_folder_that_cannot_be_written_is_reported_with_a_cure(evorobo, tmp_path, folder):
    (tmp_path / "a_file").write_text("in the way")
    answer = sentence(evorobo("run", script(tmp_path), "--results", folder, "--jobs", 1))
    assert re.match(rf"cannot write {folder}/toys: .*choose a folder .* with --results\.", answer)


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("room", [0, 1, 3, 5])
def test_a_full_disk_is_reported_and_no_file_is_incomplete(evorobo, tmp_path, monkeypatch, call, room):
    path = script(tmp_path)
    real, left = getattr(os, call), [room]

    def full(*given):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given)

    monkeypatch.setattr(os, call, full)
    answer = sentence(evorobo("run", path, "--jobs", 1))
    assert "No space left on device. Free some space" in answer
    monkeypatch.undo()
    for each in (tmp_path / "results").rglob("*"):
        assert not each.name.startswith(".")
        if each.suffix == ".json":
            json.loads(each.read_text())
    # with space again the same command continues
    monkeypatch.chdir(tmp_path)
    assert evorobo("run", path, "--jobs", 1)[0] == 0


# ---- what it does


@pytest.fixture(scope="module")
def by_python(tmp_path_factory):
    """The rail script, run by `python rail.py --jobs 1 --seeds 1`."""
    folder = tmp_path_factory.mktemp("by_python")
    code, _, err = run(rail(folder), "--jobs", 1, "--seeds", 1, folder=folder)
    assert (code, err) == (0, "")
    return folder


def test_evorobo_run_does_what_python_does(by_python, tmp_path):
    code, out, err = run("-m", "evorobo", "run", rail(tmp_path), "--jobs", 2, "--seeds", 1, folder=tmp_path)
    assert (code, err) == (0, "")
    assert all_curves(tmp_path) == all_curves(by_python)
    here, there = ({path.name for path in (folder / "results/rail").iterdir()} for folder in (tmp_path, by_python))
    assert here == there >= {"curves.png", "table.csv", "table.md", "study.json"}
    assert "cma-es" in out
    assert "results/rail/curves.png" in out


def test_a_dry_run_lists_the_trials_and_runs_none(evorobo, tmp_path):
    code, out, err = evorobo("run", script(tmp_path), "--dry-run", "--seeds", "2,5", "--jobs", 3)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "results/toys/bowl/cma-es/seed-2  unfinished  network 2-2-1, 9 weights",
        "results/toys/bowl/backprop/seed-2  unfinished  network 2-2-1, 9 weights",
        "results/toys/bowl/cma-es/seed-5  unfinished  network 2-2-1, 9 weights",
        "results/toys/bowl/backprop/seed-5  unfinished  network 2-2-1, 9 weights",
        "4 trials of flops=10000 each, 3 at a time; nothing was run.",
    ]
    assert not (tmp_path / "results").exists()


def test_flags_change_the_study_for_this_run(evorobo, tmp_path):
    flags = ["--seeds", "3,4", "--budget", "env_steps=100,n_evals=2", "--only", "cma-es", "--set", "hidden=[4]"]
    two = '[Evolution(CMAES()), Evolution(CMAES(), name="twin")]'  # a study with backprop may not count steps alone
    code, _, err = evorobo("run", script(tmp_path, methods=two), *flags, "--results", "there", "--jobs", 1)
    assert (code, err) == (0, "")
    assert sorted(all_curves(tmp_path / "there")) == ["toys/bowl/cma-es/seed-3", "toys/bowl/cma-es/seed-4"]
    trial = json.loads((tmp_path / "there/toys/bowl/cma-es/seed-3/trial.json").read_text())
    assert (trial["hidden"], trial["budget"]["env_steps"], trial["budget"]["flops"]) == ([4], 100, None)


def test_a_failed_trial_run_again_alone_fails_with_one_sentence(evorobo, tmp_path):
    code, _, err = evorobo("run", script(tmp_path, tasks="[Raises()]", methods="[Evolution()]"), "--jobs", 1)
    assert (code, err) == (1, "evorobo: 1 of 1 trials failed: RuntimeError: the gripper is stuck\n")
    trial = "results/toys/bowl/cma-es/seed-0/trial.json"
    answer = sentence(evorobo("run", trial, "--results", "again"), status=1)
    assert answer == "again/bowl/cma-es/seed-0 failed: RuntimeError: the gripper is stuck"


def test_a_diverged_trial_is_reported_as_such_with_exit_status_1_and_counted_in_the_table(evorobo, tmp_path):
    wild = 'Backprop(SGD(1e6), name="wild")'
    path = script(tmp_path, methods=f"[Evolution(), {wild}]")
    path.write_text(path.read_text().replace("import CMAES", "import CMAES, SGD"))
    code, out, err = evorobo("run", path, "--budget", "flops=1e6,n_evals=3", "--seeds", 1, "--jobs", 2)
    assert code == 1
    assert re.fullmatch(r"evorobo: 1 of 2 trials diverged: training diverged: [^\n]+ Try a learning rate [^\n]+\n", err)
    assert re.search(r"bowl/wild/seed-0 diverged in [\d.]+ s: training diverged", out)
    assert "1 of 2 runs diverged: the worst in IQM and verdicts, not in average curves." in out
    answer = sentence(evorobo("run", "results/toys/bowl/wild/seed-0/trial.json", "--results", "again"), status=1)
    assert answer.startswith("again/bowl/wild/seed-0 diverged: training diverged")


def test_a_json_file_that_is_not_a_trial_is_refused(evorobo, tmp_path):
    (tmp_path / "study.json").write_text("{}")
    assert "holds no trial; give the folder of one seed" in sentence(evorobo("run", "study.json"))


def test_all_evals_are_converted_to_one_file(evorobo, by_python, tmp_path):
    pytest.importorskip("pandas", reason="pandas is not installed: pip install 'evorobo[pandas]'")
    target = tmp_path / "evals.csv"
    assert evorobo("convert", by_python / "results", "--to", "csv", "--out", target)[:2] == (0, f"{target}\n")
    looks = sum(len(path.read_text().splitlines()) - 1 for path in by_python.rglob("curve.csv"))
    assert len(target.read_text().splitlines()) - 1 == looks > 10


def test_the_report_starts_with_the_docstring_of_the_script(evorobo, by_python, tmp_path):
    folder = by_python / "results/rail"
    assert evorobo("report", folder, "--out", tmp_path / "page.html")[:2] == (0, f"{tmp_path}/page.html\n")
    assert "A cart on a rail that should stay in the middle: a robot" in (tmp_path / "page.html").read_text()
    assert not (folder / "robustness.csv").exists()


def test_a_robot_is_replayed_in_each_form(evorobo, tmp_path):
    lamp = 'ControlTask("evorobo/Phototaxis-v0", max_steps=5, test_episodes=2, validation_episodes=2)'
    assert evorobo("run", script(tmp_path, tasks=f"[{lamp}]", methods="[Evolution()]"), "--jobs", 1)[0] == 0
    folder = "results/toys/phototaxis/cma-es/seed-0"
    assert evorobo("replay", folder)[:2] == (0, f"{folder}/replay.gif\n")
    assert evorobo("replay", folder, "--plot", "--episodes", 2, "--out", "ways.png")[:2] == (0, "ways.png\n")
    assert (tmp_path / "ways.png").stat().st_size > 1000


def test_a_robot_without_draw_cannot_be_replayed(by_python):
    # in another process: the trial imports its script, which registers the robot
    answer = sentence(run("-m", "evorobo", "replay", "results/rail/rail/cma-es/seed-0", folder=by_python))
    assert "my/Rail-v0 cannot be shown" in answer
    assert "a vectorized robot is shown by its draw()" in answer


def test_the_figure_is_drawn_into_any_file(evorobo, by_python, tmp_path):
    folder = by_python / "results/rail"
    assert evorobo("plot", folder)[:2] == (0, f"{folder}/curves.png\n")
    for flags in (["--x", "env_steps,flops"], ["--linear"], ["--x", "cpu_seconds", "--linear"]):
        target = tmp_path / f"{len(flags)}.png"
        assert evorobo("plot", folder, *flags, "--out", target)[:2] == (0, f"{target}\n")
        assert target.read_bytes().startswith(b"\x89PNG")
    assert "unknown" in sentence(evorobo("plot", folder, "--x", "euros"))
    flags = ["--only", "cma-es", "--rename", "cma-es=CMA", "--y-limits", "-9,99", "--title", "", "--width", "9cm"]
    target = tmp_path / "paper.pdf"
    assert evorobo("plot", folder, *flags, "--out", target)[:2] == (0, f"{target}\n{target.with_suffix('.txt')}\n")
    assert target.read_bytes().startswith(b"%PDF")
    assert "--y-limits takes two numbers, as 0,100, not '7'" in sentence(evorobo("plot", folder, "--y-limits", "7"))
    assert "--rename takes OLD=NEW, not 'cma'" in sentence(evorobo("plot", folder, "--rename", "cma"))
    assert "names no known format" in sentence(evorobo("plot", folder, "--out", "x.eps"))


def test_the_table_is_printed_in_all_formats(evorobo, by_python):
    folder = by_python / "results/rail"
    texts = {}
    for form in ("terminal", "markdown", "latex", "csv"):
        code, texts[form], err = evorobo("table", folder, "--format", form)
        assert (code, err) == (0, "")
        assert "cma-es" in texts[form]
        assert "backprop" in texts[form]
    assert evorobo("table", folder)[1] == texts["terminal"]
    assert texts["markdown"].startswith("|")
    assert r"\begin{tabular}" in texts["latex"]
    assert r"95\% interval" in texts["latex"]
    assert "CMA" in evorobo("table", folder, "--rename", "cma-es=CMA")[1]
    assert texts["csv"].splitlines()[0].count(",") >= 5


@pytest.fixture
def tables(tmp_path):
    """Ten runs of a `good` and ten of a `bad` method, made elsewhere."""
    for name, level in (("good", 5), ("bad", 1)):
        rows = [f"{step},{level * step + seed},{seed}" for seed in range(10) for step in (1, 10, 100)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["step,return,seed", *rows]))


@pytest.mark.usefixtures("tables")
def test_the_exit_status_of_a_comparison_is_1_where_the_first_is_worse_and_else_0(evorobo, tmp_path):
    code, out, err = evorobo("compare", "bad.csv", "good.csv")
    assert (code, err) == (1, "")
    assert out.startswith("good ends above bad: mean 504.5 against 104.5 (P = 1.00,")
    assert all((tmp_path / line).stat().st_size > 0 for line in out.splitlines()[-4:])
    code, out, _ = evorobo("compare", "good.csv", "bad.csv", "--at", "env_steps=1", "--out", "then")
    assert code == 0
    assert "when both have spent 1 env steps" in out
    assert out.splitlines()[-4:] == [
        f"then/{name}" for name in ("compare.png", "compare.txt", "compare.csv", "verdicts.csv")
    ]
    assert evorobo("compare", "good.csv", "bad.csv", "--lower-is-better")[0] == 1


@pytest.mark.usefixtures("tables")
def test_the_exit_status_is_2_where_no_comparison_is_possible(evorobo):
    answer = sentence(evorobo("compare", "good.csv", "bad.csv", "--at", "flops=3"))
    assert "does not report forward_flops; choose one of its columns, env_steps, test" in answer
    assert "is not a cost" in sentence(evorobo("compare", "good.csv", "bad.csv", "--at", "flops=-3"))
    assert "among its columns step, return, seed" in sentence(
        evorobo("compare", "good.csv", "bad.csv", "--metric", "loss")
    )


def test_a_study_of_one_seed_is_compared_at_a_cost_and_nothing_is_decided(evorobo, by_python):
    code, out, _ = evorobo("compare", by_python / "results/rail", "--at", "flops=5e4", "--threshold", "-3")
    assert code == 2  # one seed each
    assert "when both have spent 50k FLOPs cannot be decided" in out
    assert "Solved: some eval reached -3" in out


def test_a_study_without_runs_has_no_figure(evorobo, by_python, tmp_path):
    (tmp_path / "study.json").write_text((by_python / "results/rail/study.json").read_text())
    assert "no scores to show yet" in sentence(evorobo("plot", tmp_path))
    code, out, err = evorobo("table", tmp_path)
    assert (code, err) == (0, "")
    rows, note = out.rstrip("\n").split("\n\n")
    assert [line.split()[0] for line in rows.splitlines()[2:]] == ["rail", "(random)"]
    assert note == COST_NOTE


def test_a_damaged_study_is_reported(evorobo, tmp_path):
    for content in ("{", "{}", "[]", '{"name": "x", "tasks": {"a": {}}, "methods": {}}'):
        (tmp_path / "study.json").write_text(content)
        assert "study.json" in sentence(evorobo("table", tmp_path))


def sections(out):
    """The lines of `evorobo list`, by kind."""
    return dict(re.findall(r"^([a-z-]+):\n((?:  .*\n)+)", out, re.MULTILINE))


def test_list_describes_every_kind_of_component(evorobo):
    code, out, err = evorobo("list")
    assert (code, err) == (0, "")
    listed = sections(out)
    for name, kind in {
        "tanh": "activations",
        "StopAt": "callbacks",
        "scitos-24": "data-sets",
        "glorot": "initializers",
        "Dense": "layers",
        "MSE": "losses",
        "AnalyticGradient": "methods",
        "DAgger": "methods",
        "SHAC": "methods",
        "PPO": "methods",
        "RMSE": "metrics",
        "Adam": "optimizers",
        "L2": "penalties",
        "evorobo/Phototaxis-v0": "robots",
        "Cosine": "schedules",
        "BlockSplit": "splits",
        "CMAES": "strategies",
        "DatasetTask": "tasks",
        "NoisyTeacher": "teachers",
    }.items():
        (line,) = [line for line in listed[kind].splitlines() if line.split()[0] == name]
        assert len(line.split()) > 3, f"{name} has no description"
    assert evorobo("list", "robots")[1] == "robots:\n" + listed["robots"]


def test_list_includes_the_components_of_a_users_file(evorobo, tmp_path):
    rail(tmp_path, guard=False)
    (tmp_path / "half.py").write_text(
        "import evorobo as er\n\n\n"
        '@er.register_component("schedule", "Half")\n'
        'class Half:\n    """Half of the learning rate, always."""\n'
    )
    code, out, err = evorobo("list", "schedules", "robots", "half.py", "rail.py")
    assert (code, err) == (0, "")
    listed = sections(out)
    assert list(listed) == ["schedules", "robots"]
    assert re.search(r"^  \S*Half +Half of the learning rate, always\.$", listed["schedules"], re.MULTILINE)
    assert re.search(r"^  my/Rail-v0", listed["robots"], re.MULTILINE)
    assert "Cosine" in listed["schedules"]


COMMANDS = (
    *("run", "watch", "plot", "table", "compare", "convert", "report", "replay", "tune"),
    *("lessons", "list", "new-task", "new-dataset", "check-task", "export", "import"),
)


@pytest.mark.parametrize("words", [["--help"], ["-h"], []])
def test_help_names_every_command(evorobo, words):
    code, out, err = evorobo(*words)
    assert (code, err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^    {command}\b", out, re.MULTILINE), command


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_command_has_a_help_text_that_fits_80_columns(evorobo, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = evorobo(*filter(None, [command]), "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: evorobo {command}".rstrip())
    assert max(map(len, out.splitlines())) <= 80


def test_the_whole_parser_can_be_built_for_the_documentation():
    text = build_parser().format_help()
    assert all(command in text for command in COMMANDS)


def test_a_scripts_help_lists_its_flags(evorobo, tmp_path):
    code, out, _ = evorobo("run", script(tmp_path), "--help")
    assert code == 0
    for flag in ("--seeds", "--jobs", "--results", "--budget", "--only", "--set", "--dry-run"):
        assert flag in out


@pytest.mark.parametrize(
    "code", ["import evorobo", "from evorobo.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"]
)
def test_import_and_help_load_nothing_heavy(code):
    heavy = ("gymnasium", "deap", "matplotlib", "scipy")
    code += f"\nimport sys\nprint([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_the_version_is_printed(evorobo):
    assert evorobo("--version") == (0, f"evorobo {__version__}\n", "")


def test_the_installed_command_answers():
    done = subprocess.run([sys.executable, "-m", "evorobo", "rum"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "evorobo: unknown command 'rum'; did you mean 'run'?\n"


def test_no_traceback_of_ctrl_c_in_any_command(evorobo, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("evorobo.commands.listing.list_components", interrupted)
    assert evorobo("list") == (130, "", "evorobo: interrupted.\n")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("passwd", "root:x:0:0:root:/root:/bin/bash\n", "passwd is no Python program: line 1: invalid syntax; correct"),
        ("image.py", b"\x00\xff\x80", "image.py is no Python program"),
        ("deep.py", "(" * 5000, "deep.py is no Python program"),
    ],
)
def test_a_file_that_is_no_program_is_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    args = build_parser("run").parse_args(["run", str(tmp_path / name)])
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        args.function(args)
