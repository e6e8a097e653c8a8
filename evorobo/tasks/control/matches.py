"""A robot and its rival in one arena, networks at the wheels of both: any number of duels in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, TaskError
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.settings import reference_to
from evorobo.tasks.base import Cost, Scores
from evorobo.tasks.control.policies import NetworkPolicy, Policy
from evorobo.tasks.control.robots.contestant import Contestant, JointRobot
from evorobo.tasks.control.robots.env import action_space
from evorobo.tasks.control.robots.registry import registered_robots
from evorobo.tasks.control.rollout import TEST, TRAIN, VALIDATION, Rollout, run_episodes
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import make_decoder

if TYPE_CHECKING:
    from evorobo.tasks.control.task import ControlTask


class Matches:
    """The contest (see `Contest`) between a task's robot and its rival, on rows even where the task is `compiled`.

    Raises `TaskError` for a robot that has no rival, `SettingsError` for a task that scales sensors as it goes.
    """

    def __init__(self, task: ControlTask) -> None:
        if not isinstance(task.robot, Contestant):
            raise TaskError(
                f"{task.env_spec.id} has no rival to evolve against; derive your robot from evorobo.Contestant, or take "
                'Evolution. "evorobo/Predator-v0" and "evorobo/Prey-v0" are rivals.'
            )
        if task.normalize:
            raise SettingsError("champions meet without a scaling of their sensors; set normalize=False.")
        self._task, self._robot = task, task.robot
        self._arena = RobotEnvSpec(task.env_spec.id, JointRobot(task.robot), task.env_spec.max_steps, None)
        self._decoders = make_decoder(action_space(task.robot)), make_decoder(action_space(task.robot.rival))

    def rival(self) -> ControlTask:
        """The same contest from the rival's side, with the settings of the rival that the robot names."""
        rival = self._robot.rival
        maker = reference_to(type(rival))
        for id, spec in registered_robots().items():
            if spec.kwargs["robot"] == maker:
                return replace(self._task, env=id, env_kwargs=dict(vars(rival)), teacher=None, label=None)
        raise TaskError(f"{type(rival).__name__} has no id; register({type(rival).__name__}, ...) gives it one.")

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """What `weights (n, p)` earn on average against all of `rivals (k, q)`, each in the task's `episodes` episodes.

        All meet the same rivals from the same beginnings. A step of both is one step of the arena; both networks are
        paid.
        """
        each = self._task.episodes
        met = np.tile(np.repeat(rivals, each, axis=0), (len(weights), 1))
        rollout = self._roll(spec, weights, rival_spec, met, rng.integers(TRAIN, VALIDATION, len(rivals) * each))
        steps = int(rollout.steps.sum())
        flops = steps * (spec.forward_flops + rival_spec.forward_flops)
        return Scores(rollout.returns.mean(1), Cost(env_steps=steps, episodes=rollout.steps.size, forward_flops=flops))

    def tournament(self, ours: Sequence[Genome], theirs: Sequence[Genome]) -> Array:
        """Mean returns `(ours, theirs)` of everybody against every rival over the test episodes, in one batch."""
        spec, weights = _stack_weights(ours)
        rival_spec, rivals = _stack_weights(theirs)
        seeds = TEST + np.arange(self._task.test_episodes)
        pairs = np.repeat(weights, len(rivals), axis=0)
        met = np.repeat(np.tile(rivals, (len(weights), 1)), len(seeds), axis=0)
        return self._roll(spec, pairs, rival_spec, met, seeds).returns.mean(1).reshape(len(weights), len(rivals))

    def _roll(
        self, spec: NetworkSpec, weights: Array, rival_spec: NetworkSpec, rivals: Array, seeds: np.ndarray
    ) -> Rollout:
        """The duels `seeds (e,)` of each of `weights (n, p)`, member by member against `rivals (n * e, q)`."""
        ours, theirs = (
            NetworkPolicy(Controller(network, rows), decode)
            for network, rows, decode in zip((spec, rival_spec), (weights, rivals), self._decoders, strict=True)
        )
        return run_episodes(
            self._arena.simulator(), _JointPolicy(ours, theirs, len(seeds), spec.n_inputs), seeds, len(weights)
        )


class _JointPolicy:
    """A driver of `Both`: `ours` answer to the first `sensors`, member by member, `theirs` to the rest, row by row."""

    def __init__(self, ours: Policy, theirs: Policy, episodes: int, sensors: int) -> None:
        self._ours, self._theirs, self._episodes, self._sensors = ours, theirs, episodes, sensors

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        own = self._ours(observations[..., : self._sensors])
        others = self._theirs(observations[..., self._sensors :].reshape(members * episodes, 1, -1))
        return np.concatenate([own, others.reshape(members, episodes, -1)], axis=-1)

    def keep(self, members: np.ndarray) -> None:
        self._ours.keep(members)
        self._theirs.keep(np.repeat(members, self._episodes))


def _stack_weights(genomes: Sequence[Genome]) -> tuple[NetworkSpec, Array]:
    """Networks of one kind as rows, batch norms worked in."""
    plain = [genome.folded() if genome.spec.n_running_stats else genome for genome in genomes]
    if any(genome.spec != plain[0].spec or genome.input_scaler for genome in plain):
        raise TaskError("only networks of one shape, without a scaling of their sensors, can meet in one batch.")
    return plain[0].spec, np.stack([genome.weights for genome in plain])
