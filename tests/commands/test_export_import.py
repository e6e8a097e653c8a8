"""`evorobo export` and `evorobo import`: from the folder of a trial to a file that runs, and back."""

import json
import re
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from scripts import rail, run, sentence

from evorobo import Dense, Genome, LayerNorm, NetworkSpec
from evorobo.tasks.control.rollout import TEST

TRIAL = "results/rail/rail/cma-es/seed-0"


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """A folder in which an experiment with a robot of its own has run."""
    folder = tmp_path_factory.mktemp("trial")
    code, _, err = run(rail(folder), "--jobs", 1, "--seeds", 1, "--only", "cma-es", folder=folder)
    assert (code, err) == (0, "")
    return folder


@pytest.fixture
def there(evorobo, trial, monkeypatch):
    """`evorobo WORDS` in the folder of that experiment."""
    monkeypatch.chdir(trial)
    return evorobo


def test_the_controller_of_a_trial_is_exported_with_the_names_of_its_robot(there, trial):
    code, out, err = there("export", TRIAL, "--to", "numpy")
    assert (code, err) == (0, "")
    assert out == f"{TRIAL}/controller.py\nTest it: python {TRIAL}/controller.py\n"
    text = (trial / TRIAL / "controller.py").read_text()
    assert "A controller: rail/cma-es/seed-0. Made by evorobo." in text
    assert "In: 2 sensors: place, speed." in text
    assert "Out: 1 value: push." in text
    done = subprocess.run([sys.executable, f"{TRIAL}/controller.py"], cwd=trial, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(",")[0]) == (0, "20 recorded steps agree")


@pytest.mark.parametrize(("to", "files"), [("c", 1), ("onnx", 2), ("json", 1)])
def test_the_files_and_their_test_are_printed(there, tmp_path, to, files):
    suffix = {"onnx": ".onnx", "c": ".c", "json": ".json"}[to]
    code, out, err = there("export", f"{TRIAL}/genome.npz", "--to", to, "--out", tmp_path / f"leg{suffix}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{tmp_path}/leg{suffix}"
    assert len(lines) == files + 1
    assert lines[-1].startswith("Test it: ")


def test_without_a_task_outputs_stay_as_they_are(there, tmp_path):
    for flags, action in (([], True), (["--task", "none"], False)):
        code, _, err = there("export", TRIAL, "--to", "json", "--out", tmp_path / "leg.json", *flags)
        assert (code, err) == (0, "")
        kind = json.loads((tmp_path / "leg.json").read_text())["decoding"]["kind"]
        assert kind == ("scaled from -1..1 to low..high" if action else "values")


def test_exported_json_is_imported_and_tested(there, trial, tmp_path):
    assert there("export", TRIAL, "--to", "json", "--out", tmp_path / "leg.json")[0] == 0
    again = tmp_path / "again.npz"
    code, out, err = there("import", tmp_path / "leg.json", "--task", f"{TRIAL}/trial.json", "--out", again)
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == f"{again}: layers 2 -> 4 -> 1 wide, 17 weights"
    score = float(re.match(r"rail: episode return (\S+) on test \(random ", second).group(1))
    kept = json.loads((trial / TRIAL / "result.json").read_text())["test"]
    assert score == pytest.approx(kept, rel=1e-3)
    np.testing.assert_array_equal(Genome.load(again).weights, Genome.load(trial / TRIAL / "genome.npz").weights)


def test_weights_in_a_row_are_read_with_layers_and_activations(evorobo, tmp_path):
    spec = NetworkSpec.build(4, (5, 5), 2, "tanh")
    weights = np.random.default_rng(0).normal(size=spec.n_params)
    (tmp_path / "biped.json").write_text(json.dumps([weights.tolist(), 310.6]))
    code, out, err = evorobo("import", "biped.json", "--layers", "4,5,5,2", "--output", "tanh")
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == f"biped.genome.npz: layers 4 -> 5 -> 5 -> 2 wide, {spec.n_params} weights"
    assert second == (
        "Assumed: matrices in the row are (in, out), row by row (--transposed for (out, in)); hidden layers are tanh "
        "(--activation); outputs from -1 to 1 are scaled to the limits of motors (--actions clip)."
    )
    genome = Genome.load(tmp_path / "biped.genome.npz")
    assert genome.spec == spec
    np.testing.assert_array_equal(genome.weights, weights)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ([], "the following arguments are required: GENOME, --to"),
        ([TRIAL], "the following arguments are required: --to"),
        ([TRIAL, "--to", "cobol"], "unknown language 'cobol'; known: c, json, numpy, onnx, torch."),
        ([TRIAL, "--to", "c", "--out", "leg.h"], "a file for c needs the suffix .c, not leg.h."),
        (
            ["nowhere.npz", "--to", "c"],
            "there is no genome nowhere.npz; give the folder of one seed",
        ),
        (
            ["results/rail", "--to", "c"],
            "there is no genome results/rail/genome.npz; give the folder of one seed, for example results/rail/",
        ),
        (["rail.py", "--to", "c"], "rail.py is damaged or no genome file"),
        (
            [TRIAL, "--to", "c", "--task", "CartPole-v1"],
            "the genome has 2 inputs and 1 outputs, cartpole-v1 has 4",
        ),
        ([TRIAL, "--to", "c", "--task", "CartPol-v1"], "did you mean 'CartPole-v1'?"),
    ],
)
def test_the_error_of_an_export_is_one_sentence(there, words, answer):
    assert answer in sentence(there("export", *words))


def test_the_error_of_a_missing_robot_names_the_task_flag(there, trial, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = sentence(there("export", trial / TRIAL, "--to", "c", "--out", "leg.c"))
    assert re.search(r"names code \(rail\.py:my/Rail-v0\) and was run from the folder \S+; use it from there", answer)
    assert answer.endswith("Name the task with --task, or use --task none.")
    assert there("export", trial / TRIAL, "--to", "c", "--out", "leg.c", "--task", "none")[0] == 0


def test_the_score_of_an_import_is_that_of_the_policy_where_it_was_trained(evorobo, tmp_path):
    """A linear policy of Pendulum in its own units: torque -2 to 2, clipped, as Stable-Baselines3 trains it."""
    state = {"net.weight": np.array([[-1.0, -9.0, -2.5]]), "net.bias": np.array([0.3])}
    np.savez(tmp_path / "linear.npz", **state)
    environment, returns = gymnasium.make("Pendulum-v1"), []
    for episode in range(100):
        sensors, over, total = environment.reset(seed=TEST + episode)[0], False, 0.0
        while not over:
            torque = np.clip(state["net.weight"] @ sensors + state["net.bias"], -2, 2)
            sensors, reward, _, over, _ = environment.step(torque.astype(np.float32))
            total += float(reward)
        returns.append(total)
    for flags, same in (([], True), (["--actions", "clip"], True), (["--actions", "scale"], False)):
        code, out, err = evorobo("import", "linear.npz", "--task", "Pendulum-v1", *flags)
        assert (code, err) == (0, "")
        printed = float(re.search(r"pendulum-v1: episode return (\S+) on test", out).group(1))
        assert (printed == pytest.approx(np.mean(returns), rel=1e-3)) == same
        assert ("clipped to the limits of motors (--actions scale)" in out) == (flags == [])


def test_a_square_matrix_is_oriented_by_a_flag(evorobo, tmp_path):
    matrix = np.arange(4.0).reshape(2, 2)
    np.savez(tmp_path / "w.npz", matrix)
    assert sentence(evorobo("import", "w.npz")).endswith(
        "w.npz: its matrices fit as (in, out) and as (out, in); say which they are with transposed=False or "
        "transposed=True (--no-transposed or --transposed)."
    )
    for flag, expected in (("--transposed", matrix.T), ("--no-transposed", matrix)):
        assert evorobo("import", "w.npz", flag)[0] == 0
        np.testing.assert_array_equal(Genome.load(tmp_path / "w.genome.npz").weights, expected.ravel())


def test_layers_of_all_kinds_are_named_in_the_order_of_the_network(evorobo, tmp_path):
    rng = np.random.default_rng(1)
    state = {"fc.weight": rng.normal(size=(5, 3)), "fc.bias": rng.normal(size=5), "norm.weight": np.ones(5)}
    state |= {"norm.bias": np.zeros(5), "out.weight": rng.normal(size=(2, 5)), "out.bias": np.zeros(2)}
    np.savez(tmp_path / "w.npz", **state)
    assert "--layers 3,5:tanh,LayerNorm,2" in sentence(evorobo("import", "w.npz"))
    assert evorobo("import", "w.npz", "--layers", "3,5:relu,LayerNorm,2")[0] == 0
    assert Genome.load(tmp_path / "w.genome.npz").spec == NetworkSpec.build(3, (Dense(5, "relu"), LayerNorm()), 2)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["nowhere.pt"], "there is no file nowhere.pt to import."),
        (["row.json"], "holds 3 weights in a row without the widths of layers; give a spec (--layers)."),
        (["row.json", "--layers", "1,1"], "holds 3 weights, and layers of 1 -> 1 need 2."),
        (["row.json", "--layers", "one,two"], "--layers takes widths such as 24,40,40,4, not 'one,two'."),
        (
            ["row.json", "--layers", "4"],
            "--layers needs at least the numbers of sensors and outputs, such as 4,2, not '4'.",
        ),
        (["row.json", "--layers", "1,1", "--activation", "tahn"], "holds 3 weights"),
        (["row.json", "--layers", "1,1", "--output", "tahn"], "unknown activation 'tahn'; did you mean 'tanh'?"),
        (["row.json", "--layers", "1,LayerNrom,1"], "unknown layer 'LayerNrom'; did you mean 'LayerNorm'?"),
        (["row.json", "--layers", "1,GRU,1"], "write the number of units, as in GRU:8."),
        (["row.json", "--layers", "1,1", "--actions", "clop"], "unknown reading 'clop'; did you mean 'clip'?"),
    ],
)
def test_the_error_of_an_import_is_one_sentence(evorobo, tmp_path, words, answer):
    (tmp_path / "row.json").write_text("[1.0, 2.0, 3.0]")
    assert answer in sentence(evorobo("import", *words))
