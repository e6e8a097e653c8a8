"""Our PPO beside that of Stable-Baselines3: equal settings and steps on three robots, and seconds to CartPole at 475.

Run `python benchmarks/ppo_peer.py` where Stable-Baselines3 is installed, or name the Python that has it:

    python3 -m venv .peers && .peers/bin/pip install . stable-baselines3==2.9.2
    python benchmarks/ppo_peer.py --peer .peers/bin/python

It continues where it stopped, and prints medians and the probability that ours is better, with its 95 % interval. With
`--seconds` it measures whole processes instead, from the command to a CartPole-v1 held for 475 steps by the mean of 20
test episodes, with an eval after each 2,048 steps on both sides.

The settings were fixed before the runs. Networks are Stable-Baselines3's own: two hidden layers of 64 tanh units for
the actor, two for the critic. CartPole has the settings of rl-baselines3-zoo with constant rates; Pendulum has theirs
with shorter rollouts and without state-dependent exploration; Phototaxis has the defaults, with 8 environments of 256
steps for one of 2,048. Budgets are small, so that 20 seeds run in minutes: few runs are at their best by then.
HalfCheetah runs with `--robots halfcheetah-v5` only: 5 seeds of a million steps take about two hours. It has the same
settings, observations and rewards scaled by running statistics, and rates that fall to 0.

A score is the mean return of 100 noise-free test episodes (the mean of the Gaussian, clipped, or the most likely move),
with the seeds of `ControlTask.test`. Each run writes an `evaluations.npz` as the `EvalCallback` of Stable-Baselines3
does, which `Baseline` reads. A run has one thread.

Seen with 20 seeds of each side, medians of ours and theirs, and the probability that ours is better with its interval:

    cartpole-v1     19,968   500.0   499.7   0.51 (0.34 to 0.68)
    pendulum-v1     24,576  -285.0  -359.1   0.72 (0.54 to 0.86)
    phototaxis      20,480    26.9    25.9   0.56 (0.37 to 0.73)
    halfcheetah-v5 999,424  2662.4  3940.4   0.44 (0.06 to 0.91), 5 seeds

The five of HalfCheetah are 1872 4284 1872 3895 2662 and 1757 4677 1866 3940 5584, in 87 and 500 CPU s a run.

To CartPole at 475, seeds 0 to 4, in one thread, both in single precision, on a quiet machine: medians of 1.1 s for ours
and 6.0 s for Stable-Baselines3, a ratio of 5.3 (target 5). In double precision ours takes 1.6 s. A fourth of it is the
start of Python and its imports, a tenth are evals, and a sixth are steps of the robots; the rest are updates, half of
them matrix products and tanh. `compiled=True` is no faster here: once its code is in the cache it takes 1.6 CPU s in
single and 2.9 in double precision, since loading takes a third of a second and products of 64 columns are as fast in
NumPy. Compiling takes 15 s, once.
"""

from __future__ import annotations

import argparse
import os
import resource
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
    n_seeds: int = 20
    scaled: bool = False
    """Observations and rewards are scaled by running statistics, and the learning rate falls to 0."""


CARTPOLE = {
    "n_steps": 32, "batch_size": 256, "n_epochs": 20, "gamma": 0.98, "gae_lambda": 0.8, "learning_rate": 1e-3,
}  # fmt: skip
PENDULUM = {"n_steps": 256, "gamma": 0.9, "learning_rate": 1e-3}
PHOTOTAXIS = {"n_steps": 256}
RUNS = {
    "cartpole-v1": Run("CartPole-v1", 19_968, 9_984, 8, CARTPOLE),
    "pendulum-v1": Run("Pendulum-v1", 24_576, 12_288, 4, PENDULUM),
    "phototaxis": Run("evorobo/Phototaxis-v0", 20_480, 10_240, 8, PHOTOTAXIS),
    "halfcheetah-v5": Run("HalfCheetah-v5", 999_424, 499_712, 8, {"n_steps": 256}, n_seeds=5, scaled=True),
}


def returns(model: Any, env: str, scale: Any) -> np.ndarray:
    """The return of each test episode; all advance together, and an episode that begins later does not count."""
    import gymnasium

    mode = "vector_entry_point" if env.startswith("evorobo/") else "sync"  # others take no seed for each row
    envs = gymnasium.make_vec(env, num_envs=TEST_EPISODES, vectorization_mode=mode)
    observations, _ = envs.reset(seed=[TEST_SEED + number for number in range(TEST_EPISODES)])
    total, running = np.zeros(TEST_EPISODES), np.ones(TEST_EPISODES, bool)
    while running.any():
        actions, _ = model.predict(scale(observations), deterministic=True)
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        total[running] += rewards[running]
        running &= ~(terminated | truncated)
    envs.close()
    return total


def our_scores(name: str, seeds: int, folder: Path, jobs: int) -> list[float]:
    """The last test scores of our PPO, with the same settings and orthogonal first weights."""
    from evorobo import PPO, Adam, Budget, Constant, ControlTask, Linear, Study

    run = RUNS[name]
    ours = {"gamma": "discount"}
    settings = {ours.get(key, key): value for key, value in run.settings.items() if key != "learning_rate"}
    adam = Adam(run.settings.get("learning_rate", 3e-4), epsilon=1e-5)
    if run.scaled:
        settings["normalize_rewards"] = True
    schedule = Linear() if run.scaled else Constant()
    study = Study.grid(
        "ppo-peer",
        tasks=[ControlTask(run.env, normalize=run.scaled, label=name)],
        methods=[PPO(adam, schedule, n_envs=run.n_envs, orthogonal=True, **settings)],
        seeds=seeds,
        budget=Budget(env_steps=run.env_steps, n_evals=run.env_steps // run.eval_steps),
        hidden=(64, 64),
    )
    return [float(run.curve["test"][-1]) for run in study.run(folder / name, jobs=jobs).runs]


def compare(args: argparse.Namespace) -> None:
    from evorobo.report.statistics.pairs import probability_of_improvement

    print(f"{'':<14}{'steps':>8}{'seeds':>8}{'ours':>9}{'SB3':>9}   P(ours is better)")
    for name in args.robots:
        seeds = args.seeds or RUNS[name].n_seeds
        files = [evaluations(args.results, name, seed) for seed in range(seeds)]
        theirs = [float(np.load(file)["results"][-1].mean()) for file in files if file.exists()]
        ours = our_scores(name, seeds, args.results / "ours", args.jobs)
        p = probability_of_improvement(ours, theirs)
        medians = f"{np.median(ours):>9.1f}{np.median(theirs):>9.1f}"
        interval = f"{p.value:.2f} ({p.low:.2f} to {p.high:.2f})"
        print(
            f"{name:<14}{RUNS[name].env_steps:>8,}{f'{len(ours)}, {len(theirs)}':>8}{medians}   {interval}", flush=True
        )


OURS_TO_475 = """
import sys
import numpy as np
from evorobo import PPO, Adam, Constant, ControlTask, NetworkSpec
task = ControlTask("CartPole-v1", test_episodes=20)
spec = NetworkSpec.build(task.n_inputs, (64, 64), task.n_outputs, task.output)
ppo = PPO(Adam(1e-3, epsilon=1e-5), Constant(), n_envs=8, n_steps=32, n_epochs=20, batch_size=256, discount=0.98,
          gae_lambda=0.8, orthogonal=True, dtype="float32")
learner = ppo.start(task, spec, np.random.default_rng(int(sys.argv[1])))
for step in range(1, 801):
    learner.step(0.0)
    if step % 8 == 0 and task.test(learner.genome) >= 475:
        break
else:
    raise SystemExit("not solved")
"""
SB3_TO_475 = """
import sys
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback, StopTrainingOnRewardThreshold
from stable_baselines3.common.env_util import make_vec_env
torch.set_num_threads(1)
seed = int(sys.argv[1])
envs = make_vec_env("CartPole-v1", n_envs=20, seed=1000 + seed)
stop = StopTrainingOnRewardThreshold(475, verbose=0)
evals = EvalCallback(envs, callback_on_new_best=stop, n_eval_episodes=20, eval_freq=256, verbose=0, warn=False)
PPO("MlpPolicy", make_vec_env("CartPole-v1", n_envs=8, seed=seed), seed=seed, device="cpu", n_steps=32, n_epochs=20,
    batch_size=256, gamma=0.98, gae_lambda=0.8, learning_rate=1e-3).learn(204_800, callback=evals)
assert evals.best_mean_reward >= 475
"""


def seconds_to_475(args: argparse.Namespace) -> None:
    """Print the seconds of whole processes, in turn, by the clock and of the processor."""
    variables = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    programs = {"evorobo": (sys.executable, OURS_TO_475), "Stable-Baselines3": (args.peer, SB3_TO_475)}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for seed in range(args.seeds or 5):
        for name, (python, program) in programs.items():
            wall, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([python, "-W", "ignore", "-c", program, str(seed)], env=variables, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
            seconds[name].append((time.perf_counter() - wall, used))
            print(f"{name:<20} seed {seed}: {seconds[name][-1][0]:.1f} s, {used:.1f} CPU s", flush=True)
    ours, theirs = (np.median(values, 0) for values in seconds.values())
    print(f"medians {ours.round(1)} and {theirs.round(1)}; ratios {(theirs / ours).round(1)} (clock, CPU)")


def evaluations(folder: Path, name: str, seed: int) -> Path:
    return folder / name / f"seed-{seed}" / "evaluations.npz"


def train(name: str, seed: int, folder: Path) -> None:
    """Train one seed, and write its evaluations."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    import evorobo.tasks.control.robots.phototaxis  # noqa: F401 - registers it

    torch.set_num_threads(1)
    run = RUNS[name]
    began, evals = time.process_time(), []

    class Evals(BaseCallback):
        """Scores the policy between two rollouts, before it is updated."""

        def _on_step(self) -> bool:
            return True

        def evaluate(self) -> None:
            scores = returns(
                self.model, run.env, env.normalize_obs if run.scaled else lambda observations: observations
            )
            evals.append((self.num_timesteps, scores, time.process_time() - began))

        def _on_rollout_start(self) -> None:  # the policy has been updated with all steps so far
            if self.num_timesteps and self.num_timesteps % run.eval_steps == 0:
                self.evaluate()

        def _on_training_end(self) -> None:
            self.evaluate()

    env: Any = make_vec_env(run.env, n_envs=run.n_envs, seed=seed)
    settings = dict(run.settings)
    if run.scaled:
        env, settings["learning_rate"] = VecNormalize(env), lambda left: 3e-4 * left
    PPO("MlpPolicy", env, seed=seed, device="cpu", **settings).learn(run.env_steps, Evals())
    steps, scores, seconds = map(np.array, zip(*evals, strict=True))
    path = evaluations(folder, name, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, timesteps=steps, results=scores, cpu_seconds=seconds)
    shown = " ".join(f"{step // 1000}k {score:.1f}" for step, score in zip(steps, scores.mean(1), strict=True))
    print(f"{name} seed {seed}: {shown} ({seconds[-1]:.0f} CPU s)", flush=True)


def main(args: argparse.Namespace) -> None:
    variables = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def start(name: str) -> None:
        numbers = range(args.seeds or RUNS[name].n_seeds)
        seeds = [seed for seed in numbers if not evaluations(args.results, name, seed).exists()]
        if seeds:
            options = ["--results", str(args.results), "--run", name, *map(str, seeds)]
            subprocess.run([args.peer, "-W", "ignore", __file__, *options], env=variables, check=True)

    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(start, args.robots))
    compare(args)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = sys.executable if find_spec("stable_baselines3") else None
    parser.add_argument("--peer", metavar="PYTHON", default=default, help="the Python with Stable-Baselines3")
    parser.add_argument(
        "--robots", nargs="*", default=[name for name in RUNS if not RUNS[name].scaled], choices=list(RUNS)
    )
    parser.add_argument("--seeds", type=int, help="default: those of the table")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("results/ppo-peer"))
    parser.add_argument("--seconds", action="store_true", help="measure seconds to CartPole at 475 instead")
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        for one in arguments.run[1:]:
            train(arguments.run[0], int(one), arguments.results)
    elif arguments.peer is None:
        parser.error("Stable-Baselines3 is not installed here; name a Python that has it with --peer.")
    elif arguments.seconds:
        seconds_to_475(arguments)
    else:
        main(arguments)
