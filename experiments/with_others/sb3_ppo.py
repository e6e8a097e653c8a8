"""PPO of Stable-Baselines3 on phototaxis: as a curve beside evolution, and as the teacher of backpropagation.

Needs `pip install 'evorobo[sb3]'`. The curve of PPO contains its own training cost; the clone's cost contains only the
steps of the demonstrations.
"""

from functools import cache
from pathlib import Path

import gymnasium

import evorobo as er

ROBOT, LOGS, STEPS = "evorobo/Phototaxis-v0", Path("results/ppo"), 40_000


def train(seed):
    """Train PPO, with ten evaluations, unless a trained model exists."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import EvalCallback
    from stable_baselines3.common.monitor import Monitor

    folder = LOGS / f"seed-{seed}"
    if not (folder / "ppo.zip").exists():
        eval_env = Monitor(gymnasium.make(ROBOT))
        callback = EvalCallback(eval_env, n_eval_episodes=20, eval_freq=STEPS // 10, log_path=str(folder), verbose=0)
        PPO("MlpPolicy", gymnasium.make(ROBOT), seed=seed, device="cpu").learn(STEPS, callback).save(folder / "ppo.zip")


@cache
def model():
    from stable_baselines3 import PPO

    return PPO.load(LOGS / "seed-0" / "ppo.zip", device="cpu")


def teacher(observation):
    return model().predict(observation, deterministic=True)[0]


study = er.Study.grid(
    "with-ppo",
    tasks=[er.ControlTask(ROBOT, episodes=4, teacher=teacher)],
    methods=[er.Evolution(er.CMAES()), er.Backprop()],
    baselines=[er.Baseline("ppo (SB3)", "phototaxis", f"{LOGS}/seed-*/evaluations.npz")],
    seeds=5,
    budget=er.Budget(env_steps=STEPS, flops=5e7),
    hidden=(8,),
)

if __name__ == "__main__":
    for seed in study.seeds:
        train(seed)
    er.main(study)
