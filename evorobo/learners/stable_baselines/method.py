"""`StableBaselines`: an algorithm of Stable-Baselines3 as a method, under our budget, log and seeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import NonNegativeFloat, PositiveInt
from evorobo.learners.base import Method, WarmStartable
from evorobo.nets.genome import Genome
from evorobo.nets.schedules import Constant, Schedule
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Task

if TYPE_CHECKING:
    from evorobo.learners.stable_baselines.learner import StableBaselinesLearner


@register_component("method", "StableBaselines")
@dataclass(frozen=True)
@inherit_docs
class StableBaselines(Method, WarmStartable):
    """Train the network of a study with an algorithm of Stable-Baselines3.

    The algorithm runs as it is, on the environments of the task, in one process and one thread. The actor has the
    layers of the study's network, with one activation in all hidden ones; it becomes the genome, with the normalization
    of observations where the task has `normalize=True`. The genome acts as the algorithm's policy does without noise.
    SAC, TD3 and DDPG end in a tanh, scaled to the limits of the motors. PPO and A2C end in a linear layer, clipped to
    the limits, so that their genomes have `actions="clip"`. For moves, the largest output decides.

    A step is one rollout with the updates that follow it. Steps of environments, episodes and the floating-point
    operations of all dense layers, critics included, are counted as they happen. Moving averages of target networks
    are not counted. An interrupted run continues exactly, with its replay buffer.

    It needs ``pip install 'evorobo[sb3]'``.

    Parameters
    ----------
    algorithm : {"A2C", "DDPG", "DQN", "PPO", "SAC", "TD3"}, default "PPO"
        The algorithm. DQN needs one choice of moves; SAC, TD3 and DDPG need motors with limits.
    settings : dict[str, Any], default {}
        Keyword arguments of the algorithm, for example `{"gamma": 0.9, "n_steps": 1024}`. All others are the defaults
        of Stable-Baselines3.
    n_envs : int, default 1
        Environments that are stepped together, at least 1.
    critic : tuple of int, default (64, 64)
        Hidden layers of the critic or critics. They are not part of the genome. DQN has none.
    action_noise : float, default 0.0
        For TD3 and DDPG, which explore by noise alone, and SAC: standard deviation of Gaussian noise on actions, which
        span -1 to 1.
    initialization : {"genome", "library"}, default "genome"
        Where the actor starts. "genome": at the random genome at which all methods start. "library": at the weights
        that Stable-Baselines3 draws, orthogonal ones for PPO and A2C.
    schedule : Schedule, default Constant()
        Learning rate over the budget: its factor times the `learning_rate` of `settings`. For schedules that follow the
        training score, an epoch is a step in which an episode ends.
    warm_start : str, Genome or None, default None
        The genome at which the actor starts, or its file, with its scaling of observations. On motors PPO and A2C begin
        at genomes of their own kind only. Critics begin at random, DQN takes the outputs for values, and the noise is
        that of the algorithm.
    name : str, optional
        Name in results and figures; by default "sb3-" and the algorithm.

    Raises
    ------
    SettingsError
        At the start, if the package is missing, or if task, network and algorithm do not fit together.

    References
    ----------
    Raffin, A., Hill, A., Gleave, A., Kanervisto, A., Ernestus, M. and Dormann, N. (2021). Stable-Baselines3: reliable
    reinforcement learning implementations. Journal of Machine Learning Research 22(268).

    Examples
    --------
    >>> from evorobo import StableBaselines
    >>> StableBaselines("SAC", {"learning_rate": 1e-3}).name
    'sb3-sac'
    """

    algorithm: Literal["A2C", "DDPG", "DQN", "PPO", "SAC", "TD3"] = "PPO"
    settings: dict[str, Any] = field(default_factory=dict)
    n_envs: PositiveInt = 1
    critic: tuple[PositiveInt, ...] = (64, 64)
    action_noise: NonNegativeFloat = 0.0
    initialization: Literal["genome", "library"] = "genome"
    schedule: Schedule = Constant()
    warm_start: Genome | str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"sb3-{self.algorithm.lower()}")

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> StableBaselinesLearner:
        if not find_spec("stable_baselines3"):
            raise SettingsError(f"{self.name} needs Stable-Baselines3: pip install 'evorobo[sb3]'.")
        from evorobo.learners.stable_baselines.learner import StableBaselinesLearner

        return StableBaselinesLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> StableBaselines:
        return replace(self, warm_start=genome)
