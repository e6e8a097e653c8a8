"""How a robot's teacher is found and put to work: to show how to drive, or to say what it would do where others go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.genome import Genome
from evorobo.nets.sequences import sequence_ids
from evorobo.tasks.base import Cost, Examples
from evorobo.tasks.capabilities import ExpertLabeller
from evorobo.tasks.control.policies import FunctionPolicy, Policy, StatefulPolicy, policy_from_function
from evorobo.tasks.control.robots.base import defines
from evorobo.tasks.control.rollout import Rollout
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, gym_spec
from evorobo.tasks.control.spaces import Decoder, make_flattener
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.experts import Demonstrator, Expert, MixturePolicy
from evorobo.tasks.control.teaching.minari import EpisodeMetadata
from evorobo.tasks.control.teaching.recorder import RecordingSimulator
from evorobo.tasks.control.teaching.teachers import ExpertFactory, MixedTeachers, NoisyTeacher, Teacher


@dataclass(frozen=True)
class Teaching:
    """The teaching side of a robot's task: `driving` puts a genome at the wheel, `practise` plays so many training
    episodes on a tape."""

    env_spec: EnvSpec
    decoder: Decoder
    env_kwargs: Mapping[str, Any]
    make_policy: Callable[[Genome], Callable[[], Policy]]
    run_training: Callable[[RecordingSimulator, int, np.random.Generator], Rollout]

    def find_expert(self, teacher: Teacher) -> ExpertFactory | None:
        """What puts this teacher at the wheel, remembering nothing yet; None where there is nobody who can drive."""
        if isinstance(teacher, NoisyTeacher | MixedTeachers):
            return teacher.experts(self.require_expert, self.decoder)
        if isinstance(teacher, str):
            return None if is_recording(teacher) else _demonstrator(self.make_policy(Genome.load(teacher)))
        if teacher is not None:
            return _demonstrator(partial(policy_from_function, teacher, self.decoder, self._restored))
        robot = self.env_spec.robot if isinstance(self.env_spec, RobotEnvSpec) else None
        if robot is None or not defines(robot, "teacher"):
            return None
        return _demonstrator(partial(StatefulPolicy, robot) if robot.memory else partial(FunctionPolicy, robot.teacher))

    def require_expert(self, teacher: Teacher) -> ExpertFactory:
        """The same, or `TaskError` with the cure."""
        experts = self.find_expert(teacher)
        if experts is not None:
            return experts
        if teacher is None:
            raise TaskError(
                f"{self.env_spec.id} has no teacher, and without labelled examples there is no backprop. Give the task "
                "one: teacher=a function from observation to action, the path of a genome or of recorded episodes."
            )
        raise TaskError(
            f"{teacher} holds recorded episodes of {self.env_spec.id}: they cannot drive, advise a learner, be noisy or "
            "mixed. Take a function or a genome as the teacher. (Recordings add up: `(one + other).save(path)`.)"
        )

    def demonstrate(self, experts: Callable[[], Expert], episodes: int, rng: np.random.Generator) -> Demonstrations:
        """Training episodes with an expert at the wheel, and what should be learned of them."""
        tape = RecordingSimulator(self.env_spec.simulator(), experts)
        rollout = self.run_training(tape, episodes, rng)
        episode, observations, labels, rewards = tape.recorded_steps()
        story = EpisodeMetadata(
            gym_spec(self.env_spec, self.env_kwargs),
            self.env_spec.observation_space,
            self.env_spec.action_space,
            rewards,
            tape.final_observations(),
            rollout.steps[0] < (self.env_spec.max_steps or np.inf),
        )
        native = np.stack([np.asarray(self.decoder.to_env_action(label)) for label in labels])
        return Demonstrations(observations, native, episode, story)

    def to_examples(self, shown: Demonstrations, more: Cost | None = None) -> Examples:
        """Demonstrations as examples, at their cost and `more`. Raises `TaskError` when they are of another robot."""
        width = make_flattener(self.env_spec.observation_space)[0]
        if shown.observations.shape[1] != width:
            raise TaskError(
                f"the demonstrations have {shown.observations.shape[1]} sensors and {self.env_spec.id} has {width}; "
                "record them on this environment."
            )
        try:
            targets = self.decoder.targets(self.decoder.from_env_actions(shown.actions))
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"the demonstrations hold what is no action of {self.env_spec.id} ({error}); record them on it."
            ) from error
        cost = shown.cost + more if more else shown.cost
        return Examples(shown.observations, targets, self.decoder.loss, cost, sequence_ids(shown.episode))

    def expert_labeller(self, teacher: Teacher) -> ExpertLabeller:
        """Who has a genome drive, and says at each step what the teacher would have done."""
        experts = self.require_expert(teacher)

        def advise(genome: Genome, share: float, episodes: int, rng: np.random.Generator) -> Examples:
            learner = self.make_policy(genome)
            shown = self.demonstrate(lambda: MixturePolicy(learner(), experts(rng), share, rng), episodes, rng)
            return self.to_examples(shown, Cost(forward_flops=len(shown.actions) * genome.spec.forward_flops))

        return advise

    def _restored(self, flat: Array) -> Any:
        """An observation as `env.step` returned it."""
        from gymnasium import spaces

        return spaces.unflatten(self.env_spec.observation_space, flat)


def _demonstrator(driver: Callable[[], Policy]) -> ExpertFactory:
    """Experts whose deeds are to be learned, and who leave nothing to chance."""
    return lambda rng: Demonstrator(driver())
