"""Many mini-batches in one call, in stages and rounds: the same bytes as one at a time."""

from dataclasses import replace

import pytest
from curves import result_of
from interpreted import run_by_python

from evorobo import (
    L2,
    SGD,
    Adam,
    Backprop,
    Budget,
    ControlTask,
    Cosine,
    DAgger,
    EarlyStopping,
    ReduceOnPlateau,
    Stage,
    Stages,
    Trial,
)
from evorobo.learners.backprop import compiled
from evorobo.learners.backprop.backprop import BackpropLearner
from evorobo.learners.backprop.compiled import CompiledBackprop
from evorobo.study.running import run_batch

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=25, n_demonstrations=2, validation_episodes=1, test_episodes=1)
FAST = Backprop(Adam(0.01), batch_size=10, schedule=Cosine(), compiled=True)
DIVERGING = replace(FAST, penalty=L2(1e200), optimizer=SGD(0.01))  # in the third step
METHODS = {
    "limits and shares": Stages(
        Stage(FAST, Budget(generations=13, samples=1e6)),
        Stage(replace(FAST, schedule=ReduceOnPlateau()), share=0.4),
        FAST,
    ),
    "stages in stages, a divergence within an epoch": Stages(
        Stage(Stages(Stage(FAST, share=0.6), Stage(FAST, share=0.4), name="both"), Budget(samples=180)),
        Stage(DIVERGING, share=0.5),
        FAST,
    ),
    "rounds": Stages(
        Stage(DAgger(replace(FAST, early_stopping=EarlyStopping(2, held_out=0.3)), rounds=3, epochs=2), share=0.8),
        DAgger(DIVERGING, rounds=2, epochs=1, episodes=1),
    ),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_trial_has_the_bytes_of_single_steps(method, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "compile_kernel", run_by_python)
    trial = Trial(LAMP, method, Budget(flops=7e4, n_evals=5), (3,), seed=1)
    calls, train = [], CompiledBackprop.train
    monkeypatch.setattr(CompiledBackprop, "train", lambda *args: calls.append(len(args[2])) or train(*args))

    def run(name, *pauses):
        calls.clear()
        for pause in (*pauses, 1.0):
            run_batch([trial], [tmp_path / name], [lambda share: None], bool, pause)
        curve, genome, result = result_of(tmp_path / name)
        result.pop("traceback", None)
        return curve, genome, result

    many = run("many")
    assert max(calls) > 2
    assert run("paused", 0.1, 0.6) == many
    monkeypatch.setattr(BackpropLearner, "upcoming_costs", lambda *args: None)
    assert run("single") == many
    assert set(calls) == {1}
