"""`normalize=True` for every method: a robot that senses in millimeters is learned as well as in meters."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from evorobo import (
    CMAES,
    Adam,
    AnalyticGradient,
    Backprop,
    ControlTask,
    DAgger,
    DataError,
    EarlyStopping,
    Evolution,
    Genome,
    NetworkSpec,
    Robot,
    Scaler,
    SettingsError,
    register,
)
from evorobo.study import checkpoint


@dataclass(frozen=True)
class UnitCart(Robot):
    """A cart that must stop at its dock; `unit` is the number of sensor units in a meter."""

    unit: float = 1.0

    sensors = ("distance", "speed")
    motors = ("thrust",)
    max_steps = 40

    def initial(self, rng):
        return rng.uniform([1.0, -0.5], [3.0, 0.5], 2)

    def observation(self, state, rng):
        return self.unit * (state + rng.normal(0.01, 2))

    def transition(self, state, action, rng):
        speed = state[:, 1] + 0.1 * action[:, 0]
        return np.stack([state[:, 0] - 0.1 * speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return np.exp(-np.abs(next_state[:, 0]))

    def teacher(self, sensors):
        return np.clip((sensors[:, :1] - 2 * sensors[:, 1:]) / self.unit, -1, 1)


register(UnitCart, "my/UnitCart-v0")


def cart(unit, normalize=True):
    return ControlTask(
        "my/UnitCart-v0", env_kwargs={"unit": unit}, normalize=normalize, n_demonstrations=4, test_episodes=20
    )


def learn(method, task, steps, hidden=(6,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    learner = method.start(task, spec, np.random.default_rng(seed))
    results = [learner.step(step / steps) for step in range(steps)]
    return learner, results


@pytest.mark.parametrize(
    "method",
    [
        Backprop(Adam(0.01), batch_size=32),
        DAgger(Backprop(Adam(0.01), batch_size=32), rounds=3, epochs=5, episodes=2),
    ],
    ids=lambda method: method.name,
)
def test_a_clone_does_not_depend_on_the_unit_of_a_sensor(method):
    (meters, of_meters), (_, of_millimeters) = (learn(method, cart(unit), 200) for unit in (1.0, 1000.0))
    _, unscaled = learn(method, cart(1000.0, normalize=False), 200)
    losses = [-results[-1].score for results in (of_meters, of_millimeters, unscaled)]
    assert abs(losses[0] - losses[1]) < 1e-4 * losses[0]
    assert losses[1] < losses[2] / 4
    assert meters.genome.input_scaler.sd[0] < 2


def test_the_gradient_through_the_robot_goes_through_the_scaling():
    # the same network behind the same scaled sensors: the statistics are constants, and their unit cancels
    learner, _ = learn(AnalyticGradient(episodes=2), cart(1.0), 2)
    meters = learner.genome
    scaler = meters.input_scaler
    millimeters = replace(meters, input_scaler=Scaler(1000 * scaler.mean, 1000 * scaler.sd))
    one, other = (
        cart(unit).return_gradient()(genome, 3, np.random.default_rng(1)).gradients
        for unit, genome in ((1.0, meters), (1000.0, millimeters))
    )
    np.testing.assert_allclose(one, other, rtol=1e-4)
    assert np.abs(one).max() > 0.1


def test_a_clone_is_scaled_by_its_demonstrations():
    task = cart(1000.0)
    learner, _ = learn(Backprop(batch_size=32), task, 3)
    rng = np.random.default_rng(0)
    learner.spec.init(rng)
    inputs = task.examples(rng).inputs
    scaler = learner.genome.input_scaler
    np.testing.assert_allclose(scaler.mean, inputs.mean(0, dtype=float))
    np.testing.assert_allclose(scaler.sd, inputs.std(0, dtype=float))
    assert learner.genome.observation_moments.count == len(inputs)


def test_dagger_adds_the_states_that_it_visits_also_after_a_checkpoint(tmp_path):
    stopping = EarlyStopping(held_out=0.3, patience=1000)
    method = DAgger(Backprop(Adam(0.01), batch_size=40, early_stopping=stopping), rounds=3, epochs=2, episodes=2)
    learner, _ = learn(method, cart(1000.0), 20)
    other, _ = learn(method, cart(1000.0), 0)
    assert learner.genome.observation_moments.count > other.genome.observation_moments.count
    checkpoint.save(tmp_path / "x.npz", learner.state())
    other.restore(checkpoint.load(tmp_path / "x.npz"))
    for _ in range(10):
        assert repr(learner.step(0.5)) == repr(other.step(0.5))
        assert np.array_equal(learner.genome.weights, other.genome.weights)
        assert np.array_equal(learner.genome.input_scaler.sd, other.genome.input_scaler.sd)


@pytest.mark.parametrize(
    "method",
    [Backprop(), DAgger(Backprop()), AnalyticGradient(episodes=2), Evolution(CMAES())],
    ids=lambda method: method.name,
)
def test_a_warm_start_goes_on_with_the_statistics_of_its_file(method, tmp_path):
    task = cart(1000.0)
    learn(Evolution(CMAES()), task, 3)[0].genome.save(tmp_path / "first.npz")
    genome = Genome.load(tmp_path / "first.npz")
    warm = (
        replace(method, backprop=replace(method.backprop, warm_start=str(tmp_path / "first.npz")))
        if isinstance(method, DAgger)
        else replace(method, warm_start=str(tmp_path / "first.npz"))
    )
    learner, _ = learn(warm, task, 1)
    before, after = genome.observation_moments, learner.genome.observation_moments
    assert after.count > before.count > 1000
    # few new observations change the scaler little, so the genome still means the same
    np.testing.assert_allclose(learner.genome.input_scaler.sd, genome.input_scaler.sd, rtol=0.5)
    # without normalize=True the scaler of the genome stays as it is
    fixed, _ = learn(warm, cart(1000.0, normalize=False), 1)
    assert np.array_equal(fixed.genome.input_scaler.sd, genome.input_scaler.sd)


def test_a_genome_without_statistics_is_refused_with_normalize_and_kept_without(tmp_path):
    genome = replace(learn(Backprop(), cart(1000.0), 1)[0].genome, observation_moments=None)
    with pytest.raises(SettingsError, match=r"holds no statistics of observations, .* set normalize=False in the task"):
        learn(Evolution(warm_start=genome), cart(1000.0), 0)
    assert learn(Evolution(warm_start=genome), cart(1000.0, False), 0)[0].genome.input_scaler is genome.input_scaler


def test_damaged_statistics_in_a_genome_file_are_refused(tmp_path):
    genome = learn(Backprop(), cart(1.0), 0)[0].genome
    wrong = replace(genome.observation_moments, squared_deviations=np.array([-1.0, 1.0]))
    replace(genome, observation_moments=wrong).save(tmp_path / "x.npz")
    with pytest.raises(DataError, match="statistics of the observations are invalid"):
        Genome.load(tmp_path / "x.npz")
