"""Robots that commands made known are forgotten when a file of tests is over, for their own files are gone then."""

import gymnasium
import pytest


@pytest.fixture(autouse=True, scope="module")
def the_same_registry():
    known = set(gymnasium.registry)
    yield
    for id in set(gymnasium.registry) - known:
        del gymnasium.registry[id]
