"""Rows that end and restart alone: each is a fresh single episode of its seed, and a killed window continues."""

import gymnasium
import numpy as np
import odd_environments  # noqa: F401 - registers its ids
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from evorobo import Robot, SettingsError, TaskError, register
from evorobo.study import checkpoint
from evorobo.tasks.control.persistent.envs import PersistentEnvs, make_persistent_envs
from evorobo.tasks.control.persistent.vector_env import VectorEnvRows
from evorobo.tasks.control.robots.env import RobotVectorEnv
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.simulators.lookup import make_env
from evorobo.tasks.control.spaces import make_decoder, make_flattener


class Counted(Robot):
    """First states are whole numbers, later ones are not; sensors and motors are noisy, and episodes differ in length.

    The state is a position and its goal.
    """

    sensors, motors, max_steps = ("x",), ("push",), 9

    def initial(self, rng):
        return np.rint(rng.uniform(-3, 3, 2)).astype(int)

    def observation(self, state, rng):
        return state[:, :1] / 3 + rng.normal(0.1, 1)

    def transition(self, state, action, rng):
        return state + np.float32(0.7) * (action + rng.uniform(-1, 1, 2))

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])

    def terminal(self, state):
        return np.abs(state[:, 0]) > 3


class Broken(Counted):
    """Some rewards are no numbers."""

    def reward(self, state, action, next_state):
        return np.where(next_state[:, 0] > 1, np.nan, 0.0)


register(Counted, "persistent/Counted-v0")
register(Broken, "persistent/Broken-v0")

KINDS = {
    "robot": ("CartPole-v1", {}, 12),
    "moves": ("evorobo/WallFollowing-v0", {}, 9),
    "types": ("persistent/Counted-v0", {}, 9),
    "noise": ("evorobo/Phototaxis-v0", {"noise": 0.1}, 7),
    "mujoco": ("Hopper-v5", {}, 25),
    "contacts": ("Ant-v5", {}, 6),
    "objects": ("CartPole-v1", {"sutton_barto_reward": True}, 12),
    "dict": ("odd/Mixed-v0", {}, 5),
    "tuple": ("odd/Pair-v0", {}, 5),
}
N_ROWS = 4


def made(kind):
    id, env_kwargs, max_steps = KINDS[kind]
    env_spec = make_env(id, env_kwargs, max_steps)
    return env_spec, make_decoder(env_spec.action_space)


def persistent(kind, n_rows=N_ROWS):
    env_spec, decoder = made(kind)
    return make_persistent_envs(env_spec, n_rows), decoder


def drive(envs, decoder, rng, n_steps, reset=True):
    """Random actions; the observations before each step, the actions, and the transitions."""
    if reset:
        envs.reset(rng)
    story = []
    for _ in range(n_steps):
        seen, seeds, actions = envs.observations.copy(), envs.seeds.copy(), decoder.sample(rng, envs.n_rows)
        story.append((seen, seeds, actions, envs.step(actions, rng)))
    return story


@pytest.mark.parametrize("kind", KINDS)
def test_each_episode_of_a_row_is_a_fresh_one_of_its_seed(kind):
    env_spec, decoder = made(kind)
    story = drive(persistent(kind)[0], decoder, np.random.default_rng(0), 30)
    simulator, n_episodes = env_spec.simulator(), 0
    for row in range(N_ROWS):
        expected, n_steps = None, 0
        for seen, seeds, actions, transition in story:
            if n_steps == 0:
                expected = simulator.reset(seeds[row : row + 1], 1)
            np.testing.assert_array_equal(seen[row], expected[0])
            expected, rewards, ended = simulator.step(actions[row : row + 1])
            n_steps += 1
            np.testing.assert_array_equal(transition.last_observations[row], expected[0])
            assert transition.rewards[row] == rewards[0]
            assert transition.ended[row] == ended[0]
            assert transition.truncated[row] == (n_steps == env_spec.max_steps)
            if ended[0]:
                n_steps, n_episodes = 0, n_episodes + 1
    assert n_episodes >= N_ROWS


def test_seeds_of_restarts_are_drawn_in_the_order_of_the_rows():
    envs, decoder = persistent("robot")
    rng, same = np.random.default_rng(0), np.random.default_rng(0)
    envs.reset(rng)
    np.testing.assert_array_equal(envs.seeds, same.integers(TRAIN, VALIDATION, N_ROWS))
    n_ends = 0
    for _ in range(30):
        before = envs.seeds.copy()
        ended = envs.step(decoder.sample(np.random.default_rng(1), N_ROWS), rng).ended
        before[ended] = same.integers(TRAIN, VALIDATION, ended.sum())
        np.testing.assert_array_equal(envs.seeds, before)
        n_ends += ended.sum()
    assert n_ends > 4
    assert rng.random() == same.random()


def test_falling_terminates_and_the_limit_truncates():
    envs = PersistentEnvs(make_env("CartPole-v1", {}, 10).rows(3), 3, 10, "CartPole-v1")
    rng = np.random.default_rng(0)
    envs.reset(rng)
    # always to the left falls in the tenth step or before; to the left and right in turns holds out
    ends = []
    for step in range(10):
        transition = envs.step(np.array([0, step % 2, (step // 2) % 2]), rng)
        ends.append((transition.terminated.tolist(), transition.truncated.tolist()))
        upright = np.abs(transition.last_observations[:, 2]) < 12 * 2 * np.pi / 360
        np.testing.assert_array_equal(transition.terminated, ~upright)
    fallen = [terminated[0] for terminated, _ in ends]
    assert fallen.index(True) in (7, 8, 9)
    assert ends[-1][0][1:] == [False, False]
    assert ends[-1][1][1:] == [True, True]
    assert not any(truncated[1] for _, truncated in ends[:-1])
    np.testing.assert_array_equal(envs.clock[1:], [0, 0])
    assert (np.abs(envs.observations[1:]) <= 0.05).all()  # those of new episodes
    assert (np.abs(transition.last_observations[1:]) > 0.05).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 1, 11])
def test_a_window_that_is_killed_continues_bit_for_bit(kind, at, tmp_path):
    envs, decoder = persistent(kind)
    rng = np.random.default_rng(0)
    drive(envs, decoder, rng, at)
    checkpoint.save(tmp_path / "state.npz", {"envs": envs.state(), "rng": rng.bit_generator.state})
    expected = drive(envs, decoder, rng, 12, reset=False)
    resumed, rng = persistent(kind)[0], np.random.default_rng(9)
    state = checkpoint.load(tmp_path / "state.npz")
    resumed.restore(state["envs"])
    rng.bit_generator.state = state["rng"]
    for one, other in zip(drive(resumed, decoder, rng, 12, reset=False), expected, strict=True):
        for ours, theirs in zip(
            (*one[:3], *vars(one[3]).values()), (*other[:3], *vars(other[3]).values()), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["robot", "noise"])
def test_compiled_rows_have_the_same_episodes_but_for_rounding(kind):
    env_spec, decoder = made(kind)
    compiled = make_persistent_envs(env_spec, N_ROWS, compiled=True)
    expected = drive(persistent(kind)[0], decoder, np.random.default_rng(0), 30)
    found = drive(compiled, decoder, np.random.default_rng(0), 30)
    for one, other in zip(found, expected, strict=True):
        for ours, theirs in zip(
            (*one[:3], *vars(one[3]).values()), (*other[:3], *vars(other[3]).values()), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    resumed = make_persistent_envs(env_spec, N_ROWS, compiled=True)
    resumed.restore(compiled.state())
    np.testing.assert_array_equal(resumed.observations, compiled.observations)


def test_the_state_holds_the_actions_of_running_episodes_only():
    envs, decoder = persistent("robot")
    drive(envs, decoder, np.random.default_rng(0), 100)
    state = envs.state()
    assert len(state["actions"]) == state["clock"].max() <= 12


def test_an_environment_that_does_not_repeat_itself_cannot_be_continued():
    class Forgetful(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.random.default_rng().random(1, np.float32), 0.0, False, False, {}

    gymnasium.register("persistent/Forgetful-v0", Forgetful, max_episode_steps=20)
    env_spec = make_env("persistent/Forgetful-v0", {})
    envs = PersistentEnvs(env_spec.rows(2), 2, 20, env_spec.id)
    drive(envs, make_decoder(env_spec.action_space), np.random.default_rng(0), 3)
    again = PersistentEnvs(env_spec.rows(2), 2, 20, env_spec.id)
    with pytest.raises(TaskError, match="persistent/Forgetful-v0 does not repeat itself: the same seed and actions"):
        again.restore(envs.state())


# ---- vector environments of gymnasium


def vector(id, mode, n_rows=N_ROWS, **settings):
    return SyncVectorEnv([lambda: gymnasium.make(id, **settings)] * n_rows, autoreset_mode=mode)


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize(
    ("id", "limit"),
    [("CartPole-v1", 12), ("Pendulum-v1", 5), ("odd/Mixed-v0", 5), ("odd/Pair-v0", 5)],
)
def test_vector_environments_of_every_autoreset_mode_have_the_same_episodes(id, limit, mode):
    rows = VectorEnvRows(vector(id, mode, max_episode_steps=limit))
    decoder = make_decoder(gymnasium.make(id).action_space)
    envs, rng, other = PersistentEnvs(rows, N_ROWS, limit, id), np.random.default_rng(0), np.random.default_rng(0)
    env_spec = make_env(id, {}, limit)
    ours = drive(PersistentEnvs(env_spec.rows(N_ROWS), N_ROWS, limit, id), decoder, other, 40)
    for theirs, expected in zip(drive(envs, decoder, rng, 40), ours, strict=True):
        pairs = zip((*theirs[:3], *vars(theirs[3]).values()), (*expected[:3], *vars(expected[3]).values()), strict=True)
        for one, same in pairs:
            np.testing.assert_allclose(one, same, rtol=0, atol=1e-6)  # gymnasium rounds to the types of its spaces
    assert rng.random() == other.random()


@pytest.mark.parametrize("mode", AutoresetMode)
def test_transitions_are_those_that_gymnasium_gives_in_each_mode(mode):
    """Driven by its own rules, a vector environment gives the same steps, apart from the seeds of its restarts."""
    plain, ours = (vector("CartPole-v1", mode, 1, max_episode_steps=10) for _ in range(2))
    rows, seed, flatten = VectorEnvRows(ours), 5, make_flattener(plain.single_observation_space)[1]
    first, _ = plain.reset(seed=seed)
    np.testing.assert_array_equal(rows.restart(np.zeros(1, int), np.array([seed])), first)
    for step in range(10):
        actions = np.array([step // 2 % 2])
        observations, rewards, terminated, truncated, info = plain.step(actions)
        found = rows.step(actions)
        last = info["final_obs"] if mode == AutoresetMode.SAME_STEP and "final_obs" in info else observations
        np.testing.assert_array_equal(found.observations[0], flatten(last[0]))
        assert (found.rewards[0], found.terminated[0], found.truncated[0]) == (rewards[0], terminated[0], truncated[0])
    assert truncated[0]


def test_a_vector_environment_that_restarts_without_seeds_is_refused():
    made = RobotVectorEnv("evorobo.tasks.control.robots.phototaxis:Phototaxis", 2)
    with pytest.raises(
        SettingsError, match=r"RobotVectorEnv restarts its rows without seeds \(autoreset mode NEXT_STEP"
    ):
        VectorEnvRows(made)


def test_code_that_cannot_be_compiled_is_refused():
    with pytest.raises(TaskError, match="odd/Mixed-v0 runs code that cannot be compiled; leave compiled=True out"):
        make_persistent_envs(made("dict")[0], 2, compiled=True)


def test_faulty_numbers_are_named():
    env_spec = make_env("persistent/Broken-v0", {})
    envs = PersistentEnvs(env_spec.rows(8), 8, 9, env_spec.id)
    with pytest.raises(TaskError, match=r"persistent/Broken-v0 returned rewards with nan at step \d"):
        drive(envs, make_decoder(env_spec.action_space), np.random.default_rng(0), 20)
