"""Results of other people: looking at them runs none of their code, with every command and function; `--trust` does."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from scripts import rail, run, sentence

from evorobo import (
    CMAES,
    Archive,
    Backprop,
    Budget,
    ControlTask,
    Evolution,
    EvoroboError,
    Genome,
    Replay,
    ResultsError,
    SettingsError,
    Study,
    Trial,
    show,
    tournament,
    transfer,
    tuned,
    write_report,
)
from evorobo.files import npz_bytes
from evorobo.report.analysis.study_table import StudyTable
from evorobo.settings import from_plain
from evorobo.study.records import FORMAT
from evorobo.study.results import load
from evorobo.study.trust import RECORD_VARIABLE, named_code

TRIAL = "lamp/phototaxis/backprop/seed-0"
EVIL = """
from pathlib import Path
Path(__file__).with_name("ran").touch()

import evorobo
from evorobo import ControlTask, Dense
from evorobo.tasks.control.robots.phototaxis import Phototaxis
Layer, Task = Dense, ControlTask
class Evil(Phototaxis):
    pass
evorobo.register(Evil, "my/Evil-v0")
def teacher(observation):
    return observation
"""


def study():
    return Study.grid(
        "lamp",
        tasks=[ControlTask("evorobo/Phototaxis-v0", max_steps=10, validation_episodes=1, test_episodes=1)],
        methods=[Backprop(), Evolution(CMAES(population_size=4))],
        seeds=1,
        budget=Budget(flops=2e5, n_evals=2),
        hidden=(3,),
    )


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The folder of a study that another person has run."""
    folder = tmp_path_factory.mktemp("honest")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RECORD_VARIABLE, str(folder / "record"))
        study().run(folder)
    return folder / "lamp"


@pytest.fixture
def results(honest, tmp_path, monkeypatch):
    """Those results beside a hostile file, in the current folder; a module of that file is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    shutil.copytree(honest, "lamp")
    Path("evil.py").write_text(EVIL)
    yield tmp_path
    from gymnasium.envs.registration import registry

    registry.pop("my/Evil-v0", None)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def change(edit, folder="lamp"):
    """Change the settings in all files of a study as `edit(task, method, trial or study)` does."""
    for path in [*Path(folder).rglob("trial.json"), *Path(folder).rglob("study.json")]:
        content = json.loads(path.read_text())
        settings = content.get("settings", content)
        tasks, methods = (
            settings.get("tasks", [settings.get("task")]),
            settings.get("methods", [settings.get("method")]),
        )
        for task in tasks:
            for method in methods:
                edit(task, method, settings)
        path.write_text(json.dumps(content))


def change_genomes(**layer):
    """Change a layer of all genomes."""
    for path in Path("lamp").rglob("genome.npz"):
        arrays = dict(np.load(path))
        about = json.loads(str(arrays["about"]))
        about["spec"]["layers"][0] |= layer
        path.write_bytes(npz_bytes({**arrays, "about": np.array(json.dumps(about))}))


HOSTILE = {
    "robot": lambda task, method, all: task.update(env="evil.py:my/Evil-v0", label="phototaxis"),
    "robot of a module": lambda task, method, all: task.update(env="evil:my/Evil-v0"),
    "robot with blanks": lambda task, method, all: task.update(env="evil.py: x y"),
    "class of a robot": lambda task, method, all: task["env_kwargs"].update(robot="evil:Evil"),
    "program as a robot": lambda task, method, all: task["env_kwargs"].update(
        robot="subprocess:Popen", args=f"{sys.executable} evil.py; touch ran", shell=True
    ),
    "teacher": lambda task, method, all: task.update(teacher={"function": "evil.py:teacher"}),
    "teacher of Python": lambda task, method, all: task.update(teacher={"function": "os:abort"}),
    "class of a task": lambda task, method, all: task.update(type="evil:Task"),
    "class of a method": lambda task, method, all: method.update(type="evil.py:Method"),
    "layer": lambda task, method, all: all.update(hidden=[{"type": "evil:Layer", "units": 3}]),
    "activation": lambda task, method, all: all.update(
        hidden=[{"type": "Dense", "units": 3, "activation": "evil.py:swish"}]
    ),
    "callback": lambda task, method, all: all.update(callbacks=[{"type": "evil:Callback"}]),
    "data": lambda task, method, all: task.update(type="DatasetTask", source="evil.py:my-set"),
    "penalty": lambda task, method, all: method.update(penalties=[{"type": "evil:Penalty"}]),
}
LOOKS = [
    ["table", "lamp"],
    ["plot", "lamp"],
    ["compare", "lamp"],
    ["convert", "lamp", "--to", "csv"],
    ["report", "lamp"],
    ["report", "lamp", "--robustness"],
    ["replay", TRIAL],
    ["replay", TRIAL, "--plot"],
    ["export", TRIAL, "--to", "numpy"],
    ["export", TRIAL, "--to", "c", "--task", f"{TRIAL}/trial.json"],
    ["run", f"{TRIAL}/trial.json"],
    ["check-task", f"{TRIAL}/trial.json"],
    ["import", "weights.npz", "--task", f"{TRIAL}/trial.json"],
]


@pytest.mark.parametrize("words", LOOKS)
def test_no_command_runs_code_of_other_peoples_results(evorobo, results, words):
    np.savez("weights.npz", a=np.ones((2, 2)))
    change(HOSTILE["robot"])
    change_genomes(activation="evil.py:swish")
    code, _, err = evorobo(*words)
    assert not Path("ran").exists()
    if words[0] in ("table", "plot", "convert"):
        assert (code, err) == (0, "")
    if words[0] in ("run", "check-task", "replay") or "--robustness" in words:
        assert code == 2
        assert "not written by your own runs, and it names code (evil.py:my/Evil-v0); add --trust" in err


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_names_code_is_found(evorobo, results, kind):
    change(HOSTILE[kind])
    with pytest.raises(ResultsError, match="was not written by your own runs, and it names code"):
        StudyTable.from_results(load("lamp")).study  # noqa: B018
    for words in ["export", TRIAL, "--to", "json"], ["replay", TRIAL], ["check-task", f"{TRIAL}/trial.json"]:
        code, _, err = evorobo(*words)
        assert code in (0, 2)
        assert "was not written by your own runs, and it names code" in err
    assert not Path("ran").exists()


@pytest.mark.parametrize("words", [words for words in LOOKS if words[0] not in ("table", "plot", "compare", "convert")])
def test_every_command_runs_it_with_trust(evorobo, results, words):
    np.savez("weights.npz", a=np.ones((2, 2)))
    change(HOSTILE["robot"])
    code, _, err = evorobo(*words, "--trust")
    assert (code, err) == (0, "")
    assert Path("ran").exists()


def test_what_needs_no_code_is_shown_and_one_sentence_names_the_rest(evorobo, results):
    change(HOSTILE["robot"])
    for words, part in (["report", "lamp"], "the behavior of its solutions"), (LOOKS[8], "its task"):
        code, out, err = evorobo(*words)
        assert code == 0
        assert err == (
            f"evorobo: {part} is left out: {'lamp' if words[0] == 'report' else TRIAL} was not written by your own "
            "runs, and it names code (evil.py:my/Evil-v0); add --trust (in Python trust=True) if you trust it.\n"
        )
        assert Path(out.splitlines()[0]).is_file()
    assert "was not written by your own runs" in Path("lamp/report.html").read_text()


def test_results_without_code_are_shown_whole(evorobo, results):
    for words in (["report", "lamp"], ["replay", TRIAL], LOOKS[8], ["check-task", f"{TRIAL}/trial.json"]):
        assert evorobo(*words)[::2] == (0, "")
    assert evorobo("run", f"{TRIAL}/trial.json")[0] == 0


def test_no_function_runs_code_of_other_peoples_results(results, monkeypatch):
    change(HOSTILE["robot"])
    change_genomes(type="evil:Layer")
    Path("lamp/phototaxis/cma-es/seed-0/rivals.npz").write_bytes(Path(f"{TRIAL}/genome.npz").read_bytes())
    calls = [
        lambda: Trial.load(f"{TRIAL}/trial.json"),
        lambda: Genome.load(f"{TRIAL}/genome.npz"),
        lambda: Archive.load(f"{TRIAL}/genome.npz"),
        lambda: Replay(TRIAL).gif(),
        lambda: transfer(load("lamp")),
        lambda: tournament(load("lamp")),
    ]
    for call in calls:
        with pytest.raises(EvoroboError):
            call()
    with suppress(EvoroboError):
        show(load("lamp"))
    write_report(load("lamp"))
    assert not Path("ran").exists()
    Trial.load(f"{TRIAL}/trial.json", trust=True).task.n_inputs  # noqa: B018
    assert Path("ran").exists()


def test_a_genome_runs_code_with_trust_only(results):
    change_genomes(type="evil.py:Layer")
    with pytest.raises(EvoroboError, match=r"'evil.py:Layer' is not loaded; import evil.py first if you trust it"):
        Genome.load(f"{TRIAL}/genome.npz")
    assert not Path("ran").exists()
    assert Genome.load(f"{TRIAL}/genome.npz", trust=True).spec.layers[0].units == 3
    assert Path("ran").exists()


def test_settings_reach_no_function_of_python_or_of_packages():
    for name in ("os:system", "subprocess:Popen", "numpy:save", "pathlib:Path.touch"):
        with pytest.raises(SettingsError, match="is not loaded"):
            from_plain({"function": name})
        assert named_code([{"robot": name}]) == [name]


def test_the_option_robot_takes_robots_only(results):
    task = ControlTask("evorobo/Phototaxis-v0", env_kwargs={"robot": "subprocess:Popen", "args": ["touch", "ran"]})
    with pytest.raises(EvoroboError, match="is no robot class"):
        task.n_inputs  # noqa: B018
    assert not Path("ran").exists()


def test_a_file_of_tuned_settings_names_no_code(results):
    best = {
        "settings": {"methods.backprop.optimizer": {"type": "evil.py:Adam"}},
        "validation": 1,
        "failed": 0,
        "cost": {},
    }
    best = {**best, "settings": {"hidden": [{"type": "evil.py:Layer"}]}}
    content = {"format": FORMAT, "task": "phototaxis", "trials": 1, "seeds": [9], "budget": {}}
    Path("t.json").write_text(json.dumps({**content, "methods": {"backprop": best, "cma-es": best}}))
    with pytest.raises(SettingsError, match=r"names code \(evil\.py:Layer\), and a file of settings must not"):
        tuned(study(), "t.json")
    assert not Path("ran").exists()


def test_modules_in_the_current_folder_do_not_take_the_place_of_packages(results):
    for module in ("numpy", "matplotlib", "platformdirs", "json", "tabulate", "imageio_ffmpeg", "mujoco", "pandas"):
        Path(f"{module}.py").write_text("open('ran', 'w')")
    code = "from evorobo.cli import main; main()"
    done = subprocess.run([sys.executable, "-P", "-c", code, "report", "lamp"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path("ran").exists()


# ---- one's own results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder in which this user has run a study with a robot of their own."""
    folder = tmp_path_factory.mktemp("own")
    code, _, err = run(rail(folder), "--jobs", 1, "--seeds", 1, folder=folder)
    assert (code, err) == (0, "")
    return folder


@pytest.fixture
def own(evorobo, folder, monkeypatch):
    """`evorobo WORDS` in that folder."""
    monkeypatch.chdir(folder)
    return evorobo


RAIL_TRIAL = "results/rail/rail/cma-es/seed-0"
EXPORT = ["--to", "numpy"]
STRANGER = "was not written by your own runs, and it names code (rail.py:my/Rail-v"


def test_a_copy_of_ones_own_results_is_not_ones_own(own):
    shutil.copytree("results", "copied")
    assert STRANGER in sentence(own("replay", RAIL_TRIAL.replace("results", "copied")))


def test_ones_own_names_mean_other_files_in_another_folder(own, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = sentence(own("replay", folder / RAIL_TRIAL))
    assert f"was run from the folder {folder}; use it from there, or add --trust" in answer


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("results/rail/study.json", "{", "{ "),
        (f"{RAIL_TRIAL}/trial.json", "my/Rail-v0", "my/Rail-v1"),
        (f"{RAIL_TRIAL}/trial.json", '"teacher": null', '"teacher": {"function": "rail.py:wipe"}'),
    ],
)
def test_ones_own_results_with_other_settings_are_not_ones_own(own, file, old, new):
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))
    try:
        assert STRANGER in sentence(own("replay", RAIL_TRIAL))
    finally:
        Path(file).write_text(text)


def test_without_the_record_no_results_are_ones_own(own, tmp_path, monkeypatch):
    monkeypatch.setenv(RECORD_VARIABLE, str(tmp_path))
    assert STRANGER in sentence(own("replay", RAIL_TRIAL))


def test_a_moved_study_is_ones_own_again_after_its_script_has_run(own, folder):
    shutil.copytree("results", "moved")
    trial = RAIL_TRIAL.replace("results", "moved")
    assert STRANGER in sentence(own("replay", trial))
    assert run("rail.py", "--jobs", 1, "--seeds", 1, "--results", "moved", folder=folder)[0] == 0
    assert run("-m", "evorobo", "export", trial, *EXPORT, folder=folder)[::2] == (0, "")


def test_ones_own_results_and_trials_are_shown_whole(own, folder):
    assert run("-m", "evorobo", "run", f"{RAIL_TRIAL}/trial.json", folder=folder)[0] == 0
    for trial in (RAIL_TRIAL, "results/again/rail/cma-es/seed-0"):
        assert run("-m", "evorobo", "export", trial, *EXPORT, folder=folder)[::2] == (0, "")


def test_results_are_kept_where_the_record_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(RECORD_VARIABLE, str(tmp_path / "file"))
    assert len(study().run(tmp_path).runs) == 2
