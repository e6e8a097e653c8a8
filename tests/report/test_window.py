"""A window on a virtual screen: it opens and shows a moving robot."""

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
    """The name of a virtual screen."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no virtual screen: apt install xvfb")
    pytest.importorskip("tkinter", reason="Python was built without tkinter, and there is no other window toolkit")
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "700x600x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end) as file:
        number = file.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


def screenshot(screen):
    return np.asarray(ImageGrab.grab(xdisplay=screen))


def wait_until(condition, player):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert player.poll() is None, player.stderr.read()
        assert time.monotonic() < end, "the condition did not become true"
        time.sleep(0.1)


def test_a_robot_that_draws_itself_moves_in_a_window(screen, tmp_path):
    task = ControlTask("evorobo/Phototaxis-v0", test_episodes=2, validation_episodes=2)
    budget = Budget(generations=1, n_evals=2)
    Study.grid("w", tasks=[task], methods=[Evolution(OpenAIES(population_size=4))], seeds=1, budget=budget).run(
        tmp_path
    )
    folder = tmp_path / "w/phototaxis/openai-es/seed-0"
    player = subprocess.Popen(
        [sys.executable, "-m", "evorobo", "replay", str(folder), "--window"],
        env={**os.environ, "DISPLAY": screen, "MPLBACKEND": "TkAgg"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: screenshot(screen).mean() > 100, player)  # a white window on a black screen
        first = screenshot(screen)
        wait_until(lambda: (screenshot(screen) != first).any(), player)
    finally:
        player.kill()
        player.communicate()
