"""The interface between tasks and methods: scores, examples, validation and test, and what each of them costs.

A task is one problem with several sides:

score      evolution maximizes it                  validate   chooses among solutions; never trained on
examples   backpropagation fits them               test       evaluates the solution; no method learns from it
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.losses import Loss
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec


@dataclass(frozen=True)
class Cost:
    """What learning has cost so far, in several units. Costs add up.

    Parameters
    ----------
    env_steps : int, default 0
        Steps of robots or environments.
    episodes : int, default 0
        Episodes begun.
    samples : int, default 0
        Labeled rows that were evaluated.
    forward_flops : int, default 0
        Floating-point operations of forward passes.
    backward_flops : int, default 0
        Floating-point operations of backward passes.
    update_flops : int, default 0
        Floating-point operations of the strategy or the optimizer, which change weights.
    robot_flops : int, default 0
        Floating-point operations of vectorized robots whose functions can be traced, forward, and backward where a
        gradient passes through them. They are no part of `flops`.
    cpu_seconds : float, default 0.0
        Processor time in seconds, including that of the processes of `ControlTask(processes=...)`.
    wall_seconds : float, default 0.0
        Elapsed time in seconds.

    Examples
    --------
    >>> from evorobo import Cost
    >>> (Cost(samples=32, forward_flops=100) + Cost(samples=32, backward_flops=200)).samples
    64
    """

    env_steps: int = 0
    episodes: int = 0
    samples: int = 0
    forward_flops: int = 0
    backward_flops: int = 0
    update_flops: int = 0
    robot_flops: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        # written out for speed: costs are added up after every step of every learner
        return Cost(
            self.env_steps + other.env_steps,
            self.episodes + other.episodes,
            self.samples + other.samples,
            self.forward_flops + other.forward_flops,
            self.backward_flops + other.backward_flops,
            self.update_flops + other.update_flops,
            self.robot_flops + other.robot_flops,
            self.cpu_seconds + other.cpu_seconds,
            self.wall_seconds + other.wall_seconds,
        )

    @property
    def flops(self) -> int:
        """Operations of forward passes, backward passes and updates together."""
        return self.forward_flops + self.backward_flops + self.update_flops


COST_COLUMNS = tuple(field.name for field in fields(Cost))
"""The names of the cost columns in every log."""

FLOPS_COLUMNS = ("forward_flops", "backward_flops", "update_flops")
"""The columns whose sum is `flops`."""


@dataclass(frozen=True)
class MetricInfo:
    """Name, unit and direction of the number that `validate` and `test` return.

    Parameters
    ----------
    name : str
        Name on the axis of a figure, for example "accuracy".
    unit : str, default ""
        Unit of the number.
    higher_is_better : bool, default True
        False for errors and distances.

    Examples
    --------
    >>> from evorobo import MetricInfo
    >>> MetricInfo("distance", "m", higher_is_better=False).unit
    'm'
    """

    name: str
    unit: str = ""
    higher_is_better: bool = True


@dataclass(frozen=True, eq=False)
class Scores:
    """Result of scoring a population.

    Parameters
    ----------
    values : array of shape (n,)
        Score of each member. Higher is better.
    cost : Cost
        What the scoring cost.
    observation_moments : RunningMoments, optional
        Count, mean and variance of the observations met, where the task normalizes them.
    measures : array of shape (n, k), optional
        Behavior measures of each member; see `HasMeasures`.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Cost, Scores
    >>> Scores(np.array([-1.0, -0.5]), Cost(samples=20)).values.max()
    np.float64(-0.5)
    """

    values: Array
    cost: Cost
    observation_moments: RunningMoments | None = None
    measures: Array | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """Labeled data for backpropagation.

    Parameters
    ----------
    inputs : array of shape (n_rows, n_inputs)
        Raw inputs, not scaled.
    targets : array of shape (n_rows, n_targets) or (n_rows,)
        Targets as `loss` takes them: values, or class numbers.
    loss : Loss
        The loss to minimize.
    cost : Cost, default Cost()
        What the labels cost.
    sequence : array of int of shape (n_rows,), optional
        Number of the sequence of each row, for recurrent networks. Rows of one sequence are contiguous and in order of
        time. None if rows are independent.
    sample_weight : array of shape (n_rows,), optional
        Weight of each row, 0 or more. None if all rows count equally.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> examples = er.Examples(np.zeros((4, 2)), np.zeros((4, 1)), er.MSE())
    >>> len((examples + examples).inputs)
    8
    """

    inputs: Array
    targets: np.ndarray
    loss: Loss
    cost: Cost = Cost()
    sequence: np.ndarray | None = None
    sample_weight: Array | None = None

    def take(self, rows: np.ndarray) -> Examples:
        """Select rows. The cost stays that of all rows.

        Parameters
        ----------
        rows : array of int of shape (k,)
            Numbers of the rows, in the order wanted.

        Returns
        -------
        Examples
            The selected rows.
        """
        return replace(
            self,
            inputs=self.inputs[rows],
            targets=self.targets[rows],
            sequence=None if self.sequence is None else self.sequence[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
        )

    def __add__(self, other: Examples) -> Examples:
        """Concatenate rows and add up costs. Sequences stay separate; the loss is that of the first operand."""
        sequence = sample_weight = None
        if self.sequence is not None and other.sequence is not None:
            sequence = np.r_[self.sequence, other.sequence - other.sequence.min() + self.sequence.max() + 1]
        if self.sample_weight is not None or other.sample_weight is not None:
            sample_weight = np.concatenate(
                [
                    np.ones(len(examples.inputs)) if examples.sample_weight is None else examples.sample_weight
                    for examples in (self, other)
                ]
            )
        return Examples(
            np.concatenate([self.inputs, other.inputs]),
            np.concatenate([self.targets, other.targets]),
            self.loss,
            self.cost + other.cost,
            sequence,
            sample_weight,
        )


@dataclass(frozen=True, eq=False)
class UnlabelledInputs:
    """Inputs without labels, for estimates of their mean and variance.

    Parameters
    ----------
    inputs : array of shape (n_rows, n_inputs)
        Raw inputs, not scaled.
    cost : Cost, default Cost()
        What obtaining them cost.
    sequence : array of int of shape (n_rows,), optional
        Number of the sequence of each row; see `Examples`.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import UnlabelledInputs
    >>> UnlabelledInputs(np.zeros((128, 3))).cost.env_steps
    0
    """

    inputs: Array
    cost: Cost = Cost()
    sequence: np.ndarray | None = None


class Scoring(Protocol):
    """The part of a task that evolution uses; see `Task`."""

    @property
    def name(self) -> str:
        """Name of the task, usable as the name of a folder."""

    @property
    def input_scaler(self) -> Scaler | None:
        """Scaler that every genome of this task starts with, fitted to training rows only; None for raw inputs."""

    @property
    def output_scaler(self) -> Scaler | None:
        """Scaler from the network's outputs to the units of the targets; None if they are the same."""

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        """Score a population. All members meet the same random numbers.

        Parameters
        ----------
        spec : NetworkSpec
            The network.
        weights : array of shape (n, spec.n_params)
            Weights of each member. They are not changed.
        rng : numpy.random.Generator
            The only source of randomness.
        input_scaler : Scaler or None
            Scaler of the inputs.

        Returns
        -------
        Scores
            One finite number per member, or minus infinity for outputs that overflow, and the cost.
        """


class Task(Scoring, Protocol):
    """Interface of a task. Derive from it to add a problem of your own, as a frozen dataclass of plain settings.

    `evorobo.testing.check_task` tests whether a task follows the interface. A task draws random numbers only from the
    generators that are passed in.

    Examples
    --------
    Find weights near 1:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import evorobo as er
    >>> @dataclass(frozen=True)
    ... class Bowl(er.Task):
    ...     name: str = "bowl"
    ...     input_scaler = output_scaler = None
    ...     n_inputs, n_outputs, output = 2, 1, "identity"
    ...     metric_info = er.MetricInfo("score")
    ...     def score(self, spec, weights, rng, input_scaler):
    ...         cost = er.Cost(samples=len(weights), forward_flops=len(weights) * spec.forward_flops)
    ...         return er.Scores(-np.square(weights - 1).sum(1), cost)
    ...     def examples(self, rng):
    ...         raise er.TaskError("Bowl has no labels; choose a method that uses scores.")
    ...     def test(self, genome):
    ...         return float(-np.square(genome.weights - 1).sum())
    ...     validate = test
    ...     def references(self):
    ...         return {"solved": 0.0}
    >>> spec = er.NetworkSpec.build(2, (), 1)
    >>> Bowl().score(spec, np.ones((1, spec.n_params)), np.random.default_rng(0), None).values
    array([-0.])
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        ...

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the network."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network."""

    @property
    def output(self) -> str:
        """Activation of the network's last layer."""

    @property
    def metric_info(self) -> MetricInfo:
        """Name, unit and direction of what `validate` and `test` return."""

    def examples(self, rng: np.random.Generator) -> Examples:
        """Return labeled data for backpropagation.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness.

        Returns
        -------
        Examples
            Raw inputs with their targets and the loss to minimize.

        Raises
        ------
        TaskError
            If the task has no labels. The message says what to do.
        """

    def validate(self, genome: Genome) -> float:
        """Evaluate a genome on validation data. Training never uses these data directly.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        float
            The metric described by `metric_info`.
        """

    def test(self, genome: Genome) -> float:
        """Evaluate a genome on test data. No method learns from the result.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        float
            The metric described by `metric_info`.
        """

    def references(self) -> dict[str, float]:
        """Return test scores to compare with.

        Returns
        -------
        dict of str to float
            Scores by name: "random", "teacher", "solved" (the task counts as solved from there), a published score.
        """
