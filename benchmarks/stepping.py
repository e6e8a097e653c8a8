"""How much faster is a population that is stepped together than a plain loop over one gymnasium environment?

Run `python benchmarks/stepping.py`. It prints, for 256 networks (4-32-32-2) on CartPole-v1, environment steps per
second of CPU time in `ControlTask.score` and in a loop written by hand, and their ratio. Both run the same
episodes in turns on one thread, so that a busy machine slows both down. The targets are

     8  for networks that push one way until the pole falls, after about 12 steps: much of the time is spent on resets
    25  for networks that balance to the end, 500 steps

Random networks behave like the former: most fall soon, and a step of the few that last costs about 25 microseconds,
however few robots remain.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import gymnasium
import numpy as np
from threadpoolctl import threadpool_limits

from evorobo import ControlTask, NetworkSpec

ENV, MEMBERS, HIDDEN = "CartPole-v1", 256, (32, 32)
REPETITIONS = 7
SPEC = NetworkSpec.build(4, HIDDEN, 2)


def falling(rng: np.random.Generator) -> np.ndarray:
    """Random networks with a bias that makes most of them push to one side until the pole falls."""
    weights = drawn(rng)
    SPEC.unpack(weights)[-1]["bias"][:, 0] = rng.choice([-0.4, 0.4], MEMBERS)
    return weights


def drawn(rng: np.random.Generator) -> np.ndarray:
    """Random networks, as at the start of every run."""
    return np.stack([SPEC.init(rng) for _ in range(MEMBERS)])


def balancing(rng: np.random.Generator) -> np.ndarray:
    """Small variations of a network that pushes to the side to which the pole leans, moves and drifts.

    The first two hidden units carry that sum through the tanh layers, unit 0 with a plus and unit 1 with a minus.
    """
    weights = rng.normal(0, 0.01, (MEMBERS, SPEC.n_params))
    first, second, last = SPEC.unpack(weights)
    lean = np.array([0.1, 0.2, 1.0, 0.3])
    first["weight"][:, :, 0] += lean
    first["weight"][:, :, 1] -= lean
    second["weight"][:, [0, 1], [0, 1]] += 1
    last["weight"][:, [1, 0], [0, 1]] += 1
    return weights


def lock_step(weights: np.ndarray, seed: int) -> np.ndarray:
    """Steps of each member's episode, by evorobo."""
    return task.score(SPEC, weights, np.random.default_rng(seed), None).values


def plain_loop(weights: np.ndarray, seed: int) -> np.ndarray:
    """The same by hand: one environment, one network at a time, one forward pass for each step."""
    episode = int(np.random.default_rng(seed).integers(0, 2**31, 1)[0])
    env = gymnasium.make(ENV)
    returns = np.zeros(len(weights))
    for member, genome in enumerate(weights):
        (w1, b1), (w2, b2), (w3, b3) = ((layer["weight"], layer["bias"]) for layer in SPEC.unpack(genome))
        x, _ = env.reset(seed=episode)
        over = False
        while not over:
            hidden = np.tanh(np.tanh(x @ w1 + b1) @ w2 + b2)
            x, reward, terminated, truncated, _ = env.step(int((hidden @ w3 + b3).argmax()))
            returns[member] += reward
            over = terminated or truncated
    return returns


def speed(drive: Callable[[np.ndarray, int], np.ndarray], weights: np.ndarray, seed: int) -> float:
    """Environment steps per second of CPU time (a step of CartPole earns 1)."""
    start = time.process_time()
    steps = drive(weights, seed).sum()
    return float(steps / (time.process_time() - start))


def compare(name: str, draw: Callable[[np.random.Generator], np.ndarray], target: str) -> None:
    """One line: the mean length of an episode, both speeds, their ratio (medians over populations)."""
    populations = [draw(np.random.default_rng(seed)) for seed in range(REPETITIONS)]
    lengths = [lock_step(weights, seed) for seed, weights in enumerate(populations)]
    speed(plain_loop, populations[0][:8], 0)  # the first call imports
    pairs = [(speed(lock_step, each, seed), speed(plain_loop, each, seed)) for seed, each in enumerate(populations)]
    fast, plain = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    longest = int(np.max(lengths))
    print(f"{name:<10} {np.mean(lengths):7.1f} {longest:7} {fast:13,.0f} {plain:12,.0f} {ratio:7.1f} {target:>9}")


task = ControlTask(ENV)

TITLES = ("networks", "length", "longest", "in lock step", "plain loop", "ratio", "target")

if __name__ == "__main__":
    print("{:<10} {:>7} {:>7} {:>13} {:>12} {:>7} {:>9}".format(*TITLES))
    with threadpool_limits(1):
        compare("falling", falling, "8")
        compare("drawn", drawn, "")
        compare("balancing", balancing, "25")
