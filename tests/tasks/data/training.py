"""Backprop in ten lines, for tests of tasks: no learner needed."""

from __future__ import annotations

import numpy as np
from loss_gradient import loss_and_gradient

from evorobo import Adam, Genome, NetworkSpec
from evorobo.tasks.base import Task


def trained(task: Task, hidden: tuple[int, ...], epochs: int, batch_size: int, seed: int = 0) -> Genome:
    """A network after some epochs of Adam on the task's examples."""
    rng = np.random.default_rng(seed)
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    weights, examples, adam = spec.init(rng), task.examples(rng), Adam(0.01)
    x = task.input_scaler.transform(examples.inputs)
    state = adam.start(weights)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), len(x) // batch_size):
            _, slope = loss_and_gradient(spec, weights, x[rows], examples.targets[rows], examples.loss)
            adam.update(weights, slope, state)
    return Genome(spec, weights, task.input_scaler, task.output_scaler)
