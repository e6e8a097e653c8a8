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
from evorobo.tasks.base import Adviser, Cost, Examples
from evorobo.tasks.control.policies import Driver, Mindful, Rule, one_by_one
from evorobo.tasks.control.robots.base import offers
from evorobo.tasks.control.rollout import Rollout
from evorobo.tasks.control.simulators.base import World
from evorobo.tasks.control.simulators.lookup import RobotWorld, described
from evorobo.tasks.control.spaces import Decoder, flattener
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.experts import Advised, Exemplary, Expert
from evorobo.tasks.control.teaching.minari import Story
from evorobo.tasks.control.teaching.recorder import Tape
from evorobo.tasks.control.teaching.teachers import Experts, MixedTeachers, NoisyTeacher, Teacher


@dataclass(frozen=True)
class Teaching:
    """The teaching side of a robot's task: `driving` puts a genome at the wheel, `practise` plays so many training
    episodes on a tape."""

    world: World
    decoder: Decoder
    options: Mapping[str, Any]
    driving: Callable[[Genome], Callable[[], Driver]]
    practise: Callable[[Tape, int, np.random.Generator], Rollout]

    def experts(self, teacher: Teacher) -> Experts | None:
        """What puts this teacher at the wheel, remembering nothing yet; None where there is nobody who can drive."""
        if isinstance(teacher, NoisyTeacher | MixedTeachers):
            return teacher.experts(self.teacher, self.decoder)
        if isinstance(teacher, str):
            return None if is_recording(teacher) else _exemplary(self.driving(Genome.load(teacher)))
        if teacher is not None:
            return _exemplary(partial(one_by_one, teacher, self.decoder, self._restored))
        robot = self.world.robot if isinstance(self.world, RobotWorld) else None
        if robot is None or not offers(robot, "teacher"):
            return None
        return _exemplary(partial(Mindful, robot) if robot.memory else partial(Rule, robot.teacher))

    def teacher(self, teacher: Teacher) -> Experts:
        """The same, or `TaskError` with the cure."""
        experts = self.experts(teacher)
        if experts is not None:
            return experts
        if teacher is None:
            raise TaskError(
                f"{self.world.id} has no teacher, and without labelled examples there is no backprop. Give the task "
                "one: teacher=a function from observation to action, the path of a genome or of recorded episodes."
            )
        raise TaskError(
            f"{teacher} holds recorded episodes of {self.world.id}: they cannot drive, advise a learner, be noisy or "
            "mixed. Take a function or a genome as the teacher. (Recordings add up: `(one + other).save(path)`.)"
        )

    def driven(self, experts: Callable[[], Expert], episodes: int, rng: np.random.Generator) -> Demonstrations:
        """Training episodes with an expert at the wheel, and what should be learned of them."""
        tape = Tape(self.world.simulator(), experts)
        rollout = self.practise(tape, episodes, rng)
        episode, observations, labels, rewards = tape.steps()
        story = Story(
            described(self.world, self.options),
            self.world.observation_space,
            self.world.action_space,
            rewards,
            tape.ends(),
            rollout.steps[0] < (self.world.max_steps or np.inf),
        )
        native = np.stack([np.asarray(self.decoder.native(label)) for label in labels])
        return Demonstrations(observations, native, episode, story)

    def labelled(self, shown: Demonstrations, more: Cost | None = None) -> Examples:
        """Demonstrations as examples, at their cost and `more`. Raises `TaskError` when they are of another robot."""
        width = flattener(self.world.observation_space)[0]
        if shown.observations.shape[1] != width:
            raise TaskError(
                f"the demonstrations have {shown.observations.shape[1]} sensors and {self.world.id} has {width}; "
                "record them on this environment."
            )
        try:
            targets = self.decoder.targets(self.decoder.read(shown.actions))
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"the demonstrations hold what is no action of {self.world.id} ({error}); record them on it."
            ) from error
        cost = shown.cost + more if more else shown.cost
        return Examples(shown.observations, targets, self.decoder.loss, cost, sequence_ids(shown.episode))

    def adviser(self, teacher: Teacher) -> Adviser:
        """Who has a genome drive, and says at each step what the teacher would have done."""
        experts = self.teacher(teacher)

        def advise(genome: Genome, share: float, episodes: int, rng: np.random.Generator) -> Examples:
            learner = self.driving(genome)
            shown = self.driven(lambda: Advised(learner(), experts(rng), share, rng), episodes, rng)
            return self.labelled(shown, Cost(forward_flops=len(shown.actions) * genome.spec.forward_flops))

        return advise

    def _restored(self, flat: Array) -> Any:
        """An observation as `env.step` returned it."""
        from gymnasium import spaces

        return spaces.unflatten(self.world.observation_space, flat)


def _exemplary(driver: Callable[[], Driver]) -> Experts:
    """Experts whose deeds are to be learned, and who leave nothing to chance."""
    return lambda rng: Exemplary(driver())
