"""The gradient of the returns of a control task, episode by episode, as `AnalyticGradient` takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.closed_loop import ClosedLoopNetwork, closed_loop_flops
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import ReturnGradients
from evorobo.tasks.control.gradients.episodes import Episodes, EpisodeTape, by_motor
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.gradients.windows import RobotWindows
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
        compiled: bool,
    ) -> None:
        robot_spec, graph, box = differentiable(env_spec, decoder)
        self._env_spec, self._decoder, self._runner, self._normalize = robot_spec, decoder, runner, normalize
        self._graph = graph
        settings: Any = graph, box, robot_spec.max_steps, horizon, discount, action_noise
        if not compiled:
            self._run = run_step_by_step(EpisodeTape(*settings))
        else:
            from evorobo.tasks.control.compiled.gradients import CompiledTape

            self._run = CompiledTape(*settings).run

    def __call__(self, genome: Genome, n_episodes: int, rng: np.random.Generator) -> ReturnGradients:
        seeds = rng.integers(TRAIN, VALIDATION, n_episodes)
        plain = self._runner.run(Networks.from_genome(genome, self._env_spec, self._decoder), seeds)
        episodes = self._run(genome, seeds, rng)
        n_steps = int(episodes.steps.sum())
        cost = Cost(
            env_steps=n_steps,
            episodes=n_episodes,
            forward_flops=n_steps * genome.spec.forward_flops,
            backward_flops=n_steps * closed_loop_flops(genome.spec),
            robot_flops=n_steps * (self._env_spec.step_flops + self._graph.backward.flops),
        )
        finite = np.isfinite(episodes.observations).all(axis=1)
        observed = RunningMoments.from_rows(episodes.observations[finite]) if self._normalize else None
        saturated = by_motor(self._graph.robot, episodes.saturated)
        return ReturnGradients(plain.returns[0], episodes.gradient, cost, observed, saturated)


def run_step_by_step(tape: EpisodeTape) -> Callable[[Genome, np.ndarray, np.random.Generator], Episodes]:
    """The function that runs the episodes of one genome step by step, as `CompiledTape.run` does."""

    def run(genome: Genome, seeds: np.ndarray, rng: np.random.Generator) -> Episodes:
        # a network for each episode, so that each has a gradient of its own
        weights = np.tile(genome.weights, (len(seeds), 1))
        network = ClosedLoopNetwork(genome.spec, weights, genome.input_scaler, genome.running_stats)
        with np.errstate(all="ignore"):
            return tape.run(network, seeds[:, None], rng)

    return run


def return_windows(env_spec: EnvSpec, decoder: Decoder, spec: NetworkSpec, n_envs: int) -> RobotWindows:
    """The environments of `HasReturnWindows` for a vectorized robot."""
    return RobotWindows(*differentiable(env_spec, decoder), spec, n_envs)


def differentiable(env_spec: EnvSpec, decoder: Decoder) -> tuple[RobotEnvSpec, RobotGraph, BoxDecoder]:
    """A vectorized robot with its graph and decoder. Raises `TaskError` for an environment without gradient."""
    if not isinstance(env_spec, RobotEnvSpec):
        raise TaskError(
            f"{env_spec.id} has no gradient: only vectorized robots (see evorobo.Robot) can be traced; methods that go "
            "by scores may climb it."
        )
    graph = RobotGraph(env_spec.robot)  # refuses robots with moves, which have another decoder
    assert isinstance(decoder, BoxDecoder)
    return env_spec, graph, decoder
