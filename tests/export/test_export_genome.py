"""Exported controllers have the outputs of the genome, for all layers and in all languages."""

import re
import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from kinds import NETWORKS, random_genome, with_scalers
from languages import CC, EXACT, LANGUAGES, load, needs_cc
from package_keys import ACTIVATIONS

from evorobo import (
    CTRNN,
    GRU,
    LSTM,
    ControlTask,
    DatasetTask,
    Dense,
    Genome,
    LayerNorm,
    NetworkSpec,
    SettingsError,
    export_genome,
)
from evorobo.tasks.control.rollout import TEST

N_STEPS = 1000


def assert_close(outputs, expected, to):
    assert np.abs(np.asarray(outputs) - expected).max() <= EXACT[to] * (1 + np.abs(expected).max())


# ---- outputs


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
def test_the_outputs_of_a_thousand_random_steps_are_those_of_the_genome(to, hidden, tmp_path):
    rng = np.random.default_rng(1)
    genome, sensors = random_genome(hidden, rng), rng.normal(0, 2, (N_STEPS, 3)).astype(np.float32).astype(float)
    controller = load(to, genome, tmp_path)
    outputs = [controller.step(row)[0] for row in sensors]
    assert_close(outputs, genome(sensors, n_steps=N_STEPS), to)
    controller.reset()
    again = [controller.step(row)[0] for row in sensors[:5]]
    np.testing.assert_array_equal(again, outputs[:5])


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("hidden", [(4,), (GRU(3),)], ids=["4", "GRU"])
def test_sensors_and_outputs_keep_their_units(to, hidden, tmp_path):
    rng = np.random.default_rng(2)
    genome = with_scalers(random_genome(hidden, rng))
    sensors = genome.input_scaler.inverse_transform(rng.normal(size=(50, 3))).astype(np.float32).astype(float)
    controller = load(to, genome, tmp_path)
    outputs = np.array([controller.step(row)[0] for row in sensors])
    expected = genome(sensors, n_steps=50)
    assert_close(outputs[:, 0], expected[:, 0], to)
    assert_close(outputs[:, 1], expected[:, 1], to)


@pytest.mark.parametrize("to", LANGUAGES)
def test_inputs_beyond_the_range_of_exp_have_outputs(to, tmp_path):
    rng = np.random.default_rng(3)
    for name in ACTIVATIONS:
        (tmp_path / name).mkdir()
        genome = random_genome((Dense(4, name), Dense(3, name)), rng)
        sensors = np.array([[300.0, -300.0, 100.0], [-300.0, 200.0, -250.0]])
        controller = load(to, genome, tmp_path / name)
        assert_close([controller.step(row)[0] for row in sensors], genome(sensors), to)


@pytest.mark.parametrize("to", ["numpy", "onnx"])
def test_rows_of_sensors_are_robots_with_their_own_state(to, tmp_path):
    rng = np.random.default_rng(4)
    genome, sensors = random_genome((LSTM(4), LayerNorm()), rng), rng.normal(size=(6, 5, 3))
    controller = load(to, genome, tmp_path)
    outputs = np.stack([controller.step(rows)[0] for rows in sensors])
    for robot in range(5):
        assert_close(outputs[:, robot], genome(sensors[:, robot], n_steps=6), to)


def test_the_numpy_file_of_single_precision_weights_is_exact(tmp_path):
    rng = np.random.default_rng(5)
    genome, sensors = random_genome((7, GRU(3)), rng, dtype=np.float32), rng.normal(size=(40, 3))
    controller = load("numpy", genome, tmp_path)
    double = Genome(genome.spec, genome.weights.astype(float))
    assert_close([controller.step(row)[0] for row in sensors], double(sensors, n_steps=40), "numpy")


# ---- actions


class AnyActions(gymnasium.Env):
    """Random observations, and the given action space."""

    observation_space = gymnasium.spaces.Box(-1, 1, (3,), np.float32)

    def __init__(self, space):
        self.action_space = space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.uniform(-1, 1, 3).astype(np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return self.np_random.uniform(-1, 1, 3).astype(np.float32), 0.0, False, False, {}


box = gymnasium.spaces.Box
SPACES = {
    "moves": gymnasium.spaces.Discrete(4),
    "moves from 5": gymnasium.spaces.Discrete(3, start=5),
    "several choices": gymnasium.spaces.MultiDiscrete([2, 4], start=[1, -1]),
    "switches": gymnasium.spaces.MultiBinary(3),
    "motors": box(-1, 1, (2,), np.float32),
    "uneven motors": box(np.array([-2.0, 0.0], np.float32), np.array([1.0, 50.0], np.float32)),
    "motors without limits": box(-np.inf, np.inf, (2,), np.float32),
    "motors with one limit": box(0.0, np.inf, (2,), np.float32),
    "gears": box(-2, 2, (2,), np.int64),
    "bytes": box(0, 255, (2,), np.uint8),
    "counts without limits": box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (2,), np.int64),
    "a locked motor": box(np.array([-1.0, 0.5], np.float32), np.array([1.0, 0.5], np.float32)),
    "limits of the type": box(-np.finfo(np.float32).max, np.finfo(np.float32).max, (2,), np.float32),
    "limits beyond single precision": box(-1e300, 1e300, (2,), np.float64),
}
gymnasium.register("export/AnyActions-v0", entry_point=AnyActions, max_episode_steps=30, disable_env_checker=True)


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_outputs_become_the_actions_that_the_robot_takes(to, space, tmp_path):
    task = ControlTask("export/AnyActions-v0", env_kwargs={"space": space})
    rng = np.random.default_rng(6)
    genome = random_genome((6,), rng, outputs=task.n_outputs, output=task.output)
    sensors = rng.normal(size=(200, 3)).astype(np.float32)
    controller = load(to, genome, tmp_path, task)
    actions = np.array([controller.step(row)[1] for row in sensors])
    decoded = task.decoder.actions(genome(sensors))
    expected = np.array([task.decoder.to_env_action(action) for action in decoded]).reshape(len(sensors), -1)
    assert actions.shape == expected.shape
    if actions.dtype.kind == "f" and space.dtype.kind == "f":
        assert_close(actions, expected, "c")  # robots take single precision
    else:
        np.testing.assert_array_equal(actions, expected)


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize(
    ("env", "hidden"), [("evorobo/Phototaxis-v0", (CTRNN(4),)), ("CartPole-v1", (LSTM(3),)), ("Pendulum-v1", (8,))]
)
def test_the_exported_controller_earns_the_return_of_the_genome(to, env, hidden, tmp_path):
    task = ControlTask(env, test_episodes=1)
    genome = random_genome(hidden, np.random.default_rng(7), task.n_inputs, task.n_outputs, task.output)
    controller = load(to, genome, tmp_path, task)
    environment = gymnasium.make(env)
    sensors, total, over = environment.reset(seed=TEST)[0], 0.0, False
    while not over:
        action = controller.step(sensors)[1]
        native = action if isinstance(environment.action_space, box) else int(action[0])
        sensors, reward, terminated, truncated, _ = environment.step(np.asarray(native))
        total, over = total + float(reward), terminated or truncated
    assert total == pytest.approx(task.test(genome), rel=1e-3)


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("space", ["motors", "uneven motors", "motors with one limit", "moves"])
def test_outputs_that_are_motor_values_are_clipped_and_not_scaled(to, space, tmp_path):
    task = ControlTask("export/AnyActions-v0", env_kwargs={"space": SPACES[space]})
    rng = np.random.default_rng(18)
    genome = replace(random_genome((6,), rng, outputs=task.n_outputs), actions="clip")
    sensors = rng.normal(0, 3, (200, 3)).astype(np.float32)
    controller = load(to, genome, tmp_path, task)
    actions = np.array([controller.step(row)[1] for row in sensors])
    if space == "moves":
        np.testing.assert_array_equal(actions[:, 0], genome(sensors).argmax(1))
    else:
        assert_close(actions, np.clip(genome(sensors), SPACES[space].low, SPACES[space].high), "c")
    assert self_test(to, tmp_path)[0] == 0


def test_a_single_move_is_a_number_and_motor_values_are_a_row(tmp_path):
    rng = np.random.default_rng(8)
    cart_pole = load("numpy", random_genome((4,), rng, 4, 2), tmp_path, ControlTask("CartPole-v1"))
    assert np.shape(cart_pole([0.0, 0.1, 0.2, 0.3])) == ()
    phototaxis = load("numpy", random_genome((4,), rng, 2, 2, "tanh"), tmp_path, ControlTask("evorobo/Phototaxis-v0"))
    assert np.shape(phototaxis([0.0, 0.1])) == (2,)


def test_classes_are_named_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    x = np.random.default_rng(9).normal(size=(60, 3))
    task = DatasetTask.from_arrays(x, np.where(x[:, 0] > 0, "wall", "door"))
    genome = Genome((spec := NetworkSpec.build(3, (4,), 2)), spec.init(np.random.default_rng(0)), task.input_scaler)
    controller = load("numpy", genome, tmp_path, task)
    assert "0 door, 1 wall" in (tmp_path / "leg.py").read_text()
    np.testing.assert_array_equal(controller(x), genome(x).argmax(1))


# ---- self-tests


def self_test(to, folder, name="leg"):
    """Exit status and last line of the file's own test."""
    if to == "c":
        subprocess.run([*CC, "-DSELF_TEST", f"{name}.c", "-lm", "-o", "test"], cwd=folder, check=True)
        command = ["./test"]
    else:
        command = [sys.executable, {"onnx": f"{name}_onnx.py"}.get(to, f"{name}.py")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("env", ["evorobo/Phototaxis-v0", "CartPole-v1"])
def test_a_file_tests_itself_against_steps_recorded_on_the_robot(to, env, tmp_path):
    task = ControlTask(env, max_steps=25)
    genome = random_genome((GRU(3),), np.random.default_rng(10), task.n_inputs, task.n_outputs, task.output)
    load(to, genome, tmp_path, task)
    code, line = self_test(to, tmp_path)
    assert code == 0, line
    assert re.fullmatch(r"\d+ recorded steps agree, largest difference \d\.\de[-+]\d+", line)
    assert int(line.split()[0]) >= 5


@pytest.mark.parametrize("to", LANGUAGES[:3])  # PyTorch's files have a checksum of their own
def test_a_damaged_file_says_that_it_differs(to, tmp_path):
    rng = np.random.default_rng(11)
    spec = random_genome((4,), rng).spec
    load(to, Genome(spec, np.full(spec.n_params, 0.25)), tmp_path)
    name = {"numpy": "leg.py", "c": "leg.c", "onnx": "leg.onnx"}[to]
    content = (tmp_path / name).read_bytes()
    a, b = (b"0.25", b"0.75") if to in ("numpy", "c") else np.array([0.25, 0.75], "<f4").view("V4")
    assert bytes(a) in content
    (tmp_path / name).write_bytes(content.replace(bytes(a), bytes(b), 1))
    code, line = self_test(to, tmp_path)
    assert code == 1
    assert "recorded steps DIFFER" in line


@needs_cc
def test_the_c_file_needs_mathematics_alone(tmp_path):
    genome = random_genome(
        (6, LayerNorm(), GRU(4), LSTM(3), CTRNN(4), *(Dense(3, name) for name in ACTIVATIONS)),
        np.random.default_rng(12),
    )
    (path,) = export_genome(genome, "c", tmp_path / "leg.c")
    subprocess.run([*CC, "-c", path.name, "-o", "leg.o"], cwd=tmp_path, check=True)
    listed = subprocess.run(["nm", "-u", "leg.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"U (\w+)", listed)) <= {
        "tanhf", "expf", "expm1f", "log1pf", "sqrtf", "fmaxf", "fminf", "_GLOBAL_OFFSET_TABLE_", "memset", "memcpy",
    }  # fmt: skip


@needs_cc
def test_two_controllers_fit_into_one_program(tmp_path):
    rng = np.random.default_rng(13)
    for name in ("left-leg.c", "2nd leg.c"):
        export_genome(random_genome((GRU(3),), rng), "c", tmp_path / name)
    subprocess.run(
        [*CC, "-shared", "-fPIC", "left-leg.c", "2nd leg.c", "-lm", "-o", "both.so"], cwd=tmp_path, check=True
    )


def test_the_numpy_file_needs_numpy_alone(tmp_path):
    (path,) = export_genome(random_genome((4,), np.random.default_rng(14)), "numpy", tmp_path / "leg.py")
    others = "('evorobo', 'gymnasium', 'deap', 'scipy', 'matplotlib')"
    code = f"import sys, leg; print([name for name in {others} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=path.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_choices_that_rounding_may_turn_are_not_recorded(tmp_path):
    """Two outputs that differ in the tenth digit would make the self-test fail on another machine."""
    spec = NetworkSpec.build(4, (), 2)
    weights = np.repeat([0.3, -0.2, 0.1, 0.7], 2) + np.tile([0.0, 1e-10], 4)
    genome = Genome(spec, np.concatenate([weights, [0.0, 0.0]]))
    load("numpy", genome, tmp_path, ControlTask("CartPole-v1"))
    assert self_test("numpy", tmp_path) == (0, "0 recorded steps agree, largest difference 0.0e+00")


def test_motor_values_halfway_between_two_whole_numbers_are_not_recorded(tmp_path):
    """Outputs of 0.125 on gears of -2 to 2 are 0.25, and those of 0.25 are 0.5: rounding errors turn the latter."""
    task = ControlTask("export/AnyActions-v0", env_kwargs={"space": box(-2, 2, (1,), np.int64)})
    spec = NetworkSpec.build(3, (), 1)
    for bias, count in ((0.125, 20), (0.25, 0)):
        load("numpy", Genome(spec, np.array([0.0, 0.0, 0.0, bias])), tmp_path, task)
        assert self_test("numpy", tmp_path) == (0, f"{count} recorded steps agree, largest difference 0.0e+00")


@pytest.mark.parametrize("to", LANGUAGES)
def test_hostile_titles_stay_in_their_comments(to, tmp_path):
    title = '*/ """ \\ #include "x" \n raise SystemExit(3) /* \u2028 {x} ??/'
    genome = random_genome((3,), np.random.default_rng(15))
    load(to, genome, tmp_path)
    suffix = {"onnx": ".onnx", "c": ".c"}.get(to, ".py")
    export_genome(genome, to, tmp_path / f"leg{suffix}", title=title)
    assert self_test(to, tmp_path)[0] == 0


# ---- errors


class Strange(Dense):
    """A kind of layer without a writer."""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"to": "pascal"}, "unknown language 'pascal'; known: c, json, numpy, onnx, torch."),
        ({"to": "nunpy"}, "unknown language 'nunpy'; did you mean 'numpy'?"),
        ({"path": "leg.py"}, "a file for c needs the suffix .c, not leg.py."),
        ({"task": "CartPole-v1"}, "the genome has 3 inputs and 2 outputs, cartpole-v1 has 4 and 2; name the task that"),
        ({"hidden": (Strange(3),)}, "Strange layers cannot be exported; these can: Dense, "),
    ],
)
def test_an_impossible_export_is_an_error_and_writes_nothing(tmp_path, change, sentence):
    genome = random_genome(change.get("hidden", (3,)), np.random.default_rng(16))
    task = ControlTask(change["task"]) if "task" in change else None
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        export_genome(genome, change.get("to", "c"), tmp_path / change.get("path", "leg.c"), task)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("to", "module"), [("onnx", "onnx"), ("torch", "torch")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch, to, module):
    monkeypatch.setitem(sys.modules, module, None)
    suffix = {"onnx": ".onnx", "torch": ".py"}[to]
    with pytest.raises(SettingsError, match=re.escape(f"pip install 'evorobo[{to}]'")):
        export_genome(random_genome((3,), np.random.default_rng(17)), to, tmp_path / f"leg{suffix}")
    assert not any(tmp_path.iterdir())
