"""Matches of robots and their rivals, both controlled by networks: any number of matches in one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import reference_to
from evorobo.tasks.base import Scores
from evorobo.tasks.capabilities import HasRival
from evorobo.tasks.control.policies import NetworkPolicy, Policy
from evorobo.tasks.control.robots.contestant import Contestant, JointRobot
from evorobo.tasks.control.robots.env import action_space
from evorobo.tasks.control.robots.registry import registered_robots
from evorobo.tasks.control.rollout import TEST, TRAIN, VALIDATION, Rollout, run_episodes
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import make_decoder

MakeTask = Callable[[str, Mapping[str, Any]], HasRival]
"""Makes the task of another robot, given its id and its keyword arguments."""


class Matches:
    """The matches between a robot and its rival (see `RivalMatches`).

    `episodes` is the number of matches of each pair in training, `test_episodes` the number in a tournament. Raises
    `TaskError` for a robot that has no rival.
    """

    def __init__(self, env_spec: EnvSpec, episodes: int, test_episodes: int, make_task: MakeTask) -> None:
        robot = env_spec.robot if isinstance(env_spec, RobotEnvSpec) else None
        if not isinstance(robot, Contestant):
            raise TaskError(
                f"{env_spec.id} has no rival to evolve against; derive your robot from evorobo.Contestant, or use "
                'Evolution. "evorobo/Predator-v0" and "evorobo/Prey-v0" are rivals.'
            )
        self._robot, self._episodes, self._test_episodes, self._make_task = robot, episodes, test_episodes, make_task
        self._arena = RobotEnvSpec(env_spec.id, JointRobot(robot), env_spec.max_steps, None)
        self._decoders = make_decoder(action_space(robot)), make_decoder(action_space(robot.rival))

    def rival(self) -> HasRival:
        """The task of the rival, with the settings that the robot gives its rival."""
        rival = self._robot.rival
        reference = reference_to(type(rival))
        for id, spec in registered_robots().items():
            if spec.kwargs["robot"] == reference:
                return self._make_task(id, dict(vars(rival)))
        raise TaskError(f"{type(rival).__name__} has no id; register({type(rival).__name__}, ...) gives it one.")

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """Mean returns of `weights (n, p)` in matches against all of `rivals (k, q)`.

        All members have the same rivals and the same initial states. One step of both robots counts as one step; the
        cost includes the FLOPs of both networks.
        """
        opponents = np.tile(np.repeat(rivals, self._episodes, axis=0), (len(weights), 1))
        seeds = rng.integers(TRAIN, VALIDATION, len(rivals) * self._episodes)
        rollout = self._run(spec, weights, rival_spec, opponents, seeds)
        cost = rollout.cost(spec.forward_flops + rival_spec.forward_flops, self._arena.step_flops)
        return Scores(rollout.returns.mean(1), cost)

    def tournament(self, ours: Sequence[Genome], theirs: Sequence[Genome]) -> Array:
        """Mean returns `(ours, theirs)` of each genome against each rival over the test episodes."""
        spec, weights = _stack_weights(ours)
        rival_spec, rivals = _stack_weights(theirs)
        seeds = TEST + np.arange(self._test_episodes)
        pairs = np.repeat(weights, len(rivals), axis=0)
        opponents = np.repeat(np.tile(rivals, (len(weights), 1)), len(seeds), axis=0)
        rollout = self._run(spec, pairs, rival_spec, opponents, seeds)
        return rollout.returns.mean(1).reshape(len(weights), len(rivals))

    def _run(
        self, spec: NetworkSpec, weights: Array, rival_spec: NetworkSpec, opponents: Array, seeds: np.ndarray
    ) -> Rollout:
        """The matches `seeds (e,)` of each of `weights (n, p)`, episode by episode against `opponents (n * e, q)`."""
        ours, theirs = (
            NetworkPolicy(Controller(network, rows), decoder)
            for network, rows, decoder in zip((spec, rival_spec), (weights, opponents), self._decoders, strict=True)
        )
        policy = _JointPolicy(ours, theirs, len(seeds), spec.n_inputs)
        return run_episodes(self._arena.simulator(), policy, seeds, len(weights))


class _JointPolicy:
    """A policy of a `JointRobot`: `ours` map the first `n_sensors` numbers, `theirs` the rest, one for each episode."""

    def __init__(self, ours: Policy, theirs: Policy, episodes: int, n_sensors: int) -> None:
        self._ours, self._theirs, self._episodes, self._n_sensors = ours, theirs, episodes, n_sensors

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        own = self._ours(observations[..., : self._n_sensors])
        others = self._theirs(observations[..., self._n_sensors :].reshape(members * episodes, 1, -1))
        return np.concatenate([own, others.reshape(members, episodes, -1)], axis=-1)

    def keep(self, members: np.ndarray) -> None:
        self._ours.keep(members)
        self._theirs.keep(np.repeat(members, self._episodes))


def _stack_weights(genomes: Sequence[Genome]) -> tuple[NetworkSpec, Array]:
    """The weights of networks of one kind as rows, with batch norms folded in."""
    plain = [genome.folded() if genome.spec.n_running_stats else genome for genome in genomes]
    if any(genome.spec != plain[0].spec or genome.input_scaler for genome in plain):
        raise TaskError("only networks of one shape, without scaled sensors, can meet in one batch.")
    return plain[0].spec, np.stack([genome.weights for genome in plain])
