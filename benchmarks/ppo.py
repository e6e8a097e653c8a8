"""PPO on five robots, with settings that were fixed before the runs: `python benchmarks/ppo.py cartpole 0 1 2`.

Each line is one seed: the mean return of 100 test episodes without noise, that of the last 100 training episodes with
noise, and the processor time. `python benchmarks/ppo.py table FILE ...` reads such lines and writes the
table. Settings were chosen on seeds from 100 on; the runs are those of seeds 0 to 9. MountainCar-v0 is there to fail:
its reward is silent until the goal, which random actions do not reach in 200 steps.
"""

import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

import evorobo as er


class Run(NamedTuple):
    """An environment, a method, its budget of steps, the mean score that ten seeds should reach, and hidden layers."""

    env: str
    method: er.PPO
    budget: int
    target: float
    hidden: tuple[int, ...] = (64, 64)


MOVES = er.PPO(er.Adam(0.001, epsilon=1e-5), n_envs=32, n_steps=64, n_epochs=5, batch_size=256, orthogonal=True)
RUNS = {
    "phototaxis-41k": Run("evorobo/Phototaxis-v0", er.PPO(n_steps=128), 41_000, 55),
    "phototaxis-102k": Run(
        "evorobo/Phototaxis-v0",
        er.PPO(er.Adam(0.001, epsilon=1e-5), schedule=er.Constant(), orthogonal=True),
        102_000,
        64,
    ),
    "pendulum": Run(
        "Pendulum-v1",
        er.PPO(er.Adam(0.001, epsilon=1e-5), n_envs=4, discount=0.9, reward_scale=0.1, orthogonal=True),
        200_000,
        -180,
    ),
    "cartpole": Run(
        "CartPole-v1",
        er.PPO(
            er.Adam(0.001, epsilon=1e-5),
            n_envs=32,
            n_steps=32,
            n_epochs=5,
            batch_size=256,
            discount=0.98,
            gae_lambda=0.8,
            orthogonal=True,
        ),
        500_000,
        485,
        (32, 32),
    ),
    "acrobot": Run("Acrobot-v1", MOVES, 500_000, -90, (32, 32)),
    "mountaincar": Run("MountainCar-v0", MOVES, 500_000, -200, (32, 32)),
}
LINE = re.compile(r"([\w-]+) seed (\d+): tested (\S+), trained (\S+) \((\d+) CPU s\)")


def run(name: str, seed: int) -> None:
    env, method, budget, _, hidden = RUNS[name]
    task = er.ControlTask(env)
    spec = er.NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    began, trained = time.process_time(), 0.0
    learner = method.start(task, spec, np.random.default_rng(seed))
    while learner.cost.env_steps < budget:
        trained = learner.step(learner.cost.env_steps / budget).score
    tested, seconds = task.test(learner.genome), time.process_time() - began
    print(f"{name} seed {seed}: tested {tested:.1f}, trained {trained:.1f} ({seconds:.0f} CPU s)", flush=True)


def table(files: list[str]) -> None:
    lines = LINE.findall("\n".join(Path(file).read_text() for file in files))
    print("| run | steps | target | mean | worst | best | seeds | with noise | CPU s |\n|" + "---|" * 9)
    for name, (_, _, budget, target, _) in RUNS.items():
        own = {int(seed): tuple(map(float, numbers)) for run, seed, *numbers in lines if run == name}
        if not own:
            continue
        tested, trained, seconds = np.array(list(own.values())).T
        spread = f"{tested.mean():.1f} | {tested.min():.1f} | {tested.max():.1f}"
        print(
            f"| {name} | {budget:,} | {target} | {spread} | {len(own)} | {trained.mean():.1f} | {seconds.mean():.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1] == "table":
        table(sys.argv[2:])
    else:
        with threadpool_limits(1):
            for given in sys.argv[2:]:
                run(sys.argv[1], int(given))
