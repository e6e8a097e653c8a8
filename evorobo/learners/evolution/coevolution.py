"""Coevolution: a robot and its rival evolve against past champions of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.fields import PositiveInt
from evorobo.learners.archive import Archive
from evorobo.learners.base import StepResult
from evorobo.learners.evolution.evolution import Evolution, EvolutionLearner
from evorobo.nets.dense import Dense
from evorobo.nets.genome import Genome
from evorobo.nets.output import Output
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Scores, Task
from evorobo.tasks.capabilities import HasRival


@register_component("method", "Coevolution")
@dataclass(frozen=True)
class Coevolution:
    """Evolve a robot and its rival at the same time.

    Both sides use the same method and the same hidden layers. In each generation, all members of a side meet the same
    random champions of the other side. The champion of a generation is the solution of the strategy after it. Before
    the first generation it is the starting genome. Champions are met several times if there are fewer than `n_rivals`.

    The solution is that of the task's own side; the cost is that of both. The champions of all generations are written
    to `champions.npz` and `rivals.npz`. `Archive.load` reads these files, and `tournament` evaluates the champions
    against each other.

    Parameters
    ----------
    evolution : Evolution, default Evolution()
        The method of both sides.
    n_rivals : int, default 10
        Number of champions that each member meets in a generation, at least 1.
    memory : int or None, default None
        Number of last generations from which champions are sampled, at least 1. None is all of them, a hall of fame.
        With 1, a side meets only the newest champion and can lose what it had learned against earlier ones.
    name : str, default "coevolution"
        Name in results and figures.

    References
    ----------
    Rosin, C. D. and Belew, R. K. (1997). New methods for competitive coevolution. Evolutionary Computation 5.
    Floreano, D. and Nolfi, S. (1997). Adaptive behavior in competing co-evolving species. ECAL.

    Examples
    --------
    >>> from evorobo import CMAES, Coevolution, Evolution
    >>> Coevolution(Evolution(CMAES()), n_rivals=5).name
    'coevolution'
    """

    evolution: Evolution = Evolution()
    n_rivals: PositiveInt = 10
    memory: PositiveInt | None = None
    name: str = "coevolution"

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> CoevolutionLearner:
        """Start learning on a task with a rival.

        Parameters
        ----------
        task : Task
            The task of the own side, with a method `matches()`.
        spec : NetworkSpec
            The network of the own side; the rival's has the same hidden layers.
        rng : numpy.random.Generator
            Source of all randomness. The first draw is the starting genome of the own side.

        Returns
        -------
        Learner
            The learner; one step is one generation of both sides.

        Raises
        ------
        SettingsError
            If the task has no rival.
        """
        return CoevolutionLearner(self, task, spec, rng)


class CoevolutionLearner:
    """State of both sides; one step is a generation of each, against the champions before it."""

    def __init__(self, method: Coevolution, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasRival):
            raise SettingsError(
                f"{task.name} has no rival; use Evolution, or give the task a method matches() (see "
                "evorobo.tasks.capabilities.HasRival)."
            )
        if method.evolution.warm_start is not None:
            raise SettingsError("coevolution starts both sides at random weights; leave warm_start out.")
        other = task.matches().rival()
        own_side, other_side = _Side(method, task, spec, rng), _Side(method, other, matching_spec(spec, other), rng)
        own_side.scoring.set_opponents(other_side.history)
        other_side.scoring.set_opponents(own_side.history)
        self._sides = [own_side, other_side]

    @property
    def genome(self) -> Genome:
        return self._sides[0].evolution.genome

    @property
    def champions(self) -> dict[str, Archive]:
        """The champions of all generations of both sides, "champions" and "rivals"; none before the first one."""
        own, other = (side.history for side in self._sides)
        return {"champions": own.archive, "rivals": other.archive} if len(own) else {}

    @property
    def cost(self) -> Cost:
        own, other = self._sides
        return own.evolution.cost + other.evolution.cost

    @property
    def done(self) -> bool:
        return False

    def step(self, budget_fraction: float) -> StepResult:
        own, other = results = [side.evolution.step(budget_fraction) for side in self._sides]
        for side, result in zip(self._sides, results, strict=True):
            side.history.add(side.evolution.genome, result.info["score_max"])
        return StepResult(own.score, {**own.info, "rival_train": other.score, "rival_max": other.info["score_max"]})

    def artifacts(self) -> dict[str, bytes | str]:
        """Return the files of the own side's evolution and the champions of both sides."""
        champions = {f"{name}.npz": archive.to_bytes() for name, archive in self.champions.items()}
        return self._sides[0].evolution.artifacts() | champions

    def state(self) -> dict[str, Any]:
        return {str(number): side.state() for number, side in enumerate(self._sides)}

    def restore(self, state: dict[str, Any]) -> None:
        for number, side in enumerate(self._sides):
            side.restore(state[str(number)])


def matching_spec(spec: NetworkSpec, task: Task) -> NetworkSpec:
    """Return the same network with the inputs and outputs of another task."""
    end = spec.layers[-1]
    output = Output(end.bias, end.init) if isinstance(end, Dense) else Output()
    return NetworkSpec.build(task.n_inputs, (*spec.layers[:-1], output), task.n_outputs, task.output)


class ChampionHistory:
    """The champions of one side, one for each generation, after the starting genome."""

    def __init__(self, first: Genome) -> None:
        self.spec, self._weights, self._scores = first.spec, [first.weights], [np.nan]

    def add(self, champion: Genome, score: float) -> None:
        """Add the champion of a generation, and the best score of that generation."""
        self._weights.append(champion.weights)
        self._scores.append(score)

    def sample(self, count: int, memory: int | None, rng: np.random.Generator) -> Array:
        """Sample champions of the last `memory` generations `(count, p)`, none twice if there are enough."""
        total = len(self._weights)
        oldest = max(0, total - memory) if memory else 0
        indices = rng.choice(np.arange(oldest, total), count, replace=total - oldest < count)
        return np.stack([self._weights[index] for index in indices])

    def __len__(self) -> int:
        """The number of generations so far."""
        return len(self._weights) - 1

    @property
    def archive(self) -> Archive:
        """The champions of all generations so far."""
        weights, scores = np.stack(self._weights)[1:], np.array(self._scores)[1:]
        generations = np.arange(1.0, len(self._weights))[:, None]
        ranges = np.array([[0.0, len(scores)]])
        return Archive(self.spec, weights, scores, generations, ("generation",), ranges)

    def state(self) -> dict[str, Any]:
        return {"weights": np.stack(self._weights), "scores": np.array(self._scores)}

    def restore(self, state: dict[str, Any]) -> None:
        self._weights, self._scores = list(state["weights"]), state["scores"].tolist()


class _MatchScoring:
    """The score of one side against champions of the other side, sampled for each generation."""

    input_scaler = None

    def __init__(self, method: Coevolution, task: HasRival) -> None:
        self._method, self._matches = method, task.matches()
        self.name, self.output_scaler = task.name, task.output_scaler

    def set_opponents(self, history: ChampionHistory) -> None:
        self._opponents = history

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        rivals = self._opponents.sample(self._method.n_rivals, self._method.memory, rng)
        return self._matches.score_against(spec, weights, rng, self._opponents.spec, rivals)


class _Side:
    """One side: its scoring, its evolution, its champions."""

    def __init__(self, method: Coevolution, task: HasRival, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self.scoring = _MatchScoring(method, task)
        self.evolution: EvolutionLearner = method.evolution.start(self.scoring, spec, rng)
        self.history = ChampionHistory(self.evolution.genome)

    def state(self) -> dict[str, Any]:
        return {"evolution": self.evolution.state(), "history": self.history.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.evolution.restore(state["evolution"])
        self.history.restore(state["history"])
