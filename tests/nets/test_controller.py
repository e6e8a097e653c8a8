"""Controllers of populations: each genome has the outputs it has alone, also after others are removed."""

import numpy as np
import pytest

from evorobo import Genome, NetworkSpec, forward
from evorobo.nets.controller import Controller
from evorobo.nets.scaling import Scaler

SPEC = NetworkSpec.build(4, (8, 6), 2)
MEMBERS = 7
either = pytest.mark.parametrize("dtype", [np.float32, np.float64])  # of what it is given


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def population(rng):
    return rng.normal(size=(MEMBERS, SPEC.n_params))


def alone(weights, sensors, scaler):
    """The outputs of one genome, computed from its flat weights."""
    return forward(SPEC, weights, (sensors - scaler.mean) / scaler.sd)


@pytest.mark.parametrize("rows", [1, 2, 20])
def test_outputs_of_each_genome_are_those_of_it_alone_before_and_after_others_are_removed(rng, population, rows):
    scaler = Scaler(rng.normal(size=4), rng.uniform(0.5, 2, 4))
    controller = Controller(SPEC, population, scaler)
    staying = np.arange(MEMBERS)
    for leaving in ([], [2, 5], [0], [6, 3]):
        mask = ~np.isin(staying, leaving)
        if len(leaving):
            controller.keep(mask)
            staying = staying[mask]
        sensors = rng.normal(size=(len(staying), rows, 4))
        motors = controller(sensors)
        assert motors.shape == (len(staying), rows, 2)
        assert motors.dtype == np.float64
        for row, member in enumerate(staying):
            np.testing.assert_array_equal(motors[row], alone(population[member], sensors[row], scaler))


def test_genomes_are_kept_by_number_in_any_order(rng, population):
    sensors = rng.normal(size=(MEMBERS, 3, 4))
    controller = Controller(SPEC, population)
    all_motors = controller(sensors)
    chosen = np.array([5, 0, 5, 2])
    controller.keep(chosen)
    np.testing.assert_array_equal(controller(sensors[chosen]), all_motors[chosen])


def test_it_equals_the_genome_bit_for_bit(rng, population):
    scaler = Scaler(rng.normal(size=4), rng.uniform(0.5, 2, 4))
    sensors = rng.normal(size=(MEMBERS, 5, 4))
    motors = Controller(SPEC, population, scaler)(sensors)
    for weights, inputs, outputs in zip(population, sensors, motors, strict=True):
        np.testing.assert_array_equal(outputs, Genome(SPEC, weights, scaler)(inputs))


def test_sensors_of_single_precision_give_outputs_of_double_precision(rng, population):
    sensors = rng.normal(size=(MEMBERS, 5, 4)).astype(np.float32)
    motors = Controller(SPEC, population)(sensors)
    assert motors.dtype == np.float64
    np.testing.assert_array_equal(motors, forward(SPEC, population, sensors.astype(np.float64)))


def test_one_genome_is_a_population_of_one(rng, population):
    sensors = rng.normal(size=(1, 3, 4))
    one = Controller(SPEC, population[0])(sensors)
    np.testing.assert_array_equal(one, Controller(SPEC, population[:1])(sensors))


@either
@pytest.mark.parametrize("members", [1, 3])
def test_it_copies_the_weights(rng, population, dtype, members):
    weights, sensors = population[:members].astype(dtype), rng.normal(size=(members, 2, 4))
    controller = Controller(SPEC, weights)
    before = controller(sensors)
    weights += 1
    np.testing.assert_array_equal(controller(sensors), before)


@either
def test_sensors_are_not_changed(rng, population, dtype):
    sensors = rng.normal(size=(MEMBERS, 2, 4)).astype(dtype)
    before = sensors.copy()
    Controller(SPEC, population, Scaler(np.ones(4), np.full(4, 2.0)))(sensors)
    np.testing.assert_array_equal(sensors, before)
