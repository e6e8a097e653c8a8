"""What is to be learned, seen from four sides, and what looking at each side costs.

score      evolution climbs it                      validate   chooses among answers; never trained on
examples   backprop copies them                     test       judges both; nobody learns from it
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol, runtime_checkable

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.scaling import Moments, Scaling
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


LEDGER = tuple(field.name for field in fields(Cost))
"""The ledger's columns, as every log names them."""


@dataclass(frozen=True)
class Metric:
    """What `validate` and `test` return: a name for the axis, its unit, and which way is better."""

    name: str
    unit: str = ""
    higher_is_better: bool = True


@dataclass(frozen=True, eq=False)
class Scores:
    """What a population earned: `values (n,)`, higher is better; what it cost; the observations it met, if wanted."""

    values: Array
    cost: Cost
    seen: Moments | None = None


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
    weights: Array | None = None


class Task(Protocol):
    """One problem. Settings are frozen and plain; randomness comes from outside, as a Generator.

    `inputs` and `outputs` are the scalings that every genome of this task starts with (learned on training rows
    only), `output` the activation of the network's last layer, `solved` the score that counts as solved, if any.
    """

    @property
    def name(self) -> str: ...
    @property
    def n_inputs(self) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    @property
    def output(self) -> str: ...
    @property
    def inputs(self) -> Scaling | None: ...
    @property
    def outputs(self) -> Scaling | None: ...
    @property
    def metric(self) -> Metric: ...

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, inputs: Scaling | None) -> Scores:
        """Score `weights (n, p)`, all members facing the same chances, with sensors scaled by `inputs`."""

    def examples(self, rng: np.random.Generator) -> Examples:
        """Labelled data for backprop. Raises `TaskError`, naming the cure, where there is nobody to label."""

    def validate(self, genome: Genome) -> float: ...
    def test(self, genome: Genome) -> float: ...

    def references(self) -> dict[str, float]:
        """Test scores to compare with, by name: "random", "teacher", "solved", a published figure."""


@runtime_checkable
class Validating(Protocol):
    """A task that also tells what validating costs: asked for by learners that learn from it (early stopping).

    `validate` itself is free, since runners and reports only look.
    """

    def validation(self, genome: Genome) -> tuple[float, Cost]:
        """What `validate` says, and its price."""
