"""Whatever user code raises fails its trial in one sentence, and the others go on; Ctrl-C stays Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from toys import ENDINGS, Bowl, Quits, QuitsAtEval, Slow, Stuck

from evorobo import Backprop, Budget, ControlTask, Evolution, SettingsError, Study, TaskError
from evorobo.loading import load_module
from evorobo.settings import from_plain
from evorobo.study.folders import Interrupted
from evorobo.user_code import as_error, defer_interrupts, user_code

BUDGET = Budget(generations=3, n_evals=2)


@pytest.mark.parametrize(
    "raised", [SystemExit(0), SystemExit("no power"), GeneratorExit(), asyncio.CancelledError(), Stuck("mud")], ids=repr
)
def test_what_is_no_exception_becomes_one_that_names_it(raised):
    error = as_error(raised)
    assert isinstance(error, TaskError)
    assert str(error) == f"user code raised {raised!r}, which is no error; raise a subclass of Exception there."
    assert error.__cause__ is raised


def test_an_exception_stays_as_it_is():
    error = ValueError("left")
    assert as_error(error) is error


def test_an_interrupt_by_a_person_stays_one():
    with pytest.raises(KeyboardInterrupt):
        as_error(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), user_code("Arm.draw()"):
        raise KeyboardInterrupt
    with defer_interrupts() as requested:
        assert isinstance(as_error(KeyboardInterrupt()), TaskError)  # no signal came: user code raised it
        signal.raise_signal(signal.SIGINT)
        assert requested()
        with pytest.raises(KeyboardInterrupt):
            as_error(KeyboardInterrupt())


@pytest.mark.parametrize("raised", [SystemExit(0), RuntimeError("0"), Stuck("0")], ids=repr)
def test_the_place_of_user_code_is_named(raised):
    says = rf"Arm\.draw\(\) raised {type(raised).__name__}: 0; fix it"
    with pytest.raises(TaskError, match=says), user_code("Arm.draw()"):
        raise raised


EVOLUTION = (Evolution(),)


def study(*tasks, methods=EVOLUTION, callbacks=()):
    return Study.grid("quits", tasks=tasks, methods=methods, seeds=1, budget=BUDGET, hidden=(3,), callbacks=callbacks)


def statuses(results):
    return {run.task: run.status for run in results.runs}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("place", ["score", "test"])
def test_a_robot_that_ends_the_program_fails_its_trial_only(tmp_path, ending, place):
    results = study(Quits("quits", ending, place), Bowl()).run(tmp_path)
    assert statuses(results) == {"quits": "failed", "bowl": "finished"}
    reason = next(run.reason for run in results.runs if run.status == "failed")
    assert reason == str(as_error(ENDINGS[ending]) if ending != "interrupt" else reason)
    assert type(ENDINGS[ending]).__name__ in reason


@pytest.mark.parametrize("ending", ["exit", "own"])
@pytest.mark.parametrize("place", ["references", "caveat", "examples"])
def test_a_robot_that_ends_the_program_before_the_first_step_ends_no_study(tmp_path, ending, place):
    results = study(Quits("quits", ending, place), Bowl(), methods=[Backprop()]).run(tmp_path)
    assert statuses(results) == {"quits": "failed" if place == "examples" else "finished", "bowl": "finished"}


def test_a_callback_that_ends_the_program_fails_its_trial(tmp_path):
    (run,) = study(Bowl(), callbacks=[QuitsAtEval()]).run(tmp_path).runs
    assert (run.status, "the callback QuitsAtEval.on_eval failed" in run.reason) == ("failed", True)
    assert "SystemExit(0)" in run.reason


def test_a_file_that_ends_the_program_while_it_is_loaded(tmp_path):
    (tmp_path / "arm.py").write_text("import sys\n\nsys.exit(0)\n")
    with pytest.raises(TaskError, match=r"arm\.py cannot be loaded: SystemExit in line 3: 0; fix it"):
        load_module(str(tmp_path / "arm.py"), "arm")


def test_settings_that_end_the_program(tmp_path):
    (tmp_path / "settings.py").write_text(
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Arm:\n    n: int = 0\n"
        "    def __post_init__(self):\n        raise SystemExit(0)\n"
    )
    with pytest.raises(SettingsError, match="does not accept n: 0"):
        from_plain({"type": f"{tmp_path}/settings.py:Arm", "n": 1}, imports=True)


ENVIRONMENT = """
import sys
import gymnasium, numpy as np

class Quits(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, place="step"):
        self.place = place
        self.quit("__init__")

    def quit(self, place):
        if place == self.place:
            sys.exit(3)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.quit("reset")
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.quit("step")
        return np.zeros(2, np.float32), 0.0, True, False, {}

gymnasium.register("quits/Quits-v0", Quits)
"""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("step", r"raised SystemExit in step\(\) at step 1"),
        ("reset", r"raised SystemExit in reset\(\)"),
        ("__init__", "raised SystemExit while it was made: 3"),
    ],
)
def test_an_environment_that_ends_the_program_is_named(tmp_path, monkeypatch, place, said):
    (tmp_path / "quits_env.py").write_text(ENVIRONMENT)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TaskError, match=said):
        ControlTask("quits_env:quits/Quits-v0", env_kwargs={"place": place}, max_steps=5).references()


ROBOT = '''
"""A robot that ends the program."""
import sys
from dataclasses import dataclass

import evorobo as er
from evorobo.tasks.control.robots.phototaxis import Phototaxis


@dataclass(frozen=True)
class Arm(Phototaxis):
    def PLACE(self, *arguments):
        sys.exit(0)


er.register(Arm, "quits/Arm-v0")
study = er.Study.grid(
    "arms",
    tasks=[er.ControlTask("arm.py:quits/Arm-v0"), er.ControlTask("evorobo/Phototaxis-v0")],
    methods=[er.Evolution()],
    seeds=1,
    budget=er.Budget(generations=2, n_evals=1),
    hidden=(2,),
)
if __name__ == "__main__":
    er.main(study)
'''


@pytest.mark.parametrize("place", ["transition", "initial", "observation"])
def test_a_script_whose_robot_ends_the_program_says_so_and_runs_the_others(tmp_path, place):
    (tmp_path / "arm.py").write_text(ROBOT.replace("PLACE", place))
    ran = subprocess.run([sys.executable, "arm.py", "--jobs", "1"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "1 of 2 trials failed" in ran.stderr
    assert "SystemExit" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "results/arms/phototaxis/cma-es/seed-0/genome.npz").exists()


def test_check_task_and_replay_say_what_ended_the_program(tmp_path, evorobo):
    (tmp_path / "arm.py").write_text(ROBOT.replace("PLACE", "draw"))
    code, _, err = evorobo("check-task", "arm.py:Arm")
    assert code == 2
    assert "SystemExit" in err
    _, out, _ = evorobo("run", "arm.py", "--jobs", "1")
    assert "The paths of arm are not drawn: Arm.draw() raised SystemExit: 0" in out
    assert "verdicts.csv" in out
    folder = next((tmp_path / "results/arms").glob("arm/*/seed-0"))
    code, _, err = evorobo("replay", folder, "--plot")
    assert (code, "Arm.draw() raised SystemExit: 0" in err) == (2, True)


def test_one_ctrl_c_ends_a_robot_that_hangs_within_five_seconds(tmp_path):
    began = time.monotonic()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises((Interrupted, KeyboardInterrupt)):
        study(Slow("slow", seconds=60)).run(tmp_path)
    assert time.monotonic() - began < 5.5
