"""New folders for robots and data run as they are written, and errors in them are reported with a cure."""

import re
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from scripts import run, sentence

from evorobo.study.results import load

TINY = ("--seeds", 1, "--budget", "generations=2,n_evals=2", "--jobs", 1)


def own_tests(folder):
    """Run the tests in a new folder as its owner does."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


# ---- a robot


def test_a_new_task_runs_passes_its_test_and_keeps_the_contract(evorobo, tmp_path):
    code, out, err = evorobo("new-task", "my_robot")
    assert (code, err) == (0, "")
    files = {"my_robot.py", "experiment.py", "test_my_robot.py"}
    assert {path.name for path in (tmp_path / "my_robot").iterdir()} == files
    assert all(f"my_robot/{name}\n" in out for name in files)
    assert out.splitlines()[-1] == "Now: cd my_robot; python experiment.py; python -m pytest"

    code, out, err = evorobo("check-task", "my_robot/my_robot.py:MyRobot")
    assert (code, err) == (0, "")
    assert re.match(r"my_robot/my_robot\.py:MyRobot: the robot is valid\. .*\nDifferentiable: yes", out)
    told = re.search(
        r"my/MyRobot-v0: the task is valid\. 4 inputs, 2 outputs; "
        r"episode return: random ([\d.]+), teacher ([\d.]+)\.\n",
        out,
    )
    chance, teacher = map(float, told.groups())
    assert teacher > 5 * chance

    folder = tmp_path / "my_robot"
    assert own_tests(folder)[0] == 0
    code, out, err = run("experiment.py", *TINY, folder=folder)
    assert (code, err) == (0, "")
    results = load(folder / "results" / "my_robot")
    assert [each.status for each in results.runs] == ["finished"] * 3
    for name in ("curves.png", "paths-myrobot.png"):
        assert (folder / "results" / "my_robot" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (
            "my-robot",
            "'my-robot' is invalid as the name of a Python file; use small letters, digits and _, as in my_robot.",
        ),
        ("9lives", "'9lives' is invalid as the name of a Python file"),
        ("class", "'class' is invalid as the name of a Python file"),
        ("MyRobot", "'MyRobot' is invalid as the name of a Python file; use small letters"),
        ("../up", "'../up' is invalid as the name of a Python file"),
        ("numpy", "numpy is the name of a Python package, which the new file would hide; choose another name."),
        ("random", "random is the name of a Python package,"),
        ("there", "there exists already; choose another name, or move it away."),
    ],
)
def test_an_invalid_name_is_refused_and_nothing_is_written(evorobo, tmp_path, name, answer):
    (tmp_path / "there").mkdir()
    assert answer in sentence(evorobo("new-task", name))
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


BREAKS = {
    "no sensors": ('sensors = ("east", "north", "speed east", "speed north")', "sensors = ()", "has no sensors; name"),
    "a missing function": (
        "def transition(",
        "def transit(",
        "has no function transition(); write it as",
    ),
    "one robot at a time": (
        "return np.hstack([place, rng.normal(0.3, 2)])",
        "return np.hstack([place, rng.normal(0.3, 2)])[0]",
        "initial() returned shape (4,) for 1 robots; return one row of numbers for each",
    ),
    "a sensor too few": (
        "return state + rng.normal(0.02, 4)",
        "return state[:, :3]",
        "observation() returned shape (1, 3) for 1 robots with 4 sensors; return shape (1, 4)",
    ),
    "a division by zero": (
        "return state + rng.normal(0.02, 4)",
        "return state / np.zeros(())",
        "sensors must be finite numbers, so look for a division by zero",
    ),
    "numpy's own chance": (
        "rng.normal(self.gusts, 2))",
        "np.random.normal(0, self.gusts, speed.shape))",
        "draws from the global generators of random or numpy.random; draw from the rng it is given.",
    ),
    "a state changed in place": (
        "place, speed = state[:, :2], state[:, 2:]",
        "state *= 0.99; place, speed = state[:, :2], state[:, 2:]",
        "transition() changed one of its arguments in place; make new arrays, or start from a copy()",
    ),
    "rows that meet": (
        "return np.exp(-2 * distance) * (100 / self.max_steps)",
        "return np.exp(-2 * distance.mean()) + 0 * distance",
        "compute each row from that row only, without means over axis 0",
    ),
    "one reward for all": (
        "return np.exp(-2 * distance) * (100 / self.max_steps)",
        "return float(np.exp(-2 * distance[0]))",
        "reward() returned shape () with",
    ),
    "ends that are numbers": (
        "return np.hypot(state[:, 0], state[:, 1]) > 5",
        "return np.hypot(state[:, 0], state[:, 1])",
        "terminal() returned float64 of shape (1,) for 1 robots; return one boolean for each",
    ),
    "a teacher beyond the motors": (
        "return np.clip(-sensors[:, :2] - 1.5 * sensors[:, 2:], -1, 1)",
        "return -sensors[:, :2] - 9.5 * sensors[:, 2:]",
        "motors take values from -1 to 1, so use np.clip",
    ),
    "a drawing of a wrong column": ("ax.plot(*states[0, :2],", "ax.plot(states[0, 9],", "draw() raised IndexError"),
    "a settings field without default": ("gusts: float = 0.2", "gusts: float", "needs settings"),
    "a slip of the pen": ("def terminal(self, state):", "def terminal(self, state)", "SyntaxError in line 53"),
    "an import that fails": ("import numpy as np", "import numpyy as np", "cannot be loaded: ModuleNotFoundError"),
}


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(("old", "new", "answer"), BREAKS.values(), ids=BREAKS)
def test_a_broken_robot_is_reported_with_a_cure(evorobo, tmp_path, old, new, answer):
    assert evorobo("new-task", "wreck")[0] == 0
    path = tmp_path / "wreck" / "wreck.py"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new).replace("my/Wreck-v0", f"{tmp_path.name}/Wreck-v0"))
    assert answer in sentence(evorobo("check-task", "wreck/wreck.py:Wreck"))


def test_a_teacher_worse_than_random_actions_is_reported(evorobo, tmp_path):
    assert evorobo("new-task", "fool")[0] == 0
    path = tmp_path / "fool" / "fool.py"
    path.write_text(path.read_text().replace("np.clip(-sensors", "np.clip(sensors"))
    code, out, _ = evorobo("check-task", "fool/fool.py:Fool")
    assert code == 0
    assert "Its teacher is no better than random actions, so copying it is useless; fix or delete the teacher." in out


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("nowhere.py:Arm", "there is no file nowhere.py; give the path from the current folder."),
        ("nowhere:Arm", "'nowhere:Arm' cannot be found: No module named 'nowhere'. Is its folder on the Python path?"),
        ("parts.py", "which robot or task of parts.py? Write parts.py:Name."),
        ("parts:Leg", "unknown name in parts.py 'Leg'; did you mean 'leg'?"),
        ("parts:leg", "parts:leg is a int, neither an evorobo.Robot nor a task; give the name of one of these."),
        ("CartPol-v1", "unknown environment 'CartPol-v1'; did you mean 'CartPole-v1'?"),
        ("nowhere.csv", "there is no file nowhere.csv"),
    ],
)
def test_other_objects_are_refused(evorobo, tmp_path, word, answer):
    (tmp_path / "parts.py").write_text("leg = 4\n")
    assert answer in sentence(evorobo("check-task", word))


def test_any_gymnasium_id_can_be_checked(evorobo):
    code, out, err = evorobo("check-task", "CartPole-v1")
    assert (code, err) == (0, "")
    assert out.startswith("CartPole-v1: the task is valid. 4 inputs, 2 outputs; episode return: random ")


def test_an_id_without_a_limit_of_steps_is_checked_with_one(evorobo, tmp_path):
    gymnasium.register("endless/CartPole-v0", "gymnasium.envs.classic_control.cartpole:CartPoleEnv")
    answer = sentence(evorobo("check-task", "endless/CartPole-v0"))
    assert "has no limit of steps; give the task max_steps=... (check-task: --max-steps), or register" in answer
    code, out, err = evorobo("check-task", "endless/CartPole-v0", "--max-steps", 50)
    assert (code, err) == (0, "")
    assert out.startswith("endless/CartPole-v0: the task is valid.")
    (tmp_path / "rows.csv").write_text("x,y\n" + "\n".join(f"{x},{x / 2}" for x in range(1, 40)))
    assert "rows.csv is no environment, so it has no steps" in sentence(
        evorobo("check-task", "rows.csv", "--max-steps", 5)
    )
    assert "max_steps must be a whole number of at least 1 or None, not -3" in sentence(
        evorobo("check-task", "endless/CartPole-v0", "--max-steps", -3)
    )


# ---- data


def rows(count=60):
    rng = np.random.default_rng(0)
    lines = ["left,right,lap,move"]
    for number in range(count):
        left, right = rng.uniform(0, 3, 2)
        lines.append(f"{left:.3f},{right:.3f},{number // 20},{'turn' if left < right else 'go'}")
    return "\n".join(lines) + "\n"


def test_a_new_dataset_runs_passes_its_test_and_keeps_the_contract(evorobo, tmp_path):
    (tmp_path / "Wall data.csv").write_text(rows())
    code, out, err = evorobo("new-dataset", "Wall data.csv", "--target", "move", "--ignore", "lap")
    assert (code, err) == (0, "")
    assert out.startswith("60 rows of 2 inputs; to predict: 2 classes of 'move', the largest ")
    folder = tmp_path / "wall_data"
    assert {path.name for path in folder.iterdir()} == {
        "Wall data.csv",
        "wall_data.py",
        "experiment.py",
        "test_wall_data.py",
    }
    assert own_tests(folder)[0] == 0
    code, out, err = run("experiment.py", *TINY, folder=folder)
    assert (code, err) == (0, "")
    assert (folder / "results" / "wall_data" / "curves.png").exists()
    assert evorobo("check-task", "wall_data/wall_data.py:task")[0] == 0


def test_several_targets_and_a_name_for_the_folder(evorobo, tmp_path):
    lines = ["a;b;x;y", *(f"{i * 7 % 30};{i % 3};{i / 2};{i * i}" for i in range(30))]
    (tmp_path / "arm.csv").write_text("\n".join(lines))
    code, out, err = evorobo("new-dataset", "arm.csv", "--target", "x,y", "--name", "two_joints")
    assert (code, err) == (0, "")
    assert out.startswith("30 rows of 2 inputs; to predict: the values 'x', 'y'.")
    assert own_tests(tmp_path / "two_joints")[0] == 0


IMU = "\n".join(
    [
        "subject,ax,ay,activity",
        *(f"p{row // 20},{row % 7 / 7},{row % 11 / 11},{('walk', 'run')[row % 3 == 0]}" for row in range(120)),
    ]
)


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("experiment.csv", "experiment_data"),
        ("EXPERIMENT.CSV", "experiment_data"),
        ("conftest.csv", "conftest_data"),
        ("class.csv", "class_data"),
        ("2024 walks.csv", "data_2024_walks"),
    ],
)
def test_no_file_of_a_new_folder_has_the_name_of_another(evorobo, tmp_path, file, folder):
    (tmp_path / file).write_text(rows())
    code, _, err = evorobo("new-dataset", file, "--target", "move", "--ignore", "lap")
    assert (code, err) == (0, "")
    assert {path.name for path in (tmp_path / folder).iterdir()} == {
        file,
        f"{folder}.py",
        "experiment.py",
        f"test_{folder}.py",
    }
    assert "study = er.Study.grid(" in (tmp_path / folder / "experiment.py").read_text()
    assert (tmp_path / folder / file).read_text() == (tmp_path / file).read_text() == rows()
    again = sentence(evorobo("new-dataset", file, "--target", "move", "--ignore", "lap"))
    assert f"{folder} exists already; choose another name, or move it away." in again


def test_a_new_dataset_splits_by_whole_sessions_and_says_so(evorobo, tmp_path):
    (tmp_path / "imu.csv").write_text(IMU)
    code, out, err = evorobo("new-dataset", "imu.csv", "--target", "activity", "--ignore", "subject")
    assert (code, err) == (0, "")
    assert out.startswith(
        "120 rows of 2 inputs; to predict: 2 classes of 'activity', the largest 67% of the rows.\n"
        "- With a random split 100% of the test rows share "
        "their 'subject' with training rows and may resemble them, so the scores may be too good; split by whole "
        'groups: FoldSplit(column="subject"). The new task has a split that keeps such rows together.\n'
    )
    assert '    split=er.FoldSplit(column="subject"),\n' in (tmp_path / "imu" / "imu.py").read_text()
    assert own_tests(tmp_path / "imu")[0] == 0


def test_a_new_dataset_with_a_time_stamp_is_split_in_blocks(evorobo, tmp_path):
    lines = IMU.replace("subject", "time").splitlines()
    stamped = [lines[0], *(f"{row / 50},{line.partition(',')[2]}" for row, line in enumerate(lines[1:]))]
    (tmp_path / "imu.csv").write_text("\n".join(stamped))
    code, out, _ = evorobo("new-dataset", "imu.csv", "--target", "activity", "--ignore", "time")
    assert code == 0
    assert "With a random split rows have a time stamp ('time'), and " in out
    assert "    split=er.BlockSplit(),\n" in (tmp_path / "imu" / "imu.py").read_text()


def test_a_code_of_missing_values_does_not_change_the_split(evorobo, tmp_path):
    (tmp_path / "walls.csv").write_text(rows() + "9999,2.5,3,go\n")
    code, out, _ = evorobo("new-dataset", "walls.csv", "--target", "move", "--ignore", "lap")
    assert code == 0
    assert "- 9999 in 'left': far from all other values, taken for missing" in out
    assert 'FoldSplit(folds=4, column="lap")' in (tmp_path / "walls" / "walls.py").read_text()


def test_a_new_dataset_passes_on_how_the_file_is_read(evorobo, tmp_path):
    lines = [f"{row % 7 + 0.5},{row % 5 + 0.25},{('go', 'turn')[row % 3 == 0]}" for row in range(40)]
    (tmp_path / "lidar.csv").write_text("\n".join(["-45,45,move", *lines]))
    assert "--header yes or --header no" in sentence(evorobo("new-dataset", "lidar.csv"))
    code, out, _ = evorobo("new-dataset", "lidar.csv", "--header", "yes")
    assert code == 0
    assert out.startswith("40 rows of 2 inputs; to predict: 2 classes of 'move'")
    assert own_tests(tmp_path / "lidar")[0] == 0


@pytest.mark.parametrize("line", [",2.0,3,go", "NaN,2.0,3,go", "1.0,2.0,3,"])
def test_empty_cells_are_replaced_and_named(evorobo, tmp_path, line):
    (tmp_path / "walls.csv").write_text(f"{rows()}{line}\n")
    code, out, _ = evorobo("new-dataset", "walls.csv", "--target", "move")
    assert code == 0
    assert "Empty cells become the median of the training rows" in out
    assert '    missing="median",\n' in (tmp_path / "walls" / "walls.py").read_text()


BROKEN_DATA = {
    "no header where one is named": (rows().split("\n", 1)[1], "'move'"),
    "a ragged line": (rows() + "1.0,2.0\n", "line 62"),
    "a word among numbers": (
        rows() + "near,2.0,3,go\n",
        "line 62, column 'left': 'near' is not a number; correct the cell",
    ),
    "infinity": (rows() + "inf,2.0,3,go\n", "line 62, column 'left'"),
    "one class": (
        rows().replace("turn", "go"),
        "all rows belong to one class, 'go'; classification needs at least two.",
    ),
    "two rows": ("left,right,lap,move\n1,2,0,go\n2,1,0,turn\n", "2 rows are too few to train, validate and test"),
    "nothing": ("", "data.csv"),
    "a header alone": ("left,right,lap,move\n", "data.csv"),
    "a misspelt target": (rows().replace("move", "moves"), "did you mean 'moves'?"),
}


@pytest.mark.parametrize(("content", "answer"), BROKEN_DATA.values(), ids=BROKEN_DATA)
def test_a_broken_data_file_is_reported_with_a_cure(evorobo, tmp_path, content, answer):
    (tmp_path / "data.csv").write_text(content)
    told = sentence(evorobo("new-dataset", "data.csv", "--target", "move", "--name", "mine"))
    assert answer in told
    assert "data.csv" in told
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["nowhere.csv"], "there is no file nowhere.csv; give the path from the current folder."),
        (["data.xlsx"], "data.xlsx has none of the suffixes that evorobo reads"),
        (["data.npz"], "data.npz is damaged or no NPZ file of plain arrays"),
        (["test.csv"], "test is the name of a Python package, which the new file would hide; choose another name."),
        (
            ["data.csv", "--kind", "clustering"],
            'kind must be "classification", "regression" or None, not \'clustering\'.',
        ),
        (["data.csv", "--target", "0,0,1,2,3"], "data.csv has no column left as input"),
        (["data.csv", "--ignore", "lapp"], "did you mean 'lap'?"),
    ],
)
def test_invalid_data_are_refused_and_nothing_is_written(evorobo, tmp_path, words, answer):
    for name in ("data.csv", "data.xlsx", "data.npz", "test.csv"):
        (tmp_path / name).write_text(rows())
    assert answer in sentence(evorobo("new-dataset", *words))
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
