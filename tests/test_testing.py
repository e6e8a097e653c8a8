"""The contracts find each broken part, in a sentence of its own, and find nothing wrong with ours."""

import random
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from evorobo import (
    ARS,
    CMAES,
    GA,
    IPOP,
    L2,
    MSE,
    NSGA2,
    PGPE,
    SGD,
    SNES,
    XNES,
    Backprop,
    BatchNorm,
    Bounded,
    CanonicalES,
    Coevolution,
    ControlTask,
    DAgger,
    DatasetTask,
    DeepGA,
    Dense,
    DifferentialEvolution,
    Evolution,
    Gaussian,
    Genome,
    Grid,
    HallOfFame,
    MAPElites,
    Mapped,
    NoveltySearch,
    OnePlusOneCMAES,
    OpenAIES,
    ParticleSwarm,
    RandomSearch,
    Restarts,
    Robot,
    SelfAdaptiveES,
    SepCMAES,
    SteadyState,
    TaskError,
    TerminationCriteria,
)
from evorobo.learners.base import StepResult
from evorobo.tasks.base import Cost, Examples, Scores, UnlabelledInputs
from evorobo.testing import check_method, check_robot, check_task
from evorobo.testing.methods import Wave


def fails(check, thing, match):
    with pytest.raises(TaskError, match=match) as raised:
        check(thing)
    assert "\n" not in str(raised.value)


# ---- robots


class Sound(Robot):
    """Nothing is wrong with it: a point on a line, pushed to the left or to the right."""

    sensors = ("place", "speed")
    motors: ClassVar[tuple[str, ...]] = ("push",)
    max_steps: ClassVar[int] = 30

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return state + rng.normal(0.01, 2)

    def transition(self, state, action, rng):
        speed = 0.9 * state[:, 1] + 0.1 * action[:, 0] + rng.normal(0.01, 1)[:, 0]
        return np.stack([state[:, 0] + speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])

    def terminal(self, state):
        return np.abs(state[:, 0]) > 2

    def teacher(self, sensors):
        return np.clip(-sensors.sum(1, keepdims=True), -1, 1)

    def draw(self, ax, states):
        ax.plot(states[:, 0])


class Choosing(Sound):
    """The same with moves."""

    motors = ()
    moves = ("left", "stay", "right")

    def transition(self, state, action, rng):
        return super().transition(state, action[:, None] - 1.0, rng)

    def teacher(self, sensors):
        return np.where(sensors.sum(1) > 0, 0, 2)


class Measured(Sound):
    """The same, and where it ended."""

    measures: ClassVar[dict[str, tuple[float, float]]] = {"end": (-2.0, 2.0)}

    def measure(self, state):
        return state[:, :1]


@pytest.mark.parametrize("robot", [Sound, Sound(), Choosing, Measured, "CartPole-v1"])
def test_a_sound_robot_passes(robot):
    check_robot(robot)


def test_the_report_says_whether_a_robot_has_a_gradient_and_can_be_compiled():
    sound, choosing = check_robot(Sound), check_robot(Choosing)
    assert (sound.compiled, choosing.compiled) == (True, True)
    assert sound.gradient.startswith("Differentiable: yes")
    assert choosing.gradient.startswith("Differentiable: no; Choosing: no slope through the robot, by argmax")
    branching = broken(Sound, reward=lambda self, state, action, after: np.array([float(x > 0) for x in after[:, 0]]))
    report = check_robot(branching)
    assert not report.compiled
    assert report.gradient.startswith(
        "Differentiable: no; the gradient through Wreck is unknown: it makes a plain number"
    )


def broken(kind, **parts):
    """A class like `kind` with other parts."""
    return type("Wreck", (kind,), parts)


def changes_state(self, state, action, rng):
    state[:, 0] += 0.1 * action[:, 0]
    return state


def numpys_noise(self, state, rng):
    return state + np.random.normal(0, 0.01, state.shape)  # noqa: NPY002


def pythons_noise(self, state, rng):
    return state + random.gauss(0, 0.01)


def its_own_noise(self, state, rng):
    return state + np.random.default_rng().normal(0, 0.01, state.shape)


class Remembers(Sound):
    """Carries something from one life to the next."""

    lives = 0

    def initial(self, rng):
        self.lives += 1
        return super().initial(rng) + self.lives


WIND = [0.0]


def keeps_wind(self, state, action, rng):
    WIND[0] += 0.01
    return Sound.transition(self, state, action, rng) + WIND[0]


def counts_rewards(self, state, action, after):
    self.count = getattr(self, "count", 0) + 1
    return Sound.reward(self, state, action, after) + self.count


def sometimes_nan(self, state, rng):
    return np.where(state > 0.5, np.nan, state)


def jumpy_teacher(self, sensors):
    return np.clip(sensors[:, :1] - sensors[:, :1].mean(), -1, 1)


BROKEN_ROBOTS = {
    "no sensors": (broken(Sound, sensors=()), r"Wreck has no sensors; name them"),
    "sensors in one text": (broken(Sound, sensors="light"), r"Wreck.sensors is 'light'; give a tuple of names"),
    "neither motors nor moves": (broken(Sound, motors=()), "Wreck has 0 motors and 0 moves; name either"),
    "motors and moves": (broken(Sound, moves=("a", "b")), "Wreck has 1 motors and 2 moves; name either"),
    "no steps": (broken(Sound, max_steps=0), "Wreck.max_steps is 0; give a whole number of at least 1"),
    "half steps": (broken(Sound, max_steps=20.0), "Wreck.max_steps is 20.0; give a whole number"),
    "no initial": (broken(Sound, initial=Robot.initial), r"Wreck has no function initial\(\); write it"),
    "no observation": (broken(Sound, observation=Robot.observation), r"Wreck has no function observation\(\)"),
    "no transition": (broken(Sound, transition=Robot.transition), r"Wreck has no function transition\(\)"),
    "no reward": (broken(Sound, reward=Robot.reward), r"Wreck has no function reward\(\)"),
    "raises": (
        broken(Sound, reward=lambda self, *_: 1 / 0),
        r"Wreck.reward\(\) raised ZeroDivisionError in test_testing.py, line \d+: .*; fix it",
    ),
    "one robot at a time": (
        broken(Sound, initial=lambda self, rng: rng.uniform(-1, 1, 2)[:1]),
        r"Wreck.initial\(\) returned shape \(1, 2\) for 3 robots; return one row of numbers for each",
    ),
    "a flat state": (
        broken(Sound, initial=lambda self, rng: rng.uniform(-1, 1, 2)[:, 0]),
        r"Wreck.initial\(\) returned shape \(1,\) for 1 robots",
    ),
    "growing state": (
        broken(Sound, transition=lambda self, state, action, rng: np.hstack([state, action])),
        r"Wreck.transition\(\) returned shape \(1, 3\) for states of shape \(1, 2\); return as many numbers",
    ),
    "too few observations": (
        broken(Sound, observation=lambda self, state, rng: state[:, :1]),
        r"Wreck.observation\(\) returned shape \(1, 1\) for 1 robots with 2 sensors; return shape \(1, 2\)",
    ),
    "observations in columns": (
        broken(Sound, observation=lambda self, state, rng: state.T),
        r"Wreck.observation\(\) returned shape \(2, 1\) for 1 robots with 2 sensors",
    ),
    "NaN observation": (
        broken(Sound, observation=sometimes_nan),
        r"Wreck.observation\(\) returned nan; sensors must be finite .* \(test_testing.py, line \d+\)\.$",
    ),
    "NaN state at the start": (
        broken(Sound, initial=lambda self, rng: np.nan * rng.uniform(-1, 1, 2)),
        r"Wreck.initial\(\) returned a state with nan, and the sensors follow it; .* \(test_testing.py, line \d+\)\.$",
    ),
    "NaN state later": (
        broken(Sound, transition=lambda self, state, action, rng: state + np.where(action > 0, np.nan, 0)),
        r"Wreck.transition\(\) returned nan at step \d+ from finite states; .* \(test_testing.py, line \d+\)\.$",
    ),
    "episodes that end at once": (
        broken(Sound, terminal=lambda self, state: np.ones(len(state), bool)),
        r"Wreck.terminal\(\) ends every episode at its first step under .* \(test_testing.py, line \d+\)\.$",
    ),
    "infinite in single precision": (
        broken(Sound, observation=lambda self, state, rng: state * 1e300),
        r"Wreck.observation\(\) returned -?\d.*e\+\d+; sensors must be finite numbers",
    ),
    "limits that do not hold": (
        broken(Sound, limits=lambda self: (-0.001, 0.001)),
        r"returned readings from -?\d\S* to -?\d\S*, and limits\(\) promises -0.001 to 0.001; widen the limits",
    ),
    "one reward for all": (
        broken(Sound, reward=lambda self, *_: 1.0),
        r"Wreck.reward\(\) returned shape \(\) with 1.0 for 1 robots; return one finite number for each",
    ),
    "rewards in a column": (
        broken(Sound, reward=lambda self, state, action, after: after[:, :1]),
        r"Wreck.reward\(\) returned shape \(1, 1\)",
    ),
    "infinite reward": (
        broken(Sound, reward=lambda self, state, action, after: np.full(len(after), -np.inf)),
        r"Wreck.reward\(\) returned shape \(1,\) with -inf for 1 robots; return one finite number",
    ),
    "terminal of numbers": (
        broken(Sound, terminal=lambda self, state: (np.abs(state[:, 0]) > 2).astype(int)),
        r"Wreck.terminal\(\) returned int64 of shape \(1,\) for 1 robots; return one boolean for each",
    ),
    "terminal for all": (
        broken(Sound, terminal=lambda self, state: bool((np.abs(state) > 2).any())),
        r"Wreck.terminal\(\) returned bool of shape \(\) for 1 robots",
    ),
    "changes its state": (
        broken(Sound, transition=changes_state),
        r"Wreck.transition\(\) changed one of its arguments in place; make new arrays, or start from a copy",
    ),
    "numpy's global generator": (broken(Sound, observation=numpys_noise), "Wreck draws from the global generators"),
    "python's global generator": (broken(Sound, observation=pythons_noise), "Wreck draws from the global generators"),
    "a generator of its own": (
        broken(Sound, observation=its_own_noise),
        r"Wreck.observation\(\) returned other numbers in a second run of one seed, at step 0; draw all random numbers",
    ),
    "memory in the object": (
        Remembers,
        r"Remembers.initial\(\) returned other numbers in a second run of one seed, at step 0; .* "
        r"\(test_testing.py, line \d+\)",
    ),
    "a count of steps in the object": (
        broken(Sound, reward=counts_rewards),
        r"Wreck.reward\(\) returned other numbers in a second run of one seed, at step 1; .* store nothing",
    ),
    "a wind that a list in the file keeps": (
        broken(Sound, transition=keeps_wind),
        r"Wreck.transition\(\) returned other numbers in a second run of one seed, at step 1",
    ),
    "rows that meet": (
        broken(Sound, reward=lambda self, state, action, after: after[:, 0] - after[:, 0].mean()),
        "a Wreck among 17 differs at step 1 from what it computes alone; compute each row from that row only",
    ),
    "memory of another shape": (
        broken(Sound, memory=("place",), remember=lambda self, memory, sensors: sensors),
        r"Wreck.remember\(\) returned shape \(\d+, 2\) with .* for \d+ rows and 1 numbers in memory; return one finite",
    ),
    "memory without names": (broken(Sound, memory=3), r"Wreck.memory is 3; give a tuple of names"),
    "teacher of another shape": (
        broken(Sound, teacher=lambda self, sensors: sensors),
        r"Wreck.teacher\(\) returned shape \(\d+, 2\) for \d+ rows of sensors; return shape \(\d+, 1\)",
    ),
    "teacher beyond the motors": (
        broken(Sound, teacher=lambda self, sensors: 3.0 + 0 * sensors[:, :1]),
        r"Wreck.teacher\(\) returned 3.0; motors take values from -1 to 1",
    ),
    "teacher of NaN": (
        broken(Sound, teacher=lambda self, sensors: np.nan * sensors[:, :1]),
        r"Wreck.teacher\(\) returned nan; motors take values from -1 to 1",
    ),
    "teacher that looks around": (
        broken(Sound, teacher=jumpy_teacher),
        "returns other actions for one row than for many",
    ),
    "teacher of no move": (
        broken(Choosing, teacher=lambda self, sensors: np.full(len(sensors), 3)),
        r"Wreck.teacher\(\) returned 3 \(int64\), which is no move; return whole numbers from 0 to 2",
    ),
    "teacher of half moves": (
        broken(Choosing, teacher=lambda self, sensors: sensors[:, 0]),
        r"Wreck.teacher\(\) returned .* \(float32\), which is no move",
    ),
    "drawing that raises": (
        broken(Sound, draw=lambda self, ax, states: ax.plot(states[:, 5])),
        r"Wreck.draw\(\) raised IndexError",
    ),
    "measures of another number": (
        broken(Measured, measures={"end": (-2.0, 2.0), "speed": (-1.0, 1.0)}),
        r"Wreck.measure\(\) returned shape \(17, 1\) with .* for 17 robots; return a row of 2 finite numbers for each",
    ),
    "measures that are not finite": (
        broken(Measured, measure=lambda self, state: np.nan * state[:, :1]),
        r"Wreck.measure\(\) returned shape \(17, 1\) with nan for 17 robots",
    ),
    "measures without a function": (broken(Sound, measures={"end": (0, 1)}), "Wreck has no measures"),
    "a function without measures": (broken(Measured, measures={}), "return a row of 0 finite numbers for each"),
    "a range that is none": (
        broken(Measured, measures={"end": (1.0, 1.0)}),
        "Wreck.measures has 'end' between 1.0 and 1.0; give the lower one first",
    ),
    "empty drawing": (broken(Sound, draw=lambda self, ax, states: None), r"Wreck.draw\(\) drew nothing"),
}


@pytest.mark.parametrize(("robot", "match"), BROKEN_ROBOTS.values(), ids=BROKEN_ROBOTS)
def test_a_broken_robot_is_found(robot, match):
    fails(check_robot, robot, match)


def test_each_break_has_a_sentence_of_its_own():
    sentences = set()
    for robot, _ in BROKEN_ROBOTS.values():
        with pytest.raises(TaskError) as raised:
            check_robot(robot)
        sentences.add(str(raised.value))
    assert len(sentences) == len(BROKEN_ROBOTS) - 1  # the two global generators share one


def test_what_is_no_robot_is_reported():
    fails(check_robot, 3, "3 is no robot; derive its class from evorobo.Robot")
    fails(
        check_robot,
        "FrozenLake-v1",
        "FrozenLake-v1 is no vectorized robot; for other environments gymnasium has check_env",
    )


def test_the_global_generators_are_as_they_were():
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    check_robot(Sound)
    check_method(Backprop())
    here = random.random(), np.random.random()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert here == (random.random(), np.random.random())  # noqa: NPY002


# ---- tasks


@pytest.mark.parametrize("env", ["evorobo/Phototaxis-v0", "CartPole-v1", "evorobo/WallFollowing-v0", "evorobo/Maze-v0"])
@pytest.mark.parametrize("episodes", [1, 3])
def test_robots_are_sound_tasks(env, episodes):
    check_task(ControlTask(env, episodes=episodes, normalize=True, max_steps=100, test_episodes=20))


@pytest.mark.parametrize("targets", ["values", "classes"])
def test_labeled_data_is_a_sound_task(targets, monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path)
    x = np.random.default_rng(0).normal(size=(120, 3))
    y = x @ [1.0, -2.0, 0.5]
    check_task(DatasetTask.from_arrays(x, y if targets == "values" else (y > 0).astype(int), rows_per_score=50))


@dataclass(frozen=True)
class Task(Wave):
    """The base of tasks that are broken; importable, as settings must be."""


class Shared(Task):
    def score(self, spec, weights, rng, input_scaler):
        earned = super().score(spec, weights, rng, input_scaler)
        return Scores(earned.values - earned.values.mean(), earned.cost)


class Unfair(Task):
    def score(self, spec, weights, rng, input_scaler):
        each = [super(Unfair, self).score(spec, one[None], rng, input_scaler) for one in weights]
        return Scores(np.concatenate([one.values for one in each]), sum((one.cost for one in each), Cost()))


class Spoils(Task):
    def score(self, spec, weights, rng, input_scaler):
        weights *= 0.5
        return super().score(spec, weights, rng, input_scaler)


class Unseeded(Task):
    def score(self, spec, weights, rng, input_scaler):
        return super().score(spec, weights, np.random.default_rng(), input_scaler)


class Globally(Task):
    def score(self, spec, weights, rng, input_scaler):
        rng = np.random.default_rng(np.random.randint(9))  # noqa: NPY002
        return super().score(spec, weights, rng, input_scaler)


class Infinite(Task):
    def score(self, spec, weights, rng, input_scaler):
        earned = super().score(spec, weights, rng, input_scaler)
        return Scores(np.where(earned.values > -9, np.inf, 0), earned.cost)


class Columns(Task):
    def score(self, spec, weights, rng, input_scaler):
        earned = super().score(spec, weights, rng, input_scaler)
        return Scores(earned.values[:, None], earned.cost)


class Free(Task):
    def score(self, spec, weights, rng, input_scaler):
        return Scores(super().score(spec, weights, rng, input_scaler).values, Cost())


class Flat(Task):
    def score(self, spec, weights, rng, input_scaler):
        earned = super().score(spec, weights, rng, input_scaler)
        return Scores(earned.values, Cost(samples=32, forward_flops=99))


class Mumbles(Task):
    def examples(self, rng):
        raise TaskError("no.")


class Narrow(Task):
    def examples(self, rng):
        return Examples(np.zeros((4, 1)), np.zeros((4, 1)), MSE())


class Holes(Task):
    def examples(self, rng):
        return Examples(np.zeros((4, 2)), np.full((4, 1), np.nan), MSE())


class Misfit(Task):
    def examples(self, rng):
        return Examples(np.zeros((4, 2)), np.zeros((4, 3, 2)), MSE())


class Pulls(Task):
    def examples(self, rng):
        return Examples(np.zeros((4, 2)), np.zeros((4, 1)), MSE(), sample_weight=np.array([1, 1, -1, 1]))


class Shuffles(Task):
    def examples(self, rng):
        x = np.random.default_rng().normal(size=(4, 2))
        return Examples(x, x[:, :1], MSE())


class Squints(Task):
    def unlabelled_inputs(self, rng, rows):
        return UnlabelledInputs(super().unlabelled_inputs(rng, rows).inputs[:, :1])


class Stares(Task):
    def unlabelled_inputs(self, rng, rows):
        return UnlabelledInputs(np.zeros((1, 2)))


class Dazzled(Task):
    def unlabelled_inputs(self, rng, rows):
        return UnlabelledInputs(np.full((rows, 2), np.inf))


class Unordered(Task):
    def unlabelled_inputs(self, rng, rows):
        return UnlabelledInputs(super().unlabelled_inputs(rng, rows).inputs, sequence=np.arange(3))


class Dreams(Task):
    def unlabelled_inputs(self, rng, rows):
        return super().unlabelled_inputs(np.random.default_rng(), rows)


class Moody(Task):
    tests: ClassVar[list[int]] = []

    def test(self, genome):
        self.tests.append(1)
        return super().test(genome) - len(self.tests)


class Lost(Task):
    def test(self, genome):
        return float("nan")


class Boasts(Task):
    def references(self):
        return {"published": "very good"}


class Sizeless(Task):
    n_outputs = 0


class Backwards(Task):
    measures: ClassVar[dict[str, tuple[float, float]]] = {"energy": (1.0, 0.0)}


class Stubborn(Task):
    def score_with_measures(self, names, *rest):
        return super().score_with_measures(sorted(names), *rest)


class Vague(Task):
    def score_with_measures(self, names, *rest):
        return replace(super().score_with_measures(names, *rest), measures=np.full((5, 3), np.nan))


class Shy(Task):
    def score_with_measures(self, names, *rest):
        earned = super().score_with_measures(names, *rest)
        return replace(earned, values=earned.values - 1)


BROKEN_TASKS = {
    Shared: r"score\(\) gave member 0 .* among others and .* alone; all members must use the same random numbers",
    Unfair: r"score\(\) gave member 1 .* among others and .* alone",
    Spoils: r"score\(\) changed its weights in place; work on a copy",
    Unseeded: r"score\(\) gave other scores to the same weights and seed; draw all random numbers from rng",
    Globally: r"score\(\) draws from the global generators",
    Infinite: r"score\(\) gave \[inf.* to 5 new members; scores must be finite",
    Columns: r"score\(\) gave scores of shape \(5, 1\) to 5 members; give one number for each",
    Free: r"score\(\) cost Cost\(.*; count steps or samples",
    Flat: r"score\(\) cost .* for 5 members and .* for one; the cost of each member counts",
    Mumbles: r"has no examples, and its error does not say what to do: no\.",
    Narrow: r"examples\(\) are inputs of shape \(4, 1\) and targets of shape \(4, 1\); give rows of 2 inputs",
    Holes: r"examples\(\) hold numbers that are not finite; leave those rows out",
    Misfit: r"examples\(\) (do not fit their loss|have targets of shape \(4, 3, 2\))",
    Pulls: r"examples\(\) have weights that are not 4 finite numbers from 0; give each row one, or None",
    Shuffles: r"examples\(\) are others for the same seed; draw all random numbers",
    Squints: r"unlabelled_inputs\(\) returned inputs of shape \(50, 1\) for a request of 50 rows; give about as many",
    Stares: r"unlabelled_inputs\(\) returned inputs of shape \(1, 2\) for a request of 50 rows",
    Dazzled: r"unlabelled_inputs\(\) returned numbers that are not finite; leave those rows out",
    Unordered: r"unlabelled_inputs\(\) has sequences of shape \(3,\); number each of its 50 rows, or None",
    Dreams: r"unlabelled_inputs\(\) returned other inputs for the same seed; draw all random numbers",
    Backwards: r"measures has 'energy' between 1.0 and 0.0; give the lower one first",
    Stubborn: r"score_with_measures\(\) returned other numbers in another order of names, or in a second call",
    Vague: r"score_with_measures\(\) returned measures of shape \(5, 3\); give 5 members a row of 3 finite numbers",
    Shy: r"score_with_measures\(\) gave other scores than score\(\) for the same seed; recording measures must not",
    Moody: r"evaluates the same genome differently after others were scored; validate and test need rows",
    Lost: r"evaluated a new genome as \(nan, nan\); validate and test return finite floats",
    Boasts: r"references\(\) has 'published': 'very good'; give finite floats by name",
    Sizeless: r"n_outputs is 0; give a whole number of at least 1",
}


def test_the_small_task_is_sound():
    check_task(Wave())
    check_task(Task())


@pytest.mark.parametrize(("task", "match"), BROKEN_TASKS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_task_is_found(task, match):
    fails(check_task, task(), f"{task.__name__}.*{match}")


def test_a_name_that_is_no_folder_is_found():
    fails(check_task, Task(name="a/b"), "Task.name is 'a/b', which cannot be the name of a folder")


@dataclass(frozen=True)
class Forgets(Wave):
    """Holds an array, which is no setting."""

    rows: object = None


def test_settings_that_cannot_be_written_down_are_found():
    fails(check_task, Forgets(rows=np.zeros(3)), "the settings of Forgets cannot be written to JSON and read again")


# ---- methods

METHODS = [
    Backprop(),
    Backprop(SGD(0.05), batch_size=10, max_grad_norm=1.0, dtype="float32"),
    Evolution(CMAES()),
    Evolution(SelfAdaptiveES()),
    Evolution(SelfAdaptiveES(plus=True, per_gene=True)),
    Evolution(GA()),
    Evolution(OpenAIES()),
    Evolution(CMAES(active=False), evaluations_per_member=2, max_evaluations_per_member=4),
    Evolution(GA(mutation=Gaussian(sigma_decay=0.98)), penalty=L2(1e-3), genealogy=True, name="family"),
    Coevolution(n_rivals=3),
    *map(
        Evolution,
        (
            SepCMAES(),
            OnePlusOneCMAES(),
            SNES(),
            XNES(),
            PGPE(),
            ARS(),
            CanonicalES(),
            GA(replacement=SteadyState(4)),
            DeepGA(),
            DifferentialEvolution(),
            ParticleSwarm(),
            RandomSearch(),
            HallOfFame(Bounded(OpenAIES(sigma_decay=0.99, sigma_floor=0.05, learning_rate_decay=0.9))),
            Restarts(CMAES(), IPOP(factor=1), termination=TerminationCriteria(window=3, tolerance=0.1)),
            NSGA2(("energy",), ("tilt",), population_size=20, min_score=-1.0),
            NSGA2(("size",), population_size=20, reevaluate=False),
            NoveltySearch(("level", "tilt")),
            MAPElites(Grid(("level", "tilt"), (10, 10))),
            Mapped(Grid(("tilt",)), NoveltySearch(("level",), CMAES(), novelty_weight=0.5)),
        ),
    ),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_our_methods_keep_their_contract(method):
    check_method(method)


@pytest.mark.parametrize("method", [METHODS[0], METHODS[2], METHODS[5]], ids=lambda method: method.name)
def test_our_methods_keep_their_contract_on_a_robot(method):
    check_method(method, ControlTask("evorobo/Phototaxis-v0", normalize=True, max_steps=25, n_demonstrations=3))


@pytest.mark.parametrize("method", [METHODS[0], METHODS[2], DAgger(epochs=2)], ids=lambda method: method.name)
def test_they_keep_it_with_running_statistics_of_the_genome(method):
    check_method(method, hidden=(Dense(8, "identity"), BatchNorm(activation="tanh")))


@dataclass(frozen=True)
class Climber:
    """A sound method: tries a step, keeps it if it is better. The base of broken ones."""

    name: str = "climber"

    def start(self, task, spec, rng):
        return self.learner(task, spec, rng)

    class learner:
        done = False

        def __init__(self, task, spec, rng):
            self.task, self.spec, self.rng = task, spec, rng
            self.weights, self.cost = spec.init(rng), Cost()

        @property
        def genome(self):
            return Genome(self.spec, self.weights, self.task.input_scaler, self.task.output_scaler)

        def step(self, budget_fraction):
            both = np.stack([self.weights, self.weights + self.rng.normal(0, 0.1, self.weights.shape)])
            earned = self.task.score(self.spec, both, self.rng, self.task.input_scaler)
            self.weights, self.cost = both[int(earned.values.argmax())], self.cost + earned.cost
            return StepResult(float(earned.values.max()))

        def artifacts(self):
            return {}

        def state(self):
            return {"weights": self.weights, "cost": vars(self.cost), "rng": self.rng.bit_generator.state}

        def restore(self, state):
            self.weights, self.cost = state["weights"], Cost(**state["cost"])
            self.rng.bit_generator.state = state["rng"]


def climber(**parts):
    """A method like `Climber` whose learner has other parts."""
    return type("Wreck", (Climber,), {"learner": type("learner", (Climber.learner,), parts)})()


def starts_elsewhere(self, task, spec, rng):
    Climber.learner.__init__(self, task, spec, rng)
    self.weights = spec.init(rng)


def unseeded_start(self, task, spec, rng):
    Climber.learner.__init__(self, task, spec, rng)
    self.rng = np.random.default_rng()


def global_step(self, budget_fraction):
    np.random.random()  # noqa: NPY002
    return Climber.learner.step(self, budget_fraction)


def unpaid(self, budget_fraction):
    before = self.cost
    progress = Climber.learner.step(self, budget_fraction)
    self.cost = before
    return progress


def diverges(self, budget_fraction):
    progress = Climber.learner.step(self, budget_fraction)
    self.weights = self.weights * np.inf
    return progress


def chatters(self, budget_fraction):
    return StepResult(Climber.learner.step(self, budget_fraction).score, {"mood": "good"})


def forgets_chance(self):
    return {"weights": self.weights, "cost": vars(self.cost), "rng": np.random.default_rng(0).bit_generator.state}


def worse(self, budget_fraction):
    progress = Climber.learner.step(self, budget_fraction)
    self.weights = self.weights * 1.05 + 0.1
    return progress


def idle(self, budget_fraction):
    weights = self.weights
    progress = Climber.learner.step(self, budget_fraction)
    self.weights = weights
    return progress


BROKEN_METHODS = {
    "another start": (climber(__init__=starts_elsewhere), r"starts from another genome than spec.init\(rng\)"),
    "unseeded": (climber(__init__=unseeded_start), "made two different runs from one seed"),
    "global chance": (climber(step=global_step), "learner draws from the global generators"),
    "unpaid": (climber(step=unpaid), "its cost is a total that grows in each step"),
    "diverges": (climber(step=diverges), r"has a genome of shape \(33,\) with 33 numbers that are not finite"),
    "chatters": (climber(step=chatters), "return a StepResult with a finite score and plain numbers by name"),
    "forgets chance": (
        climber(state=forgets_chance),
        r"continues differently after its state\(\) of step \d is restored",
    ),
    "state of objects": (climber(state=lambda self: {"all": self}), "state .* cannot be saved after 0 steps"),
    "no artifacts": (climber(artifacts=None), r"learner has no valid artifacts\(\); return a dict"),
    "artifacts of objects": (climber(artifacts=lambda self: {"a.npz": self}), r"learner has no valid artifacts\(\)"),
    "empty state": (
        climber(state=lambda self: {}),
        r"cannot be saved after 0 steps and restored \('weights'\)",
    ),
    "idle": (climber(step=idle), "did not change the genome in 9 steps"),
    "worse": (climber(step=worse), r"is no better after 150 steps on a small task \(gains .*\); scores must rise"),
}


def test_a_sound_method_passes():
    check_method(Climber())


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # infinity times zero, in the one that diverges
@pytest.mark.parametrize(("method", "match"), BROKEN_METHODS.values(), ids=BROKEN_METHODS)
def test_a_broken_method_is_found(method, match, monkeypatch):
    monkeypatch.setattr("evorobo.testing.methods.round_trip", lambda method: method)  # made on the spot, not in a file
    fails(check_method, method, match)


def test_a_method_with_a_name_that_is_no_folder_is_found():
    fails(check_method, Climber(name="../up"), r"Climber.name is '../up', which cannot be the name of a folder")
