"""The contract of a task: fair, repeatable scores with their cost, examples, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import COST_COLUMNS, Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs
from evorobo.tasks.capabilities import HasMeasures, HasUnlabelled
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec
from evorobo.tasks.control.task import ControlTask
from evorobo.testing.common import check_name, forbid_global_rng, require, round_trip, type_name
from evorobo.testing.environments import check_environment

MEMBERS, ROWS = 5, 50


def check_task(task: Task, hidden: Sequence[int] = (4,)) -> None:
    """Check that a task keeps its contract.

    The checks cover name, sizes and settings. Scores must be finite, repeatable and independent of other members, and
    have a cost. Examples and unlabeled inputs must fit the network, if the task has them. Measures must not change the
    scores. Validation and test must always give the same result for the same genome.

    Parameters
    ----------
    task : Task
        The task.
    hidden : sequence of int, default (4,)
        The hidden layers of the networks that are tried.

    Raises
    ------
    TaskError
        If the task breaks its contract; one sentence says where, and how to fix it.

    Examples
    --------
    >>> from evorobo import ControlTask
    >>> from evorobo.testing import check_task
    >>> check_task(ControlTask("CartPole-v1", max_steps=20, n_demonstrations=2, test_episodes=3))
    """
    check_name(task)
    if isinstance(task, ControlTask) and isinstance(task.env_spec, GymEnvSpec):
        check_environment(task.env_spec, task.env_kwargs)
    spec = _network(task, hidden)
    weights = np.stack([spec.init(np.random.default_rng(seed)) for seed in range(MEMBERS)])
    genome = Genome(spec, weights[0], task.input_scaler, task.output_scaler)
    results = _evaluate(task, genome)
    _check_score(task, spec, weights)
    _check_examples(task, spec, weights[0])
    if isinstance(task, HasUnlabelled):
        _check_unlabeled(task, task.n_inputs)
    if isinstance(task, HasMeasures):
        _check_measures(task, _score(task, spec, weights), spec, weights, task.input_scaler)
    require(
        _evaluate(task, genome) == results,
        f"{type_name(task)} evaluates the same genome differently after others were scored; validate and test need "
        "rows or episodes of their own that never change.",
    )
    require(
        _evaluate(round_trip(task), genome) == results,
        f"{type_name(task)} made again from its settings evaluates the same genome differently; put all that matters "
        "into the settings.",
    )
    _check_references(task)


def _network(task: Task, hidden: Sequence[int]) -> NetworkSpec:
    name = type_name(task)
    for attribute in ("n_inputs", "n_outputs"):
        size = getattr(task, attribute)
        require(
            isinstance(size, int) and size >= 1,
            f"{name}.{attribute} is {size!r}; give a whole number of at least 1.",
        )
    for attribute, size in (("input_scaler", task.n_inputs), ("output_scaler", task.n_outputs)):
        scaling: Scaler | None = getattr(task, attribute)
        require(
            scaling is None or bool(scaling.mean.shape == scaling.sd.shape == (size,) and (scaling.sd > 0).all()),
            f"{name}.{attribute} does not scale {size} numbers; fit it to rows of {size}, or make it None.",
        )
    require(isinstance(task.metric_info, MetricInfo), f"{name}.metric_info is {task.metric_info!r}; give a MetricInfo.")
    return NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)


def _score(task: Task, spec: NetworkSpec, weights: Array, seed: int = 0) -> Scores:
    with forbid_global_rng(len(weights), f"{type_name(task)}.score()"):
        return task.score(spec, weights, np.random.default_rng(seed), task.input_scaler)


def _check_score(task: Task, spec: NetworkSpec, weights: Array) -> None:
    name, argument = type_name(task), weights.copy()
    scored = _score(task, spec, argument)
    shape = np.shape(scored.values)
    require(
        shape == (MEMBERS,),
        f"{name}.score() gave scores of shape {shape} to {MEMBERS} members; give one number for each.",
    )
    require(
        bool(np.isfinite(scored.values).all()),
        f"{name}.score() gave {scored.values.tolist()} to {MEMBERS} new members; scores must be finite.",
    )
    require(np.array_equal(argument, weights), f"{name}.score() changed its weights in place; work on a copy.")
    again = _score(task, spec, argument)
    require(
        np.array_equal(again.values, scored.values),
        f"{name}.score() gave other scores to the same weights and seed; draw all random numbers from rng.",
    )
    alone = [_score(task, spec, weights[member : member + 1]) for member in range(MEMBERS)]
    for member, one in enumerate(alone):
        require(
            bool(one.values[0] == scored.values[member]),
            f"{name}.score() gave member {member} {scored.values[member]} among others and {one.values[0]} alone; all "
            "members must use the same random numbers, drawn once from rng.",
        )
    _check_cost(name, alone[0].cost, scored.cost)


def _check_cost(name: str, one: Cost, many: Cost) -> None:
    require(
        all(getattr(one, field) >= 0 for field in COST_COLUMNS)
        and one.forward_flops > 0
        and one.env_steps + one.samples > 0,
        f"{name}.score() cost {one}; count steps or samples, and the operations of the networks' forward passes.",
    )
    require(
        many.forward_flops > one.forward_flops and many.env_steps + many.samples > one.env_steps + one.samples,
        f"{name}.score() cost {many} for {MEMBERS} members and {one} for one; the cost of each member counts.",
    )


def _check_examples(task: Task, spec: NetworkSpec, weights: Array) -> None:
    name = type_name(task)
    try:
        examples = _examples(task)
    except TaskError as error:
        require(len(str(error)) > 20, f"{name} has no examples, and its error does not say what to do: {error}")
        return
    rows = len(examples.inputs)
    require(
        examples.inputs.shape == (rows, task.n_inputs) and rows > 0 and len(examples.targets) == rows,
        f"{name}.examples() are inputs of shape {examples.inputs.shape} and targets of shape {examples.targets.shape}; "
        f"give rows of {task.n_inputs} inputs, and a target for each.",
    )
    require(
        bool(np.isfinite(examples.inputs).all() and np.isfinite(examples.targets).all()),
        f"{name}.examples() hold numbers that are not finite; leave those rows out.",
    )
    weights_of_rows = np.ones(rows) if examples.sample_weight is None else np.asarray(examples.sample_weight)
    require(
        weights_of_rows.shape == (rows,) and bool((weights_of_rows >= 0).all() and np.isfinite(weights_of_rows).all()),
        f"{name}.examples() have weights that are not {rows} finite numbers from 0; give each row one, or None.",
    )
    again = _examples(task)
    require(
        np.array_equal(again.inputs, examples.inputs) and np.array_equal(again.targets, examples.targets),
        f"{name}.examples() are others for the same seed; draw all random numbers from rng.",
    )
    outputs = Genome(spec, weights, task.input_scaler)(examples.inputs)
    try:
        loss, gradient = (
            examples.loss.value(outputs, examples.targets),
            examples.loss.gradient(outputs, examples.targets),
        )
    except (ValueError, IndexError) as error:
        raise TaskError(f"{name}.examples() do not fit their loss, {examples.loss}: {error}.") from error
    require(
        np.shape(loss) == () and bool(np.isfinite(loss)) and gradient.shape == outputs.shape,
        f"{name}.examples() have targets of shape {examples.targets.shape} that do not fit {outputs.shape[1]} outputs "
        f"under {examples.loss}.",
    )


def _examples(task: Task) -> Examples:
    with forbid_global_rng(3, f"{type_name(task)}.examples()"):
        return task.examples(np.random.default_rng(0))


def _check_unlabeled(task: HasUnlabelled, n_inputs: int) -> None:
    name = type_name(task)

    def sample() -> UnlabelledInputs:
        with forbid_global_rng(5, f"{name}.unlabelled_inputs()"):
            return task.unlabelled_inputs(np.random.default_rng(0), ROWS)

    drawn, again = sample(), sample()
    rows = len(drawn.inputs)
    numbered = (rows,) if drawn.sequence is None else drawn.sequence.shape
    require(
        drawn.inputs.shape == (rows, n_inputs) and 1 < rows <= 2 * ROWS,
        f"{name}.unlabelled_inputs() returned inputs of shape {drawn.inputs.shape} for a request of {ROWS} rows; give "
        f"about as many, of {n_inputs} numbers each.",
    )
    require(
        bool(np.isfinite(drawn.inputs).all()),
        f"{name}.unlabelled_inputs() returned numbers that are not finite; leave those rows out.",
    )
    require(
        numbered == (rows,),
        f"{name}.unlabelled_inputs() has sequences of shape {numbered}; number each of its {rows} rows, or None.",
    )
    require(
        np.array_equal(again.inputs, drawn.inputs) and again.cost == drawn.cost,
        f"{name}.unlabelled_inputs() returned other inputs for the same seed; draw all random numbers from rng.",
    )


def _check_measures(task: HasMeasures, plain: Scores, spec: NetworkSpec, weights: Array, inputs: Scaler | None) -> None:
    name, names = type_name(task), list(task.measures)
    for measure, (low, high) in task.measures.items():
        require(low < high, f"{name}.measures has {measure!r} between {low} and {high}; give the lower one first.")

    def score(names: Sequence[str]) -> tuple[Array, Array]:
        with forbid_global_rng(6, f"{name}.score_with_measures()"):
            scored = task.score_with_measures(names, spec, weights, np.random.default_rng(0), inputs)
        return scored.values, np.array(() if scored.measures is None else scored.measures, float)

    (values, measures), (_, reverse) = score(names), score(names[::-1])
    require(
        measures.shape == (MEMBERS, len(names)) and bool(np.isfinite(measures).all()),
        f"{name}.score_with_measures() returned measures of shape {measures.shape}; give {MEMBERS} members a row of "
        f"{len(names)} finite numbers each.",
    )
    require(
        np.array_equal(reverse[:, ::-1], measures),
        f"{name}.score_with_measures() returned other numbers in another order of names, or in a second call; return a "
        "column for each name, and draw random numbers from rng alone.",
    )
    require(
        np.array_equal(values, plain.values),
        f"{name}.score_with_measures() gave other scores than score() for the same seed; recording measures must not "
        "change an episode.",
    )


def _evaluate(task: Task, genome: Genome) -> str:
    """Results of validation and test as text, in which NaN (no validation rows) equals NaN."""
    with forbid_global_rng(4, f"{type_name(task)}.test()"):
        results = task.validate(genome), task.test(genome)
    require(
        all(isinstance(result, float) for result in results) and bool(np.isfinite(results[1])),
        f"{type_name(task)} evaluated a new genome as {results}; validate and test return finite floats.",
    )
    return repr(results)


def _check_references(task: Task) -> None:
    references: dict[str, Any] = task.references()
    for name, value in references.items():
        require(
            isinstance(name, str) and isinstance(value, float) and bool(np.isfinite(value)),
            f"{type_name(task)}.references() has {name!r}: {value!r}; give finite floats by name.",
        )
