"""PPO in machine code: its updates are those of NumPy."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from interpreted import run_by_python

from evorobo import (
    A2C,
    CTRNN,
    GRU,
    LSTM,
    PPO,
    BatchNorm,
    ControlTask,
    Dense,
    Dropout,
    Elman,
    LayerNorm,
    NetworkSpec,
    RMSprop,
)
from evorobo.learners.policy_gradients import compiled

SMALL = {"n_envs": 2, "n_steps": 12, "n_epochs": 2, "batch_size": 10, "critic": (5, Dense(3, "relu"))}
CASES = {
    "moves": ("CartPole-v1", (5,), PPO(**SMALL, entropy_coef=0.01)),
    "motors, clipped values": (
        "Pendulum-v1",
        (5, Dropout(0.3)),
        PPO(RMSprop(0.003), **SMALL, clip_range=0.01, clip_range_vf=0.01, entropy_coef=0.02, max_grad_norm=None),
    ),
    "a stop by divergence": ("Acrobot-v1", (BatchNorm(), 4, LayerNorm()), PPO(**SMALL, target_kl=1e-12)),
    "A2C": ("MountainCarContinuous-v0", (3,), A2C(n_envs=3, critic=(4,))),
    "memory": (
        "CartPole-v1",
        (GRU(3), LSTM(2)),
        PPO(n_envs=3, n_steps=12, n_epochs=1, batch_size=24, critic=(Elman(3),), entropy_coef=0.01),
    ),
    "memory of the actor alone": (
        "Pendulum-v1",
        (CTRNN(3),),
        PPO(n_envs=3, n_steps=9, n_epochs=2, batch_size=1, critic=(3,), clip_range_vf=0.01),
    ),
    "A2C, memory of the critic alone": ("Acrobot-v1", (3,), A2C(n_envs=2, critic=(LSTM(2), CTRNN(2)))),
}


@pytest.fixture
def interpreted(monkeypatch):
    """The text for numba is run by Python."""

    monkeypatch.setattr(compiled, "compile_kernel", run_by_python)


def start(name, hidden, method):
    task = ControlTask(name, test_episodes=1, max_steps=7)  # episodes end in the middle of rollouts
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return method.start(task, spec, np.random.default_rng(0))


def check_equal(name, hidden, method, steps, tolerance=1e-12):
    plain, found = (start(name, hidden, replace(method, compiled=each)) for each in (False, True))
    for step in range(steps):
        one, other = plain.step(step / 10), found.step(step / 10)
        assert other.info == pytest.approx(one.info, rel=1000 * tolerance, abs=tolerance)
        assert other.score == pytest.approx(one.score, rel=tolerance, nan_ok=True)
    np.testing.assert_allclose(found._model.params, plain._model.params, rtol=tolerance, atol=tolerance)
    assert found._model.params.dtype == method.dtype
    assert found.cost == plain.cost
    assert found._rng.bit_generator.state == plain._rng.bit_generator.state


@pytest.mark.parametrize(("name", "hidden", "method"), CASES.values(), ids=CASES)
def test_updates_are_those_of_numpy(name, hidden, method, interpreted):
    check_equal(name, hidden, method, steps=2)


@pytest.mark.parametrize("case", ["moves", "motors, clipped values"])
def test_single_precision_differs_from_double_precision_by_its_rounding(case, interpreted):
    name, hidden, method = CASES[case]
    single, double = (start(name, hidden, replace(method, dtype=dtype)) for dtype in ("float32", "float64"))
    single.step(0.0)
    double.step(0.0)
    assert 0 < np.abs(single._model.params - double._model.params).max() < 1e-6
    assert single.genome.weights.dtype == np.float64
    assert single.cost == double.cost
    check_equal(name, hidden, replace(method, dtype="float32"), steps=2, tolerance=1e-6)


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.skipif(find_spec("numba") is None, reason="compiling needs numba")
@pytest.mark.parametrize(
    ("case", "dtype"), [*((case, "float64") for case in CASES), ("motors, clipped values", "float32")]
)
def test_machine_code_computes_what_its_text_says(case, dtype):
    name, hidden, method = CASES[case]
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    check_equal(name, hidden, replace(method, dtype=dtype), steps=3, tolerance=tolerance)
