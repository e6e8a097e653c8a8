"""A robot to drive: any gymnasium id as a task, scored by episodes, with a teacher's demonstrations as examples."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import SettingsError, TaskError
from evorobo.nets.activations import Array
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Moments, Scaling
from evorobo.nets.sequences import runs
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Examples, Metric, Scores
from evorobo.tasks.demonstrations import Demonstrations, Recorder
from evorobo.tasks.drivers import Dice, Driver, Networks, Rule, one_by_one
from evorobo.tasks.recording import Recording, Screen, record
from evorobo.tasks.robots.base import Robot, offers
from evorobo.tasks.robots.registry import qualified
from evorobo.tasks.rollout import Rollout, Watcher, roll
from evorobo.tasks.simulators.base import World
from evorobo.tasks.simulators.world import RobotWorld, look_at, look_up
from evorobo.tasks.spaces import Decoder, decoder, flattener

Teacher = Callable[[Any], Any]

TRAIN, VALIDATION, TEST, RANDOM = 0, 2**31, 3 * 2**30, 2**33
"""Where the seeds of episodes begin: training draws below 2^31, so nobody trains on an episode that judges.

All are below 2^32, which is as much as `numpy.random.seed` takes, should an environment still use it.
"""


@dataclass(frozen=True)
class ControlTask:
    """`ControlTask("CartPole-v1")`, `ControlTask("my_file:my/Robot-v0", options={"noise": 0.1}, episodes=4)`.

    `env` is a gymnasium id, with its module or file before a colon where it must be imported first; `options` are
    its keyword arguments. A score is the mean return of `episodes` episodes whose seeds are the same for all
    members of a generation and new in every generation. `normalise` scales observations by what the population has
    seen so far. `validate` and `test` use their own fixed seeds, `validation_episodes` and `test_episodes` of them.

    `teacher` gives examples: None takes the robot's own, if it has one; a function (one observation in, one action
    out, as with `env.step`); the path of a genome (`.npz`); or of recorded episodes (`.npz`, `.csv`: see
    `Demonstrations`). A teacher shows `demonstrations` episodes, and its steps are on the bill.

    Networks drive in single precision.
    """

    env: str
    options: dict[str, Any] = field(default_factory=dict)
    episodes: int = 1
    teacher: Teacher | str | None = None
    demonstrations: int = 20
    normalise: bool = False
    validation_episodes: int = 20
    test_episodes: int = 100
    max_steps: int | None = None
    label: str | None = None

    inputs = None
    outputs = None

    def __post_init__(self) -> None:
        for name in ("episodes", "demonstrations", "validation_episodes", "test_episodes"):
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
        return look_up(self.env, self.options, self.max_steps)

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

    # ---- the four sides

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, inputs: Scaling | None) -> Scores:
        seeds = rng.integers(TRAIN, VALIDATION, self.episodes)
        watch = _Moments(self.n_inputs) if self.normalise else None
        drivers = partial(self._networks, spec, inputs=inputs)
        rollout = self._run(lambda members: drivers(weights[members]), seeds, len(weights), watch)
        return Scores(rollout.returns.mean(1), self._cost(rollout, spec), watch.moments if watch else None)

    def examples(self, rng: np.random.Generator) -> Examples:
        shown, cost = self._shown(rng)
        if shown.observations.shape[1] != self.n_inputs:
            raise TaskError(
                f"the demonstrations have {shown.observations.shape[1]} sensors and {self.world.id} has "
                f"{self.n_inputs}; record them on this environment."
            )
        try:
            actions = self.decoder.read(shown.actions)
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"the demonstrations hold what is no action of {self.world.id} ({error}); record them on it."
            ) from error
        return Examples(shown.observations, self.decoder.targets(actions), self.decoder.loss, cost, runs(shown.episode))

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
        if (teacher := self._teacher()) is not None:
            found["teacher"] = float(self._run(lambda _: teacher(), seeds, 1).returns.mean())
        if self.world.threshold is not None:
            found["solved"] = float(self.world.threshold)
        return found

    # ---- teachers

    def demonstrate(self, rng: np.random.Generator) -> tuple[Demonstrations, Cost]:
        """Let the teacher drive `demonstrations` episodes: what it saw and did, and what that cost."""
        teacher = self._teacher()
        if teacher is None:
            raise TaskError(
                f"{self.world.id} has no teacher, and without labelled examples there is no backprop. Give the task "
                "one: teacher=a function from observation to action, the path of a genome or of recorded episodes."
            )
        seeds = rng.integers(TRAIN, VALIDATION, self.demonstrations)
        recorder = Recorder()
        rollout = self._run(lambda _: teacher(), seeds, 1, recorder)
        episode, observations, actions = recorder.collected()
        native = np.stack([np.asarray(self.decoder.native(action)) for action in actions])
        return Demonstrations(observations, native, episode), self._cost(rollout, None)

    def _shown(self, rng: np.random.Generator) -> tuple[Demonstrations, Cost]:
        if not self._is_recording:
            return self.demonstrate(rng)
        shown = Demonstrations.load(str(self.teacher))
        return shown, Cost(env_steps=len(shown.actions), episodes=len(np.unique(shown.episode)))

    @cached_property
    def _is_recording(self) -> bool:
        """Whether the teacher is a file of recorded episodes rather than somebody who can drive."""
        if not isinstance(self.teacher, str) or self.teacher.endswith(".csv"):
            return isinstance(self.teacher, str)
        if not Path(self.teacher).is_file():
            raise SettingsError(f"there is no file {self.teacher}; a teacher is a function, a genome or a recording.")
        try:
            with zipfile.ZipFile(self.teacher) as file:
                return "about.npy" not in file.namelist()
        except (OSError, zipfile.BadZipFile):
            return False  # Genome.load says what is wrong with it

    def _teacher(self) -> Callable[[], Driver] | None:
        """What makes a teacher that remembers nothing yet, if there is one who can drive."""
        if self.teacher is None:
            robot = self.robot
            return (lambda: Rule(robot.teacher)) if robot and offers(robot, "teacher") else None
        if self._is_recording:
            return None
        if isinstance(self.teacher, str):
            genome = Genome.load(self.teacher)
            self._check_fit(genome.spec)
            return self._driving(genome)
        return partial(one_by_one, self.teacher, self.decoder, self._restore)

    def _restore(self, flat: Array) -> Any:
        from gymnasium import spaces

        return spaces.unflatten(self.world.observation_space, flat)

    # ---- driving

    def driver(self, genome: Genome | None) -> Driver:
        """Who drives through an episode: a genome, or the teacher (None). Raises `TaskError` where there is none."""
        if genome is not None:
            self._check_fit(genome.spec)
            return self._driving(genome)()
        if (teacher := self._teacher()) is None:
            raise TaskError(f"{self.world.id} has no teacher to follow.")
        return teacher()

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
            self._check_fit(genome.spec)
            return self._driving(genome)()
        if (teacher := self._teacher()) is None:
            raise TaskError(f"{self.world.id} has no teacher to follow.")
        return teacher()

    def _driving(self, genome: Genome) -> Callable[[], Driver]:
        return partial(self._networks, genome.spec, genome.weights[None], genome.inputs)

    def _networks(self, spec: NetworkSpec, weights: Array, inputs: Scaling | None) -> Driver:
        return Networks(Controller(spec, weights, inputs), self.decoder)

    def _check_fit(self, spec: NetworkSpec) -> None:
        if (spec.n_inputs, spec.n_outputs) != (self.n_inputs, self.n_outputs):
            raise TaskError(
                f"the network has {spec.n_inputs} inputs and {spec.n_outputs} outputs, "
                f"{self.world.id} needs {self.n_inputs} and {self.n_outputs}."
            )

    def _drive(self, genome: Genome, seeds: np.ndarray) -> Rollout:
        self._check_fit(genome.spec)
        driver = self._driving(genome)
        return self._run(lambda _: driver(), seeds, 1)

    def _run(
        self, driver: Callable[[slice], Driver], seeds: np.ndarray, members: int, watch: Watcher | None = None
    ) -> Rollout:
        """All episodes of all members, in as many batches as the simulator's capacity asks for."""
        simulator = self.world.simulator()
        room = simulator.capacity or members * len(seeds)
        shares = [seeds[at : at + room] for at in range(0, len(seeds), room)]
        together = max(1, room // len(seeds))
        parts = []
        for start in range(0, members, together):
            batch = slice(start, min(start + together, members))
            size = batch.stop - batch.start
            first = start * len(seeds) + np.arange(0, len(seeds), room)
            rolled = [
                roll(simulator, driver(batch), share, size, watch, int(number))
                for share, number in zip(shares, first, strict=True)
            ]
            parts.append(
                [np.concatenate(each, 1) for each in zip(*((r.returns, r.steps) for r in rolled), strict=True)]
            )
        returns, steps = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Rollout(returns, steps)

    def _cost(self, rollout: Rollout, spec: NetworkSpec | None) -> Cost:
        steps = int(rollout.steps.sum())
        return Cost(
            env_steps=steps, episodes=rollout.steps.size, forward_flops=steps * spec.forward_flops if spec else 0
        )


class _Moments:
    """A watcher that sums up the observations of everybody."""

    def __init__(self, k: int) -> None:
        self.moments = Moments.none(k)

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.moments = self.moments + Moments.of(observations)
