"""Operations of traced numbers: the table, counted by hand, and the column `robot_flops` of every method."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from evorobo import (
    CMAES,
    AnalyticGradient,
    Backprop,
    Budget,
    ControlTask,
    Cost,
    Evolution,
    NetworkSpec,
    Robot,
    Study,
    register,
)
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tables import summary_rows
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.step_flops import step_flops
from evorobo.tracing.arrays import DOUBLE, Script, traced
from evorobo.tracing.derivatives import PARTIALS
from evorobo.tracing.flops import FREE, graph_flops
from evorobo.tracing.graph import Graph


@pytest.mark.parametrize(
    ("function", "flops"),
    [
        (lambda x, y: x * y + 2.0, 2),
        (lambda x, y: np.sin(x) / np.sqrt(y), 3),
        (lambda x, y: np.where(x > y, x + 1.0, -y), 1),
        (lambda x, y: np.clip(np.maximum(x, np.abs(y)), 0.0, 1.0), 0),
        (lambda x, y: (x + y) * (x + y), 2),  # the sum is computed once
        (lambda x, y: np.floor(x) % 1.0, 1),
        (lambda x, y: x, 0),
    ],
)
def test_operations_are_counted_by_the_table(function, flops):
    script = Script()
    numbers = [script.number(name, DOUBLE) for name in "ab"]
    assert graph_flops(Graph(numbers, [np.asarray(function(*(traced([n])[0] for n in numbers))).item()])) == flops


def test_every_traceable_function_is_free_or_counts_one():
    assert {"add", "multiply", "divide", "sin", "exp", "sqrt", "hypot", "remainder"} <= PARTIALS.keys() - FREE
    assert PARTIALS.keys() >= FREE


class Slider(Robot):
    """A mass: a step takes 4 operations, two for the speed and two for the place; its reward 1; the end none."""

    sensors, motors, max_steps = ("x",), ("push",), 12

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return state[:, :1]

    def transition(self, state, action, rng):
        x, speed = state.T
        speed = speed + 0.1 * action[:, 0]
        return np.stack([x + 0.1 * speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return 1.0 - np.abs(next_state[:, 0])

    def teacher(self, sensors):
        return -np.sign(sensors)


class Branches(Slider):
    """Decides with `if`, so it cannot be traced."""

    def reward(self, state, action, next_state):
        return np.array([1.0 if x > 0 else 0.0 for x in next_state[:, 0]])


register(Slider, "flops/Slider-v0")
register(Branches, "flops/Branches-v0")


def test_a_step_is_counted_by_hand():
    assert step_flops(Slider()) == 5
    assert step_flops(Branches()) == 0
    # backward: 0.1 times the adjoint of x, added to that of the speed; 0.1 times the sum; the sign times the reward's
    # weight, added to the adjoint of x
    assert RobotGraph(Slider()).backward.flops == 6


def learner(method, id):
    task = ControlTask(id, n_demonstrations=2)
    learner = method.start(task, NetworkSpec.build(1, (2,), 1), np.random.default_rng(0))
    learner.step(0.0)
    return learner.cost


@pytest.mark.parametrize("method", [Evolution(CMAES()), Backprop()], ids=lambda method: method.name)
def test_every_method_counts_the_steps_of_the_robot(method):
    cost = learner(method, "flops/Slider-v0")
    assert cost.env_steps > 0
    assert cost.robot_flops == 5 * cost.env_steps
    assert learner(method, "flops/Branches-v0").robot_flops == 0


def test_a_gradient_counts_forward_and_backward_steps():
    cost = learner(AnalyticGradient(episodes=3), "flops/Slider-v0")
    assert cost.env_steps == 36
    assert cost.robot_flops == 36 * (5 + 6)


def test_robots_of_other_packages_count_none():
    gymnasium.register("flops/Foreign-v0", "gymnasium.envs.classic_control:CartPoleEnv", max_episode_steps=5)
    task = ControlTask("flops/Foreign-v0", env_kwargs={"sutton_barto_reward": True})
    spec = NetworkSpec.build(4, (), 2)
    cost = task.score(spec, np.zeros((2, spec.n_params)), np.random.default_rng(0), None).cost
    assert cost.env_steps > 0
    assert cost.robot_flops == 0


def test_costs_add_up_and_flops_leave_the_robot_out():
    cost = Cost(forward_flops=2, robot_flops=5) + Cost(update_flops=1, robot_flops=7)
    assert (cost.robot_flops, cost.flops) == (12, 3)


def test_logs_without_the_column_are_still_read(tmp_path):
    task = ControlTask("flops/Slider-v0", test_episodes=2, validation_episodes=1)
    study = Study.grid(
        "old", tasks=[task], methods=[Evolution(CMAES())], seeds=1, budget=Budget(generations=2, n_evals=1), hidden=(2,)
    )
    results = study.run(results=tmp_path)
    (run,) = results.runs
    assert run.curve["robot_flops"][-1] == 5 * run.curve["env_steps"][-1]
    old = replace(run, curve={name: column for name, column in run.curve.items() if name != "robot_flops"})
    assert np.isnan(cumulative_cost(old, "robot_flops")).all()
    results.runs[:] = [old]
    (row,) = (row for row in summary_rows(StudyTable.from_results(results)) if row["kind"] == "method")
    assert np.isnan(row["robot_flops"])
    assert row["env_steps"] == run.curve["env_steps"][-1]
