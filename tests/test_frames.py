"""The call stack stays short: few Python frames between a user's script and the functions of the user's robot."""

import json
import subprocess
import sys

MAX_FRAMES = 18
"""From the script's module to `Robot.transition`, both included, and DEAP's frames too."""

SCRIPT = '''
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import evorobo as er

deepest = {"in a generation": [], "in all": []}
DEAP = "algorithms.py:eaGenerateUpdate"


def stack():
    """The names of all frames, from the script's module to the caller."""
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        frames.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}")
        frame = frame.f_back
    return frames[::-1]


@dataclass(frozen=True)
class Cart(er.Robot):
    sensors, motors, max_steps = ("x",), ("push",), 3

    def initial(self, rng):
        return rng.normal(1.0, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        frames = stack()
        if "traced_step.py:__init__" in frames:  # counting its operations, once
            return state + 0.1 * action
        for part in ("in a generation", "in all") if DEAP in frames else ("in all",):
            deepest[part] = max(deepest[part], frames, key=len)
        return state + 0.1 * action

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])


er.register(Cart, "frames/Cart-v0")
study = er.Study.grid(
    "frames",
    tasks=[er.ControlTask("frames/Cart-v0", validation_episodes=2, test_episodes=2)],
    methods=[er.Evolution(er.CMAES())],
    budget=er.Budget(env_steps=200),
    seeds=(0,),
)
if __name__ == "__main__":
    er.main(study)
    Path("frames.json").write_text(json.dumps(deepest))
'''


def test_few_frames_lead_from_a_script_to_the_robot(tmp_path):
    (tmp_path / "cart.py").write_text(SCRIPT)
    words = [sys.executable, "cart.py", "--jobs", "1"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    for part, frames in json.loads((tmp_path / "frames.json").read_text()).items():
        assert (frames[0], frames[-1]) == ("cart.py:<module>", "cart.py:transition"), part
        assert len(frames) <= MAX_FRAMES, "\n".join(frames)
