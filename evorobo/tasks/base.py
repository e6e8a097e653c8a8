"""What is to be learned, seen from four sides, and what looking at each side costs.

score      evolution climbs it                      validate   chooses among answers; never trained on
examples   backprop copies them                     test       judges both; nobody learns from it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec


@dataclass(frozen=True)
class Cost:
    """The ledger: what has been paid so far, in every currency. Costs add up."""

    env_steps: int = 0
    episodes: int = 0
    samples: int = 0
    forward_flops: int = 0
    backward_flops: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        # written out: costs are added up after every step of every learner
        return Cost(
            self.env_steps + other.env_steps,
            self.episodes + other.episodes,
            self.samples + other.samples,
            self.forward_flops + other.forward_flops,
            self.backward_flops + other.backward_flops,
            self.cpu_seconds + other.cpu_seconds,
            self.wall_seconds + other.wall_seconds,
        )

    @property
    def flops(self) -> int:
        """Forward and backward together."""
        return self.forward_flops + self.backward_flops


COST_COLUMNS = tuple(field.name for field in fields(Cost))
"""The ledger's columns, as every log names them."""


@dataclass(frozen=True)
class MetricInfo:
    """What `validate` and `test` return: a name for the axis, its unit, and which way is better."""

    name: str
    unit: str = ""
    higher_is_better: bool = True


@dataclass(frozen=True, eq=False)
class Scores:
    """What a population earned: `values (n,)`, higher is better; what it cost; and, where wanted, the observations it
    met, and `measures (n, k)` of what each member did (see `Measuring`)."""

    values: Array
    cost: Cost
    observation_moments: RunningMoments | None = None
    measures: Array | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled data: raw `inputs (rows, in)`, `targets` as `loss` takes them, and what the labels cost.

    `sequence (rows,)` numbers the runs of rows that follow each other in time, for networks that remember; None where
    rows stand alone. `weights (rows,)`, 0 or more, say how much each row counts; None: all alike.
    """

    inputs: Array
    targets: np.ndarray
    loss: Loss
    cost: Cost = Cost()
    sequence: np.ndarray | None = None
    sample_weight: Array | None = None

    def take(self, rows: np.ndarray) -> Examples:
        """These rows, by number, at the price of all."""
        sequence, weights = (each if each is None else each[rows] for each in (self.sequence, self.sample_weight))
        return replace(
            self, inputs=self.inputs[rows], targets=self.targets[rows], sequence=sequence, sample_weight=weights
        )

    def __add__(self, other: Examples) -> Examples:
        """The rows of both, each sequence still for itself, and the price of both; the loss is that of the first."""
        sequence = weights = None
        if self.sequence is not None and other.sequence is not None:
            sequence = np.r_[self.sequence, other.sequence - other.sequence.min() + self.sequence.max() + 1]
        if self.sample_weight is not None or other.sample_weight is not None:
            counts = (
                np.ones(len(each.inputs)) if each.sample_weight is None else each.sample_weight
                for each in (self, other)
            )
            weights = np.concatenate(list(counts))
        return Examples(
            np.concatenate([self.inputs, other.inputs]),
            np.concatenate([self.targets, other.targets]),
            self.loss,
            self.cost + other.cost,
            sequence,
            weights,
        )


ExpertLabeller = Callable[[Genome, float, int, np.random.Generator], Examples]
"""Has robots driven by a genome, at a share of their steps (0 to 1) by the teacher, for so many episodes, with chance
from a generator: what they met, each step labelled with what the teacher would have done, and what the driving cost."""


@dataclass(frozen=True, eq=False)
class UnlabelledInputs:
    """What sensors say, unlabelled: raw `inputs (rows, in)`, what seeing them cost, and, as in `Examples`, the
    `sequence (rows,)` of each where rows follow each other in time."""

    inputs: Array
    cost: Cost = Cost()
    sequence: np.ndarray | None = None


class Scoring(Protocol):
    """The side of a task that evolution climbs; see `Task`."""

    @property
    def name(self) -> str: ...
    @property
    def input_scaler(self) -> Scaler | None: ...
    @property
    def output_scaler(self) -> Scaler | None: ...

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        """Score `weights (n, p)`, all members facing the same chances, with sensors scaled by `inputs`."""


class Task(Scoring, Protocol):
    """One problem. Settings are frozen and plain; randomness comes from outside, as a Generator.

    `inputs` and `outputs` are the scalings that every genome of this task starts with (learned on training rows
    only), `output` the activation of the network's last layer, `solved` the score that counts as solved, if any.
    """

    @property
    def n_inputs(self) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    @property
    def output(self) -> str: ...
    @property
    def metric_info(self) -> MetricInfo: ...

    def examples(self, rng: np.random.Generator) -> Examples:
        """Labelled data for backprop. Raises `TaskError`, naming the cure, where there is nobody to label."""

    def validate(self, genome: Genome) -> float: ...
    def test(self, genome: Genome) -> float: ...

    def references(self) -> dict[str, float]:
        """Test scores to compare with, by name: "random", "teacher", "solved", a published figure."""


@runtime_checkable
class HasValidationCost(Protocol):
    """A task that also tells what validating costs: asked for by learners that learn from it (early stopping).

    `validate` itself is free, since runners and reports only look.
    """

    @property
    def metric_info(self) -> MetricInfo: ...

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """What `validate` says, and its price."""


@runtime_checkable
class HasUnlabelled(Protocol):
    """A task that shows inputs before there is anybody to score: asked for by evolution of networks with batch norm."""

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        """About `rows` rows of training inputs, as they come from data or from a robot that is driven by chance."""


@runtime_checkable
class HasMeasures(Protocol):
    """A task that also tells what members did: asked for by learners with a second objective, or in search of variety.

    `measures` are what can be told of a member, each with the two numbers between which it usually lies.
    """

    @property
    def measures(self) -> dict[str, tuple[float, float]]: ...

    def score_with_measures(
        self,
        names: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        """What `score` says, with `measures (n, len(names))`. Raises `SettingsError` for a name that is none."""


@runtime_checkable
class HasRival(Task, Protocol):
    """A task whose robot has a rival that can learn, too: asked for by coevolution."""

    def matches(self) -> RivalMatches:
        """Who meets whom. Raises an error, naming the cure, where there is no rival."""


class RivalMatches(Protocol):
    """Two sides that play against each other, as seen from one of them."""

    def rival(self) -> HasRival:
        """The task of the other side."""

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """Score `weights (n, p)`, each against all of `rivals (k, q)`, networks of the other side."""


@runtime_checkable
class HasExpert(Protocol):
    """A task whose teacher also tells what to do where others went: asked for by learners that drive (DAgger)."""

    def expert_labeller(self) -> ExpertLabeller:
        """Who labels. Raises `TaskError`, naming the cure, where the teacher can only be watched."""


@runtime_checkable
class HasCaveat(Protocol):
    """A task that knows why its scores may flatter: reports then say so, beside every table and figure."""

    def caveat(self) -> str:
        """What a reader must know before believing the scores, in a sentence or two; empty if there is nothing."""
