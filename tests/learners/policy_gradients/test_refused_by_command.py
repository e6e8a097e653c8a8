"""What a policy gradient cannot learn is one sentence on the command line, too, with an exit status that says so."""

import gymnasium
import numpy as np
import pytest

from evorobo import A2C, PPO, Budget, ControlTask, Study, main


class Sensor(gymnasium.Env):
    """A robot with one sensor and one motor, whose rewards are not finite."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), float("nan"), False, False, {}


class Film(Sensor):
    """The same, which shows images."""

    observation_space = gymnasium.spaces.Box(0, 255, (8, 8, 3), np.uint8)


gymnasium.register("command/Broken-v0", Sensor, max_episode_steps=5)
gymnasium.register("command/Film-v0", Film, max_episode_steps=5)
gymnasium.register("command/Endless-v0", Sensor)
REFUSALS = {
    "command/Broken-v0": (1, "2 of 2 trials failed: command/Broken-v0 returned rewards with nan at step 1; fix the "),
    "command/Film-v0": (2, "this environment shows images of shape (8, 8, 3), and networks here read sensors"),
    "command/Endless-v0": (2, "command/Endless-v0 has no limit of steps; give the task max_steps="),
}


@pytest.mark.parametrize("env", REFUSALS)
def test_it_is_one_sentence(env, tmp_path, capsys):
    status, sentence = REFUSALS[env]
    methods = [PPO(n_steps=4, critic=(3,)), A2C(critic=(3,))]
    study = Study.grid("refused", tasks=[ControlTask(env)], methods=methods, seeds=1, budget=Budget(env_steps=99))
    with pytest.raises(SystemExit) as ended:
        main(study, ["--jobs", "1", "--results", str(tmp_path)])
    assert ended.value.code == status
    output = capsys.readouterr()
    assert "Traceback" not in output.out + output.err
    last = output.err.strip().splitlines()[-1]
    assert last.startswith(f"evorobo: {sentence}")
    assert last.endswith((".", "..."))
