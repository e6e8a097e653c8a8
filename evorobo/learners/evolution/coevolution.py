"""Coevolution: two sides evolve against each other, each against what the other has been so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least
from evorobo.errors import SettingsError
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
    """Evolve a robot and its rival at once: `Coevolution(Evolution(CMAES()), n_rivals=10)`.

    Both sides evolve in the same way, with networks of the same hidden layers. In each generation every member meets
    `n_rivals` champions of the other side, drawn anew from its last `memory` generations and the same for all; None
    draws from all of them, the hall of fame (Rosin & Belew 1997; Floreano & Nolfi 1997), 1 takes the newest alone, so
    that each side may forget what it does not meet any more. Where there are fewer champions than rivals, some are met
    several times. A generation's champion is the strategy's answer after it; before the first one the champions are the
    two genomes to begin with.

    The answer is that of the task's own side, and the costs are of both. Beside it lie the champions of all
    generations, `champions.npz` and, of the other side, `rivals.npz`; `Archive.load` reads them, `tournament` lets them
    meet.
    """

    evolution: Evolution = Evolution()
    n_rivals: int = 10
    memory: int | None = None
    name: str = "coevolution"

    def __post_init__(self) -> None:
        check_at_least(1, n_rivals=self.n_rivals, memory=self.memory)

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> CoevolutionLearner:
        return CoevolutionLearner(self, task, spec, rng)


class CoevolutionLearner:
    """Two evolutions at work in turn; one step is a generation of both, against the champions before it."""

    def __init__(self, method: Coevolution, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasRival):
            raise SettingsError(
                f"{task.name} has no rival; take Evolution, or give the task a method matches() (see "
                "evorobo.tasks.base.HasRival)."
            )
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
        own, other = told = [side.evolution.step(budget_fraction) for side in self._sides]
        for side, progress in zip(self._sides, told, strict=True):
            side.history.add(side.evolution.genome, progress.info["score_max"])
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
    """The same network between the inputs and outputs of another task."""
    end = spec.layers[-1]
    output = Output(end.bias, end.init) if isinstance(end, Dense) else Output()
    return NetworkSpec.build(task.n_inputs, (*spec.layers[:-1], output), task.n_outputs, task.output)


class ChampionHistory:
    """A side's champions, generation by generation, from the genome before the first one on."""

    def __init__(self, first: Genome) -> None:
        self.spec, self._weights, self._scores = first.spec, [first.weights], [np.nan]

    def add(self, champion: Genome, score: float) -> None:
        """One more generation's champion, and the best score that this generation made."""
        self._weights.append(champion.weights)
        self._scores.append(score)

    def sample(self, count: int, memory: int | None, rng: np.random.Generator) -> Array:
        """So many champions of the last `memory` generations `(count, p)`, none twice if there are enough."""
        known = len(self._weights)
        oldest = max(0, known - memory) if memory else 0
        numbers = rng.choice(np.arange(oldest, known), count, replace=known - oldest < count)
        return np.stack([self._weights[number] for number in numbers])

    def __len__(self) -> int:
        """How many generations there were."""
        return len(self._weights) - 1

    @property
    def archive(self) -> Archive:
        """The champions of all generations so far."""
        weights, scores = np.stack(self._weights)[1:], np.array(self._scores)[1:]
        generations = np.arange(1.0, len(self._weights))[:, None]
        ends = np.array([[0.0, len(scores)]])
        return Archive(self.spec, weights, scores, generations, ("generation",), ends)

    def state(self) -> dict[str, Any]:
        return {"weights": np.stack(self._weights), "scores": np.array(self._scores)}

    def restore(self, state: dict[str, Any]) -> None:
        self._weights, self._scores = list(state["weights"]), state["scores"].tolist()


class _ContestScoring:
    """What one side climbs: its score against champions of the other side, new ones for each generation."""

    input_scaler = None

    def __init__(self, method: Coevolution, task: HasRival) -> None:
        self._method, self._contest = method, task.matches()
        self.name, self.output_scaler = task.name, task.output_scaler

    def set_opponents(self, history: ChampionHistory) -> None:
        self._opponents = history

    def score(self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None) -> Scores:
        rivals = self._opponents.sample(self._method.n_rivals, self._method.memory, rng)
        return self._contest.score_against(spec, weights, rng, self._opponents.spec, rivals)


class _Side:
    """One side: what it climbs, its evolution, its champions."""

    def __init__(self, method: Coevolution, task: HasRival, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self.scoring = _ContestScoring(method, task)
        self.evolution: EvolutionLearner = method.evolution.start(self.scoring, spec, rng)
        self.history = ChampionHistory(self.evolution.genome)

    def state(self) -> dict[str, Any]:
        return {"evolution": self.evolution.state(), "hall": self.history.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.evolution.restore(state["evolution"])
        self.history.restore(state["hall"])
