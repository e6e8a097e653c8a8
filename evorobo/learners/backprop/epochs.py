"""Backprop watched: the network as it is before training and after every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evorobo.errors import SettingsError
from evorobo.learners.backprop.backprop import Backprop
from evorobo.nets.genome import Genome
from evorobo.nets.layer import Layer
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Task


def epochs(
    task: Task, hidden: Sequence[int | Layer], method: Backprop, rng: np.random.Generator, n_epochs: int
) -> Iterator[Genome]:
    """The answers of `count` epochs of training, to be looked at one by one: `count` + 1 genomes, the first untrained.

    `hidden` as in `Study.grid`; the method's schedule advances from epoch to epoch. Ends sooner where early
    stopping does. Raises `LearningError` when training runs away, after the answers before that.
    """
    if isinstance(n_epochs, bool) or not isinstance(n_epochs, int) or n_epochs < 1:
        raise SettingsError(f"epochs must be a whole number of at least 1, not {n_epochs!r}.")
    learner = method.start(task, NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output), rng)
    yield learner.genome
    while learner.epochs < n_epochs and not learner.done:
        now = learner.epochs
        while learner.epochs == now:
            learner.step(now / n_epochs)
        yield learner.genome
