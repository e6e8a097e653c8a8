"""Robots of users that commands registered are removed after each file of tests: their files no longer exist."""

import gymnasium
import pytest


@pytest.fixture(autouse=True, scope="module")
def remove_robots_of_users():
    known = set(gymnasium.registry)
    yield
    for id in set(gymnasium.registry) - known:
        if not id.startswith("evorobo/"):
            del gymnasium.registry[id]
