"""A layer of one's own, derived from one of ours: whoever takes it for its parent gets other numbers."""

from __future__ import annotations

from evorobo.nets.dense import Dense


class Doubled(Dense):
    """Answers twice what a dense layer would."""

    def forward(self, views, x, how):
        y, memory = super().forward(views, x, how)
        return 2 * y, memory

    def backward(self, views, memory, dy, gradients, inputs=True):
        return super().backward(views, memory, 2 * dy, gradients, inputs)
