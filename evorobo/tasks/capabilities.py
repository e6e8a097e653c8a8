"""Optional parts of the task interface, one protocol for each; a method that needs one checks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.data_format import DataFormat
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs

ExpertLabeller = Callable[[Genome, float, int, np.random.Generator], Examples]
"""A function `label(genome, teacher_fraction, n_episodes, rng)`: robots drive for `n_episodes` episodes, the teacher in
a fraction of the steps (0 to 1), the genome in the others. It returns the inputs met, each labeled with the teacher's
action, and the cost of driving."""


@runtime_checkable
class HasValidationCost(Protocol):
    """A task that also states the cost of validation, for methods that learn from it (early stopping).

    `validate` itself is free, since runs and reports use it for display only.
    """

    @property
    def metric_info(self) -> MetricInfo:
        """Name, unit and direction of what `validate` and `test` return."""

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """Evaluate a genome on validation data and state the cost.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        value : float
            What `validate` returns.
        cost : Cost
            What the evaluation cost.
        """


@runtime_checkable
class HasUnlabelled(Protocol):
    """A task that also offers inputs without labels, for evolution of networks with batch normalization."""

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        """Return training inputs without labels.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness.
        rows : int
            About how many rows to return.

        Returns
        -------
        UnlabelledInputs
            Rows of a data set, or what robots sense under a random policy.
        """


@runtime_checkable
class HasMeasures(Protocol):
    """A task that also measures behavior, for methods that search for variety or have a second objective."""

    @property
    def measures(self) -> dict[str, tuple[float, float]]:
        """Names of the measures, each with its usual lower and upper value."""

    def score_with_measures(
        self,
        names: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        """Score a population and measure its behavior.

        Parameters
        ----------
        names : sequence of str
            Names of the measures.
        spec : NetworkSpec
            The network.
        weights : array of shape (n, spec.n_params)
            Weights of each member.
        rng : numpy.random.Generator
            The only source of randomness.
        input_scaler : Scaler or None
            Scaler of the inputs.

        Returns
        -------
        Scores
            The values of `score`, with `measures` of shape ``(n, len(names))``.

        Raises
        ------
        SettingsError
            If a name is unknown.
        """


@runtime_checkable
class HasRival(Task, Protocol):
    """A task whose robot has a rival that can learn too, for coevolution."""

    def matches(self) -> RivalMatches:
        """Return the matches between both sides.

        Returns
        -------
        RivalMatches
            The matches, seen from this side.

        Raises
        ------
        TaskError
            If the robot has no rival. The message says what to do.
        """


class RivalMatches(Protocol):
    """Matches of two sides, seen from one of them."""

    def rival(self) -> HasRival:
        """Return the task of the other side."""

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """Score `weights (n, p)`, each against all of `rivals (k, q)`, which are networks of the other side."""


@runtime_checkable
class HasExpert(Protocol):
    """A task whose teacher can label states that others reach, for methods that let the learner drive (DAgger)."""

    def expert_labeller(self) -> ExpertLabeller:
        """Return the function that labels states.

        Returns
        -------
        callable
            See `ExpertLabeller`.

        Raises
        ------
        TaskError
            If the teacher consists of recordings only. The message says what to do.
        """


@runtime_checkable
class HasMetrics(Protocol):
    """A task that tests by several metrics, of which `test` returns the first."""

    def test_metrics(self, genome: Genome) -> dict[str, float]:
        """Evaluate a genome on test data by the other metrics. No method learns from the result.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        dict of str to float
            Values by name; empty with a single metric.
        """


@runtime_checkable
class HasReferenceMetrics(Protocol):
    """A task whose references have several metrics."""

    def reference_metrics(self) -> dict[str, dict[str, float]]:
        """Evaluate the references by the other metrics, as `HasMetrics.test_metrics` does genomes.

        Returns
        -------
        dict of str to dict
            By name of the reference, values by name of the metric.
        """


@runtime_checkable
class HasJointEval(Protocol):
    """A task that validates and tests a genome in one call, which takes less time than two calls."""

    def validate_and_test(self, genome: Genome) -> tuple[float, float]:
        """Evaluate a genome on validation and on test data.

        Parameters
        ----------
        genome : Genome
            The trained network.

        Returns
        -------
        tuple of float
            What `validate` and `test` return.
        """


@runtime_checkable
class HasDataFormat(Protocol):
    """A task of rows of data, whose genomes record how a row becomes inputs, and what the outputs are called."""

    @property
    def data_format(self) -> DataFormat:
        """How a row of the file becomes inputs of the network, and the names of columns and classes."""


@runtime_checkable
class HasIndependentMembers(Protocol):
    """A task that may score a generation in parts, on several machines, to the same bits."""

    @property
    def has_independent_members(self) -> bool:
        """Whether the score of a member, its cost and what is drawn from the generator do not depend on the others."""


@runtime_checkable
class HasCaveat(Protocol):
    """A task that knows why its scores may be too good; reports show the reason beside every table and figure."""

    def caveat(self) -> str:
        """Return what a reader must know before comparing the scores.

        Returns
        -------
        str
            A sentence or two; empty if there is nothing to know.
        """


@dataclass(frozen=True, eq=False)
class ReturnGradients:
    """Returns `(episodes,)` and their gradients `(episodes, n_params)` with respect to the weights.

    `observation_moments` are statistics of the observations, where the task normalizes them. `saturated` is, for each
    motor, by index and name as in "1_turn", the share of its commands near a limit, where they have hardly any slope.
    """

    returns: Array
    gradients: Array
    cost: Cost
    observation_moments: RunningMoments | None = None
    saturated: Mapping[str, float] = field(default_factory=dict)


ReturnGradient = Callable[[Genome, int, np.random.Generator], ReturnGradients]
"""A function `gradient(genome, n_episodes, rng)` that runs new episodes and differentiates their returns. Gradients may
hold numbers that are not finite."""


@runtime_checkable
class HasReturnGradient(Protocol):
    """A task whose score can be differentiated, for methods that climb it by its gradient."""

    def return_gradient(
        self,
        *,
        horizon: int | None = None,
        discount: float = 1.0,
        action_noise: float = 0.0,
        compiled: bool = False,
    ) -> ReturnGradient:
        """Return the function that computes gradients of returns.

        Parameters
        ----------
        horizon : int or None, default None
            Steps through which the gradient flows back; None for the whole episode.
        discount : float, default 1.0
            Factor of a reward for each step before it.
        action_noise : float, default 0.0
            Standard deviation of Gaussian noise on the outputs of the network.
        compiled : bool, default False
            Whether machine code is asked for.

        Returns
        -------
        callable
            See `ReturnGradient`.

        Raises
        ------
        TaskError
            If no slope leads from the outputs of the network to the score. The message names what stops it.
        """


@dataclass(frozen=True, eq=False)
class Window:
    """Some steps of environments whose episodes go on from window to window.

    Shapes begin with `(steps, n)`. The network acted on `observations`. `last_observations` are those after each step,
    also of an episode that ended there, by a termination or, `truncated`, by a limit of time. `entropies` are those of
    the distributions of the motor values; where a tanh follows the noise, the logarithm of its slope at the drawn value
    is added.

    `gradient(grad_rewards, grad_entropies, grad_last_observations)` returns the derivatives `(n_params,)` with respect
    to the weights, and `(n_outputs,)` with respect to the logarithms of the standard deviations of the exploration, of
    an objective of which the derivatives with respect to rewards, entropies and last observations are given. It can be
    called once. The result may hold numbers that are not finite. `cost` includes it. `saturated` is that of
    `ReturnGradients`.
    """

    observations: Array
    last_observations: Array
    rewards: Array
    terminated: np.ndarray
    truncated: np.ndarray
    entropies: Array
    gradient: Callable[[Array, Array, Array], tuple[Array, Array]]
    cost: Cost
    saturated: Mapping[str, float] = field(default_factory=dict)


class ReturnWindows(Protocol):
    """Environments whose episodes go on from window to window.

    `run(genome, log_sd, n_steps, rng)` steps all of them by the network. Gaussian noise of standard deviation
    `exp(log_sd)` is added to its outputs, before the tanh where the last layer has one. What the first window begins
    with, noise and seeds of new episodes come from `rng`. `state` holds the running episodes, with which `restore`
    continues bit for bit.
    """

    def run(self, genome: Genome, log_sd: Array, n_steps: int, rng: np.random.Generator) -> Window: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


@runtime_checkable
class HasReturnWindows(Protocol):
    """A task whose rewards can be differentiated over windows of steps, for actor-critic methods."""

    def return_windows(self, spec: NetworkSpec, n_envs: int) -> ReturnWindows:
        """Return environments whose episodes go on from window to window.

        Parameters
        ----------
        spec : NetworkSpec
            Shape of the networks that will act.
        n_envs : int
            Number of environments.

        Returns
        -------
        ReturnWindows
            The environments.

        Raises
        ------
        TaskError
            If no slope leads from the outputs of the network to the score. The message names what stops it.
        """
