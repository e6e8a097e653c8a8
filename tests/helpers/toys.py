"""Tasks that take no time, for tests of learners and studies; importable, so that worker processes find them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

import numpy as np

from evorobo import MSE, Callback, TaskError
from evorobo.nets.scaling import RunningMoments
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores


@dataclass(frozen=True)
class Bowl:
    """Best where all weights are 1: the score is minus the squared distance from there. Its examples teach a sum.

    Scoring takes an environment step for each member; the 32 examples cost 32 steps in one episode.
    """

    name: str = "bowl"

    input_scaler = output_scaler = None
    n_inputs, n_outputs, output = 2, 1, "identity"
    metric_info = MetricInfo("score")

    def score(self, spec, weights, rng, input_scaler):
        n = len(weights)
        return Scores(
            -np.square(weights - 1).sum(1), Cost(env_steps=n, episodes=n, forward_flops=n * spec.forward_flops)
        )

    def examples(self, rng):
        x = rng.normal(size=(32, 2))
        return Examples(x, x.sum(1, keepdims=True), MSE(), Cost(env_steps=32, episodes=1))

    def validate(self, genome):
        return self.test(genome)

    def validate_with_cost(self, genome):
        return self.validate(genome), Cost(env_steps=1, episodes=1, forward_flops=genome.spec.forward_flops)

    def test(self, genome):
        with np.errstate(over="ignore"):
            return float(-np.square(genome.weights - 1).sum())

    def references(self):
        return {"random": -3.0}


@dataclass(frozen=True)
class Flattering(Bowl):
    """A bowl that knows how easy it is."""

    name: str = "flattering"

    def caveat(self):
        return "Everybody is good at this."


@dataclass(frozen=True)
class Line(Bowl):
    """Ten rows of y = 2 a - 3 b + 1, with sequences of two rows and no cost."""

    def examples(self, rng):
        x = np.random.default_rng(5).normal(size=(10, 2))
        return Examples(x, x @ np.array([[2.0], [-3.0]]) + 1, MSE(), sequence=np.repeat(np.arange(5), 2))


@dataclass(frozen=True)
class Observed(Bowl):
    """A bowl whose members also meet observations, new ones in every generation, the same for all members."""

    def score(self, spec, weights, rng, input_scaler):
        earned = super().score(spec, weights, rng, input_scaler)
        return Scores(earned.values, earned.cost, RunningMoments.from_rows(self.met(rng, len(weights))))

    @staticmethod
    def met(rng, members):
        return np.repeat(rng.normal([3.0, -1.0], [0.5, 4.0], (6, 2)), members, axis=0)


@dataclass(frozen=True)
class Raises(Bowl):
    """Breaks down as soon as it is scored."""

    def score(self, spec, weights, rng, input_scaler):
        raise RuntimeError("the gripper is stuck")


@dataclass(frozen=True)
class Broken(Bowl):
    """Breaks its contract whatever one asks of it."""

    def test(self, genome):
        raise TaskError("the simulator returned NaN")

    def references(self):
        return {"random": self.test(None)}


@dataclass(frozen=True)
class Dies(Bowl):
    """Takes the process with it: by an exit, or killed as if memory had run out. Only in a worker."""

    how: str = "exit"

    def score(self, spec, weights, rng, input_scaler):
        assert os.environ.get("EVOROBO_WORKER"), "this would end the tests"
        if self.how == "exit":
            os._exit(7)
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Mute(Bowl):
    """Has no teacher."""

    def examples(self, rng):
        raise TaskError("mute has no teacher; give the task one.")


@dataclass(frozen=True)
class Slow(Bowl):
    """A bowl that takes its time."""

    seconds: float = 0.01

    def score(self, spec, weights, rng, input_scaler):
        time.sleep(self.seconds)
        return super().score(spec, weights, rng, input_scaler)


@dataclass(frozen=True)
class Chatty(Bowl):
    """Prints whatever it does, from Python and from below it."""

    def score(self, spec, weights, rng, input_scaler):
        print("beep")
        os.write(1, b"beep beep\n")
        return super().score(spec, weights, rng, input_scaler)


class Stuck(BaseException):
    """What a careless author derives from BaseException."""


ENDINGS = {
    "exit": SystemExit(0),
    "exit with words": SystemExit("the battery is empty"),
    "generator": GeneratorExit(),
    "cancelled": asyncio.CancelledError(),
    "own": Stuck("in the mud"),
    "interrupt": KeyboardInterrupt(),
}
"""What user code may raise that is no `Exception`."""


@dataclass(frozen=True)
class Quits(Bowl):
    """Raises what is no `Exception`, in one of its functions."""

    ending: str = "exit"
    place: str = "score"

    def score(self, *args):
        return self._quit("score") or super().score(*args)

    def examples(self, rng):
        return self._quit("examples") or super().examples(rng)

    def test(self, genome):
        return self._quit("test") or super().test(genome)

    def references(self):
        return self._quit("references") or super().references()

    def caveat(self):
        return self._quit("caveat") or ""

    def _quit(self, place):
        if place == self.place:
            raise ENDINGS[self.ending]


@dataclass(frozen=True)
class QuitsAtEval(Callback):
    """A callback that ends the program."""

    def on_eval(self, state):
        raise SystemExit(0)
