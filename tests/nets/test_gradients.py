"""The gradient check: every layer under every loss, in training and through time, against central differences."""

import numpy as np
import pytest
from every_layer import LAYERS, LOSSES, descend, problem

STEP = 1e-5


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_the_gradient_in_training_is_that_of_central_differences(layer, loss):
    spec, weights, running_stats, x, targets = problem(layer, loss)
    gradient = descend(spec, weights, running_stats.copy(), x, targets, loss, training=True)[2]
    moved = STEP * np.eye(len(weights))
    up, down = (
        descend(spec, several, np.tile(running_stats, (len(several), 1)), x, targets, loss, training=True)[1]
        for several in (weights + moved, weights - moved)
    )
    assert np.abs(gradient - (up - down) / (2 * STEP)).max() < 1e-6 * np.abs(gradient).max()
