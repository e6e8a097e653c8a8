"""Stages: hand-overs, marks, costs, schedules, divergence, what is refused, and runs that continue exactly."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, replace

import numpy as np
import pytest
from curves import result_of
from killing import run_killed
from scripts import run as run_python

import evorobo as er
from evorobo import (
    CMAES,
    SGD,
    Adam,
    AnalyticGradient,
    Backprop,
    BatchNorm,
    Bounded,
    Budget,
    Coevolution,
    ControlTask,
    Cosine,
    Cost,
    DAgger,
    EarlyStopping,
    Evolution,
    Genome,
    LearningError,
    MAPElites,
    NetworkSpec,
    OpenAIES,
    SettingsError,
    Stage,
    Stages,
    StepResult,
    Study,
    Trial,
)
from evorobo.learners.stages import StagesLearner
from evorobo.settings import from_plain, to_plain
from evorobo.study import checkpoint, running
from evorobo.study.executors.base import Inspection
from evorobo.study.executors.work import inspect_task
from evorobo.study.folders import Interrupted
from evorobo.study.overrides import apply_overrides
from evorobo.testing import check_method
from evorobo.testing.methods import Wave

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=25, n_demonstrations=2, validation_episodes=2, test_episodes=2)
CLONE = Stage(Backprop(Adam(0.01), batch_size=20), Budget(generations=4))


@dataclass(frozen=True)
class Probe:
    """A method that notes its fractions, spends `price` steps each time, and ends after `n_steps`."""

    name: str = "probe"
    price: int = 10
    n_steps: int = 1000
    demonstrations: int = 0
    fails_at: int = -1
    start_at: Genome | None = None

    def with_warm_start(self, genome):
        return replace(self, start_at=genome)

    def start(self, task, spec, rng):
        return ProbeLearner(self, spec, rng)


class ProbeLearner:
    def __init__(self, method, spec, rng):
        self.method, first = method, spec.init(rng)
        self.genome = method.start_at or Genome(spec, first)
        self.cost, self.fractions = Cost(env_steps=method.demonstrations), []

    @property
    def done(self):
        return len(self.fractions) >= self.method.n_steps

    def step(self, budget_fraction):
        if len(self.fractions) == self.method.fails_at:
            raise LearningError("it diverged.")
        self.fractions.append(round(budget_fraction, 9))
        self.genome = replace(self.genome, weights=self.genome.weights + 1)
        self.cost = self.cost + Cost(env_steps=self.method.price)
        return StepResult(0.0, {"fraction": budget_fraction})

    def artifacts(self):
        return {"note.txt": f"{len(self.fractions)} steps"}

    def state(self):
        return {"fractions": self.fractions, "cost": vars(self.cost), "weights": self.genome.weights}

    def restore(self, state):
        self.fractions, self.cost = list(state["fractions"]), Cost(**state["cost"])
        self.genome = replace(self.genome, weights=state["weights"])


def spec_for(task=LAMP, hidden=(4,)):
    return NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)


def begin(method, task=LAMP, hidden=(4,)):
    return method.start(task, spec_for(task, hidden), np.random.default_rng(0))


def run(method, budget=100, task=LAMP):
    """Step as a trial with a budget of environment steps does; the stage and the fraction that each step saw."""
    learner, seen = begin(method, task), []
    while not learner.done and learner.cost.env_steps < budget:
        info = learner.step(learner.cost.env_steps / budget).info
        seen.append((info["stage"], round(info["fraction"], 6)))
    return learner, seen


# ---- marks


def test_shares_add_up_and_schedules_see_0_to_1_within_their_stage():
    _, seen = run(Stages(Stage(Probe(), share=0.2), Stage(Probe(), share=0.3), Probe()))
    assert seen == [
        *[(1, 0.0), (1, 0.5)],
        *[(2, 0.0), (2, 0.333333), (2, 0.666667)],
        *[(3, 0.0), (3, 0.2), (3, 0.4), (3, 0.6), (3, 0.8)],
    ]


def test_a_stage_that_ends_early_leaves_its_rest_to_the_next():
    _, seen = run(Stages(Stage(Probe(n_steps=1), share=0.4), Stage(Probe(), share=0.2), Probe()))
    assert [stage for stage, _ in seen] == [1, 2, 2, 2, 2, 2, 3, 3, 3, 3]
    assert seen[1:6] == [(2, 0.0), (2, 0.2), (2, 0.4), (2, 0.6), (2, 0.8)]  # from 10 to 60 of 100 steps


def test_what_a_stage_spends_beyond_its_share_is_missing_in_the_next():
    _, seen = run(Stages(Stage(Probe(price=25), share=0.4), Stage(Probe(), share=0.2), Probe()))
    assert [stage for stage, _ in seen] == [1, 1, 2, 3, 3, 3, 3]  # 50 steps, then 10 to the mark at 60
    _, seen = run(Stages(Stage(Probe(price=70), share=0.4), Stage(Probe(), share=0.2), Probe()))
    assert [stage for stage, _ in seen] == [1, 3, 3, 3]  # nothing is left for the second one


def test_a_limit_of_its_own_ends_a_stage():
    _, seen = run(Stages(Stage(Probe(), Budget(generations=4)), Stage(Probe(), Budget(env_steps=30)), Probe()))
    assert [stage for stage, _ in seen] == [1] * 4 + [2] * 3 + [3] * 3
    assert [fraction for _, fraction in seen[:4]] == [0.0, 0.25, 0.5, 0.75]
    # the last stage may have a limit too; the rest of the trial's budget is left
    learner, seen = run(Stages(Stage(Probe(), share=0.5), Stage(Probe(), Budget(generations=2))), 40)
    assert [stage for stage, _ in seen] == [1, 1, 2, 2]
    assert learner.done


def test_seconds_can_end_a_stage(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("evorobo.learners.stages.time.perf_counter", lambda: next(clock))  # a step takes 1 s
    _, seen = run(Stages(Stage(Probe(), Budget(wall_seconds=3)), Probe()))
    assert [stage for stage, _ in seen] == [1] * 3 + [2] * 7


def test_demonstrations_belong_to_the_stage_that_shows_them():
    learner, seen = run(Stages(Stage(Probe(), share=0.3), Stage(Probe(demonstrations=25), share=0.3), Probe()))
    # the second stage begins at 30, shows 25 and steps once to 65, beyond its mark at 60
    assert seen == [(1, 0.0), (1, 0.333333), (1, 0.666667), (2, 0.0), (3, 0.0), *seen[5:]]
    assert learner.cost == Cost(env_steps=105)
    # with a limit of its own they count in it
    _, seen = run(Stages(Stage(Probe(), share=0.3), Stage(Probe(demonstrations=25), Budget(env_steps=50)), Probe()))
    assert [stage for stage, _ in seen] == [1] * 3 + [2] * 3 + [3] * 2


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_stage_of_share_0_is_never_started(tmp_path, place):
    plain = Evolution(CMAES(), name="it")
    absent = Stage(Backprop(), share=0.0)
    stages = Stages(absent, plain) if place == "first" else Stages(Stage(plain, share=1.0), absent)
    curves = []
    for name, method in (("plain", plain), ("staged", replace(stages, name="it"))):
        Trial(LAMP, method, Budget(env_steps=3000, n_evals=4), (4,), seed=3).run(tmp_path / name)
        with (tmp_path / name / "curve.csv").open() as file:
            rows = list(csv.DictReader(file))
        stage = {row.pop("stage", "") for row in rows[1:]}
        assert stage == ({""} if method is plain else {"2" if place == "first" else "1"})
        left_out = ("stage", "cpu_seconds", "wall_seconds")
        curves.append([{key: row[key] for key in row if key not in left_out} for row in rows])
    assert curves[0] == curves[1]
    assert (tmp_path / "plain/genome.npz").read_bytes() == (tmp_path / "staged/genome.npz").read_bytes()


# ---- hand-overs


def test_each_stage_begins_at_the_solution_of_the_last():
    learner = begin(Stages(CLONE, Stage(Evolution(CMAES()), Budget(generations=2)), AnalyticGradient(episodes=1)))
    for _ in range(4):
        learner.step(0.0)
    clone, cost = learner.genome, learner.cost
    assert clone.weights.tobytes() != spec_for().init(np.random.default_rng(0)).tobytes()
    result = learner.step(0.0)
    center = learner._first_genome
    assert result.info["stage"] == 2
    assert np.array_equal(center.weights, clone.weights)
    assert learner.cost.samples == cost.samples
    assert learner.cost.env_steps > cost.env_steps
    learner.step(0.0)
    evolved = learner.genome
    assert learner.step(0.0).info["stage"] == 3
    assert np.array_equal(learner._first_genome.weights, evolved.weights)
    # CMA-ES stays near the clone: its first steps are a tenth of the weights
    assert np.abs(evolved.weights - clone.weights).max() < np.abs(clone.weights).max()


def test_running_statistics_and_those_of_observations_travel():
    hidden = (er.Dense(4), BatchNorm())
    task = replace(LAMP, normalize=True)
    for later in (Evolution(CMAES()), AnalyticGradient(episodes=1), Backprop(batch_size=10)):
        stages = Stages(Stage(Evolution(CMAES()), Budget(generations=3)), later)
        learner = begin(stages, task, hidden)
        for _ in range(3):
            learner.step(0.0)
        before = learner.genome
        learner.step(0.0)
        assert before.observation_moments.count > 0
        for name in ("count", "mean", "squared_deviations"):
            pair = [vars(one.observation_moments)[name] for one in (learner._first_genome, before)]
            assert np.array_equal(*pair)
        after = learner.genome.observation_moments
        added = {"cma-es": 1, "analytic-gradient": 1, "backprop": 50}[later.name]
        assert after.count >= before.observation_moments.count + added
        assert np.array_equal(learner.genome.input_scaler.mean, after.scaler.mean)


def test_a_clone_with_batch_norm_hands_its_statistics_on():
    learner = begin(Stages(CLONE, AnalyticGradient(episodes=1)), hidden=(er.Dense(4), BatchNorm()))
    for _ in range(5):
        learner.step(0.0)
    assert np.array_equal(learner.genome.running_stats, learner._first_genome.running_stats)
    assert learner.genome.running_stats[:4].any()


def test_a_divergence_hands_on_the_last_finite_genome():
    learner, seen = run(Stages(Stage(Probe(fails_at=2), share=0.5), Probe()))
    assert [stage for stage, _ in seen] == [1, 1, *[2] * 8]
    assert np.array_equal(learner.genome.weights, spec_for().init(np.random.default_rng(0)) + 10)
    assert learner.step(0.5).info["diverged_stages"] == 1
    # for real: the last finite weights of backprop
    wild = Stages(Stage(Backprop(SGD(1e200), batch_size=20), Budget(generations=50)), Evolution(OpenAIES()))
    learner = begin(wild, Wave())
    with np.errstate(all="ignore"):
        numbers = [learner.step(0.0).info["stage"] for _ in range(6)]
    assert numbers[-1] == 2
    assert np.isfinite(learner._first_genome.weights).all()


def test_a_divergence_in_the_last_stage_ends_the_trial():
    with pytest.raises(LearningError, match="diverged"):
        run(Stages(Stage(Probe(), share=0.5), Probe(fails_at=2)))


def test_files_of_earlier_stages_are_kept(tmp_path):
    learner, _ = run(Stages(Stage(Probe(), share=0.3), Stage(Probe(), share=0.3), Probe()))
    assert learner.artifacts() == {
        "stage-1-note.txt": "3 steps",
        "stage-2-note.txt": "3 steps",
        "note.txt": "4 steps",
    }
    checkpoint.save(tmp_path / "x.npz", learner.state())
    other = begin(learner._method)
    other.restore(checkpoint.load(tmp_path / "x.npz"))
    assert {
        name: bytes(file, "utf8") if isinstance(file, str) else file for name, file in other.artifacts().items()
    } == {name: file.encode() for name, file in learner.artifacts().items()}


def test_bounds_are_of_weights_after_a_hand_over():
    learner = begin(Stages(CLONE, Evolution(Bounded(CMAES(sigma=0.5), 0.3), warm_start_step=5.0)))
    for _ in range(8):
        learner.step(0.0)
    assert 0.1 < np.abs(learner.genome.weights).max() <= 0.3
    scored = learner._learner._space.weights(np.random.default_rng(0).normal(0, 9, (50, learner._spec.n_params)))
    assert np.abs(scored).max() <= 0.3


# ---- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stages(Backprop(), Evolution()), r"stage 1, backprop, has no end; give it a share .* or a budget"),
        (lambda: Stages(Stage(Probe(), share=0.5), Stage(Probe(), share=0.3)), "shares of the stages sum to 0.8"),
        (lambda: Stages(Stage(Probe(), share=0.7), Stage(Probe(), share=0.7), Probe()), "sum to 1.4; let them sum"),
        (lambda: Stages(Stage(Probe(), share=0.0), Stage(Probe(), share=0.0)), "sum to 0; let them"),
        (lambda: Stages(), "stages must be a tuple of at least 1 item"),
        (lambda: Stages(3), r"stages\[0\] must be an object such as Stage"),
        (lambda: Stage(Probe(), Budget(generations=3), 0.5), "probe has both a budget and a share"),
        (lambda: Stage(Probe(), Budget(generations=3, n_evals=3)), "leave n_evals out of the budget of probe"),
        (lambda: Stage(Probe(), share=1.5), "share must be a number from 0 to 1 or None, not 1.5"),
        (lambda: Stages(CLONE, Coevolution()), "stage 2, coevolution, cannot begin at the solution of the stage befo"),
        (lambda: Stages(CLONE, Backprop(warm_start="clone.npz")), "leave its warm_start out"),
        (lambda: Stages(CLONE, DAgger(Backprop(warm_start="clone.npz"))), "leave its warm_start out"),
    ],
)
def test_stages_that_do_not_fit_together_are_refused(make, message):
    with pytest.raises(SettingsError, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)


STEPS = Budget(env_steps=2000, n_evals=3)


def study_of(*methods, budget=STEPS, task=LAMP, seeds=1):
    return Study.grid("s", tasks=[task], methods=methods, seeds=seeds, budget=budget, hidden=(4,))


@pytest.mark.parametrize(
    "method",
    [
        Backprop(),
        Stages(Stage(Backprop(), share=0.5), Evolution()),
        Stages(Stage(Evolution(), share=0.5), Backprop()),
        Stages(Stage(Evolution(), share=0.5), Stage(Backprop(), Budget(env_steps=900))),
        Stages(Stage(Evolution(), share=0.5), Stages(Stage(DAgger(), share=0.5), Evolution())),
    ],
    ids=["alone", "first", "last", "own limit", "within"],
)
def test_a_stage_that_spends_nothing_of_the_budget_is_refused_when_a_study_is_made(method):
    with pytest.raises(
        SettingsError, match=r"backprop,? spends none of env_steps on phototaxis, so|dagger, spends none"
    ):
        study_of(method)
    study_of(method, budget=Budget(env_steps=2000, flops=1e6)) if "Budget" not in repr(method) else None


def test_a_limit_that_a_users_method_never_spends_is_reported(tmp_path):
    learner = begin(Stages(Stage(Probe(price=0), Budget(samples=10)), Evolution()))
    with pytest.raises(SettingsError, match="stage 1, probe, spends none of samples on phototaxis"):
        learner.step(0.0)


def test_a_later_stage_that_does_not_fit_the_task_is_found_before_the_long_run(tmp_path):
    moves = ControlTask("CartPole-v1")
    study = study_of(Stages(Stage(Evolution(), share=0.5), AnalyticGradient()), task=moves)
    assert "no slope through" in inspect_task(Inspection(moves, study.trials()[0])).error["message"]
    with pytest.raises(er.EvoroboError, match="no slope through the robot, by argmax"):
        study.run(tmp_path)


# ---- settings


def test_stages_are_settings_like_any_others(tmp_path):
    method = Stages(CLONE, Stage(Evolution(CMAES()), share=0.4), AnalyticGradient())
    assert method.name == "backprop-then-cma-es-then-analytic-gradient"
    assert method == Stages(stages=method.stages) == from_plain(json.loads(json.dumps(to_plain(method))))
    assert replace(method, name="x").stages == method.stages
    study = study_of(replace(method, name="x"))
    changed = apply_overrides(
        study,
        [
            "methods.x.stages.1.budget.generations=7",
            "methods.x.stages.2.share=0.1",
            "methods.*.stages.3.method.optimizer.learning_rate=0.5",
        ],
    ).methods[0]
    first, second, third = changed.stages
    assert (first.budget.generations, second.share, third.method.optimizer.learning_rate) == (7, 0.1, 0.5)
    for wrong in ("0", "4", "x"):
        with pytest.raises(SettingsError, match=f"{wrong} must be the number of an item, from 1 to 3"):
            apply_overrides(study, [f"methods.x.stages.{wrong}.share=0.1"])
    assert apply_overrides(study, ["hidden=[3,5]", "hidden.2=6"]).hidden == (3, 6)


def test_a_worker_reads_them_in_a_fresh_process(tmp_path):
    (tmp_path / "method.json").write_text(json.dumps(to_plain(Stages(CLONE, Evolution()))))
    program = (
        "import json; from evorobo.settings import from_plain; from evorobo import registry; "
        "print(from_plain(json.load(open('method.json')), imports=True).name, registry.find('method', 'Stages').key)"
    )
    code, out, err = run_python("-c", program, folder=tmp_path)
    assert (code, out, err) == (0, "backprop-then-cma-es Stages\n", "")


@pytest.mark.parametrize(
    "method",
    [
        Stages(Stage(Backprop(Adam(0.01)), Budget(generations=3)), Evolution(CMAES())),
        Stages(Stage(Evolution(CMAES()), share=0.4), Stage(Backprop(schedule=Cosine()), share=0.6)),
        Stages(Stage(Evolution(), share=0.2), Stages(Stage(DAgger(), share=0.3), AnalyticGradient())),
    ],
)
def test_the_contract_of_a_method(method):
    check_method(method)


# ---- whole trials

METHOD = Stages(
    Stage(Backprop(Adam(0.01), batch_size=20, early_stopping=EarlyStopping(held_out=0.5)), Budget(generations=6)),
    Stage(Evolution(CMAES(population_size=4)), share=0.6),
    AnalyticGradient(episodes=2),
    name="three",
)


def trial_of(method=METHOD):
    return Trial(LAMP, method, Budget(env_steps=1600, n_evals=5), (4,), seed=1)


def test_one_log_holds_the_columns_of_all_stages_and_an_eval_at_the_end_of_each(tmp_path):
    trial_of().run(tmp_path)
    with (tmp_path / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    stages = [row["stage"] for row in rows]
    assert stages == sorted(stages)
    assert {"learning_rate", "step_size", "saturated", "held_out_loss"} <= rows[0].keys()
    last_of_1 = [row for row in rows if row["stage"] == "1"][-1]
    assert last_of_1["generations"] == "6"
    assert last_of_1["step_size"] == ""
    assert rows[-1]["learning_rate"] == ""
    last_of_2 = [row for row in rows if row["stage"] == "2"][-1]
    assert int(last_of_2["env_steps"]) >= 0.6 * 1600 > int(last_of_2["env_steps"]) - 200
    tests = [row["test"] for row in rows]
    assert tests[0] != tests[stages.index("1") if "1" in stages else 0]
    assert (tmp_path / "genome.npz").exists()


@pytest.mark.filterwarnings("ignore:This process")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are copies of this one")
def test_a_killed_trial_continues_exactly_in_the_middle_of_stages_and_hand_overs(tmp_path):
    trial = trial_of()
    trial.run(tmp_path / "straight")
    folder = tmp_path / "killed"
    run_killed(trial, folder, StagesLearner, "step", 4)  # within the first stage
    run_killed(trial, folder, StagesLearner, "_begin", 2)  # the second one has begun, and has not stepped
    run_killed(trial, folder, StagesLearner, "step", 5)  # the last step of the first one was the third since then
    run_killed(trial, folder, StagesLearner, "_hand_over", 1)
    run_killed(trial, folder, StagesLearner, "step", 2)
    assert trial.run(folder) == "finished"
    assert result_of(folder) == result_of(tmp_path / "straight")


def test_a_trial_interrupted_at_every_step_has_the_same_curve(tmp_path, monkeypatch):
    trial = trial_of()
    trial.run(tmp_path / "straight")
    monkeypatch.setattr(running, "PROGRESS_SECONDS", -1.0)
    for _ in range(60):
        calls = iter([False, True])
        try:
            trial.run(tmp_path / "halting", should_stop=lambda calls=calls: next(calls))
            break
        except Interrupted:
            continue
    assert result_of(tmp_path / "halting") == result_of(tmp_path / "straight")


def test_an_archive_of_an_earlier_stage_is_kept(tmp_path):
    grid = er.Grid(("energy", "level"))
    method = Stages(Stage(Evolution(MAPElites(grid)), share=0.5), Evolution(CMAES()), name="archive")
    Trial(Wave(), method, Budget(samples=60_000, n_evals=2), (4,), seed=0).run(tmp_path)
    assert len(er.Archive.load(tmp_path / "stage-1-archive.npz").scores) > 1
