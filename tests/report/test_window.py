"""A window on a real screen, if only a virtual one: an episode of a robot that draws itself opens and moves in it."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import ImageGrab

from evorobo import Budget, ControlTask, Evolution, OpenAIES, Study

PATIENCE = 60.0


@pytest.fixture
def screen():
    """The name of a screen that nobody looks at."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no virtual screen here: apt install xvfb")
    pytest.importorskip("tkinter", reason="Python was built without tkinter, and there is no other window toolkit")
    told, tell = os.pipe()
    command = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "700x600x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[tell], stderr=subprocess.DEVNULL)
    os.close(tell)
    with os.fdopen(told) as file:
        number = file.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


def seen(screen):
    return np.asarray(ImageGrab.grab(xdisplay=screen))


def until(true, player):
    end = time.monotonic() + PATIENCE
    while not true():
        assert player.poll() is None, player.stderr.read()
        assert time.monotonic() < end, "nothing of the kind is seen"
        time.sleep(0.1)


def test_a_robot_that_draws_itself_moves_in_a_window(screen, tmp_path):
    task = ControlTask("evorobo/Phototaxis-v0", test_episodes=2, validation_episodes=2)
    budget = Budget(generations=1, n_evals=2)
    Study.grid("w", tasks=[task], methods=[Evolution(OpenAIES(population_size=4))], seeds=1, budget=budget).run(
        tmp_path
    )
    seat = tmp_path / "w/phototaxis/openai-es/seed-0"
    player = subprocess.Popen(
        [sys.executable, "-m", "evorobo", "replay", str(seat), "--window"],
        env={**os.environ, "DISPLAY": screen, "MPLBACKEND": "TkAgg"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: seen(screen).mean() > 100, player)  # a white window on a black screen
        first = seen(screen)
        until(lambda: (seen(screen) != first).any(), player)
    finally:
        player.kill()
        player.communicate()
