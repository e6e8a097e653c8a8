"""Robots as tasks: any gymnasium id, scored by the return of its episodes, with a teacher's examples for backprop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import is_overridden
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError, TaskError
from evorobo.fields import Limits, PositiveInt
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs
from evorobo.tasks.capabilities import (
    ExpertLabeller,
    HasCaveat,
    HasExpert,
    HasJointEval,
    HasMeasures,
    HasReturnGradient,
    HasReturnWindows,
    HasRival,
    HasUnlabelled,
    HasValidationCost,
    ReturnGradient,
    ReturnWindows,
)
from evorobo.tasks.control.behavior import MeasureRecorder, available_measures
from evorobo.tasks.control.gradients.return_gradient import RobotReturnGradient, return_windows
from evorobo.tasks.control.matches import Matches
from evorobo.tasks.control.persistent.rollouts import ControlRolloutEnvs
from evorobo.tasks.control.policies import Networks, Policy
from evorobo.tasks.control.reference_scores import REFERENCE_SCORES
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.registry import qualified_id
from evorobo.tasks.control.rollout import TEST, TRAIN, VALIDATION, ObservationMoments, Rollout
from evorobo.tasks.control.runner import Runner, make_runner
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec, first_unrepeated_step
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env
from evorobo.tasks.control.spaces import Decoder, make_decoder, make_flattener
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.teachers import Teacher
from evorobo.tasks.control.teaching.teaching import Teaching
from evorobo.tasks.control.unlabeled import sample_inputs, steps_for
from evorobo.tasks.rollout_envs import HasRolloutEnvs, RolloutEnvs

N_REPEATED_STEPS = 100
"""The steps of a test episode that are run again to see whether an environment repeats itself."""


@register_component("task", "ControlTask")
@dataclass(frozen=True)
class ControlTask:
    """A robot to control: the score is the mean return of its episodes.

    Networks compute in double precision, or in single precision if they are compiled. All members of a generation have
    the same episode seeds, and each generation has new ones. `validate` and `test` use fixed seeds of their own.

    Parameters
    ----------
    env : str
        A gymnasium id. The module or file that registers it may precede it: "my_file:my/Robot-v0".
    env_kwargs : dict[str, Any], default {}
        Keyword arguments of the environment, for example `{"noise": 0.1}`. A study takes numbers, texts, functions,
        settings, and tuples, lists and dicts of these; keys are texts.
    episodes : int, default 1
        Episodes of each member in one generation, at least 1.
    teacher : callable, str, NoisyTeacher, MixedTeachers or None, default None
        The expert that labels examples. None is the robot's own teacher, if it has one. A function maps one
        observation to one action, both as in `env.step`. A text is the path of a genome (`.npz`) or of recorded
        episodes (see `Demonstrations`).
    n_demonstrations : int, default 20
        Episodes that the teacher shows, at least 1; their steps count in the cost.
    normalize : bool, default False
        Scale observations by the mean and standard deviation of all that learning has observed so far: by evolution,
        policy gradients and gradients through the robot those of earlier steps, by backpropagation the examples.
    validation_episodes : int, default 20
        Episodes of `validate`, at least 1.
    test_episodes : int, default 100
        Episodes of `test`, at least 1.
    max_steps : int or None, default None
        Limit of steps in an episode; None is the limit of the id.
    processes : int, default 1
        Processes that share environments which are stepped one at a time. The scores do not depend on it.
    compiled : bool, default False
        Compile whole episodes with numba, for vectorized robots and gymnasium's classic control.
    label : str or None, default None
        The name in results; None is the name within the id.

    Raises
    ------
    SettingsError
        If a number is out of range, and, at first use, for an unknown id or option.

    Examples
    --------
    >>> from evorobo import ControlTask
    >>> task = ControlTask("CartPole-v1", episodes=4)
    >>> task.name, task.n_inputs, task.n_outputs
    ('cartpole-v1', 4, 2)
    """

    env: Annotated[str, Limits(min_length=1)]
    env_kwargs: dict[str, Any] = field(default_factory=dict)
    episodes: PositiveInt = 1
    teacher: Teacher = None
    n_demonstrations: PositiveInt = 20
    normalize: bool = False
    validation_episodes: PositiveInt = 20
    test_episodes: PositiveInt = 100
    max_steps: PositiveInt | None = None
    processes: PositiveInt = 1
    compiled: bool = False
    label: str | None = None

    input_scaler = None
    output_scaler = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "env", qualified_id(self.env))

    @property
    def name(self) -> str:
        """The name in results: `label`, or the name within the id."""
        return self.label or self.env.rpartition(":")[2].split("/")[-1].removesuffix("-v0").lower()

    @property
    def n_inputs(self) -> int:
        """The length of a flat observation."""
        return make_flattener(self.env_spec.observation_space)[0]

    @property
    def n_outputs(self) -> int:
        """The number of network outputs from which an action is made."""
        return self.decoder.n_outputs

    @property
    def output(self) -> str:
        """The activation of the network's last layer."""
        return self.decoder.output

    @property
    def metric_info(self) -> MetricInfo:
        """The name of the score."""
        return MetricInfo("episode return")

    @cached_property
    def env_spec(self) -> EnvSpec:
        """The environment behind the id."""
        return make_env(self.env, self.env_kwargs, self.max_steps, self.processes)

    @cached_property
    def decoder(self) -> Decoder:
        """The conversion of network outputs to actions."""
        return make_decoder(self.env_spec.action_space)

    @property
    def robot(self) -> Robot | None:
        """The vectorized robot behind the id; None for any other environment."""
        return self.env_spec.robot if isinstance(self.env_spec, RobotEnvSpec) else None

    @property
    def measures(self) -> dict[str, tuple[float, float]]:
        """The measures of a robot's behavior, each with its usual range."""
        return available_measures(self.env_spec, self.decoder)

    @property
    def has_independent_members(self) -> bool:
        """Whether a generation may be scored in parts: observations are not normalized over all of it."""
        own = any(is_overridden(self, each) for each in (ControlTask.score, ControlTask.score_with_measures))
        return not (self.normalize or own)

    @copy_doc(Task.score)
    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        seeds = rng.integers(TRAIN, VALIDATION, self.episodes)
        observation_moments = ObservationMoments(spec.n_inputs) if self.normalize else None
        networks = Networks(self.decoder, spec, weights, input_scaler)
        return self._scores(self._runner.run(networks, seeds, observation_moments), spec, observation_moments)

    @copy_doc(HasMeasures.score_with_measures)
    def score_with_measures(
        self,
        names: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        if self._overrides("score", instead_of="score_with_measures"):
            raise SettingsError(
                f"{type(self).__name__} changes score() but not score_with_measures(), which strategies with measures "
                "use; define both."
            )
        seeds = rng.integers(TRAIN, VALIDATION, self.episodes)
        observation_moments = ObservationMoments(spec.n_inputs) if self.normalize else None
        recorder = MeasureRecorder(self.env_spec, self.decoder, names)
        networks = Networks(self.decoder, spec, weights, input_scaler)
        rollout = self._runner.run(networks, seeds, observation_moments, recorder)
        return replace(self._scores(rollout, spec, observation_moments), measures=recorder.means(self.episodes))

    @copy_doc(Task.examples)
    def examples(self, rng: np.random.Generator) -> Examples:
        recorded = isinstance(self.teacher, str) and is_recording(self.teacher)
        return self._teaching.to_examples(Demonstrations.load(str(self.teacher)) if recorded else self.demonstrate(rng))

    @copy_doc(HasUnlabelled.unlabelled_inputs)
    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        short = replace(self, max_steps=min(steps_for(rows), self.env_spec.max_steps or rows))
        return sample_inputs(short.env_spec, self.decoder, rng, rows)

    @copy_doc(Task.validate)
    def validate(self, genome: Genome) -> float:
        if self._overrides("validate_with_cost", instead_of="validate"):
            return self.validate_with_cost(genome)[0]
        return float(self._validation_rollout(genome).returns.mean())

    @copy_doc(HasValidationCost.validate_with_cost)
    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        rollout = self._validation_rollout(genome)
        own = self._overrides("validate", instead_of="validate_with_cost")
        value = self.validate(genome) if own else float(rollout.returns.mean())
        return value, rollout.cost(genome.spec.forward_flops, self.env_spec.step_flops)

    @copy_doc(Task.test)
    def test(self, genome: Genome) -> float:
        return float(self._run_genome(genome, TEST + np.arange(self.test_episodes)).returns.mean())

    @copy_doc(HasJointEval.validate_and_test)
    def validate_and_test(self, genome: Genome) -> tuple[float, float]:
        own = any(is_overridden(self, each) for each in (ControlTask.validate_with_cost, ControlTask.test))
        if own or self._overrides("validate", instead_of="validate_and_test") or not self.robot:
            return self.validate(genome), self.test(genome)
        sizes = self.validation_episodes, self.test_episodes
        seeds = np.concatenate([VALIDATION + np.arange(sizes[0]), TEST + np.arange(sizes[1])])
        returns = self._runner.run(replace(self._networks(genome), episode_groups=sizes), seeds).returns
        return float(returns[:, : sizes[0]].mean()), float(returns[:, sizes[0] :].mean())

    @copy_doc(Task.references)
    def references(self) -> dict[str, float]:
        scores = self._teaching.references(self.teacher, TEST + np.arange(self.test_episodes))
        is_default = not self.env_kwargs and self.max_steps is None
        return scores | (REFERENCE_SCORES.get(self.env_spec.id, {}) if is_default else {})

    @copy_doc(HasCaveat.caveat)
    def caveat(self) -> str:
        if not isinstance(self.env_spec, GymEnvSpec):  # others draw from the generators of their seeds
            return ""
        step = first_unrepeated_step(self.env_spec.simulator(), self.decoder, TEST, N_REPEATED_STEPS)
        if step is None:
            return ""
        return (
            f"{self.env_spec.id} does not repeat an episode with the same seed and actions, from step {step} on, so "
            "scores depend on what ran before, and seeds repeat nothing. Begin reset with super().reset(seed=seed), "
            "draw from self.np_random alone, and set in reset what step changes."
        )

    @copy_doc(HasReturnGradient.return_gradient)
    def return_gradient(
        self,
        *,
        horizon: int | None = None,
        discount: float = 1.0,
        action_noise: float = 0.0,
        compiled: bool = False,
    ) -> ReturnGradient:
        if self._overrides("score", instead_of="return_gradient"):
            raise SettingsError(
                f"{type(self).__name__} changes score() but not return_gradient(), which gradients through the robot "
                "use; define both."
            )
        runs = self.env_spec, self.decoder, self._runner, self.normalize
        return RobotReturnGradient(*runs, horizon, discount, action_noise, compiled)

    @copy_doc(HasReturnWindows.return_windows)
    def return_windows(self, spec: NetworkSpec, n_envs: int) -> ReturnWindows:
        if self._overrides("score", instead_of="return_windows"):
            raise SettingsError(
                f"{type(self).__name__} changes score() but not return_windows(), which gradients through the robot "
                "use; define both."
            )
        return return_windows(self.env_spec, self.decoder, spec, n_envs)

    @copy_doc(HasRolloutEnvs.rollout_envs)
    def rollout_envs(self, n_envs: int) -> RolloutEnvs:
        if self._overrides("score", instead_of="rollout_envs"):
            raise SettingsError(
                f"{type(self).__name__} changes score() but not rollout_envs(), which policy gradients use; define "
                "both."
            )
        return ControlRolloutEnvs(self.env_spec, self.decoder, n_envs, compiled=self.compiled)

    @copy_doc(HasRival.matches)
    def matches(self) -> Matches:
        matches = Matches(
            self.env_spec,
            self.episodes,
            self.test_episodes,
            lambda id, env_kwargs: replace(self, env=id, env_kwargs=dict(env_kwargs), teacher=None, label=None),
        )
        if self.normalize:
            raise SettingsError("matches do not scale the sensors of champions; set normalize=False.")
        return matches

    def demonstrate(self, rng: np.random.Generator) -> Demonstrations:
        """Run the teacher for `n_demonstrations` episodes.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the seeds of the episodes, and the random numbers of a noisy teacher.

        Returns
        -------
        Demonstrations
            Observations, actions and their cost.

        Raises
        ------
        TaskError
            If there is no teacher that can act.
        """
        make_expert = self._teaching.require_expert(self.teacher)
        return self._teaching.demonstrate(partial(make_expert, rng), self.n_demonstrations, rng)

    @copy_doc(HasExpert.expert_labeller)
    def expert_labeller(self) -> ExpertLabeller:
        return self._teaching.expert_labeller(self.teacher)

    def policy(self, genome: Genome | None) -> Policy:
        """The policy of a network or of the teacher for one batch of episodes.

        Parameters
        ----------
        genome : Genome or None
            The network; None is the teacher.

        Returns
        -------
        Policy
            A function from observations to actions, without memory of other episodes.

        Raises
        ------
        TaskError
            If the genome does not fit, or there is no teacher that can act.
        """
        if genome is not None:
            return Networks.from_genome(genome, self.env_spec, self.decoder).policy()
        if (clone := self._teaching.perfect_clone(self.teacher)) is None:
            raise TaskError(f"{self.env_spec.id} has no teacher to follow.")
        return clone()

    @cached_property
    def _runner(self) -> Runner:
        return make_runner(self.env_spec, self.compiled)

    def _overrides(self, name: str, instead_of: str) -> bool:
        """Return whether a derived class overrides the method `name` but not the one that computes the same."""
        return is_overridden(self, getattr(ControlTask, name)) and not is_overridden(
            self, getattr(ControlTask, instead_of)
        )

    def _validation_rollout(self, genome: Genome) -> Rollout:
        return self._run_genome(genome, VALIDATION + np.arange(self.validation_episodes))

    def _run_genome(self, genome: Genome, seeds: np.ndarray) -> Rollout:
        return self._runner.run(self._networks(genome), seeds)

    def _networks(self, genome: Genome) -> Networks:
        return Networks.from_genome(genome, self.env_spec, self.decoder)

    @property
    def _teaching(self) -> Teaching:
        return Teaching(self.env_spec, self.decoder, self.env_kwargs)

    def _scores(self, rollout: Rollout, spec: NetworkSpec, observation_moments: ObservationMoments | None) -> Scores:
        cost = rollout.cost(spec.forward_flops, self.env_spec.step_flops)
        observed = observation_moments.running_moments if observation_moments else None
        return Scores(rollout.returns.mean(1), cost, observed)
