"""Evolution from a genome: the first steps are a share of each layer's weights, and seeds keep their meaning."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from evorobo import (
    ARS,
    CMAES,
    GA,
    L2,
    NSGA2,
    PGPE,
    SNES,
    XNES,
    BatchNorm,
    CanonicalES,
    Coevolution,
    ControlTask,
    DeepGA,
    Dense,
    DifferentialEvolution,
    Evolution,
    Genome,
    Grid,
    HallOfFame,
    MAPElites,
    Mapped,
    NetworkSpec,
    NoveltySearch,
    OnePlusOneCMAES,
    OpenAIES,
    ParticleSwarm,
    RandomSearch,
    Restarts,
    Scaler,
    SelfAdaptiveES,
    SepCMAES,
    SettingsError,
)
from evorobo.learners.evolution.search_space import first_step_size, layer_sizes
from evorobo.testing import check_method
from evorobo.testing.methods import Wave

TASK = Wave()
SPEC = NetworkSpec.build(2, (8,), 1)
STRATEGIES = [
    CMAES(),
    SepCMAES(),
    OnePlusOneCMAES(),
    SNES(),
    XNES(),
    OpenAIES(),
    PGPE(),
    ARS(),
    CanonicalES(),
    SelfAdaptiveES(),
    GA(),
    DeepGA(),
    DifferentialEvolution(),
    ParticleSwarm(),
    RandomSearch(),
    NSGA2(("energy",)),
    NoveltySearch(("energy", "level")),
    MAPElites(Grid(("energy", "level"))),
    Restarts(CMAES()),
    HallOfFame(CMAES()),
    Mapped(Grid(("energy", "level")), CMAES()),
]


def genome(sizes=(2.0, 0.05), seed=3, **parts):
    """A genome whose layers have weights of these sizes."""
    layers = np.concatenate([np.full(block.stop - block.start, block.layer) for block in SPEC.genes.blocks])
    weights = np.random.default_rng(seed).normal(size=SPEC.n_params) * np.array(sizes)[layers]
    return Genome(SPEC, weights, **parts)


@dataclass(frozen=True)
class Recorded(Wave):
    """A wave that keeps the weights that it scored."""

    name: str = "recorded"

    def score(self, spec, weights, rng, input_scaler):
        SCORED.append(np.array(weights))
        return super().score(spec, weights, rng, input_scaler)


SCORED = []


def first_generation(strategy, start, **settings):
    SCORED.clear()
    learner = Evolution(strategy, warm_start=start, **settings).start(Recorded(), SPEC, np.random.default_rng(0))
    learner.step(0.0)
    return SCORED[0]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)
def test_every_strategy_starts_at_the_genome_with_small_steps(strategy):
    start = genome()
    learner = Evolution(strategy, warm_start=start).start(TASK, SPEC, np.random.default_rng(0))
    np.testing.assert_array_equal(learner.genome.weights, start.weights)
    steps = np.concatenate([first_generation(strategy, start) - start.weights for _ in range(3)])
    steps = steps[np.abs(steps).max(1) > 0]  # a population holds the genome itself
    if len(steps):
        relative = np.sqrt(np.square(steps / layer_sizes(SPEC, start.weights)).mean())
        assert 0.03 < relative < 0.3


@pytest.mark.parametrize("step", [0.01, 0.1, 1.0])
def test_steps_have_the_size_of_the_setting_in_every_layer(step):
    start = genome()
    for strategy in (CMAES(sigma=0.3, population_size=400), GA(population_size=400, init_std=2.0)):
        moved = first_generation(strategy, start, warm_start_step=step) - start.weights
        np.testing.assert_allclose(moved.std(0), step * layer_sizes(SPEC, start.weights), rtol=0.2)


def test_layer_sizes_are_worked_by_hand():
    spec = NetworkSpec.build(1, (1,), 1)  # weight, bias; weight, bias
    np.testing.assert_allclose(layer_sizes(spec, np.array([3.0, 4.0, 0.6, 0.8])), [12.5**0.5] * 2 + [0.5**0.5] * 2)
    # a layer of zeros takes the size of the whole, and a genome of zeros 1
    np.testing.assert_allclose(layer_sizes(spec, np.array([3.0, 4.0, 0.0, 0.0])), [12.5**0.5] * 2 + [2.5] * 2)
    np.testing.assert_array_equal(layer_sizes(spec, np.zeros(4)), 1.0)


def test_the_random_numbers_are_those_of_a_cold_start():
    # both draw the first genome, and then the same normal steps
    cold = first_generation(CMAES(sigma=0.5), None)
    first = SPEC.init(np.random.default_rng(0))
    warm = first_generation(CMAES(sigma=0.5), genome())
    np.testing.assert_allclose(
        (warm - genome().weights) / (0.1 * layer_sizes(SPEC, genome().weights)), (cold - first) / 0.5, rtol=1e-9
    )


@pytest.mark.parametrize(
    "strategy", [CMAES(), GA(), Restarts(CMAES()), Mapped(Grid(("energy", "level")), CMAES())], ids=lambda one: one.name
)
def test_a_warm_run_keeps_the_contract_but_for_its_first_genome(strategy, monkeypatch):
    monkeypatch.setattr("evorobo.testing.methods._check_first", lambda setup: setup.start().genome.weights)
    monkeypatch.setattr("evorobo.testing.methods.round_trip", lambda method: None)  # settings in files hold paths
    check_method(Evolution(strategy, warm_start=genome(sizes=(0.5, 0.5))))


def test_solution_archive_and_penalty_are_in_weights():
    start = genome()
    method = Evolution(MAPElites(Grid(("energy", "level"))), penalty=L2(0.01), warm_start=start)
    learner = method.start(TASK, SPEC, np.random.default_rng(0))
    for _ in range(3):
        learner.step(0.0)
    weights = learner.archive.weights
    sizes = layer_sizes(SPEC, start.weights)
    assert (np.abs(weights - start.weights).mean(0) < sizes).all()
    assert np.isclose(weights, learner.genome.weights).all(1).any()


def test_scalers_travel_and_batch_norm_has_statistics_of_its_own():
    scaler = Scaler(np.array([0.1, 0.2]), np.array([2.0, 3.0]))
    learner = Evolution(warm_start=genome(input_scaler=scaler)).start(TASK, SPEC, np.random.default_rng(0))
    learner.step(0.0)
    assert learner.genome.input_scaler is scaler
    spec = NetworkSpec.build(2, (Dense(4, "identity"), BatchNorm()), 1)
    start = Genome(spec, spec.init(np.random.default_rng(1)), running_stats=np.full(8, 7.0))
    learner = Evolution(warm_start=start).start(TASK, spec, np.random.default_rng(0))
    assert not (learner.genome.running_stats == 7.0).any()


@dataclass(frozen=True)
class Nameless:
    """A strategy without a known step size."""

    name: str = "nameless"

    def start(self, weights, rng):
        return CMAES().start(weights, rng)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (
            Evolution(Nameless()),
            "nameless cannot start at a genome: Nameless has no setting init_std, sigma, noise_std",
        ),
    ],
    ids=["unknown"],
)
def test_what_cannot_start_at_a_genome_is_refused(method, message):
    with pytest.raises(SettingsError, match=message):
        replace(method, warm_start=genome()).start(TASK, SPEC, np.random.default_rng(0))


def test_a_genome_of_another_shape_and_a_step_of_zero_are_refused():
    with pytest.raises(SettingsError, match="set hidden to the layers of the genome"):
        Evolution(warm_start=genome()).start(TASK, NetworkSpec.build(2, (5,), 1), np.random.default_rng(0))
    with pytest.raises(SettingsError, match="warm_start_step must be a number above 0"):
        Evolution(warm_start_step=0.0)
    with pytest.raises(SettingsError, match="coevolution starts both sides at random weights"):
        Coevolution(Evolution(warm_start=genome())).start(TASK, SPEC, np.random.default_rng(0))


def test_wrappers_and_strategies_of_deap_have_the_step_size_of_what_they_hold():
    assert first_step_size(HallOfFame(Restarts(CMAES(sigma=0.25)))) == 0.25
    assert first_step_size(NoveltySearch(("energy",), strategy=GA(init_std=0.75))) == 0.75
    assert first_step_size(DeepGA(sigma=0.1, init_std=0.4)) == 0.4


@pytest.mark.slow
def test_too_large_a_step_forgets_the_start():
    task = ControlTask("evorobo/Phototaxis-v0", episodes=4, test_episodes=50)
    spec = NetworkSpec.build(task.n_inputs, (), task.n_outputs, task.output)
    # a crossed pair of eyes and wheels, as the teacher: found by hand
    start = Genome(spec, np.array([0.0, 1.2, 1.2, 0.0, 0.1, 0.1]))
    scores = []
    for step in (0.1, 30.0):
        learner = Evolution(CMAES(), warm_start=start, warm_start_step=step).start(task, spec, np.random.default_rng(0))
        for _ in range(2):
            learner.step(0.0)
        scores.append(task.test(learner.genome))
    assert scores[0] > task.test(start) - 5 > scores[1]
