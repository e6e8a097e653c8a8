"""The interface of a trial for the modules that run it, describe it, or are called by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

from evorobo.fields import Example
from evorobo.learners.base import Learner, Method
from evorobo.learners.budget import Budget
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Task

StudiedTask = Annotated[Task, Example('ControlTask("CartPole-v1")')]
StudiedMethod = Annotated[Method, Example("Evolution(CMAES())")]


class TrialSettings(Protocol):
    """The settings of a trial and what follows from them; `Trial` implements it."""

    @property
    def task(self) -> Task: ...
    @property
    def method(self) -> Method: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def hidden(self) -> tuple[Any, ...]: ...
    @property
    def seed(self) -> int: ...
    @property
    def callbacks(self) -> Sequence[Any]: ...
    @property
    def path(self) -> str: ...
    @property
    def spec(self) -> NetworkSpec: ...

    def start(self) -> Learner: ...
    def check(self, folder: Path) -> None: ...
