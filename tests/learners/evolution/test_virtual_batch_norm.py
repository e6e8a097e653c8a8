"""Evolution of networks with batch norm: every member is normalized by one reference batch under its own weights."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from toys import Bowl, Observed

from evorobo import (
    CMAES,
    GRU,
    BatchNorm,
    ControlTask,
    DatasetTask,
    Dense,
    Evolution,
    NetworkSpec,
    SettingsError,
    forward,
)
from evorobo.learners.evolution.reference_batch import ROWS
from evorobo.nets.fold import estimate_running_stats
from evorobo.nets.layer import ForwardContext
from evorobo.nets.scaling import Scaler
from evorobo.nets.sequences import SequenceBatches
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Scores, UnlabelledInputs

SPEC = NetworkSpec.build(2, (Dense(4, "identity"), BatchNorm(activation="relu")), 1)
PAID = Cost(env_steps=50, episodes=3)


@dataclass(frozen=True)
class Seen(Bowl):
    """Scores outputs on four points and records the calls; returns new unlabelled inputs at each request."""

    calls: list = field(default_factory=list)
    shown: list = field(default_factory=list)

    points = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0], [-1.0, 4.0]])

    def unlabelled_inputs(self, rng, rows):
        inputs = rng.normal([3.0, -1.0], [0.5, 4.0], (rows, 2))
        self.shown.append(inputs)
        return UnlabelledInputs(inputs, PAID, np.repeat([0, 1, 2], [60, 50, rows - 110]))

    def score(self, spec, weights, rng, inputs):
        x = inputs.transform(self.points) if inputs else self.points
        outputs = forward(spec, weights, x)
        self.calls.append((spec, outputs, inputs))
        scores = super().score(spec, weights, rng, inputs)
        return replace(scores, values=-np.square(outputs - 1).mean((1, 2)))

    def test(self, genome):
        return -float(np.square(genome(self.points) - 1).mean())


@dataclass(frozen=True)
class Shifting(Seen):
    """Its members also meet observations, so that the scaling of inputs changes from generation to generation."""

    def score(self, spec, weights, rng, inputs):
        scores = super().score(spec, weights, rng, inputs)
        return Scores(scores.values, scores.cost, Observed().score(spec, weights, rng, inputs).observation_moments)


class Told:
    """A strategy that keeps the populations it proposes."""

    name = "recorder"

    def __init__(self):
        self.proposed = []

    def start(self, weights, rng):
        running = CMAES(population_size=6).start(weights, rng)
        generate = running.generate

        def remember(kind):
            population = generate(kind)
            self.proposed.append(np.stack([np.asarray(individual) for individual in population]))
            return population

        running.generate = remember
        return running


def start(task, strategy=None, spec=SPEC, seed=0):
    return Evolution(strategy or CMAES(population_size=6)).start(task, spec, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", [Seen, Shifting])
def test_each_member_has_the_running_statistics_of_the_same_rows_under_its_own_weights(kind):
    task, strategy = kind(), Told()
    learner = start(task, strategy)
    for _ in range(4):
        learner.step(0.0)
    (reference,) = task.shown  # drawn once
    assert len(reference) == ROWS
    for (spec, outputs, inputs), weights in zip(task.calls, strategy.proposed, strict=True):
        assert spec.n_running_stats == 0  # a task need not know of batch norm
        x, points = (inputs.transform(rows) if inputs else rows for rows in (reference, task.points))
        for member, solution in zip(weights, outputs, strict=True):
            running_stats = estimate_running_stats(SPEC, member, x, ForwardContext())
            np.testing.assert_array_equal(solution, forward(SPEC, member, points, running_stats=running_stats))
    if kind is Shifting:
        assert [inputs is None for _, _, inputs in task.calls] == [True, False, False, False]


@pytest.mark.parametrize("kind", [Seen, Shifting])
def test_the_solution_has_its_own_running_statistics(kind):
    task = kind()
    learner = start(task)
    for _ in range(3):
        learner.step(0.0)
        solution = learner.genome
        x = solution.input_scaler.transform(task.shown[0]) if solution.input_scaler else task.shown[0]
        np.testing.assert_array_equal(
            solution.running_stats, estimate_running_stats(SPEC, solution.weights, x, ForwardContext())
        )


def test_networks_that_remember_go_through_the_reference_in_time():
    spec = NetworkSpec.build(2, (GRU(3), BatchNorm()), 1)
    task = Seen()
    solution = start(task, spec=spec).genome
    layout = SequenceBatches(ROWS, np.repeat([0, 1, 2], [60, 50, ROWS - 110])).take(np.arange(3))
    context = ForwardContext(n_steps=60, mask=layout.mask)
    np.testing.assert_array_equal(
        solution.running_stats, estimate_running_stats(spec, solution.weights, task.shown[0][layout.rows], context)
    )
    alone = estimate_running_stats(spec, solution.weights, task.shown[0], ForwardContext())
    assert not np.allclose(alone, solution.running_stats, rtol=0.1)


def test_the_cost_includes_the_reference_batch_and_its_passes():
    learner = start(Seen())
    assert learner.cost == PAID
    for generation in range(1, 4):
        learner.step(0.0)
        learner.genome  # noqa: B018, looking is free
        scored = replace(SPEC, layers=learner._task.calls[0][0].layers).forward_flops
        assert replace(learner.cost, update_flops=0) == PAID + Cost(
            env_steps=6 * generation,
            episodes=6 * generation,
            forward_flops=6 * generation * (scored + ROWS * SPEC.forward_flops),
        )


@pytest.mark.parametrize("generations", [0, 3])
def test_a_restored_learner_has_the_same_reference_batch(tmp_path, generations):
    learner, other = start(Shifting()), start(Shifting(), seed=1)
    for _ in range(generations):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(4):
        assert other.step(0.5) == learner.step(0.5)
    assert other.cost == learner.cost
    for part in ("weights", "running_stats"):
        np.testing.assert_array_equal(getattr(other.genome, part), getattr(learner.genome, part))


def test_networks_without_batch_norm_draw_nothing_for_it():
    plain, task = NetworkSpec.build(2, (4,), 1), Seen()
    learner, rng = start(task, spec=plain), np.random.default_rng(0)
    CMAES(population_size=6).start(plain.init(rng), rng)
    assert learner.state()["rng"] == rng.bit_generator.state
    assert not task.shown
    assert learner.genome.running_stats is None


def test_a_task_without_unlabelled_inputs_is_refused():
    with pytest.raises(
        SettingsError, match=r"bowl has no unlabelled inputs.*unlabelled_inputs\(rng, rows\).*or use LayerNorm"
    ):
        start(Bowl())


def test_a_member_that_overflows_is_the_worst_and_not_the_end():
    class Wild:
        name = "wild"

        def start(self, weights, rng):
            running = CMAES(population_size=6).start(weights, rng)
            generate = running.generate

            def once(kind):
                population = generate(kind)
                population[2][:] = 1e150
                return population

            running.generate = once
            return running

    scored = DatasetTask.from_arrays(np.random.default_rng(0).normal(size=(40, 2)), np.arange(40.0))
    learner = start(scored, Wild())
    assert np.isfinite(learner.step(0.0).score)


def test_it_learns_where_sensors_are_far_from_any_scale():
    # columns of different scales and offsets: without normalization all rows look the same
    rng = np.random.default_rng(1)
    x = rng.normal([500.0, -3.0], [100.0, 0.02], (300, 2))
    y = np.tanh((x[:, 0] - 500) / 100) - (x[:, 1] + 3) / 0.02
    task = DatasetTask.from_arrays(x, y, normalize=False)
    guess, reached = task.references()["constant guess"], []
    for hidden in ((BatchNorm(), Dense(4)), (Dense(4),)):
        learner = start(task, CMAES(), NetworkSpec.build(2, hidden, 1))
        for _ in range(60):
            learner.step(0.0)
        reached.append(task.test(learner.genome) / guess)
    assert reached[0] < 0.5
    assert reached[1] > 0.9


def test_a_robot_evolves_with_batch_norm_and_its_solution_drives_from_a_file(tmp_path):
    task = ControlTask("evorobo/Phototaxis-v0", episodes=2, max_steps=40, validation_episodes=4, normalize=True)
    spec = NetworkSpec.build(task.n_inputs, (Dense(4, "identity"), BatchNorm(activation="tanh")), task.n_outputs)
    learner = start(task, spec=spec)
    for _ in range(3):
        learner.step(0.0)
    learner.genome.save(tmp_path / "genome.npz")
    read = type(learner.genome).load(tmp_path / "genome.npz")
    assert task.validate(read) == task.validate(learner.genome)
    # folded before or after: the same except for rounding
    assert task.validate(read.folded()) == pytest.approx(task.validate(read), rel=1e-3)
    assert isinstance(read.input_scaler, Scaler)
