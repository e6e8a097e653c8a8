"""The contract of a method: same seed, same run; stopped and resumed, the same run; and in the end, better."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evorobo.arrays import Array
from evorobo.errors import EvoroboError, TaskError
from evorobo.learners.base import Batchable, Learner, Method, StepResult
from evorobo.nets.genome import Genome
from evorobo.nets.losses import MSE
from evorobo.nets.passes import forward
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.study import checkpoint
from evorobo.tasks.base import COST_COLUMNS, Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs
from evorobo.tasks.capabilities import ExpertLabeller
from evorobo.testing.common import check_name, forbid_global_rng, require, round_trip, type_name

STEPS = 9
LEARNING_STEPS = 150
"""Steps of the runs that are compared, and of those that must get better."""


@dataclass(frozen=True)
class Wave:
    """A task that takes no time and has both sides: y = sin(3 x) from x and x squared, on 64 points."""

    name: str = "wave"

    n_inputs, n_outputs, output = 2, 1, "identity"
    input_scaler = output_scaler = None
    metric_info = MetricInfo("score")

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        """Minus the mean squared error on 32 points, the same for all members."""
        x, y = self._points(0.0)
        some = rng.choice(len(x), 32, replace=False)
        seen = len(weights) * len(some)
        values = -np.square(forward(spec, weights, x[some]) - y[some]).mean((1, 2))
        return Scores(values, Cost(samples=seen, forward_flops=seen * spec.forward_flops))

    @property
    def measures(self) -> dict[str, tuple[float, float]]:
        return {"energy": (0.0, 2.0), "level": (-1.0, 1.0), "tilt": (-1.0, 1.0)}

    def score_with_measures(
        self,
        names: Sequence[str],
        spec: NetworkSpec,
        weights: Array,
        rng: np.random.Generator,
        input_scaler: Scaler | None,
    ) -> Scores:
        """Of the answers to all points the mean square, the mean, and how much more the right half answers."""
        y = forward(spec, weights, self._points(0.0)[0])[..., 0]
        found = {
            "energy": np.square(y).mean(1),
            "level": y.mean(1),
            "tilt": y[:, 32:].mean(1) - y[:, :32].mean(1),
        }
        told = np.stack([found[name] for name in names], axis=1)
        return replace(self.score(spec, weights, rng, input_scaler), measures=told)

    def examples(self, rng: np.random.Generator) -> Examples:
        return Examples(*self._points(0.0), MSE())

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        x, _ = self._points(0.0)
        return UnlabelledInputs(rng.permutation(x)[:rows])

    def matches(self) -> Wave:
        """Who errs less."""
        return self

    def rival(self) -> Wave:
        """Somebody who learns the same wave."""
        return Wave("rival")

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """By how much members err less than their rivals do on average."""
        state = rng.bit_generator.state
        own = self.score(spec, weights, rng, None)
        rng.bit_generator.state = state
        others = self.score(rival_spec, rivals, rng, None)
        return Scores(own.values - others.values.mean(), own.cost + others.cost)

    def expert_labeller(self) -> ExpertLabeller:
        """Wherever one drives on a wave, one meets other points of it, one a step."""

        def advise(genome: Genome, share: float, episodes: int, rng: np.random.Generator) -> Examples:
            x = rng.uniform(-1, 1, 8 * episodes)
            cost = Cost(env_steps=len(x), episodes=episodes, forward_flops=len(x) * genome.spec.forward_flops)
            return Examples(np.stack([x, x * x], axis=1), np.sin(3 * x)[:, None], MSE(), cost)

        return advise

    def validate(self, genome: Genome) -> float:
        return self.test(genome)

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        return self.validate(genome), Cost(samples=64, forward_flops=64 * genome.spec.forward_flops)

    def test(self, genome: Genome) -> float:
        """Minus the mean squared error halfway between the points."""
        x, y = self._points(0.5)
        return -float(np.square(genome(x) - y).mean())

    def references(self) -> dict[str, float]:
        return {"silence": -float(np.square(self._points(0.5)[1]).mean())}

    @staticmethod
    def _points(shift: float) -> tuple[Array, Array]:
        x = (np.arange(64) + shift) / 32 - 1
        return np.stack([x, x * x], axis=1), np.sin(3 * x)[:, None]


def check_method(method: Method, task: Task | None = None, hidden: Sequence[Hidden] = (8,)) -> None:
    """Raise `TaskError` with one sentence, unless `method` keeps its contract on `task` (by default a small one).

    Checked are name and settings; that it begins with the genome of the seed; that one seed gives one run, to the
    last bit, through a checkpoint on disk as well, and among learners that are stepped together; that costs never
    fall, weights are finite and the global generators stay as they are; and that it gets better on a small task of
    this file.
    """
    check_name(method)
    round_trip(method)
    with threadpool_limits(1):  # as in every trial
        _check_runs(_Setup(method, task or Wave(), tuple(hidden)))
        _check_better(method)


@dataclass(frozen=True)
class _Setup:
    """Where a method is tried."""

    method: Method
    task: Task
    hidden: tuple[Hidden, ...]

    @property
    def spec(self) -> NetworkSpec:
        return NetworkSpec.build(self.task.n_inputs, self.hidden, self.task.n_outputs, self.task.output)

    def start(self, seed: int = 0) -> Learner:
        with forbid_global_rng(seed, f"{type_name(self.method)}.start()"):
            return self.method.start(self.task, self.spec, np.random.default_rng(seed))


def _check_runs(place: _Setup) -> None:
    method, first = place.method, _check_first(place)
    learner = place.start()
    told = _run(place, learner, range(STEPS), seed=1)
    _check_artifacts(method, learner)
    require(
        _run(place, place.start(), range(STEPS), seed=2) == told,
        f"{type_name(method)} made two different runs of one seed; draw all chance from the rng given to start().",
    )
    require(told[-1][0] != first.tobytes(), f"{type_name(method)} did not change the genome in {STEPS} steps; learn.")
    for steps in (0, STEPS // 2):
        _check_resumed(place, steps, told)
    if isinstance(method, Batchable):
        _check_batching(place)


def _check_artifacts(method: Method, learner: Learner) -> None:
    files = learner.artifacts() if callable(getattr(learner, "artifacts", None)) else None
    require(
        isinstance(files, Mapping)
        and all(isinstance(name, str) and isinstance(content, bytes | str) for name, content in files.items()),
        f"{type_name(method)}'s learner has no valid artifacts(); return a dict of file contents, bytes or str, by file "
        "name, or an empty dict.",
    )


def _check_first(place: _Setup) -> Array:
    first = place.start().genome.weights
    expected = place.spec.init(np.random.default_rng(0))
    require(
        first.shape == expected.shape and np.array_equal(first.astype(np.float32), expected.astype(np.float32)),
        f"{type_name(place.method)} begins with another genome than spec.init(rng); make this its first draw from rng, so "
        "that all methods start alike.",
    )
    return first


def _run(place: _Setup, learner: Learner, steps: Any, seed: int) -> list[tuple[bytes, str, Cost]]:
    """What a run tells after each step: the weights, the progress with the moments, the cost."""
    name, told = type_name(place.method), []
    before = learner.cost
    for step in steps:
        if learner.done:
            break
        with forbid_global_rng(seed, f"{name}'s learner"):
            progress = learner.step(step / STEPS)
        genome, cost = learner.genome, learner.cost
        weights = genome.weights
        require(
            weights.shape == (place.spec.n_params,) and bool(np.isfinite(weights).all()),
            f"{name}'s learner gave a genome of shape {weights.shape} with {_odd(weights)} numbers that are not "
            f"finite; it needs {place.spec.n_params} weights.",
        )
        require(
            isinstance(progress, StepResult)
            and bool(np.isfinite(progress.score))
            and all(isinstance(value, int | float) for value in progress.info.values()),
            f"{name}'s learner told {progress!r}; give a Progress with a finite score and plain numbers by name.",
        )
        require(
            all(getattr(cost, field) >= getattr(before, field) for field in COST_COLUMNS) and cost != before,
            f"{name}'s learner had paid {before} and then {cost}; its cost is a running total that grows in each step.",
        )
        before = cost
        measured = [] if genome.running_stats is None else genome.running_stats.tolist()
        told.append((weights.tobytes(), f"{progress} {measured}", cost))
    return told


def _odd(weights: Array) -> int:
    return int((~np.isfinite(weights)).sum())


def _check_resumed(place: _Setup, steps: int, told: list[tuple[bytes, str, Cost]]) -> None:
    """A run that stops after `steps`, is written down, and goes on in a new learner."""
    name, stopped, resumed = type_name(place.method), place.start(), place.start()
    _run(place, stopped, range(steps), seed=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        try:
            checkpoint.save(path, stopped.state())
            _run(place, stopped, range(steps, STEPS), seed=3)
            resumed.restore(checkpoint.load(path))
        except (EvoroboError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise TaskError(
                f"the state of {name}'s learner cannot be written down after {steps} steps and read again ({error}); "
                "state() is a dict of arrays, numbers, texts and dicts of these, and restore() takes the same."
            ) from error
    require(
        _run(place, resumed, range(steps, STEPS), seed=4) == told[steps:],
        f"{name}'s learner goes on differently when its state() after {steps} steps is given to restore(); everything "
        "that decides belongs into it, the state of rng too.",
    )


def _check_batching(place: _Setup) -> None:
    """Learners that are stepped in one call come to what each comes to alone."""
    alone, crew = ([place.start(seed) for seed in range(3)] for _ in range(2))
    step = place.method.batch_learners(crew).step  # type: ignore[attr-defined]
    for spent in np.arange(STEPS) / STEPS:
        told, expected = step([spent] * 3), [learner.step(spent) for learner in alone]
        require(
            repr(told) == repr(expected)
            and all(np.array_equal(a.genome.weights, b.genome.weights) for a, b in zip(alone, crew, strict=True)),
            f"{type_name(place.method)} comes to other numbers when its learners are stepped together(); their rows must "
            "not mix, and each must draw from its own rng. Without crew_size and together they are stepped one by one.",
        )


def _check_better(method: Method) -> None:
    gains = []
    for seed in range(3):
        place = _Setup(method, Wave(), (8,))
        learner = place.start(seed)
        before = place.task.test(learner.genome)
        for step in range(LEARNING_STEPS):
            if not learner.done:
                learner.step(step / LEARNING_STEPS)
        gains.append(place.task.test(learner.genome) - before)
    require(
        sum(gains) > 0,
        f"{type_name(method)} is no better after {LEARNING_STEPS} steps on a small task (gains {np.round(gains, 3).tolist()}); "
        "scores climb and losses fall, so look at its signs and step sizes.",
    )
