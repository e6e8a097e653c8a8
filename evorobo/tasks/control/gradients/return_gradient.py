"""The gradient of the returns of a control task, episode by episode, as `AnalyticGradient` takes it."""

from __future__ import annotations

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.closed_loop import ClosedLoopNetwork, closed_loop_flops
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import ReturnGradients
from evorobo.tasks.control.gradients.episodes import EpisodeTape
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.runner import Runner
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import BoxDecoder, Decoder


class RobotReturnGradient:
    """The function of `HasReturnGradient` for a vectorized robot.

    Returns are those of the plain episodes, which `runner` runs; they cost processor time and count in no other column,
    since nothing is learned from them.
    """

    def __init__(
        self,
        env_spec: EnvSpec,
        decoder: Decoder,
        runner: Runner,
        normalize: bool,
        horizon: int | None,
        discount: float,
        action_noise: float,
    ) -> None:
        if not isinstance(env_spec, RobotEnvSpec):
            raise TaskError(
                f"{env_spec.id} has no gradient: only vectorized robots (see evorobo.Robot) can be traced; methods "
                "that go by scores may climb it."
            )
        graph = RobotGraph(env_spec.robot)  # refuses robots with moves, which have another decoder
        assert isinstance(decoder, BoxDecoder)
        self._env_spec, self._decoder, self._runner, self._normalize = env_spec, decoder, runner, normalize
        self._tape = EpisodeTape(graph, decoder, env_spec.max_steps, horizon, discount, action_noise)

    def __call__(self, genome: Genome, n_episodes: int, rng: np.random.Generator) -> ReturnGradients:
        seeds = rng.integers(TRAIN, VALIDATION, n_episodes)
        plain = self._runner.run(Networks.from_genome(genome, self._env_spec, self._decoder), seeds)
        # a network for each episode, so that each has a gradient of its own
        weights = np.tile(genome.weights, (n_episodes, 1))
        network = ClosedLoopNetwork(genome.spec, weights, genome.input_scaler, genome.running_stats)
        with np.errstate(all="ignore"):
            episodes = self._tape.run(network, seeds[:, None], rng)
        n_steps = int(episodes.steps.sum())
        cost = Cost(
            env_steps=n_steps,
            episodes=n_episodes,
            forward_flops=n_steps * genome.spec.forward_flops,
            backward_flops=n_steps * closed_loop_flops(genome.spec),
        )
        finite = np.isfinite(episodes.observations).all(axis=1)
        observed = RunningMoments.from_rows(episodes.observations[finite]) if self._normalize else None
        return ReturnGradients(plain.returns[0], episodes.gradient, cost, observed, episodes.saturated)
