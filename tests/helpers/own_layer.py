"""A layer of one's own, derived from one of ours: whoever takes it for its parent gets other numbers."""

from __future__ import annotations

from evorobo import Dense


class Doubled(Dense):
    """Answers twice what a dense layer would."""

    def forward(self, params, x, context):
        y, cache = super().forward(params, x, context)
        return 2 * y, cache

    def backward(self, params, cache, dy, gradients, needs_input_grad=True):
        return super().backward(params, cache, 2 * dy, gradients, needs_input_grad)
