"""A stranger's activation, layer, strategy and optimizer, in one file outside the package, work like those inside."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from curves import all_curves
from scripts import RAIL, launch, run

from evorobo import Backprop, ControlTask, Dense, Evolution, Genome, NetworkSpec, SettingsError, export_genome
from evorobo.loading import load_script
from evorobo.testing import check_activation, check_layer, check_method

PARTS = '''
"""An activation, a layer, a strategy and an optimizer of one's own, on a robot of one's own."""

from dataclasses import dataclass

from evorobo import Activation, Dense, Parameter, register_component


def swish(z):
    """y = z / (1 + exp(-z)) (Ramachandran, Zoph & Le 2017)"""
    return z / (1 + np.exp(-z))


def swish_derivative(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


register_component("activation", "swish")(Activation(swish, swish_derivative, "small"))


@register_component("layer", "Gain")
@dataclass(frozen=True)
class Gain:
    """y = gain x, with one gain for each unit."""

    start: float = 1.0

    def width(self, n_inputs):
        return n_inputs

    def parameters(self, n_inputs):
        return {"gain": Parameter((n_inputs,), lambda rng: np.full(n_inputs, self.start))}

    def flops(self, n_inputs):
        return n_inputs

    def forward(self, params, x, context):
        return params["gain"][..., None, :] * x, x

    def backward(self, params, cache, dy, gradients, needs_input_grad=True):
        gradients["gain"][...] = (dy * cache).sum(-2)
        return params["gain"][..., None, :] * dy


@register_component("optimizer", "SignSGD")
@dataclass(frozen=True)
class SignSGD:
    """Only the sign of the gradient counts (Bernstein et al. 2018)."""

    learning_rate: float = 0.01

    def start(self, weights):
        return {"steps": np.zeros(weights.shape[:-1])}

    def update(self, weights, gradient, state, factor=1.0):
        state["steps"] += 1
        weights -= self.learning_rate * factor * np.sign(gradient)


@register_component("strategy", "AnnealedSearch")
@dataclass(frozen=True)
class AnnealedSearch:
    """Samples around the best member of the last generation, with a shrinking step size."""

    population_size: int = 16
    sigma: float = 0.3
    decay: float = 0.97
    name: str = "annealed"

    def start(self, weights, rng):
        return RunningAnnealedSearch(self, weights, rng)


class RunningAnnealedSearch:
    """The center and the step size."""

    def __init__(self, settings, weights, rng):
        self.settings, self.rng = settings, rng
        self.solution, self.sigma = weights.copy(), settings.sigma

    def generate(self, ind_init):
        noise = self.rng.standard_normal((self.settings.population_size, len(self.solution)))
        return [ind_init(weights) for weights in self.solution + self.sigma * noise]

    def update(self, population):
        best = max(population, key=lambda individual: individual.fitness.values[0])
        self.solution = np.array(best)
        self.sigma *= self.settings.decay

    def info(self):
        return {"step_size": self.sigma}

    def state(self):
        return {"solution": self.solution, "sigma": self.sigma}

    def restore(self, state):
        self.solution, self.sigma = state["solution"], float(state["sigma"])
'''
INITIALIZER = '''

@register_component("initializer", "small")
def small(rng, n_inputs, n_outputs):
    """Normal with standard deviation 0.2."""
    return rng.normal(0, 0.2, (n_inputs, n_outputs))
'''
STUDY = """

study = Study.grid(
    "mine",
    tasks=[ControlTask("own/Rail-v0", validation_episodes=3, test_episodes=3, n_demonstrations=2)],
    methods=[Evolution(AnnealedSearch()), Backprop(SignSGD())],
    seeds=2,
    budget=Budget(flops=1e5, n_evals=12),
    hidden=(Dense(4, "swish"), Gain()),
)
main(study)
"""


def write_parts(folder: Path) -> Path:
    """`my_parts.py` in `folder`: the robot of the rail script, the parts, and a study of them."""
    robot = RAIL.partition("study = ")[0].replace("my/Rail-v0", "own/Rail-v0")
    parts = PARTS.replace("\n\ndef swish(z)", INITIALIZER + "\n\ndef swish(z)", 1)
    path = folder / "my_parts.py"
    path.write_text(robot + parts + STUDY)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which the study has run, without interruption and in one process."""
    folder = tmp_path_factory.mktemp("own")
    code, _, err = run(write_parts(folder), "--jobs", 1, folder=folder)
    assert (code, err) == (0, "")
    return folder


@pytest.fixture(scope="module")
def parts(folder):
    """The module of the parts, loaded for its definitions alone."""
    return load_script(folder / "my_parts.py")


def trial(folder, method, seed=0):
    return folder / f"results/mine/rail/{method}/seed-{seed}"


@pytest.mark.parametrize("method", ["annealed", "backprop"])
def test_they_train_and_evolve(folder, method):
    for seed in (0, 1):
        assert json.loads((trial(folder, method, seed) / "result.json").read_text())["status"] == "finished"
        header, *rows = (trial(folder, method, seed) / "curve.csv").read_text().splitlines()
        scores = [float(row.split(",")[header.split(",").index("validation")]) for row in rows]
        assert max(scores) > scores[0]


def test_their_settings_name_the_file(folder):
    plain = json.loads((trial(folder, "backprop") / "trial.json").read_text())
    dense, gain = plain["hidden"]
    assert (dense["activation"], gain["type"]) == ("my_parts.py:swish", "my_parts.py:Gain")
    assert plain["method"]["optimizer"]["type"] == "my_parts.py:SignSGD"
    again = json.loads((trial(folder, "annealed") / "trial.json").read_text())
    assert again["method"]["strategy"]["type"] == "my_parts.py:AnnealedSearch"


def until_at_work(process, folder):
    """Wait until a trial has evaluated at least three times and has not finished."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        for curve in folder.rglob("curve.csv"):
            if len(curve.read_text().splitlines()) > 3 and not (curve.parent / "result.json").exists():
                return
        time.sleep(0.01)
    pytest.fail("no trial came so far")


def is_running(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.slow
def test_a_killed_study_resumes_to_the_same_curves(folder, tmp_path, jobs):
    script = write_parts(tmp_path)
    process = launch(script, "--jobs", jobs, folder=tmp_path, slow=0.002)
    until_at_work(process, tmp_path)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    while any(map(is_running, workers)):  # they notice that the study is gone
        time.sleep(0.01)
    assert list(tmp_path.rglob("checkpoint.npz"))
    code, _, err = run(script, "--jobs", jobs, folder=tmp_path)
    assert (code, err) == (0, "")
    assert all_curves(tmp_path / "results") == all_curves(folder / "results")


def test_they_are_listed(folder):
    kinds = ("activations", "initializers", "layers", "optimizers", "strategies")
    code, out, err = run("-m", "evorobo", "list", *kinds, "my_parts.py", folder=folder)
    assert (code, err) == (0, "")
    for key, summary in {
        "swish": r"y = z / \(1 \+ exp\(-z\)\) \(Ramachandran, Zoph & Le 2017\); initializer my_parts.py:small",
        "small": r"Normal with standard deviation 0\.2\.",
        "Gain": r"y = gain x, with one gain for each unit\.",
        "SignSGD": r"Only the sign of the gradient counts",
        "AnnealedSearch": "Samples around the best member",
    }.items():
        assert re.search(rf"^  {key} +{summary}", out, re.MULTILINE), out


def test_they_keep_their_contracts(parts):
    hidden = (Dense(8, "swish"), parts.Gain())
    check_activation("swish")
    check_layer(parts.Gain())
    check_layer(Dense(3, "swish"))
    check_layer(parts.Gain())
    check_method(Evolution(parts.AnnealedSearch()), hidden=hidden)
    check_method(Backprop(parts.SignSGD()), hidden=hidden)


# ---- export, machine code, files


def genome_of(parts, *hidden):
    spec = NetworkSpec.build(3, hidden, 2)
    return Genome(spec, np.random.default_rng(0).normal(0, 0.7, spec.n_params))


def test_the_activation_is_exported_to_numpy(parts, tmp_path):
    (path,) = export_genome(genome_of(parts, Dense(5, "swish")), "numpy", tmp_path / "leg.py")
    assert "def activation_swish(z):" in path.read_text()
    code, out, err = run(path, folder=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("20 recorded steps agree")


@pytest.mark.skipif(which("cc") is None, reason="there is no C compiler cc on this computer")
def test_the_activation_is_exported_to_c(parts, tmp_path):
    (path,) = export_genome(genome_of(parts, Dense(5, "swish")), "c", tmp_path / "leg.c")
    assert "static float activation_swish(float z)" in path.read_text()
    subprocess.run(["cc", "-std=c99", "-DSELF_TEST", path.name, "-lm", "-o", "test"], cwd=tmp_path, check=True)
    done = subprocess.run(["./test"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("20 recorded steps agree")


def test_a_layer_without_a_writer_is_named(parts, tmp_path):
    with pytest.raises(SettingsError, match=r"^Gain layers cannot be exported; these can: Dense, LayerNorm, Elman"):
        export_genome(genome_of(parts, Dense(5), parts.Gain()), "c", tmp_path / "leg.c")


@pytest.mark.skipif(find_spec("numba") is None, reason="compiling needs numba: pip install 'evorobo[fast]'")
@pytest.mark.slow
def test_the_activation_is_compiled(parts):
    spec = NetworkSpec.build(4, (Dense(6, "swish"), Dense(5, "gelu")), 2)
    weights = np.random.default_rng(0).normal(size=(6, spec.n_params))
    plain, fast = (ControlTask("CartPole-v1", episodes=2, compiled=compiled) for compiled in (False, True))
    expected = plain.score(spec, weights, np.random.default_rng(3), None).values
    assert len(set(expected)) > 2
    np.testing.assert_array_equal(fast.score(spec, weights, np.random.default_rng(3), None).values, expected)


LOAD = """
import sys
from evorobo import DataError, Genome
{before}
try:
    print(Genome.load("genome.npz").spec.layers[0])
except DataError as error:
    print(error)
print("my_parts" in " ".join(sys.modules))
"""


def test_a_genome_file_asks_for_the_file_that_it_needs_and_runs_no_code(folder, tmp_path):
    path = trial(folder, "backprop") / "genome.npz"
    (tmp_path / "genome.npz").write_bytes(path.read_bytes())
    write_parts(tmp_path)
    code, out, _ = run("-c", LOAD.format(before=""), folder=tmp_path)
    assert code == 0
    sentence, loaded = out.splitlines()
    assert re.fullmatch(
        r"genome.npz cannot be used here: 'my_parts.py:\w+' is not loaded; import my_parts.py first if you trust it\.",
        sentence,
    )
    assert loaded == "False"
    before = "from pathlib import Path\nfrom evorobo.loading import load_script\nload_script(Path('my_parts.py'))"
    code, out, _ = run("-c", LOAD.format(before=before), folder=tmp_path)
    assert out.splitlines() == ["Dense(units=4, activation='my_parts.py:swish', init=None, bias=True)", "True"]


KEYS = """
from evorobo import Dense, SettingsError
for key in {keys}:
    try:
        print(Dense(2, key).activation)
    except SettingsError as error:
        print(error)
"""


def test_the_key_with_its_file_is_found_without_an_import(tmp_path):
    write_parts(tmp_path)
    (tmp_path / "other.py").write_text("")
    keys = ["my_parts.py:swish", "swish", "my_parts.py:swosh", "other.py:swish", "gone.py:swish"]
    code, out, _ = run("-c", KEYS.format(keys=keys), folder=tmp_path)
    assert code == 0
    assert out.splitlines() == [
        "my_parts.py:swish",
        "my_parts.py:swish",
        "unknown activation 'swosh'; did you mean 'swish'?",
        "other.py defines no activation 'swish'; register it there, or correct the name.",
        f"there is no file {tmp_path / 'gone.py'}; run from the folder in which the script was first run.",
    ]


@pytest.mark.slow
def test_changed_code_of_an_activation_is_noticed(folder, tmp_path):
    script = write_parts(tmp_path)
    assert run(script, "--jobs", 1, "--only", "backprop", folder=tmp_path)[0] == 0
    script.write_text(script.read_text().replace("return s + z * s * (1 - s)", "return s + 1.1 * z * s * (1 - s)"))
    code, _, err = run(script, "--jobs", 1, "--only", "backprop", folder=tmp_path)
    assert code != 0
    assert "holds a run of code that has changed since" in err
    assert "swish" in err
