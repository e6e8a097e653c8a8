"""Robots that a command made known are forgotten after its test, for their files are."""

import gymnasium
import pytest


@pytest.fixture(autouse=True)
def the_same_registry():
    known = set(gymnasium.registry)
    yield
    for id in set(gymnasium.registry) - known:
        del gymnasium.registry[id]
