"""How fast are gradients through whole episodes: NumPy and machine code, beside JAX on the same robot?

Run `python benchmarks/gradients.py` where JAX is installed, or name the Python that has it:

    python3 -m venv .peers && .peers/bin/pip install jax
    python benchmarks/gradients.py --peer .peers/bin/python

A network of 8 tanh units controls Phototaxis (64 episodes of 200 steps) and SwingUp (32 of 400), in double precision;
the weights are so small that every episode has its full length. JAX differentiates the same robot: the lines that the
tracer writes for a step, in a scan over the steps, mapped over the episodes, compiled before the measurement. Both take
turns in one run. It prints environment steps, forward and backward, per second of CPU time, how many times those of
JAX, and the largest difference between the gradients. The target is twice the steps of JAX.

Findings, by the times of single functions: counting references of arrays took five times as long as the layers of a
small network, so these kernels are compiled without it; then tanh of the C library took most of the forward pass, and
is now arithmetic that a processor does for several units at once; sizes that are constants, and functions that all
become one, save another third. Now the robot takes most of the time, half of it for sines, cosines and roots.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROBOTS = {"evorobo/Phototaxis-v0": (64, 200), "evorobo/SwingUp-v0": (32, 400)}
"""The number of episodes of each robot, and their length: no cart of SwingUp leaves its track in so many steps."""
HIDDEN, SD, ROUNDS = 8, 0.1, 9

Play = Callable[[], np.ndarray]
"""Runs all episodes; the sum of their gradients `(p,)`."""
Timed = Callable[[], tuple[np.ndarray, float]]
"""The same, with the CPU seconds that it took."""


class Ours:
    """The episodes of a robot: with NumPy, compiled, and as a problem that JAX can solve."""

    def __init__(self, id: str) -> None:
        from evorobo import ControlTask, Dense, Genome, NetworkSpec
        from evorobo.tasks.control.gradients.robot_graph import RobotGraph

        n_episodes, n_steps = ROBOTS[id]
        self.task = ControlTask(id, max_steps=n_steps)
        self.graph, self.seeds = RobotGraph(self.task.robot), np.arange(n_episodes)
        spec = NetworkSpec(self.task.n_inputs, (Dense(HIDDEN), Dense(self.task.n_outputs)))
        self.genome = Genome(spec, np.random.default_rng(0).normal(0, SD, spec.n_params))
        self.settings = self.graph, self.task.decoder, self.task.env_spec.max_steps

    @property
    def n_steps(self) -> int:
        return len(self.seeds) * self.settings[2]

    def stepped(self) -> np.ndarray:
        from evorobo.tasks.control.gradients.episodes import EpisodeTape
        from evorobo.tasks.control.gradients.return_gradient import run_step_by_step

        return self._checked(run_step_by_step(EpisodeTape(*self.settings))(self.genome, self.seeds, None))

    def compiled(self) -> Play:
        from evorobo.tasks.control.compiled.gradients import CompiledTape

        tape = CompiledTape(*self.settings, horizon=None, discount=1.0, action_noise=0.0)
        return lambda: self._checked(tape.run(self.genome, self.seeds))

    def problem(self) -> dict[str, Any]:
        """What JAX needs: the lines of a step, names of its results, first states, random numbers, the network."""
        from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
        from evorobo.tasks.control.simulators.base import make_generator
        from evorobo.tracing.arrays import DOUBLE

        step, robot, decoder, n_steps = self.graph.step, self.task.robot, self.task.decoder, self.settings[2]
        streams = [RandomStream(make_generator(seed)) for seed in self.seeds]
        start = RandomStreams(streams, np.arange(len(self.seeds)))
        states = robot.initial(start)
        readings = robot.observation(states, start)
        draws = [stream.next_steps(step.draws, n_steps) if step.draws else np.empty((n_steps, 0)) for stream in streams]
        names = [step.script.cast(value, DOUBLE) for value in (*step.next_state, *step.readings, step.reward)]
        return {
            "lines": step.script.lines,
            "results": names,
            "states": states.tolist(),
            "readings": np.asarray(readings, float).tolist(),
            "draws": np.array(draws).tolist(),
            "weights": self.genome.weights.tolist(),
            "motors": [decoder.low.tolist(), decoder.high.tolist(), float(robot.action_limit)],
        }

    def _checked(self, episodes: Any) -> np.ndarray:
        assert episodes.steps.sum() == self.n_steps, "an episode ended early"
        return episodes.gradient.sum(0)


class Peer:
    """JAX in a process of its own, which answers one line of JSON for each line that it reads."""

    def __init__(self, python: str, problem: dict[str, Any]) -> None:
        # one thread, as CPU time is measured
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        variables = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"}
        command = [python, str(Path(__file__).resolve()), "--serve"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
        )
        self._ask(json.dumps(problem))

    def run(self) -> tuple[np.ndarray, float]:
        """The sum of the gradients, and the CPU seconds of one run."""
        answer = self._ask("run")
        return np.array(answer["gradient"]), answer["seconds"]

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    """The other end of `Peer`: solves one problem as often as it is asked."""
    gradient = with_jax(json.loads(sys.stdin.readline()))
    gradient()  # compiles
    print("{}", flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        found = gradient()
        seconds = time.process_time() - start
        print(json.dumps({"gradient": found.tolist(), "seconds": seconds}), flush=True)


def with_jax(problem: dict[str, Any]) -> Play:
    """`jax.value_and_grad` of the summed returns: a scan over the steps, mapped over the episodes."""
    import jax
    import jax.numpy as jnp

    names = {
        "math": jnp,
        "float64": lambda x: jnp.asarray(x, jnp.float64),
        "float32": lambda x: jnp.asarray(x, jnp.float32),
        "pick": jnp.where,
        "both": jnp.logical_and,
        "either": jnp.logical_or,
        "minimum": jnp.minimum,
        "maximum": jnp.maximum,
        "clip": jnp.clip,
        "sloped": lambda value, like: like + jax.lax.stop_gradient(value - like),
        "abs": jnp.abs,
        "round": jnp.round,
    }
    lines = [line.replace(" not ", " ~") for line in problem["lines"]]
    text = ["def step(state, action, draws):", *lines, f"return {', '.join(problem['results'])}"]
    exec("\n    ".join(text), names)
    low, high, limit = (jnp.array(value) for value in problem["motors"])
    states, readings, draws = (jnp.array(problem[name]) for name in ("states", "readings", "draws"))
    n_in, n_out, n_states = readings.shape[1], len(low), states.shape[1]
    weights = jnp.array(problem["weights"])

    def network(weights: Any, x: Any) -> Any:
        ends = np.cumsum([n_in * HIDDEN, HIDDEN, HIDDEN * n_out, n_out])
        first, bias, second, last = jnp.split(weights, ends[:-1])
        hidden = jnp.tanh(x @ first.reshape(n_in, HIDDEN) + bias)
        return jnp.tanh(hidden @ second.reshape(HIDDEN, n_out) + last)

    def episode(weights: Any, state: Any, sensors: Any, draws: Any) -> Any:
        def advance(carry: Any, numbers: Any) -> Any:
            state, sensors = carry
            value = low + (network(weights, sensors) + 1) / 2 * (high - low)
            action = jnp.clip(jnp.clip(value, low, high), -limit, limit)
            results: Any = names["step"](state, action, numbers)  # type: ignore[operator]
            return (jnp.stack(results[:n_states]), jnp.stack(results[n_states:-1])), results[-1]

        return jax.lax.scan(advance, (state, sensors), draws)[1].sum()

    def total(weights: Any) -> Any:
        return jax.vmap(episode, (None, 0, 0, 0))(weights, states, readings, draws).sum()

    compiled = jax.jit(jax.value_and_grad(total))
    return lambda: np.asarray(compiled(weights)[1])


def timed(play: Play) -> tuple[np.ndarray, float]:
    start = time.process_time()
    return play(), time.process_time() - start


def main(peer_python: str | None) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{'':<24}{'':<14}{'steps per CPU s':>16}{'x JAX':>8}{'difference':>12}")
    for id in ROBOTS:
        ours = Ours(id)
        contestants: dict[str, Timed] = {"NumPy": lambda ours=ours: timed(ours.stepped)}
        play = ours.compiled()
        contestants["machine code"] = lambda play=play: timed(play)
        peer = Peer(peer_python, ours.problem()) if peer_python else None
        if peer:
            contestants["JAX"] = peer.run
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        gradients = {name: run()[0] for name, run in contestants.items()}  # compiles
        for turn in range(ROUNDS):
            for name, run in contestants.items():
                if name != "NumPy" or not turn:  # it takes long, and its CPU time varies little
                    seconds[name].append(run()[1])
        if peer:
            peer.close()
        best = {name: statistics.median(values) for name, values in seconds.items()}
        for name, found in gradients.items():
            ratio = f"{best['JAX'] / best[name]:.2f}" if peer else "-"
            difference = np.abs(found - gradients["NumPy"]).max() / np.abs(gradients["NumPy"]).max()
            print(f"{id:<24}{name:<14}{ours.n_steps / best[name]:>16,.0f}{ratio:>8}{difference:>12.0e}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = sys.executable if find_spec("jax") else None
    parser.add_argument("--peer", metavar="PYTHON", default=default, help="the Python in which JAX is installed")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    serve() if arguments.serve else main(arguments.peer)
