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
from evorobo.tasks.base import Adviser, Cost, Examples, Glimpse, Metric, Scores
from evorobo.tasks.control.behavior import Witness, measurable
from evorobo.tasks.control.matches import Duels
from evorobo.tasks.control.policies import Dice, Driver, Networks, check_fit
from evorobo.tasks.control.recording import Recording, Screen, record
from evorobo.tasks.control.reference_scores import PUBLISHED
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.registry import qualified
from evorobo.tasks.control.rollout import RANDOM, TEST, TRAIN, VALIDATION, Observed, Rollout, Watcher, roll_in_turns
from evorobo.tasks.control.simulators.base import Simulator, World
from evorobo.tasks.control.simulators.lookup import RobotWorld, look_at, look_up
from evorobo.tasks.control.spaces import Decoder, decoder, flattener
from evorobo.tasks.control.teaching.demonstrations import Demonstrations, is_recording
from evorobo.tasks.control.teaching.experts import Copied
from evorobo.tasks.control.teaching.recorder import Tape
from evorobo.tasks.control.teaching.teachers import Teacher
from evorobo.tasks.control.teaching.teaching import Teaching
from evorobo.tasks.control.unlabelled import look_around, ticks

if TYPE_CHECKING:
    from evorobo.tasks.control.compiled.episodes import Episodes


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
    options: dict[str, Any] = field(default_factory=dict)
    episodes: int = 1
    teacher: Teacher = None
    demonstrations: int = 20
    normalise: bool = False
    validation_episodes: int = 20
    test_episodes: int = 100
    max_steps: int | None = None
    processes: int = 1
    compiled: bool = False
    label: str | None = None

    inputs = None
    outputs = None

    def __post_init__(self) -> None:
        for name in ("episodes", "demonstrations", "validation_episodes", "test_episodes", "processes"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {getattr(self, name)!r}.")
        object.__setattr__(self, "env", qualified(self.env))

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
    def metric(self) -> Metric:
        return Metric("episode return")

    @cached_property
    def world(self) -> World:
        return look_up(self.env, self.options, self.max_steps, self.processes)

    @cached_property
    def decoder(self) -> Decoder:
        return decoder(self.world.action_space)

    @cached_property
    def _flat(self) -> Any:
        return flattener(self.world.observation_space)

    @property
    def robot(self) -> Robot | None:
        """The robot on rows behind the id, if it is one: for its drawing and its teacher."""
        return self.world.robot if isinstance(self.world, RobotWorld) else None

    @property
    def measures(self) -> dict[str, tuple[float, float]]:
        """What can be told of what a member does, beside its score, and between which numbers it lies."""
        return measurable(self.world, self.decoder)

    # ---- the four sides

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, inputs: Scaler | None) -> Scores:
        return self.measured((), spec, weights, rng, inputs)

    def measured(
        self, names: Sequence[str], spec: NetworkSpec, weights: Array, rng: np.random.Generator, inputs: Scaler | None
    ) -> Scores:
        """`score`, with the mean of each of the measures `names` over a member's episodes."""
        seeds = rng.integers(TRAIN, VALIDATION, self.episodes)
        witness = Witness(self.world, self.decoder, names) if names else None
        rollout, seen = self._fleet(spec, weights, inputs, None, seeds, self.normalise, witness)
        measures = witness.means(self.episodes) if witness else None
        return Scores(rollout.returns.mean(1), self._cost(rollout, spec), seen, measures)

    def examples(self, rng: np.random.Generator) -> Examples:
        recorded = isinstance(self.teacher, str) and is_recording(self.teacher)
        shown = Demonstrations.load(str(self.teacher)) if recorded else self.demonstrate(rng)
        return self._teaching.labelled(shown)

    def glimpse(self, rng: np.random.Generator, rows: int) -> Glimpse:
        """What robots see that chance drives, in short episodes that are on the bill."""
        short = replace(self, max_steps=min(ticks(rows), self.world.max_steps or rows))
        dice = Dice(self.decoder, rng)
        return look_around(
            lambda seeds, watch: short._run(lambda _: dice, seeds, 1, watch),
            lambda n: rng.integers(TRAIN, VALIDATION, n),
            rows,
        )

    def validate(self, genome: Genome) -> float:
        return self.validation(genome)[0]

    def validation(self, genome: Genome) -> tuple[float, Cost]:
        """`validate`, and its price: the steps of its episodes."""
        rollout = self._drive(genome, VALIDATION + np.arange(self.validation_episodes))
        return float(rollout.returns.mean()), self._cost(rollout, genome.spec)

    def test(self, genome: Genome) -> float:
        return float(self._drive(genome, TEST + np.arange(self.test_episodes)).returns.mean())

    def references(self) -> dict[str, float]:
        seeds = TEST + np.arange(self.test_episodes)
        dice = Dice(self.decoder, np.random.default_rng(RANDOM))
        found = {"random": float(self._run(lambda _: dice, seeds, 1).returns.mean())}
        if (copy := self._copying_teacher()) is not None:
            found["teacher"] = float(self._run(lambda _: copy(), seeds, 1).returns.mean())
        if self.world.threshold is not None:
            found["solved"] = float(self.world.threshold)
        as_it_comes = not self.options and self.max_steps is None
        return found | (PUBLISHED.get(self.world.id, {}) if as_it_comes else {})

    def contest(self) -> Duels:
        """The duels of this robot and its rival, for coevolution. Raises `TaskError` for a robot that has no rival."""
        return Duels(self)

    # ---- teachers

    def demonstrate(self, rng: np.random.Generator) -> Demonstrations:
        """Let the teacher drive `demonstrations` episodes: what it saw and did, and as `.cost` what that cost.

        Raises `TaskError` where nobody can drive.
        """
        return self._teaching.driven(partial(self._teaching.teacher(self.teacher), rng), self.demonstrations, rng)

    def adviser(self) -> Adviser:
        """Who labels where a learner drives, with what the teacher would have done there (see `Advising`)."""
        return self._teaching.adviser(self.teacher)

    def _copying_teacher(self) -> Callable[[], Driver] | None:
        """Who drives as the teacher wants it done, if there is one who can drive."""
        experts, rng = self._teaching.experts(self.teacher), np.random.default_rng(RANDOM)
        return None if experts is None else lambda: Copied(experts(rng))

    @property
    def _teaching(self) -> Teaching:
        return Teaching(self.world, self.decoder, self.options, self._driving, self._practise)

    def _practise(self, tape: Tape, episodes: int, rng: np.random.Generator) -> Rollout:
        """Training episodes on tape."""
        return self._run(tape.driver, rng.integers(TRAIN, VALIDATION, episodes), 1, simulator=tape)

    # ---- driving

    def trajectory(self, genome: Genome | None, episode: int = 0) -> Array:
        """The states `(steps, k)`, from the first on, of one test episode under a genome, or under the teacher (None).

        Only for robots on rows, whose `draw` makes a picture of it.
        """
        if self.robot is None:
            raise TaskError(f"{self.world.id} is not a robot on rows; its states are its own.")
        return np.asarray(self.record(genome, episode).states)

    def record(self, genome: Genome | None, episode: int = 0) -> Recording:
        """All that happened in one test episode under a genome, or under the teacher (None)."""
        return record(self.world.simulator(), self._driver(genome), TEST + episode)

    def film(
        self, genome: Genome | None, episode: int, at: Collection[int], mode: str = "rgb_array"
    ) -> list[np.ndarray]:
        """The same episode on the environment's own screen: its pictures `(height, width, 3)` before the steps `at`.

        With `mode="human"` the environment opens a window instead. Raises `TaskError` where it cannot be shown so.
        """
        screen = Screen(look_at(self.env, self.options, self.max_steps, mode), self.world, self.decoder)
        return screen.film(self._driver(genome), TEST + episode, at)

    def _driver(self, genome: Genome | None) -> Driver:
        """Who drives through one episode, remembering nothing yet."""
        if genome is not None:
            return self._driving(genome)()
        if (teacher := self._copying_teacher()) is None:
            raise TaskError(f"{self.world.id} has no teacher to follow.")
        return teacher()

    def _driving(self, genome: Genome) -> Callable[[], Driver]:
        check_fit(genome.spec, self.decoder, self.n_inputs, self.world.id)
        return partial(self._networks, genome.spec, genome.weights[None], genome.input_scaler, genome.running_stats)

    def _networks(
        self, spec: NetworkSpec, weights: Array, inputs: Scaler | None, running_stats: Array | None = None
    ) -> Driver:
        return Networks(Controller(spec, weights, inputs, running_stats=running_stats), self.decoder)

    def _drive(self, genome: Genome, seeds: np.ndarray) -> Rollout:
        check_fit(genome.spec, self.decoder, self.n_inputs, self.world.id)
        return self._fleet(genome.spec, genome.weights[None], genome.input_scaler, genome.running_stats, seeds)[0]

    def _fleet(
        self,
        spec: NetworkSpec,
        weights: Array,
        inputs: Scaler | None,
        running_stats: Array | None,
        seeds: np.ndarray,
        watched: bool = False,
        witness: Simulator | None = None,
    ) -> tuple[Rollout, RunningMoments | None]:
        """The episodes of networks `weights (n, p)`, and if `watched` the moments of what all of them saw."""
        if self.compiled:
            if witness:
                raise TaskError("what robots do is measured on rows, step by step; leave compiled=True out.")
            return self._episodes.play(spec, weights, inputs, running_stats, seeds, watched)
        watch = Observed(self.n_inputs) if watched else None
        drivers = partial(self._networks, spec, inputs=inputs, running_stats=running_stats)
        rollout = self._run(lambda members: drivers(weights[members]), seeds, len(weights), watch, witness)
        return rollout, watch.running_moments if watch else None

    @cached_property
    def _episodes(self) -> Episodes:
        from evorobo.tasks.control.compiled.episodes import Episodes

        return Episodes(self.world, self.decoder)

    def _run(
        self,
        driver: Callable[[slice], Driver],
        seeds: np.ndarray,
        members: int,
        watch: Watcher | None = None,
        simulator: Simulator | None = None,
    ) -> Rollout:
        return roll_in_turns(simulator or self.world.simulator(), driver, seeds, members, watch)

    def _cost(self, rollout: Rollout, spec: NetworkSpec) -> Cost:
        steps = int(rollout.steps.sum())
        return Cost(env_steps=steps, episodes=rollout.steps.size, forward_flops=steps * spec.forward_flops)
