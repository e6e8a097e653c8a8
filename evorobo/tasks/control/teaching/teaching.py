"""Finds the teacher of a task, runs it for demonstrations, and lets it label the steps of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.nets.sequences import sequence_ids
from evorobo.tasks.base import Cost, Examples
from evorobo.tasks.capabilities import ExpertLabeller
from evorobo.tasks.control.policies import (
    FunctionPolicy,
    Networks,
    Policy,
    RandomPolicy,
    SinglePolicy,
    StatefulPolicy,
    policy_from_function,
)
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.rollout import RANDOM, TRAIN, VALIDATION
from evorobo.tasks.control.runner import StepRunner
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, gym_spec
from evorobo.tasks.control.spaces import Decoder, make_flattener, unflatten
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.experts import Demonstrator, Expert, MixturePolicy, PerfectClone
from evorobo.tasks.control.teaching.minari import EpisodeMetadata
from evorobo.tasks.control.teaching.recorder import RecordingSimulator
from evorobo.tasks.control.teaching.teachers import ExpertFactory, MixedTeachers, NoisyTeacher, Teacher


@dataclass(frozen=True)
class Teaching:
    """The teachers of one environment and what they produce: demonstrations, examples and labels."""

    env_spec: EnvSpec
    decoder: Decoder
    env_kwargs: Mapping[str, Any]

    def find_expert(self, teacher: Teacher) -> ExpertFactory | None:
        """What makes new experts of this teacher; None if there is no teacher that can act."""
        if isinstance(teacher, NoisyTeacher | MixedTeachers):
            return teacher.experts(self.require_expert, self.decoder)
        if isinstance(teacher, str):
            if is_recording(teacher):
                return None
            return _demonstrator(Networks.from_genome(Genome.load(teacher), self.env_spec, self.decoder).policy)
        if teacher is not None:
            return _demonstrator(
                partial(
                    policy_from_function, teacher, self.decoder, partial(unflatten, self.env_spec.observation_space)
                )
            )
        robot = self.env_spec.robot if isinstance(self.env_spec, RobotEnvSpec) else None
        if robot is None or not defines(robot, "teacher"):
            return None
        return _demonstrator(partial(StatefulPolicy, robot) if robot.memory else partial(FunctionPolicy, robot.teacher))

    def require_expert(self, teacher: Teacher) -> ExpertFactory:
        """`find_expert`, but it raises `TaskError` with the remedy instead of returning None."""
        make_expert = self.find_expert(teacher)
        if make_expert is not None:
            return make_expert
        if teacher is None:
            raise TaskError(
                f"{self.env_spec.id} has no teacher, and without labeled examples there is no backprop. Give the task "
                "one: teacher=a function from observation to action, the path of a genome or of recorded episodes."
            )
        raise TaskError(
            f"{teacher} holds recorded episodes of {self.env_spec.id}, which cannot act, label new steps, be noisy "
            "or mixed. Use a function or a genome as the teacher; recordings can only be added up."
        )

    def perfect_clone(self, teacher: Teacher) -> Callable[[], Policy] | None:
        """What makes policies that act as the teacher's labels say; None if there is no teacher that can act."""
        make_expert, rng = self.find_expert(teacher), np.random.default_rng(RANDOM)
        return None if make_expert is None else lambda: PerfectClone(make_expert(rng))

    def references(self, teacher: Teacher, seeds: np.ndarray) -> dict[str, float]:
        """Mean returns of random actions, of a perfect clone of the teacher, and the return that counts as solved."""
        policies: dict[str, Callable[[], Policy]] = {}
        policies["random"] = partial(RandomPolicy, self.decoder, np.random.default_rng(RANDOM))
        if (clone := self.perfect_clone(teacher)) is not None:
            policies["teacher"] = clone
        runner = StepRunner(self.env_spec)
        scores = {name: float(runner.run(SinglePolicy(make), seeds).returns.mean()) for name, make in policies.items()}
        if self.env_spec.reward_threshold is not None:
            scores["solved"] = float(self.env_spec.reward_threshold)
        return scores

    def demonstrate(self, make_expert: Callable[[], Expert], episodes: int, rng: np.random.Generator) -> Demonstrations:
        """Run so many training episodes of an expert; return observations and labels."""
        recorder = RecordingSimulator(self.env_spec.simulator(), make_expert)
        seeds = rng.integers(TRAIN, VALIDATION, episodes)
        rollout = StepRunner(self.env_spec).run(recorder, seeds, simulator=recorder)
        episode, observations, labels, rewards = recorder.recorded_steps()
        metadata = EpisodeMetadata(
            gym_spec(self.env_spec, self.env_kwargs),
            self.env_spec.observation_space,
            self.env_spec.action_space,
            rewards,
            recorder.final_observations(),
            rollout.steps[0] < (self.env_spec.max_steps or np.inf),
        )
        actions = np.stack([np.asarray(self.decoder.to_env_action(label)) for label in labels])
        return Demonstrations(observations, actions, episode, metadata)

    def to_examples(self, demonstrations: Demonstrations, extra_cost: Cost | None = None) -> Examples:
        """Demonstrations as examples, at their cost and `extra_cost`.

        Raises `TaskError` if they are of another environment.
        """
        n_sensors = make_flattener(self.env_spec.observation_space)[0]
        if demonstrations.observations.shape[1] != n_sensors:
            raise TaskError(
                f"the demonstrations have {demonstrations.observations.shape[1]} sensors and {self.env_spec.id} has "
                f"{n_sensors}; record them on this environment."
            )
        try:
            targets = self.decoder.targets(self.decoder.from_env_actions(demonstrations.actions))
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"the demonstrations hold what is no action of {self.env_spec.id} ({error}); record them on it."
            ) from error
        cost = demonstrations.cost + Cost(robot_flops=len(demonstrations.actions) * self.env_spec.step_flops)
        cost = cost + extra_cost if extra_cost else cost
        sequence = sequence_ids(demonstrations.episode)
        return Examples(demonstrations.observations, targets, self.decoder.loss, cost, sequence)

    def expert_labeller(self, teacher: Teacher) -> ExpertLabeller:
        """A function that runs a genome and labels each of its steps with the action of the teacher."""
        make_expert = self.require_expert(teacher)

        def label(genome: Genome, share: float, episodes: int, rng: np.random.Generator) -> Examples:
            networks = Networks.from_genome(genome, self.env_spec, self.decoder)

            def mixture() -> Expert:
                return MixturePolicy(networks.policy(), make_expert(rng), share, rng)

            demonstrations = self.demonstrate(mixture, episodes, rng)
            flops = len(demonstrations.actions) * genome.spec.forward_flops
            return self.to_examples(demonstrations, Cost(forward_flops=flops))

        return label


def _demonstrator(make_policy: Callable[[], Policy]) -> ExpertFactory:
    """Experts whose own actions are the labels; they draw no random numbers."""
    return lambda rng: Demonstrator(make_policy())
