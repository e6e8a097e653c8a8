"""The contract of a task: one problem seen from four sides, each of them fair, repeatable and paid for."""

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
from evorobo.testing.common import check_name, forbid_global_rng, require, round_trip, type_name

MEMBERS, ROWS = 5, 50


def check_task(task: Task, hidden: Sequence[int] = (4,)) -> None:
    """Raise `TaskError` with one sentence, unless `task` keeps its contract; networks of layers `hidden` try it.

    Checked are name, sizes and settings; that scores are finite, repeatable, paid for, and those of a member whoever
    is scored beside it; that examples, and a glimpse if the task gives one, fit the network; that measures, if it has
    any, are there for all and change no score; that validation and test are the same whenever one looks.
    """
    check_name(task)
    spec = _network(task, hidden)
    weights = np.stack([spec.init(np.random.default_rng(seed)) for seed in range(MEMBERS)])
    genome = Genome(spec, weights[0], task.input_scaler, task.output_scaler)
    judged = _evaluate(task, genome)
    _check_score(task, spec, weights)
    _check_examples(task, spec, weights[0])
    if isinstance(task, HasUnlabelled):
        _check_glimpse(task, task.n_inputs)
    if isinstance(task, HasMeasures):
        _check_measures(task, _score(task, spec, weights), spec, weights, task.input_scaler)
    require(
        _evaluate(task, genome) == judged,
        f"{type_name(task)} judges the same genome differently after others were scored; validate and test need rows or "
        "episodes of their own that never change.",
    )
    require(
        _evaluate(round_trip(task), genome) == judged,
        f"{type_name(task)} made again from its settings judges the same genome differently; put whatever decides into "
        "the settings.",
    )
    _check_references(task)


def _network(task: Task, hidden: Sequence[int]) -> NetworkSpec:
    name = type_name(task)
    for what in ("n_inputs", "n_outputs"):
        size = getattr(task, what)
        require(
            isinstance(size, int) and size >= 1,
            f"{name}.{what} is {size!r}; give a whole number of at least 1.",
        )
    for what, size in (("input_scaler", task.n_inputs), ("output_scaler", task.n_outputs)):
        scaling: Scaler | None = getattr(task, what)
        require(
            scaling is None or bool(scaling.mean.shape == scaling.sd.shape == (size,) and (scaling.sd > 0).all()),
            f"{name}.{what} does not scale {size} numbers; fit it to rows of {size}, or make it None.",
        )
    require(isinstance(task.metric_info, MetricInfo), f"{name}.metric_info is {task.metric_info!r}; give a MetricInfo.")
    return NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)


def _score(task: Task, spec: NetworkSpec, weights: Array, seed: int = 0) -> Scores:
    with forbid_global_rng(len(weights), f"{type_name(task)}.score()"):
        return task.score(spec, weights, np.random.default_rng(seed), task.input_scaler)


def _check_score(task: Task, spec: NetworkSpec, weights: Array) -> None:
    name, given = type_name(task), weights.copy()
    scored = _score(task, spec, given)
    found = np.shape(scored.values)
    require(
        found == (MEMBERS,),
        f"{name}.score() gave scores of shape {found} to {MEMBERS} members; give one number for each.",
    )
    require(
        bool(np.isfinite(scored.values).all()),
        f"{name}.score() gave {scored.values.tolist()} to {MEMBERS} fresh members; scores must be finite.",
    )
    require(np.array_equal(given, weights), f"{name}.score() changed the weights it was given; work on a copy.")
    again = _score(task, spec, given)
    require(
        np.array_equal(again.values, scored.values),
        f"{name}.score() gave other scores to the same weights and seed; draw all chance from the rng it is given.",
    )
    alone = [_score(task, spec, weights[member : member + 1]) for member in range(MEMBERS)]
    for member, one in enumerate(alone):
        require(
            bool(one.values[0] == scored.values[member]),
            f"{name}.score() gave member {member} {scored.values[member]} among others and {one.values[0]} alone; all "
            "members must face the same chances, drawn once from rng.",
        )
    _check_cost(name, alone[0].cost, scored.cost)


def _check_cost(name: str, one: Cost, many: Cost) -> None:
    require(
        all(getattr(one, field) >= 0 for field in COST_COLUMNS)
        and one.forward_flops > 0
        and one.env_steps + one.samples > 0,
        f"{name}.score() charged {one}; count steps or samples, and the operations of the networks' forward passes.",
    )
    require(
        many.forward_flops > one.forward_flops and many.env_steps + many.samples > one.env_steps + one.samples,
        f"{name}.score() charged {many} for {MEMBERS} members and {one} for one; each member has its price.",
    )


def _check_examples(task: Task, spec: NetworkSpec, weights: Array) -> None:
    name = type_name(task)
    try:
        shown = _examples(task)
    except TaskError as error:
        require(len(str(error)) > 20, f"{name} has no examples, and its error does not say what to do: {error}")
        return
    rows = len(shown.inputs)
    require(
        shown.inputs.shape == (rows, task.n_inputs) and rows > 0 and len(shown.targets) == rows,
        f"{name}.examples() are inputs of shape {shown.inputs.shape} and targets of shape {shown.targets.shape}; give "
        f"rows of {task.n_inputs} inputs, and a target for each.",
    )
    require(
        bool(np.isfinite(shown.inputs).all() and np.isfinite(shown.targets).all()),
        f"{name}.examples() hold numbers that are not finite; leave those rows out.",
    )
    counts = np.ones(rows) if shown.sample_weight is None else np.asarray(shown.sample_weight)
    require(
        counts.shape == (rows,) and bool((counts >= 0).all() and np.isfinite(counts).all()),
        f"{name}.examples() have weights that are not {rows} finite numbers from 0; give each row one, or None.",
    )
    again = _examples(task)
    require(
        np.array_equal(again.inputs, shown.inputs) and np.array_equal(again.targets, shown.targets),
        f"{name}.examples() are others for the same seed; draw all chance from the rng it is given.",
    )
    outputs = Genome(spec, weights, task.input_scaler)(shown.inputs)
    try:
        loss, slope = shown.loss.value(outputs, shown.targets), shown.loss.gradient(outputs, shown.targets)
    except (ValueError, IndexError) as error:
        raise TaskError(f"{name}.examples() do not fit their loss, {shown.loss}: {error}.") from error
    require(
        np.shape(loss) == () and bool(np.isfinite(loss)) and slope.shape == outputs.shape,
        f"{name}.examples() have targets of shape {shown.targets.shape} that do not fit {outputs.shape[1]} outputs "
        f"under {shown.loss}.",
    )


def _examples(task: Task) -> Examples:
    with forbid_global_rng(3, f"{type_name(task)}.examples()"):
        return task.examples(np.random.default_rng(0))


def _check_glimpse(task: HasUnlabelled, n_inputs: int) -> None:
    name = type_name(task)

    def look() -> UnlabelledInputs:
        with forbid_global_rng(5, f"{name}.unlabelled_inputs()"):
            return task.unlabelled_inputs(np.random.default_rng(0), ROWS)

    shown, again = look(), look()
    rows = len(shown.inputs)
    numbered = (rows,) if shown.sequence is None else shown.sequence.shape
    require(
        shown.inputs.shape == (rows, n_inputs) and 1 < rows <= 2 * ROWS,
        f"{name}.unlabelled_inputs() showed inputs of shape {shown.inputs.shape} when asked for {ROWS} rows; give about as many, "
        f"of {n_inputs} numbers each.",
    )
    require(
        bool(np.isfinite(shown.inputs).all()),
        f"{name}.unlabelled_inputs() showed numbers that are not finite; leave those rows out.",
    )
    require(
        numbered == (rows,),
        f"{name}.unlabelled_inputs() has sequences of shape {numbered}; number each of its {rows} rows, or None.",
    )
    require(
        np.array_equal(again.inputs, shown.inputs) and again.cost == shown.cost,
        f"{name}.unlabelled_inputs() is another one for the same seed; draw all chance from the rng it is given.",
    )


def _check_measures(task: HasMeasures, plain: Scores, spec: NetworkSpec, weights: Array, inputs: Scaler | None) -> None:
    name, names = type_name(task), list(task.measures)
    for measure, (low, high) in task.measures.items():
        require(low < high, f"{name}.measures has {measure!r} between {low} and {high}; give the lower one first.")

    def look(names: Sequence[str]) -> tuple[Array, Array]:
        with forbid_global_rng(6, f"{name}.score_with_measures()"):
            scored = task.score_with_measures(names, spec, weights, np.random.default_rng(0), inputs)
        return scored.values, np.array(() if scored.measures is None else scored.measures, float)

    (values, told), (_, backwards) = look(names), look(names[::-1])
    require(
        told.shape == (MEMBERS, len(names)) and bool(np.isfinite(told).all()),
        f"{name}.score_with_measures() told measures of shape {told.shape}; give {MEMBERS} members a row of {len(names)} finite "
        "numbers each.",
    )
    require(
        np.array_equal(backwards[:, ::-1], told),
        f"{name}.score_with_measures() told other numbers when asked in another order, or again; a column for each name, and all "
        "chance from the rng it is given.",
    )
    require(
        np.array_equal(values, plain.values),
        f"{name}.score_with_measures() gave other scores than score() for the same seed; whoever is watched must not notice.",
    )


def _evaluate(task: Task, genome: Genome) -> str:
    """Both verdicts as text, in which NaN (no validation rows) equals NaN."""
    with forbid_global_rng(4, f"{type_name(task)}.test()"):
        verdicts = task.validate(genome), task.test(genome)
    require(
        all(isinstance(each, float) for each in verdicts) and bool(np.isfinite(verdicts[1])),
        f"{type_name(task)} judged a fresh genome as {verdicts}; validate and test return finite floats.",
    )
    return repr(verdicts)


def _check_references(task: Task) -> None:
    references: dict[str, Any] = task.references()
    for name, value in references.items():
        require(
            isinstance(name, str) and isinstance(value, float) and bool(np.isfinite(value)),
            f"{type_name(task)}.references() has {name!r}: {value!r}; give finite floats by name.",
        )
