"""Robots as tasks: fair scores, costs, all kinds of teachers, and an error message for each mistake."""

import dataclasses

import gymnasium
import numpy as np
import odd_environments  # noqa: F401 - registers its ids
import pytest

from evorobo import (
    GRU,
    MSE,
    ControlTask,
    CrossEntropy,
    DataError,
    Demonstrations,
    Genome,
    NetworkSpec,
    SettingsError,
    TaskError,
)
from evorobo.nets.controller import Controller
from evorobo.nets.scaling import Scaler
from evorobo.tasks.control import runner
from evorobo.tasks.control.recording import trajectory
from evorobo.tasks.control.rollout import TEST, TRAIN, VALIDATION

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=30, n_demonstrations=3, validation_episodes=4, test_episodes=5)
POLE = ControlTask("CartPole-v1", max_steps=40, n_demonstrations=3, validation_episodes=4, test_episodes=5)


def rng(seed=0):
    return np.random.default_rng(seed)


def network(task, hidden=(4,)):
    return NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)


def population(task, members=4):
    spec = network(task)
    return spec, rng(9).normal(size=(members, spec.n_params))


def genome(task, seed=0):
    spec = network(task)
    return Genome(spec, rng(seed).normal(size=spec.n_params))


# ---- scores


@pytest.mark.parametrize("compiled", [False, True])
def test_motor_values_of_a_genome_score_as_the_same_values_scaled_from_minus_one_to_one(compiled, tmp_path):
    """Pendulum's torque is from -2 to 2, so halving a linear network's outputs changes the reading and nothing else."""
    if compiled:
        pytest.importorskip("numba", reason="compiling needs numba: pip install 'evorobo[fast]'")
    task = ControlTask("Pendulum-v1", max_steps=50, test_episodes=4, n_demonstrations=2, compiled=compiled)
    weights = rng(3).normal(0, 2, 4)  # three sensors and a bias; most torques exceed the limits
    values, halves = (Genome(NetworkSpec.build(3, (), 1), part) for part in (weights, weights / 2))
    values = dataclasses.replace(values, actions="clip")
    assert task.test(values) == pytest.approx(task.test(halves), rel=1e-6)
    assert task.test(values) != pytest.approx(task.test(dataclasses.replace(values, actions="scale")), rel=1e-3)
    values.save(tmp_path / "teacher.npz")
    teacher = dataclasses.replace(task, teacher=str(tmp_path / "teacher.npz"))
    shown = teacher.examples(rng())
    np.testing.assert_allclose(shown.targets, np.clip(halves(shown.inputs), -1, 1), atol=1e-6)


def test_equal_members_score_equal_and_new_generations_meet_new_chances():
    spec, weights = population(LAMP)
    scores = LAMP.score(spec, np.concatenate([weights, weights[::-1]]), rng(1), None).values
    np.testing.assert_array_equal(scores[:4], scores[:3:-1])
    assert not np.array_equal(LAMP.score(spec, weights, rng(2), None).values, scores[:4])


def test_what_validating_costs_is_the_steps_of_its_episodes():
    task, seen = POLE, genome(POLE)
    value, cost = task.validate_with_cost(seen)
    assert value == task.validate(seen)
    assert cost.episodes == task.validation_episodes
    assert cost.env_steps == pytest.approx(value * task.validation_episodes)  # CartPole earns 1 for a step
    assert cost.forward_flops == cost.env_steps * seen.spec.forward_flops
    assert (cost.samples, cost.backward_flops) == (0, 0)


def test_a_score_is_the_mean_over_episodes_and_charged_for_all_of_them():
    spec, weights = population(POLE)
    scored = dataclasses.replace(POLE, episodes=3).score(spec, weights, rng(1), None)
    steps = scored.values.sum() * 3  # CartPole earns 1 for a step
    assert (scored.cost.episodes, scored.cost.env_steps) == (12, pytest.approx(steps))
    assert scored.cost.forward_flops == scored.cost.env_steps * (2 * 4 * 4 + 2 * 4 * 2)
    assert (scored.cost.samples, scored.cost.backward_flops) == (0, 0)


def test_members_of_a_generation_meet_the_same_episodes():
    # so noise does not decide between them; rows of PPO's rollouts have seeds of their own (test_persistent_envs.py)
    noisy = ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noise": 0.3}, episodes=2, max_steps=20)
    spec, weights = population(noisy)
    values = [noisy.score(spec, np.tile(weights[0], (4, 1)), rng(seed), None).values for seed in range(2)]
    assert [len(np.unique(scores)) for scores in values] == [1, 1]
    assert values[0][0] != values[1][0]


@pytest.fixture
def seeds_met(monkeypatch):
    """The seeds of all episodes that are played from now on."""
    seeds_seen, run_episodes = [], runner.run_episodes

    def listening(simulator, policy, seeds, *arguments):
        seeds_seen.extend(seeds.tolist())
        return run_episodes(simulator, policy, seeds, *arguments)

    monkeypatch.setattr(runner, "run_episodes", listening)
    return seeds_seen


def test_training_uses_no_episode_of_validation_or_test(seeds_met):
    task = dataclasses.replace(LAMP, episodes=50, n_demonstrations=50)
    task.score(*population(task, 1), rng(1), None)
    task.examples(rng(2))
    trained = set(seeds_met)
    assert len(trained) == 100
    assert all(TRAIN <= seed < VALIDATION for seed in trained)
    seeds_met.clear()
    task.validate(genome(task))
    validated = set(seeds_met)
    assert validated == set(range(VALIDATION, VALIDATION + 4))
    seeds_met.clear()
    task.test(genome(task))
    task.references()
    assert set(seeds_met) == set(range(TEST, TEST + 5))
    assert not validated & set(seeds_met)


def test_no_seed_is_too_large_for_old_environments():
    last = ControlTask("CartPole-v1", validation_episodes=10**6, test_episodes=10**6)
    assert VALIDATION + last.validation_episodes <= TEST
    assert TEST + last.test_episodes <= 2**32


def test_validation_and_test_are_the_same_whenever_one_looks():
    champion = genome(LAMP)
    first = LAMP.validate(champion), LAMP.test(champion)
    LAMP.score(*population(LAMP), rng(5), None)
    again = dataclasses.replace(LAMP, episodes=7, n_demonstrations=1)
    assert first == (again.validate(champion), again.test(champion))
    assert first[0] != first[1]


@pytest.mark.parametrize("env", ["evorobo/Phototaxis-v0", "CartPole-v1", "odd/Mixed-v0"])
def test_the_observation_moments_cover_all_observations(env):
    task = ControlTask(env, normalize=True, episodes=2, max_steps=12)
    spec, weights = population(task)
    scaling = Scaler(np.linspace(-0.2, 0.2, task.n_inputs), np.linspace(0.5, 2, task.n_inputs))
    seen = task.score(spec, weights, rng(1), scaling).observation_moments
    environment, met = gymnasium.make(env, max_episode_steps=12), []
    seeds = rng(1).integers(TRAIN, VALIDATION, 2)
    for member in weights:
        controller = Controller(spec, member, scaling)
        for seed in seeds:
            observation, _ = environment.reset(seed=int(seed))
            over = False
            while not over:
                met.append(gymnasium.spaces.flatten(environment.observation_space, observation))
                action = task.decoder.actions(controller(met[-1][None, None]))[0, 0]
                observation, _, terminated, truncated, _ = environment.step(task.decoder.to_env_action(action))
                over = terminated or truncated
    assert seen.count == len(met)
    np.testing.assert_allclose(seen.scaler.mean, np.mean(met, 0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(seen.squared_deviations / seen.count, np.var(met, 0), rtol=1e-4, atol=1e-9)
    assert ControlTask(env, episodes=2, max_steps=12).score(spec, weights, rng(1), scaling).observation_moments is None


def test_references_are_chance_the_teacher_and_what_counts_as_solved():
    references = POLE.references()
    assert list(references) == ["random", "solved"]
    assert 10 < references["random"] < 35
    assert references["solved"] == 475
    references = LAMP.references()
    assert list(references) == ["random", "teacher"]
    assert references["teacher"] > references["random"]
    assert LAMP.references() == references


# ---- teachers


def lean(observation):
    """Push to the side to which the pole falls."""
    return int(observation[2] + 0.3 * observation[3] > 0)


def drop(observation):
    """For Mixed: a teacher that reads the parts of a Dict."""
    return np.array([observation["place"][0] < 0, 0, observation["gear"] == 0], np.int8)


def test_a_robots_own_teacher_labels_its_observations_at_the_cost_of_its_steps():
    shown = LAMP.examples(rng())
    np.testing.assert_array_equal(shown.targets, LAMP.robot.teacher(shown.inputs))
    assert shown.inputs.shape == (90, 2)
    assert (shown.cost.env_steps, shown.cost.episodes, shown.cost.forward_flops) == (90, 3, 0)
    assert shown.loss == MSE()


def test_a_function_is_a_teacher_and_gets_observations_as_step_returns_them():
    shown = dataclasses.replace(POLE, teacher=lean).examples(rng())
    assert shown.targets.tolist() == [lean(each) for each in shown.inputs]
    assert shown.loss == CrossEntropy()
    assert shown.cost.env_steps == len(shown.inputs) == 120
    mixed = ControlTask("odd/Mixed-v0", teacher=drop, n_demonstrations=3)
    shown = mixed.examples(rng())  # flat: gear as three lights, then place
    np.testing.assert_array_equal(
        shown.targets, np.stack([shown.inputs[:, 3] < 0, 0 * shown.inputs[:, 0], shown.inputs[:, 0] == 1], 1)
    )
    assert shown.loss == CrossEntropy(choices=(2, 2, 2))


def test_a_genome_file_is_a_teacher(tmp_path):
    path = tmp_path / "teacher.npz"
    spec, weights = population(LAMP, 1)
    Genome(spec, weights[0], Scaler(np.full(2, 0.3), np.full(2, 0.2))).save(path)
    task = dataclasses.replace(LAMP, teacher=str(path))
    shown = task.examples(rng())
    outputs = Controller(spec, weights, Genome.load(path).input_scaler)(shown.inputs[None])[0]
    np.testing.assert_allclose(shown.targets, outputs, atol=1e-6)
    assert task.references()["teacher"] == task.test(Genome.load(path))


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
@pytest.mark.parametrize("task", [LAMP, dataclasses.replace(POLE, teacher=lean)], ids=["motors", "moves"])
def test_recorded_episodes_teach_like_the_teacher_who_was_recorded(task, suffix, tmp_path):
    shown = task.demonstrate(rng())
    path = tmp_path / f"recorded{suffix}"
    if suffix == ".npz":
        shown.save(path)
    else:
        actions = shown.actions.reshape(len(shown.actions), -1)
        names = [f"sensor {at}" for at in range(task.n_inputs)] + [f"action {at}" for at in range(actions.shape[1])]
        rows = np.column_stack([shown.observations, actions, shown.episode])
        np.savetxt(path, rows, delimiter=",", header=",".join([*names, "episode"]), comments="")
    recorded = dataclasses.replace(task, teacher=str(path))
    live, read = task.examples(rng()), recorded.examples(rng(77))
    np.testing.assert_allclose(read.inputs, live.inputs, rtol=1e-12)
    np.testing.assert_allclose(read.targets, live.targets, atol=1e-7)
    assert read.cost == live.cost
    assert dataclasses.replace(read.cost, robot_flops=0) == shown.cost
    assert "teacher" not in recorded.references()  # it cannot drive


def test_a_task_without_a_teacher_says_who_could_teach():
    with pytest.raises(TaskError, match="CartPole-v1 has no teacher, and without labeled examples there is no backp"):
        POLE.examples(rng())


def text(observation):
    return "left"


def seven(observation):
    return 7


def half(observation):
    return 0.5


def nan(observation):
    return [np.nan]


def pair(observation):
    return [0.0, 0.0]


@pytest.mark.parametrize(
    ("env", "teacher", "match"),
    [
        ("CartPole-v1", text, "the teacher returned 'left', which is no action of this environment"),
        ("CartPole-v1", seven, "the teacher returned 7, which is no action .*7 is none of the choices"),
        ("CartPole-v1", half, "the teacher returned 0.5, which is no action .*0.5 is none of the choices"),
        ("CartPole-v1", pair, r"the teacher returned \[0.0, 0.0\], which is no action"),
        ("Pendulum-v1", nan, r"the teacher returned \[nan\], which is no action .*must be finite"),
        ("Pendulum-v1", pair, r"the teacher returned \[0.0, 0.0\], which is no action"),
    ],
)
def test_a_teacher_that_returns_no_action_is_reported(env, teacher, match):
    with pytest.raises(TaskError, match=match):
        ControlTask(env, teacher=teacher, max_steps=5).examples(rng())


def test_teachers_that_are_no_files_or_no_genomes_are_reported(tmp_path):
    def shown(path, content=None):
        if content is not None:
            path.write_bytes(content)
        return dataclasses.replace(LAMP, teacher=str(path)).examples(rng())

    with pytest.raises(SettingsError, match=r"there is no file .*missing.npz; a teacher is a function, a genome or a"):
        shown(tmp_path / "missing.npz")
    with pytest.raises(DataError, match=r"there is no file .*missing.csv with demonstrations"):
        shown(tmp_path / "missing.csv")
    for content in (b"", b"PK\x03\x04 and no more", b"no archive at all"):
        with pytest.raises(DataError, match=r"bad.npz is damaged or no genome file"):
            shown(tmp_path / "bad.npz", content)


def test_a_teacher_of_another_robot_is_reported(tmp_path):
    genome(POLE).save(tmp_path / "pole.npz")
    with pytest.raises(TaskError, match="the network has 4 inputs and 2 outputs, evorobo/Phototaxis-v0 needs 2 and 2"):
        dataclasses.replace(LAMP, teacher=str(tmp_path / "pole.npz")).examples(rng())
    steps = np.zeros(3, int)
    Demonstrations(np.zeros((3, 4)), steps, steps).save(tmp_path / "recorded.npz")
    with pytest.raises(TaskError, match="the demonstrations have 4 sensors and evorobo/Phototaxis-v0 has 2; record"):
        dataclasses.replace(LAMP, teacher=str(tmp_path / "recorded.npz")).examples(rng())
    Demonstrations(np.zeros((3, 2)), np.zeros((3, 5)), steps).save(tmp_path / "hands.npz")
    with pytest.raises(TaskError, match="the demonstrations hold what is no action of evorobo/Phototaxis-v0"):
        dataclasses.replace(LAMP, teacher=str(tmp_path / "hands.npz")).examples(rng())


# ---- names and settings


def test_an_unknown_id_offers_the_nearest():
    with pytest.raises(SettingsError, match="unknown environment 'CartPol-v1'; did you mean 'CartPole-v1'"):
        ControlTask("CartPol-v1").n_inputs  # noqa: B018
    with pytest.raises(SettingsError, match="did you mean 'evorobo/Phototaxis-v0'"):
        ControlTask("evorobo/Fototaxis-v0").n_inputs  # noqa: B018


def test_an_unknown_module_or_file_is_reported():
    with pytest.raises(SettingsError, match=r"A robot of your own needs its file before it: my_robot:my/Arm-v0\."):
        _ = ControlTask("my/Arm-v0").n_inputs
    with pytest.raises(SettingsError, match=r"cannot be found: .*'no_such_robots'. Is its folder on the Python path"):
        ControlTask("no_such_robots:my/Robot-v0").n_inputs  # noqa: B018
    with pytest.raises(SettingsError, match=r"there is no file .*no_such_robots.py"):
        ControlTask("no_such_robots.py:my/Robot-v0").n_inputs  # noqa: B018


def test_options_reach_the_robot_and_unknown_ones_are_reported():
    assert ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noise": 0.5}).robot.noise == 0.5
    with pytest.raises(SettingsError, match=r"evorobo/Phototaxis-v0 cannot be made with these options: .*'noice'"):
        ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noice": 0.5}).n_inputs  # noqa: B018


@pytest.mark.parametrize("name", ["episodes", "n_demonstrations", "validation_episodes", "test_episodes"])
@pytest.mark.parametrize("value", [0, -1, 2.5])
def test_numbers_of_episodes_are_whole_and_positive(name, value):
    with pytest.raises(SettingsError, match=f"{name} must be a whole number of at least 1, not {value}"):
        ControlTask("CartPole-v1", **{name: value})


def test_the_name_is_the_ids_or_the_label():
    assert ControlTask("evorobo/Phototaxis-v0").name == "phototaxis"
    assert ControlTask("CartPole-v1").name == "cartpole-v1"
    assert ControlTask("CartPole-v1", label="pole").name == "pole"


def test_a_genome_of_another_size_is_refused():
    for evaluate in (LAMP.validate, LAMP.test):
        with pytest.raises(TaskError, match="the network has 4 inputs and 2 outputs, evorobo/Phototaxis-v0 needs 2 an"):
            evaluate(genome(POLE))


# ---- paths


def test_a_trajectory_begins_at_the_start_and_is_the_episode_that_is_tested():
    champion = genome(LAMP)
    states = trajectory(LAMP, champion, episode=2)
    environment = gymnasium.make("evorobo/Phototaxis-v0")
    environment.reset(seed=TEST + 2)
    np.testing.assert_array_equal(states[0], environment.unwrapped._state[0])
    assert states.shape == (30, 5)
    one = dataclasses.replace(LAMP, test_episodes=1)
    near = 1 / (1 + np.square(trajectory(LAMP, champion)[1:, :2] - trajectory(LAMP, champion)[1:, 3:]).sum(1) / 0.15**2)
    assert one.test(champion) == pytest.approx(near.sum() / 2, abs=0.5)  # the last step is not on the path


def test_a_teachers_path_can_be_shown_and_others_have_none():
    assert trajectory(LAMP, None).shape == (30, 5)
    with pytest.raises(TaskError, match="CartPole-v1 has no teacher to follow"):
        trajectory(POLE, None)
    with pytest.raises(TaskError, match="odd/Mixed-v0 is no vectorized robot"):
        trajectory(ControlTask("odd/Mixed-v0"), None)


@dataclasses.dataclass(frozen=True)
class Bonus(ControlTask):
    """A user's task that changes only the plain methods."""

    def score(self, *arguments):
        scores = super().score(*arguments)
        return dataclasses.replace(scores, values=scores.values + 1000)

    def validate(self, genome):
        return super().validate(genome) + 1000


def derived(kind):
    """A task of a derived class with the settings of `LAMP`."""
    return kind(**{field.name: getattr(LAMP, field.name) for field in dataclasses.fields(LAMP)})


def test_a_derived_task_is_validated_by_its_own_method_wherever_validation_costs():
    spec = network(LAMP)
    genome, own = Genome(spec, spec.init(rng())), derived(Bonus)
    value, cost = own.validate_with_cost(genome)
    assert value == own.validate(genome) == LAMP.validate(genome) + 1000
    assert cost == LAMP.validate_with_cost(genome)[1]


@pytest.mark.parametrize("env", ["evorobo/Phototaxis-v0", "CartPole-v1", "evorobo/TMaze-v0", "odd/Mixed-v0"])
def test_validation_and_test_in_one_call_are_those_of_two_calls_to_the_last_bit(env):
    task = ControlTask(env, validation_episodes=3, test_episodes=11, max_steps=60)
    spec = NetworkSpec.build(task.n_inputs, (GRU(4),), task.n_outputs, task.output)
    genome = Genome(spec, spec.init(rng()))
    assert task.validate_and_test(genome) == (task.validate(genome), task.test(genome))


def test_a_derived_task_validates_and_tests_by_its_own_methods():
    @dataclasses.dataclass(frozen=True)
    class Strict(ControlTask):
        def test(self, genome):
            return super().test(genome) - 1

    spec = network(LAMP)
    genome, validation, test = Genome(spec, spec.init(rng())), LAMP.validate, LAMP.test
    assert derived(Strict).validate_and_test(genome) == (validation(genome), test(genome) - 1)
    assert derived(Bonus).validate_and_test(genome) == (validation(genome) + 1000, test(genome))


def test_a_derived_task_that_changes_the_validation_with_cost_alone_is_validated_by_it():
    @dataclasses.dataclass(frozen=True)
    class Costly(ControlTask):
        def validate_with_cost(self, genome):
            value, cost = super().validate_with_cost(genome)
            return value + 7, cost

    spec = network(LAMP)
    genome, own = Genome(spec, spec.init(rng())), derived(Costly)
    assert own.validate(genome) == LAMP.validate(genome) + 7


def test_a_derived_task_with_another_score_is_not_scored_by_the_old_one_where_measures_are_used():
    own = Bonus("evorobo/Maze-v0", max_steps=5)
    with pytest.raises(
        SettingsError, match=r"^Bonus changes score\(\) but not score_with_measures\(\), .*; define both\.$"
    ):
        own.score_with_measures(["x"], *population(own), rng(), None)
