"""A robot and its rival in one arena, networks at the wheels of both: any number of duels in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.activations import Array
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import reference
from evorobo.tasks.base import Cost, Scores
from evorobo.tasks.drivers import Driver, Networks
from evorobo.tasks.robots.base import Robot
from evorobo.tasks.robots.contestant import Both, Contestant
from evorobo.tasks.robots.env import action_space
from evorobo.tasks.robots.registry import registered
from evorobo.tasks.rollout import Rollout, roll
from evorobo.tasks.simulators.world import RobotWorld
from evorobo.tasks.spaces import decoder


class Contest:
    """The duels of one robot, of at most `max_steps` steps. Raises `TaskError` for a robot that has no rival."""

    def __init__(self, robot: Robot | None, id: str, max_steps: int | None) -> None:
        if not isinstance(robot, Contestant):
            raise TaskError(
                f"{id} has no rival to evolve against; derive your robot from evorobo.Contestant, or take Evolution. "
                '"evorobo/Predator-v0" and "evorobo/Prey-v0" are rivals.'
            )
        self._robot = robot
        self._arena = RobotWorld(id, Both(robot), max_steps, None)
        self._decoders = decoder(action_space(robot)), decoder(action_space(robot.rival))

    @property
    def rival(self) -> tuple[str, dict[str, Any]]:
        """The registered id of the rival, and the options with which it is made."""
        rival = self._robot.rival
        maker = reference(type(rival))
        for id, spec in registered().items():
            if spec.kwargs["robot"] == maker:
                return id, dict(vars(rival))
        raise TaskError(f"{type(rival).__name__} has no id; register({type(rival).__name__}, ...) gives it one.")

    def score(
        self, spec: NetworkSpec, weights: Array, rival_spec: NetworkSpec, rivals: Array, seeds: np.ndarray
    ) -> Scores:
        """What `weights (n, p)` earn on average, each against all of `rivals (k, q)`; `seeds (k, e)` are their duels.

        A step of both is one step of the arena, and both networks are paid.
        """
        met = np.tile(np.repeat(rivals, seeds.shape[1], axis=0), (len(weights), 1))
        rollout = self._duels(spec, weights, rival_spec, met, seeds.ravel())
        steps = int(rollout.steps.sum())
        flops = steps * (spec.forward_flops + rival_spec.forward_flops)
        return Scores(rollout.returns.mean(1), Cost(env_steps=steps, episodes=rollout.steps.size, forward_flops=flops))

    def everybody(self, ours: Sequence[Genome], theirs: Sequence[Genome], seeds: np.ndarray) -> Array:
        """What each of n genomes earns against each of m `(n, m)`, on average over the duels `seeds (e,)`."""
        spec, weights = _crowd(ours)
        rival_spec, rivals = _crowd(theirs)
        pairs = np.repeat(weights, len(rivals), axis=0)
        met = np.repeat(np.tile(rivals, (len(weights), 1)), len(seeds), axis=0)
        return self._duels(spec, pairs, rival_spec, met, seeds).returns.mean(1).reshape(len(weights), len(rivals))

    def _duels(
        self, spec: NetworkSpec, weights: Array, rival_spec: NetworkSpec, rivals: Array, seeds: np.ndarray
    ) -> Rollout:
        """The duels `seeds (e,)` of each of `weights (n, p)`, member by member against `rivals (n * e, q)`."""
        ours, theirs = (
            Networks(Controller(network, rows), decode)
            for network, rows, decode in zip((spec, rival_spec), (weights, rivals), self._decoders, strict=True)
        )
        both = _Wheels(ours, theirs, len(seeds), spec.n_inputs)
        return roll(self._arena.simulator(), both, seeds, len(weights))


class _Wheels:
    """A driver of `Both`: `ours` answer to the first `sensors`, member by member, `theirs` to the rest, row by row."""

    def __init__(self, ours: Driver, theirs: Driver, episodes: int, sensors: int) -> None:
        self._ours, self._theirs, self._episodes, self._sensors = ours, theirs, episodes, sensors

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        own = self._ours(observations[..., : self._sensors])
        others = self._theirs(observations[..., self._sensors :].reshape(members * episodes, 1, -1))
        return np.concatenate([own, others.reshape(members, episodes, -1)], axis=-1)

    def keep(self, members: np.ndarray) -> None:
        self._ours.keep(members)
        self._theirs.keep(np.repeat(members, self._episodes))


def _crowd(genomes: Sequence[Genome]) -> tuple[NetworkSpec, Array]:
    """Networks of one kind as rows, batch norms worked in."""
    plain = [genome.folded() if genome.spec.n_moments else genome for genome in genomes]
    if any(genome.spec != plain[0].spec or genome.inputs for genome in plain):
        raise TaskError("only networks of one shape, without a scaling of their sensors, can meet in one batch.")
    return plain[0].spec, np.stack([genome.weights for genome in plain])
