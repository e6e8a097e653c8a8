"""What methods with a critic hand on beside their genome, from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass

from evorobo.arrays import Array
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.spec import NetworkSpec


@dataclass(frozen=True, eq=False)
class ActorCritic:
    """The critic of a learner and the noise of its actions.

    `log_sd (m,)` are the logarithms of the standard deviations of Gaussian noise on the outputs before the tanh of the
    last layer; None for other noise. The critic is a network `spec` with `weights`, whose inputs are scaled by
    `observed`; without statistics they are scaled as those of the genome. Its values are sums of `reward_scale` times
    the rewards, discounted by `discount`; `observed_sums` are those of the sums by which rewards are normalized.
    """

    log_sd: Array | None
    spec: NetworkSpec
    weights: Array
    observed: RunningMoments
    discount: float
    reward_scale: float
    observed_sums: RunningMoments | None = None

    def same_critic(
        self, spec: NetworkSpec, discount: float, reward_scale: float, normalizes_rewards: bool = False
    ) -> bool:
        """Whether a critic with these settings computes the same values from the same weights."""
        own = self.spec, self.discount, self.reward_scale, self.observed_sums is not None
        return own == (spec, discount, reward_scale, normalizes_rewards)
