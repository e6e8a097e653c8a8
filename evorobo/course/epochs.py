"""Backprop observed from outside: the network before training and after every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evorobo.checks import check_integer
from evorobo.learners.backprop.backprop import Backprop
from evorobo.nets.genome import Genome
from evorobo.nets.layer import Layer
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Task


def epochs(
    task: Task, hidden: Sequence[int | Layer], method: Backprop, rng: np.random.Generator, n_epochs: int
) -> Iterator[Genome]:
    """Train by backprop and yield the solution before training and after every epoch.

    Parameters
    ----------
    task : Task
        The task to train on; it must have labeled examples.
    hidden : sequence of int or Layer
        The hidden layers, as in `Study.grid`: a number stands for a dense tanh layer of so many units.
    method : Backprop
        The method; its learning-rate schedule advances from epoch to epoch.
    rng : numpy.random.Generator
        Source of the initial weights and of the order of the rows.
    n_epochs : int
        The number of epochs, at least 1. Training ends earlier where early stopping ends it.

    Yields
    ------
    Genome
        The solution: first the untrained one, then one for each epoch, `n_epochs` + 1 in all.

    Raises
    ------
    SettingsError
        If `n_epochs` is not a whole number of at least 1.
    LearningError
        When training diverges, after the solutions before that.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Backprop, DatasetTask
    >>> from evorobo.course import epochs
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> task = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    >>> losses = [task.loss_on(genome, task.parts.train) for genome in epochs(
    ...     task, (4,), Backprop(batch_size=8), np.random.default_rng(0), n_epochs=20)]
    >>> len(losses), losses[-1] < losses[0]
    (21, True)
    """
    check_integer(1, n_epochs=n_epochs)
    learner = method.start(task, NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output), rng)
    yield learner.genome
    while learner.epochs < n_epochs and not learner.done:
        epoch = learner.epochs
        while learner.epochs == epoch:
            learner.step(epoch / n_epochs)
        yield learner.genome
