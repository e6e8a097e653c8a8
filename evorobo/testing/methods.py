"""The contract of a method: one seed gives one run, also after a checkpoint, and the method learns."""

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
from evorobo.nets.passes import forward, gradient
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.study import checkpoint
from evorobo.tasks.base import COST_COLUMNS, Cost, Examples, MetricInfo, Scores, Task, UnlabelledInputs
from evorobo.tasks.capabilities import ExpertLabeller, ReturnGradient, ReturnGradients, ReturnWindows
from evorobo.tasks.rollout_envs import RolloutEnvs
from evorobo.testing.common import check_name, forbid_global_rng, require, round_trip, type_name
from evorobo.testing.wave_windows import WaveRolloutEnvs, WaveWindows

STEPS = 9
LEARNING_STEPS = 150
"""Steps of the runs that are compared, and of the runs that must improve."""


@dataclass(frozen=True)
class Wave:
    """A fast task with all sides: y = sin(3 x) from x and x squared, on 64 points."""

    name: str = "wave"

    n_inputs, n_outputs, output = 2, 1, "identity"
    input_scaler = output_scaler = None
    metric_info = MetricInfo("score")

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        """Minus the mean squared error on 32 points, the same for all members."""
        x, y = self._points(0.0)
        rows = rng.choice(len(x), 32, replace=False)
        n_samples = len(weights) * len(rows)
        values = -np.square(forward(spec, weights, x[rows]) - y[rows]).mean((1, 2))
        return Scores(values, Cost(samples=n_samples, forward_flops=n_samples * spec.forward_flops))

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
        """The mean square and the mean of the outputs, and how much larger those of the right half are."""
        y = forward(spec, weights, self._points(0.0)[0])[..., 0]
        values = {
            "energy": np.square(y).mean(1),
            "level": y.mean(1),
            "tilt": y[:, 32:].mean(1) - y[:, :32].mean(1),
        }
        measures = np.stack([values[name] for name in names], axis=1)
        return replace(self.score(spec, weights, rng, input_scaler), measures=measures)

    def examples(self, rng: np.random.Generator) -> Examples:
        return Examples(*self._points(0.0), MSE())

    def unlabelled_inputs(self, rng: np.random.Generator, rows: int) -> UnlabelledInputs:
        x, _ = self._points(0.0)
        return UnlabelledInputs(rng.permutation(x)[:rows])

    def matches(self) -> Wave:
        """The same task: matches compare errors."""
        return self

    def rival(self) -> Wave:
        """A rival that learns the same wave."""
        return Wave("rival")

    def score_against(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, rival_spec: NetworkSpec, rivals: Array
    ) -> Scores:
        """The mean error of the rivals minus that of each member."""
        state = rng.bit_generator.state
        own = self.score(spec, weights, rng, None)
        rng.bit_generator.state = state
        others = self.score(rival_spec, rivals, rng, None)
        return Scores(own.values - others.values.mean(), own.cost + others.cost)

    def expert_labeller(self) -> ExpertLabeller:
        """Each step labels a random point of the wave."""

        def label(genome: Genome, share: float, episodes: int, rng: np.random.Generator) -> Examples:
            x = rng.uniform(-1, 1, 8 * episodes)
            cost = Cost(env_steps=len(x), episodes=episodes, forward_flops=len(x) * genome.spec.forward_flops)
            return Examples(np.stack([x, x * x], axis=1), np.sin(3 * x)[:, None], MSE(), cost)

        return label

    def return_gradient(
        self,
        *,
        horizon: int | None = None,
        discount: float = 1.0,
        action_noise: float = 0.0,
        compiled: bool = False,
    ) -> ReturnGradient:
        """An episode is 32 random points; its return is minus the mean squared error on them."""

        def differentiate(genome: Genome, n_episodes: int, rng: np.random.Generator) -> ReturnGradients:
            spec, loss, (x, y) = genome.spec, MSE(), self._points(0.0)
            returns, gradients = [], []
            for _ in range(n_episodes):
                rows = rng.choice(len(x), 32, replace=False)
                outputs = forward(spec, genome.weights, x[rows])
                returns.append(-float(loss.value(outputs, y[rows])))
                gradients.append(-gradient(spec, genome.weights, x[rows], loss.gradient(outputs, y[rows])))
            samples = 32 * n_episodes
            cost = Cost(
                samples=samples,
                forward_flops=samples * spec.forward_flops,
                backward_flops=samples * spec.backward_flops,
            )
            return ReturnGradients(np.array(returns), np.array(gradients), cost)

        return differentiate

    def return_windows(self, spec: NetworkSpec, n_envs: int) -> ReturnWindows:
        return WaveWindows(*self._points(0.0), n_envs)

    def rollout_envs(self, n_envs: int) -> RolloutEnvs:
        return WaveRolloutEnvs(*self._points(0.0), n_envs)

    def validate(self, genome: Genome) -> float:
        return self.test(genome)

    def validate_with_cost(self, genome: Genome) -> tuple[float, Cost]:
        return self.validate(genome), Cost(samples=64, forward_flops=64 * genome.spec.forward_flops)

    def test(self, genome: Genome) -> float:
        """Minus the mean squared error halfway between the points."""
        x, y = self._points(0.5)
        return -float(np.square(genome(x) - y).mean())

    def references(self) -> dict[str, float]:
        return {"zero": -float(np.square(self._points(0.5)[1]).mean())}

    @staticmethod
    def _points(shift: float) -> tuple[Array, Array]:
        x = (np.arange(64) + shift) / 32 - 1
        return np.stack([x, x * x], axis=1), np.sin(3 * x)[:, None]


def check_method(method: Method, task: Task | None = None, hidden: Sequence[Hidden] = (8,)) -> None:
    """Check that a method keeps its contract.

    The checks cover name and settings. A run starts from the genome of the seed. One seed gives one run, bit for bit,
    also through a checkpoint on disk and among learners that are stepped as one batch. Costs never fall, weights are
    finite, and the global random generators are not used. Finally the method must improve on a small task.

    Parameters
    ----------
    method : Method
        The method.
    task : Task or None, default None
        The task of the runs; None is a small task that takes no time.
    hidden : sequence of int or Layer, default (8,)
        The hidden layers of the network.

    Raises
    ------
    TaskError
        If the method breaks its contract; one sentence says where, and how to fix it.

    Examples
    --------
    >>> from evorobo import Evolution, SNES
    >>> from evorobo.testing import check_method
    >>> check_method(Evolution(SNES()))
    """
    check_name(method)
    round_trip(method)
    with threadpool_limits(1):  # as in every trial
        _check_runs(_Setup(method, task or Wave(), tuple(hidden)))
        _check_better(method)


@dataclass(frozen=True)
class _Setup:
    """A method, a task and a network."""

    method: Method
    task: Task
    hidden: tuple[Hidden, ...]

    @property
    def spec(self) -> NetworkSpec:
        return NetworkSpec.build(self.task.n_inputs, self.hidden, self.task.n_outputs, self.task.output)

    def start(self, seed: int = 0) -> Learner:
        with forbid_global_rng(seed, f"{type_name(self.method)}.start()"):
            return self.method.start(self.task, self.spec, np.random.default_rng(seed))


def _check_runs(setup: _Setup) -> None:
    method, first = setup.method, _check_first(setup)
    learner = setup.start()
    records = _run(setup, learner, range(STEPS), seed=1)
    _check_artifacts(method, learner)
    require(
        _run(setup, setup.start(), range(STEPS), seed=2) == records,
        f"{type_name(method)} made two different runs from one seed; draw all random numbers from the rng of start().",
    )
    require(records[-1][0] != first.tobytes(), f"{type_name(method)} did not change the genome in {STEPS} steps.")
    for steps in (0, STEPS // 2):
        _check_resumed(setup, steps, records)
    if isinstance(method, Batchable):
        _check_batching(setup)


def _check_artifacts(method: Method, learner: Learner) -> None:
    files = learner.artifacts() if callable(getattr(learner, "artifacts", None)) else None
    require(
        isinstance(files, Mapping)
        and all(isinstance(name, str) and isinstance(content, bytes | str) for name, content in files.items()),
        f"{type_name(method)}'s learner has no valid artifacts(); return a dict of file contents, bytes or str, by "
        "file name, or an empty dict.",
    )


def _check_first(setup: _Setup) -> Array:
    first = setup.start().genome.weights
    expected = setup.spec.init(np.random.default_rng(0))
    require(
        first.shape == expected.shape and np.array_equal(first.astype(np.float32), expected.astype(np.float32)),
        f"{type_name(setup.method)} starts from another genome than spec.init(rng); make this its first draw from rng, "
        "so that all methods start from the same genome.",
    )
    return first


def _run(setup: _Setup, learner: Learner, steps: Any, seed: int) -> list[tuple[bytes, str, Cost]]:
    """After each step: the weights, the result with the running statistics, and the cost."""
    name, records = type_name(setup.method), []
    before = learner.cost
    for step in steps:
        if learner.done:
            break
        with forbid_global_rng(seed, f"{name}'s learner"):
            result = learner.step(step / STEPS)
        genome, cost = learner.genome, learner.cost
        weights = genome.weights
        require(
            weights.shape == (setup.spec.n_params,) and bool(np.isfinite(weights).all()),
            f"{name}'s learner has a genome of shape {weights.shape} with {_count_invalid(weights)} numbers that are "
            f"not finite; it needs {setup.spec.n_params} weights.",
        )
        require(
            isinstance(result, StepResult)
            and bool(np.isfinite(result.score))
            and all(isinstance(value, int | float) for value in result.info.values()),
            f"{name}'s learner returned {result!r}; return a StepResult with a finite score and plain numbers by name.",
        )
        require(
            all(getattr(cost, field) >= getattr(before, field) for field in COST_COLUMNS) and cost != before,
            f"{name}'s learner had the cost {before} and then {cost}; its cost is a total that grows in each step.",
        )
        before = cost
        stats = [] if genome.running_stats is None else genome.running_stats.tolist()
        records.append((weights.tobytes(), f"{result} {stats}", cost))
    return records


def _count_invalid(weights: Array) -> int:
    return int((~np.isfinite(weights)).sum())


def _check_resumed(setup: _Setup, steps: int, records: list[tuple[bytes, str, Cost]]) -> None:
    """Compare a run that stops after `steps`, is saved, and continues in a new learner."""
    name, stopped, resumed = type_name(setup.method), setup.start(), setup.start()
    _run(setup, stopped, range(steps), seed=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        try:
            checkpoint.save(path, stopped.state())
            _run(setup, stopped, range(steps, STEPS), seed=3)
            resumed.restore(checkpoint.load(path))
        except (EvoroboError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise TaskError(
                f"the state of {name}'s learner cannot be saved after {steps} steps and restored ({error}); "
                "state() is a dict of arrays, numbers, texts and dicts of these, and restore() takes the same."
            ) from error
    require(
        _run(setup, resumed, range(steps, STEPS), seed=4) == records[steps:],
        f"{name}'s learner continues differently after its state() of step {steps} is restored; the state needs all "
        "that matters, the state of rng too.",
    )


def _check_batching(setup: _Setup) -> None:
    """Compare learners that are stepped as one batch with each of them alone."""
    alone, batch = ([setup.start(seed) for seed in range(3)] for _ in range(2))
    step = setup.method.batch_learners(batch).step  # type: ignore[attr-defined]
    for fraction in np.arange(STEPS) / STEPS:
        results, expected = step([fraction] * 3), [learner.step(fraction) for learner in alone]
        require(
            repr(results) == repr(expected)
            and all(np.array_equal(a.genome.weights, b.genome.weights) for a, b in zip(alone, batch, strict=True)),
            f"{type_name(setup.method)} computes other numbers when its learners are stepped as one batch; their rows "
            "must not mix, and each must draw from its own rng. Without batch_learners they are stepped one by one.",
        )


def _check_better(method: Method) -> None:
    gains = []
    for seed in range(3):
        setup = _Setup(method, Wave(), (8,))
        learner = setup.start(seed)
        before = setup.task.test(learner.genome)
        for step in range(LEARNING_STEPS):
            if not learner.done:
                learner.step(step / LEARNING_STEPS)
        gains.append(setup.task.test(learner.genome) - before)
    require(
        sum(gains) > 0,
        f"{type_name(method)} is no better after {LEARNING_STEPS} steps on a small task (gains "
        f"{np.round(gains, 3).tolist()}); scores must rise and losses must fall, so check signs and step sizes.",
    )
