"""Analytic policy gradient: the derivative of the return through robot and network, from sampled episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import Decay, NonNegativeFloat, PositiveFloat, PositiveInt
from evorobo.flops import update_flops
from evorobo.learners.base import Method, StepResult, WarmStartable
from evorobo.learners.gradients.learner import GradientLearner
from evorobo.learners.gradients.shac import SHAC
from evorobo.learners.norms import gradient_norms, shorten
from evorobo.learners.saturation import require_slope, saturated_columns
from evorobo.nets.genome import Genome
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Task
from evorobo.tasks.capabilities import HasReturnGradient


@register_component("method", "AnalyticGradient")
@dataclass(frozen=True)
@inherit_docs
class AnalyticGradient(Method, WarmStartable):
    """Climb the return of a robot by its exact gradient, through the robot's own functions and the network.

    One step runs some episodes with the current weights, passes the gradient of their returns back from the last step
    to the first, and hands the mean to an optimizer. The robot must be a vectorized one (see `Robot`), with motors; its
    functions are traced, so that nothing new has to be written. The weights of the last step are the solution.

    The episodes run in double precision, without the roundings of sensors and motors to single precision. The logged
    score is the mean return of the same episodes as every other method runs them; these add processor time, but no
    steps to the cost. Networks compute as outside training: batch normalization keeps its running statistics, and
    dropout changes nothing.

    The gradient is that of smooth effects alone. It leaves out what jumps: collisions, ends of episodes, other choices
    of `np.where` (see `RobotReport`). Over long episodes of a chaotic robot it explodes. Episodes whose gradient is not
    finite are left out of the mean and counted (column `dropped`). Motor commands near their limits have hardly any
    slope; the column `saturated` is their share, and each motor has one of its own. Learning that begins without any
    slope because motors are saturated is refused.

    Parameters
    ----------
    optimizer : Optimizer, default Adam(0.03)
        Rule that turns gradients into steps.
    episodes : int, default 8
        Episodes per step, at least 1.
    horizon : int or None, default None
        Number of steps through which gradients flow back (truncated backpropagation), at least 1. Episodes are cut into
        windows of this length. This tames chaotic robots; the gradient is biased, since effects beyond a window do not
        count. None is the whole episode.
    discount : float, default 1.0
        Factor, above 0 and at most 1, by which a reward counts less for each step before it. The score is not
        discounted.
    max_grad_norm : float or None, default 1.0
        Largest norm of the gradient, above 0; longer gradients are shortened. None is no limit.
    clipping : {"episode", "mean"}, default "episode"
        What `max_grad_norm` limits. "episode": the gradient of each episode, before their mean is taken, so that one
        episode that explodes does not decide alone. The mean is then biased: long gradients count less. "mean": the
        mean of all episodes.
    action_noise : float, default 0.0
        Standard deviation of Gaussian noise on the outputs of the network, which span -1 to 1, 0 or more. The gradient
        is that of the episodes with the noise that was drawn. It can free saturated motors.
    warm_start : str, Genome or None, default None
        The genome at which learning starts, or its file: weights, scalers and running statistics, not the state of an
        optimizer. The network must be the same. A study takes a path. What the genome cost is not part of the cost.
        None starts at random weights; later random numbers are the same.
    compiled : bool, default False
        Compile episodes and their gradients with numba. The numbers differ from the plain ones by rounding, and do not
        depend on the number of threads. The episodes of the logged score are compiled if the task is (see
        `ControlTask`). Networks of the layers of this package can be compiled, derived layers cannot.
    name : str, default "analytic-gradient"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the task has no gradient.

    References
    ----------
    Pathwise gradients through simulators: Suh et al. (2022), "Do differentiable simulators give better policy
    gradients?"; Metz et al. (2021), "Gradients are not all you need". Truncated backpropagation: Williams & Peng
    (1990). Clipping: Pascanu et al. (2013).

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import AnalyticGradient, ControlTask, NetworkSpec
    >>> task = ControlTask("evorobo/Phototaxis-v0", max_steps=50, test_episodes=20)
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
    >>> learner = AnalyticGradient().start(task, spec, np.random.default_rng(0))
    >>> before = task.test(learner.genome)
    >>> for _ in range(20):
    ...     result = learner.step(0.0)
    >>> task.test(learner.genome) > before, learner.cost.env_steps
    (True, 8000)
    """

    optimizer: Optimizer = Adam(0.03)
    episodes: PositiveInt = 8
    horizon: PositiveInt | None = None
    discount: Decay = 1.0
    max_grad_norm: PositiveFloat | None = 1.0
    clipping: Literal["episode", "mean"] = "episode"
    action_noise: NonNegativeFloat = 0.0
    warm_start: Genome | str | None = None
    compiled: bool = False
    name: str = "analytic-gradient"

    @staticmethod
    def shac(**settings: Any) -> SHAC:
        """Return short-horizon actor-critic, which follows the gradient through windows of steps.

        Parameters
        ----------
        **settings
            Settings of `SHAC`.

        Returns
        -------
        SHAC
            The method.

        Raises
        ------
        SettingsError
            If `compiled=True` is given, which windows and critics do not have.

        Examples
        --------
        >>> from evorobo import AnalyticGradient
        >>> AnalyticGradient.shac(horizon=16).horizon
        16
        """
        if settings.pop("compiled", False):
            raise SettingsError(
                "shac has no compiled=True: its windows and critic are computed by NumPy; leave it out, compile the "
                "evals alone by ControlTask(compiled=True), or take AnalyticGradient(compiled=True) on whole episodes."
            )
        return SHAC(**settings)

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> AnalyticGradientLearner:
        return AnalyticGradientLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> AnalyticGradient:
        return replace(self, warm_start=genome)


class AnalyticGradientLearner(GradientLearner):
    """Running `AnalyticGradient`: one `step` is one update from some episodes."""

    def __init__(self, method: AnalyticGradient, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasReturnGradient):
            raise SettingsError(
                f"{task.name} has no gradient of its score; use Backprop or Evolution, or give the task a method "
                "return_gradient() (see evorobo.tasks.capabilities.HasReturnGradient)."
            )
        self._method = method
        self._gradient = task.return_gradient(
            horizon=method.horizon,
            discount=method.discount,
            action_noise=method.action_noise,
            compiled=method.compiled,
        )
        super().__init__(method.optimizer, method.warm_start, task, spec, rng)

    def step(self, budget_fraction: float) -> StepResult:
        method = self._method
        result = self._gradient(self.genome, method.episodes, self._rng)
        finite = np.array([np.isfinite(gradient).all() for gradient in result.gradients], bool)
        gradients, n_kept = result.gradients[finite], int(finite.sum())
        self._dropped += len(finite) - n_kept
        norms = gradient_norms(gradients)
        if not self._cost.env_steps:
            require_slope(norms, result.saturated)
        if n_kept:
            cure = f"learning rate below {method.optimizer.learning_rate:g}, or a max_grad_norm"
            self._ascend(self._mean(gradients, norms), cure)
        self._cost = self._cost + result.cost + Cost(update_flops=round(self._update_flops(n_kept)))
        if result.observation_moments:  # the episodes of a step change the scaler of the next one only
            self._observed = self._observed + result.observation_moments
        info = {
            "grad_norm": float(np.median(norms)) if n_kept else 0.0,
            "dropped": self._dropped,
            **saturated_columns(result.saturated),
        }
        return StepResult(float(result.returns.mean()), info)

    def _mean(self, gradients: Array, norms: Array) -> Array:
        """The mean of the episodes' gradients, of which one or the other is shortened."""
        limit = self._method.max_grad_norm
        if limit and self._method.clipping == "episode":
            gradients = shorten(gradients, norms, limit)
        mean: Array = gradients.mean(0)
        if limit and self._method.clipping == "mean":
            mean = shorten(mean[None], gradient_norms(mean[None]), limit)[0]
        return mean

    def _update_flops(self, n_gradients: int) -> float:
        """The cost of an update: the norms and the mean of the gradients, 4 for each number, and the optimizer's."""
        if not n_gradients:
            return 0
        return update_flops(self._method.optimizer, self._spec.n_params) + 4 * n_gradients * self._spec.n_params
