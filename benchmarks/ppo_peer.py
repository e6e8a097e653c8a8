"""PPO of Stable-Baselines3 on three robots: 20 seeds each, scored on the test episodes of our tasks.

Run `python benchmarks/ppo_peer.py` where Stable-Baselines3 is installed, or name the Python that has it:

    python3 -m venv .peers && .peers/bin/pip install . stable-baselines3==2.9.2
    python benchmarks/ppo_peer.py --peer .peers/bin/python

The settings were fixed before the runs. Networks are Stable-Baselines3's own: two hidden layers of 64 tanh units for
the actor, two for the critic. CartPole has the settings of rl-baselines3-zoo with constant rates; Pendulum has theirs
with shorter rollouts and without state-dependent exploration; Phototaxis has the defaults, with 8 environments of 256
steps for one of 2,048. Budgets are small, so that 20 seeds run in minutes: few runs are at their best by then.

A score is the mean return of 100 noise-free test episodes (the mean of the Gaussian, clipped, or the most likely move),
with the seeds of `ControlTask.test`. Each run writes an `evaluations.npz` as the `EvalCallback` of Stable-Baselines3
does, which `Baseline` reads. A run has one thread.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

TEST_SEED, TEST_EPISODES = 3 * 2**30, 100
"""The seed of the first test episode of our tasks, and their number."""


@dataclass(frozen=True)
class Run:
    """A robot, its budget, the steps between two evals, and the settings of PPO that are not the defaults."""

    env: str
    env_steps: int
    eval_steps: int
    n_envs: int
    settings: dict[str, Any]


CARTPOLE = {
    "n_steps": 32, "batch_size": 256, "n_epochs": 20, "gamma": 0.98, "gae_lambda": 0.8, "learning_rate": 1e-3,
}  # fmt: skip
PENDULUM = {"n_steps": 256, "gamma": 0.9, "learning_rate": 1e-3}
PHOTOTAXIS = {"n_steps": 256}
RUNS = {
    "cartpole-v1": Run("CartPole-v1", 19_968, 9_984, 8, CARTPOLE),
    "pendulum-v1": Run("Pendulum-v1", 24_576, 12_288, 4, PENDULUM),
    "phototaxis": Run("evorobo/Phototaxis-v0", 20_480, 10_240, 8, PHOTOTAXIS),
}


def returns(model: Any, env: str) -> np.ndarray:
    """The return of each test episode; all advance together, and an episode that begins later does not count."""
    import gymnasium

    mode = "vector_entry_point" if env.startswith("evorobo/") else "sync"  # others take no seed for each row
    envs = gymnasium.make_vec(env, num_envs=TEST_EPISODES, vectorization_mode=mode)
    observations, _ = envs.reset(seed=[TEST_SEED + number for number in range(TEST_EPISODES)])
    total, running = np.zeros(TEST_EPISODES), np.ones(TEST_EPISODES, bool)
    while running.any():
        actions, _ = model.predict(observations, deterministic=True)
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        total[running] += rewards[running]
        running &= ~(terminated | truncated)
    envs.close()
    return total


def evaluations(folder: Path, name: str, seed: int) -> Path:
    return folder / name / f"seed-{seed}" / "evaluations.npz"


def train(name: str, seed: int, folder: Path) -> None:
    """Train one seed, and write its evaluations."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    import evorobo.tasks.control.robots.phototaxis  # noqa: F401 - registers it

    torch.set_num_threads(1)
    run = RUNS[name]
    began, evals = time.process_time(), []

    class Evals(BaseCallback):
        """Scores the policy between two rollouts, before it is updated."""

        def _on_step(self) -> bool:
            return True

        def evaluate(self) -> None:
            scores = returns(self.model, run.env)
            evals.append((self.num_timesteps, scores, time.process_time() - began))

        def _on_rollout_start(self) -> None:  # the policy has been updated with all steps so far
            if self.num_timesteps and self.num_timesteps % run.eval_steps == 0:
                self.evaluate()

        def _on_training_end(self) -> None:
            self.evaluate()

    env = make_vec_env(run.env, n_envs=run.n_envs, seed=seed)
    PPO("MlpPolicy", env, seed=seed, device="cpu", **run.settings).learn(run.env_steps, Evals())
    steps, scores, seconds = map(np.array, zip(*evals, strict=True))
    path = evaluations(folder, name, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, timesteps=steps, results=scores, cpu_seconds=seconds)
    shown = " ".join(f"{step // 1000}k {score:.1f}" for step, score in zip(steps, scores.mean(1), strict=True))
    print(f"{name} seed {seed}: {shown} ({seconds[-1]:.0f} CPU s)", flush=True)


def main(args: argparse.Namespace) -> None:
    variables = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def start(name: str) -> None:
        seeds = [seed for seed in range(args.seeds) if not evaluations(args.results, name, seed).exists()]
        if seeds:
            options = ["--results", str(args.results), "--run", name, *map(str, seeds)]
            subprocess.run([args.peer, "-W", "ignore", __file__, *options], env=variables, check=True)

    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(start, args.robots))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = sys.executable if find_spec("stable_baselines3") else None
    parser.add_argument("--peer", metavar="PYTHON", default=default, help="the Python with Stable-Baselines3")
    parser.add_argument("--robots", nargs="*", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("results/ppo-peer"))
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        for one in arguments.run[1:]:
            train(arguments.run[0], int(one), arguments.results)
    elif arguments.peer is None:
        parser.error("Stable-Baselines3 is not installed here; name a Python that has it with --peer.")
    else:
        main(arguments)
