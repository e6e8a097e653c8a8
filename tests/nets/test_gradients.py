"""Gradient check: every layer with every loss, in training and through time, against central differences."""

import numpy as np
import pytest
from every_layer import LAYERS, LOSSES, loss_and_gradient, problem

STEP = 1e-5


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_the_gradient_in_training_equals_central_differences(layer, loss):
    spec, weights, running_stats, x, targets = problem(layer, loss)
    gradient = loss_and_gradient(spec, weights, running_stats.copy(), x, targets, loss, training=True)[2]
    steps = STEP * np.eye(len(weights))
    up, down = (
        loss_and_gradient(spec, several, np.tile(running_stats, (len(several), 1)), x, targets, loss, training=True)[1]
        for several in (weights + steps, weights - steps)
    )
    assert np.abs(gradient - (up - down) / (2 * STEP)).max() < 1e-6 * np.abs(gradient).max()
