"""The loss of a batch and its gradient with respect to the weights, for tests of networks and of backprop."""

from __future__ import annotations

from evorobo import forward, gradient


def loss_and_gradient(spec, weights, x, targets, loss, n_steps=1):
    """The loss `()` or `(n,)`, and the gradient in the shape of `weights (p,)` or `(n, p)`."""
    value, dy = loss.value_and_gradient(forward(spec, weights, x, n_steps=n_steps), targets)
    return value, gradient(spec, weights, x, dy, n_steps=n_steps)
