"""How many epochs per CPU second does backpropagation run, beside PyTorch, scikit-learn and JAX, on small networks?

Run `python benchmarks/training.py` where the other libraries are installed, best in an environment of its own:

    python3 -m venv .peers && .peers/bin/pip install . torch==2.13.0 scikit-learn jax

All train the same network on the same rows with Adam, in single precision, on one thread and in turns, so that a busy
machine slows all of them down. PyTorch is eager; JAX runs each epoch as one compiled scan, compiled before the
measurement. Ours is measured twice: by NumPy, and in machine code (`Backprop(compiled=True)`), as a study steps it.
Libraries that are not installed are left out. It prints medians: epochs per second of CPU time, and the ratio of each
of ours to each library beside its target. Then ten networks at once beside ten one by one, by NumPy.

By NumPy, the smallest shape is limited by calls: a step has about forty calls of NumPy of 0.5 to 2 microseconds each, a
sixth of them in the optimizer and a quarter in the loss. A network of 18 weights on two rows takes 42 of its 51
microseconds, so arithmetic is a small part. Written by hand for one network, the same step takes three fifths of the
time; scikit-learn makes fewer calls, and JAX compiles them. Assigning batches once per epoch, or one call less in the
loss, saves two percent.
"""

from __future__ import annotations

import os

for _setting, _value in {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(_setting, _value)  # read when the libraries are loaded

import statistics  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from importlib.util import find_spec  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from evorobo import MSE, Adam, Backprop, CrossEntropy, NetworkSpec  # noqa: E402
from evorobo.tasks.base import Examples, MetricInfo  # noqa: E402

RATE, ROUNDS, SECONDS = 0.003, 7, 0.4


@dataclass(frozen=True)
class Shape:
    """A task of random data with the shape of a data set: the speed does not depend on the values."""

    name: str
    rows: int
    n_inputs: int
    hidden: tuple[int, ...]
    n_outputs: int
    batch: int
    classes: bool
    target: dict[str, float]
    compiled_target: dict[str, float]

    input_scaler = output_scaler = None
    output, metric_info = "identity", MetricInfo("loss")

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.n_inputs, *self.hidden, self.n_outputs)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(self.rows, self.n_inputs)).astype(np.float32)
        if self.classes:
            return x, rng.integers(self.n_outputs, size=self.rows)
        return x, rng.normal(size=(self.rows, self.n_outputs)).astype(np.float32)

    def examples(self, rng: np.random.Generator) -> Examples:
        return Examples(*self.data(), CrossEntropy() if self.classes else MSE())


SHAPES = (
    Shape(
        "SCITOS, batch 32",
        5456,
        24,
        (32,),
        4,
        32,
        True,
        {"torch": 6, "sklearn": 4, "jax": 0.6},
        {"jax": 2.5, "sklearn": 10},
    ),
    Shape("SCITOS, batch 256", 5456, 24, (32,), 4, 256, True, {"jax": 1}, {"jax": 1.5}),
    Shape("SARCOS, batch 256", 44484, 21, (128, 128), 7, 256, False, {"torch": 1.7, "jax": 1}, {"jax": 1.3}),
)
Epoch = Callable[[], Any]


def ours(shape: Shape, networks: int = 1, compiled: bool = False) -> Epoch:
    """An epoch of so many networks, trained side by side."""
    spec = NetworkSpec.build(shape.n_inputs, shape.hidden, shape.n_outputs)
    method = Backprop(Adam(RATE), batch_size=shape.batch, dtype="float32", compiled=compiled)
    learners = [method.start(shape, spec, np.random.default_rng(seed)) for seed in range(networks)]  # type: ignore[arg-type]
    batch, shares = method.batch_learners(learners), [0.0] * networks

    def epoch() -> None:
        remaining = -(-shape.rows // shape.batch)
        while remaining:
            steps = 1
            if (costs := [learner.upcoming_costs(0.0) for learner in learners])[0]:
                steps = np.size(costs[0].samples)
                for learner in learners:
                    learner.take_steps([0.0] * steps)
            else:
                batch.step(shares)
            remaining -= steps

    return epoch


def with_torch(shape: Shape) -> Epoch:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    x, y = (torch.from_numpy(each) for each in shape.data())
    layers: list[nn.Module] = []
    for width, units in zip(shape.widths, shape.widths[1:], strict=False):
        layers += [nn.Linear(width, units), nn.Tanh()]
    net, loss = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss() if shape.classes else nn.MSELoss()
    optimizer = torch.optim.Adam(net.parameters(), RATE)

    def epoch() -> None:
        for rows in torch.randperm(shape.rows).split(shape.batch):
            optimizer.zero_grad()
            loss(net(x[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def with_sklearn(shape: Shape) -> Epoch:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    x, y = shape.data()
    kind = MLPClassifier if shape.classes else MLPRegressor
    net = kind(
        hidden_layer_sizes=shape.hidden, activation="tanh", alpha=0.0, batch_size=shape.batch, learning_rate_init=RATE
    )
    first = {"classes": np.arange(shape.n_outputs)} if shape.classes else {}
    net.partial_fit(x, y, **first)
    return lambda: net.partial_fit(x, y)


def with_jax(shape: Shape) -> Epoch:
    import jax
    from jax import lax, numpy as jnp, tree

    x, y = (jnp.asarray(each) for each in shape.data())
    keys = iter(jax.random.split(jax.random.key(0), 100_000))
    pairs = zip(shape.widths, shape.widths[1:], strict=False)
    weights = [(0.2 * jax.random.normal(next(keys), pair), jnp.zeros(pair[1])) for pair in pairs]

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for weight, bias in weights[:-1]:
            x = jnp.tanh(x @ weight + bias)
        z = x @ weights[-1][0] + weights[-1][1]
        if shape.classes:
            return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()
        return jnp.square(z - y).mean()

    def step(state: Any, rows: Any) -> Any:
        weights, mean, square, time = state
        slope = jax.grad(loss)(weights, x[rows], y[rows])
        mean = tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, slope)
        size, rate = jnp.sqrt(1 - 0.999**time), RATE / (1 - 0.9**time)
        weights = tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / size + 1e-8), weights, mean, square)
        return (weights, mean, square, time + 1), None

    @jax.jit
    def whole(state: Any, key: Any) -> Any:
        batches = shape.rows // shape.batch  # the last rows that fill no batch are left out
        order = jax.random.permutation(key, shape.rows)[: batches * shape.batch]
        return lax.scan(step, state, order.reshape(batches, shape.batch))[0]

    none = tree.map(jnp.zeros_like, weights)
    state = [whole((weights, none, none, 1.0), next(keys))]

    def epoch() -> None:
        state[0] = jax.block_until_ready(whole(state[0], next(keys)))

    return epoch


def speeds(rivals: dict[str, Epoch]) -> dict[str, list[float]]:
    """Epochs per second of CPU time of each library, in each round."""
    found: dict[str, list[float]] = {name: [] for name in rivals}
    for epoch in rivals.values():
        epoch()  # the first call allocates memory and compiles
    for _ in range(ROUNDS):
        for name, epoch in rivals.items():
            start, epochs = time.process_time(), 0
            while (spent := time.process_time() - start) < SECONDS or not epochs:
                epoch()
                epochs += 1
            found[name].append(epochs / spent)
    return found


def times(one: list[float], other: list[float]) -> float:
    """The ratio of speeds, as the median over rounds."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def main() -> None:
    peers = {"torch": with_torch, "sklearn": with_sklearn, "jax": with_jax}
    peers = {name: make for name, make in peers.items() if find_spec(name)}
    own = ["NumPy", "machine code"] if find_spec("numba") else ["NumPy"]
    print(f"{'epochs per CPU second':<34}" + "".join(f"{name:>22}" for name in ["", *peers]))
    for shape in SHAPES:
        makers = {name: ours(shape, compiled=name == "machine code") for name in own}
        found = speeds(makers | {name: make(shape) for name, make in peers.items()})
        print(f"{shape.name:<56}" + "".join(f"{statistics.median(found[name]):>22.1f}" for name in peers))
        for name, targets in zip(own, (shape.target, shape.compiled_target), strict=False):
            cells = [f"{statistics.median(found[name]):>22.1f}"]
            for peer in peers:
                target = f"(target {targets[peer]:g})" if peer in targets else ""
                cells.append(f"{times(found[name], found[peer]):>8.2f} x {target:>12}")
            print(f"    {name:<30}" + "".join(cells))
    shape = SHAPES[0]
    found = speeds({"alone": ours(shape), "ten": ours(shape, 10)})
    ten = [10 * speed for speed in found["ten"]]
    print(f"\n{shape.name}, ten seeds at once: {statistics.median(ten):.0f} networks' epochs per CPU second, "
          f"{times(ten, found['alone']):.2f} times as many as one by one (target 2.5)")  # fmt: skip


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="divide by zero|overflow")
    main()
