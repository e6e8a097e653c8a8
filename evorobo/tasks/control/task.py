"""A robot to drive: any gymnasium id as a task, scored by episodes, with a teacher's demonstrations as examples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, TaskError
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores, UnlabelledInputs
from evorobo.tasks.capabilities import ExpertLabeller
from evorobo.tasks.control.behavior import MeasureRecorder, available_measures
from evorobo.tasks.control.matches import Matches
from evorobo.tasks.control.policies import NetworkPolicy, Policy, RandomPolicy, check_fit
from evorobo.tasks.control.recording import EpisodeRecord, Renderer, record
from evorobo.tasks.control.reference_scores import REFERENCE_SCORES
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.registry import qualified_id
from evorobo.tasks.control.rollout import (
    RANDOM,
    TEST,
    TRAIN,
    VALIDATION,
    ObservationMoments,
    Rollout,
    StepCallback,
    run_episodes_in_batches,
)
from evorobo.tasks.control.simulators.base import EnvSpec, Simulator
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env, make_rendering_env
from evorobo.tasks.control.spaces import Decoder, make_decoder, make_flattener
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.experts import PerfectClone
from evorobo.tasks.control.teaching.recorder import RecordingSimulator
from evorobo.tasks.control.teaching.teachers import Teacher
from evorobo.tasks.control.teaching.teaching import Teaching
from evorobo.tasks.control.unlabelled import sample_inputs, steps_for

if TYPE_CHECKING:
    from evorobo.tasks.control.compiled.episodes import CompiledEpisodes


@register_component("task", "ControlTask")
@dataclass(frozen=True)
class ControlTask:
    """`ControlTask("CartPole-v1")`, `ControlTask("my_file:my/Robot-v0", options={"noise": 0.1}, episodes=4)`.

    `env` is a gymnasium id, with its module or file before a colon where it must be imported first; `options` are
    its keyword arguments. A score is the mean return of `episodes` episodes whose seeds are the same for all
    members of a generation and new in every generation. `normalise` scales observations by what the population has
    seen so far. `validate` and `test` use their own fixed seeds, `validation_episodes` and `test_episodes` of them.

    `teacher` gives examples: None takes the robot's own, if it has one; a function (one observation in, one action
    out, as with `env.step`); the path of a genome (`.npz`); or of recorded episodes (`.npz`, `.csv`, the folder of a
    Minari data set: see `Demonstrations`); `NoisyTeacher` and `MixedTeachers` of these. A teacher shows
    `demonstrations` episodes, and its steps are on the bill; the reference "teacher" is who copies it without error.

    Environments that are stepped one at a time can share the work among `processes`, to the same scores. `compiled`
    has numba make machine code of whole episodes, of any robot on rows whose functions can be traced.

    Networks drive in single precision.
    """

    env: str
    env_kwargs: dict[str, Any] = field(default_factory=dict)
    episodes: int = 1
    teacher: Teacher = None
    n_demonstrations: int = 20
    normalize: bool = False
    validation_episodes: int = 20
    test_episodes: int = 100
    max_steps: int | None = None
    processes: int = 1
    compiled: bool = False
    label: str | None = None

    input_scaler = None
    output_scaler = None

    def __post_init__(self) -> None:
        for name in ("episodes", "n_demonstrations", "validation_episodes", "test_episodes", "processes"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {getattr(self, name)!r}.")
        object.__setattr__(self, "env", qualified_id(self.env))

    # ---- what it is

    @property
    def name(self) -> str:
        return self.label or self.env.rpartition(":")[2].split("/")[-1].removesuffix("-v0").lower()

    @property
    def n_inputs(self) -> int:
        return self._flat[0]

    @property
    def n_outputs(self) -> int:
        return self.decoder.n_outputs

    @property
    def output(self) -> str:
        return self.decoder.output

    @property
    def metric_info(self) -> MetricInfo:
        return MetricInfo("episode return")

    @cached_property
    def env_spec(self) -> EnvSpec:
        return make_env(self.env, self.env_kwargs, self.max_steps, self.processes)

    @cached_property
    def decoder(self) -> Decoder:
        return make_decoder(self.env_spec.action_space)

    @cached_property
    def _flat(self) -> Any:
        return make_flattener(self.env_spec.observation_space)

    @property
    def robot(self) -> Robot | None:
        """The robot on rows behind the id, if it is one: for its drawing and its teacher."""
        return self.env_spec.robot if isinstance(self.env_spec, RobotEnvSpec) else None

    @property
    def measures(self) -> dict[str, tuple[float, float]]:
        """What can be told of what a member does, beside its score, and between which numbers it lies."""
        return available_measures(self.env_spec, self.decoder)

    # ---- the four sides

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        return self.score_with_measures((), spec, weights, rng, input_scaler)

    def score_with_measures(
        self,
        names: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        """`score`, with the mean of each of the measures `names` over a member's episodes."""
        seeds = rng.integers(TRAIN, VALIDATION, self.episodes)
        witness = MeasureRecorder(self.env_spec, self.decoder, names) if names else None
        rollout, seen = self._run_networks(spec, weights, input_scaler, None, seeds, self.normalize, witness)
        measures = witness.means(self.episodes) if witness else None
        return Scores(rollout.returns.mean(1), self._cost(rollout, spec), seen, measures)

    def examples(self, rng: np.random.Generator) -> Examples:
        recorded = isinstance(self.teacher, str) and is_recording(self.teacher)
        shown = Demonstrations.load(str(self.teacher)) if recorded else self.demonstrate(rng)
        return self._teaching.to_examples(shown)

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        """What robots see that chance drives, in short episodes that are on the bill."""
        short = replace(self, max_steps=min(steps_for(rows), self.env_spec.max_steps or rows))
        dice = RandomPolicy(self.decoder, rng)
        return sample_inputs(
            lambda seeds, watch: short._run(lambda _: dice, seeds, 1, watch),
            lambda n: rng.integers(TRAIN, VALIDATION, n),
            rows,
        )

    def validate(self, genome: Genome) -> float:
        return self.validate_with_cost(genome)[0]

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        """`validate`, and its price: the steps of its episodes."""
        rollout = self._run_genome(genome, VALIDATION + np.arange(self.validation_episodes))
        return float(rollout.returns.mean()), self._cost(rollout, genome.spec)

    def test(self, genome: Genome) -> float:
        return float(self._run_genome(genome, TEST + np.arange(self.test_episodes)).returns.mean())

    def references(self) -> dict[str, float]:
        seeds = TEST + np.arange(self.test_episodes)
        dice = RandomPolicy(self.decoder, np.random.default_rng(RANDOM))
        found = {"random": float(self._run(lambda _: dice, seeds, 1).returns.mean())}
        if (copy := self._perfect_clone()) is not None:
            found["teacher"] = float(self._run(lambda _: copy(), seeds, 1).returns.mean())
        if self.env_spec.reward_threshold is not None:
            found["solved"] = float(self.env_spec.reward_threshold)
        as_it_comes = not self.env_kwargs and self.max_steps is None
        return found | (REFERENCE_SCORES.get(self.env_spec.id, {}) if as_it_comes else {})

    def matches(self) -> Matches:
        """The duels of this robot and its rival, for coevolution. Raises `TaskError` for a robot that has no rival."""
        return Matches(self)

    # ---- teachers

    def demonstrate(self, rng: np.random.Generator) -> Demonstrations:
        """Let the teacher drive `demonstrations` episodes: what it saw and did, and as `.cost` what that cost.

        Raises `TaskError` where nobody can drive.
        """
        return self._teaching.demonstrate(
            partial(self._teaching.require_expert(self.teacher), rng), self.n_demonstrations, rng
        )

    def expert_labeller(self) -> ExpertLabeller:
        """Who labels where a learner drives, with what the teacher would have done there (see `Advising`)."""
        return self._teaching.expert_labeller(self.teacher)

    def _perfect_clone(self) -> Callable[[], Policy] | None:
        """Who drives as the teacher wants it done, if there is one who can drive."""
        experts, rng = self._teaching.find_expert(self.teacher), np.random.default_rng(RANDOM)
        return None if experts is None else lambda: PerfectClone(experts(rng))

    @property
    def _teaching(self) -> Teaching:
        return Teaching(self.env_spec, self.decoder, self.env_kwargs, self._policy_maker, self._run_training)

    def _run_training(self, tape: RecordingSimulator, episodes: int, rng: np.random.Generator) -> Rollout:
        """Training episodes on tape."""
        return self._run(tape.make_policy, rng.integers(TRAIN, VALIDATION, episodes), 1, simulator=tape)

    # ---- driving

    def trajectory(self, genome: Genome | None, episode: int = 0) -> Array:
        """The states `(steps, k)`, from the first on, of one test episode under a genome, or under the teacher (None).

        Only for robots on rows, whose `draw` makes a picture of it.
        """
        if self.robot is None:
            raise TaskError(f"{self.env_spec.id} is not a robot on rows; its states are its own.")
        return np.asarray(self.record(genome, episode).states)

    def record(self, genome: Genome | None, episode: int = 0) -> EpisodeRecord:
        """All that happened in one test episode under a genome, or under the teacher (None)."""
        return record(self.env_spec.simulator(), self._policy(genome), TEST + episode)

    def render(
        self, genome: Genome | None, episode: int, at: Collection[int], mode: str = "rgb_array"
    ) -> list[np.ndarray]:
        """The same episode on the environment's own screen: its pictures `(height, width, 3)` before the steps `at`.

        With `mode="human"` the environment opens a window instead. Raises `TaskError` where it cannot be shown so.
        """
        screen = Renderer(
            make_rendering_env(self.env, self.env_kwargs, self.max_steps, mode), self.env_spec, self.decoder
        )
        return screen.render(self._policy(genome), TEST + episode, at)

    def _policy(self, genome: Genome | None) -> Policy:
        """Who drives through one episode, remembering nothing yet."""
        if genome is not None:
            return self._policy_maker(genome)()
        if (teacher := self._perfect_clone()) is None:
            raise TaskError(f"{self.env_spec.id} has no teacher to follow.")
        return teacher()

    def _policy_maker(self, genome: Genome) -> Callable[[], Policy]:
        check_fit(genome.spec, self.decoder, self.n_inputs, self.env_spec.id)
        return partial(
            self._network_policy, genome.spec, genome.weights[None], genome.input_scaler, genome.running_stats
        )

    def _network_policy(
        self, spec: NetworkSpec, weights: Array, input_scaler: Scaler | None, running_stats: Array | None = None
    ) -> Policy:
        return NetworkPolicy(Controller(spec, weights, input_scaler, running_stats=running_stats), self.decoder)

    def _run_genome(self, genome: Genome, seeds: np.ndarray) -> Rollout:
        check_fit(genome.spec, self.decoder, self.n_inputs, self.env_spec.id)
        return self._run_networks(genome.spec, genome.weights[None], genome.input_scaler, genome.running_stats, seeds)[
            0
        ]

    def _run_networks(
        self,
        spec: NetworkSpec,
        weights: Array,
        input_scaler: Scaler | None,
        running_stats: Array | None,
        seeds: np.ndarray,
        watched: bool = False,
        witness: Simulator | None = None,
    ) -> tuple[Rollout, RunningMoments | None]:
        """The episodes of networks `weights (n, p)`, and if `watched` the moments of what all of them saw."""
        if self.compiled:
            if witness:
                raise TaskError("what robots do is measured on rows, step by step; leave compiled=True out.")
            return self._episodes.run(spec, weights, input_scaler, running_stats, seeds, watched)
        watch = ObservationMoments(self.n_inputs) if watched else None
        drivers = partial(self._network_policy, spec, input_scaler=input_scaler, running_stats=running_stats)
        rollout = self._run(lambda members: drivers(weights[members]), seeds, len(weights), watch, witness)
        return rollout, watch.running_moments if watch else None

    @cached_property
    def _episodes(self) -> CompiledEpisodes:
        from evorobo.tasks.control.compiled.episodes import CompiledEpisodes

        return CompiledEpisodes(self.env_spec, self.decoder)

    def _run(
        self,
        driver: Callable[[slice], Policy],
        seeds: np.ndarray,
        members: int,
        watch: StepCallback | None = None,
        simulator: Simulator | None = None,
    ) -> Rollout:
        return run_episodes_in_batches(simulator or self.env_spec.simulator(), driver, seeds, members, watch)

    def _cost(self, rollout: Rollout, spec: NetworkSpec) -> Cost:
        steps = int(rollout.steps.sum())
        return Cost(env_steps=steps, episodes=rollout.steps.size, forward_flops=steps * spec.forward_flops)
