"""Published scores on well-known robots: a direct search and the best gradient method for each."""

REFERENCE_SCORES = {
    "CartPole-v1": {"PPO with noise, 500k steps": 490.0},
    "Acrobot-v1": {"ARS, 500k steps": -82.9, "PPO, 1M steps": -73.5, "PPO with noise, 500k steps": -86.4},
    "Pendulum-v1": {"ARS, 2M steps": -212.5, "PPO, 100k steps": -172.2, "TD3, 20k steps": -151.9},
    "MountainCar-v0": {
        "ARS, 500k steps": -122.0,
        "DQN, 120k steps": -100.8,
        "PPO with noise, 500k steps": -200.0,
    },
    "MountainCarContinuous-v0": {"ARS, 500k steps": 96.7, "SAC, 50k steps": 94.7},
    "Swimmer-v5": {"ARS, 2M steps": 355.3, "PPO, 1M steps": 281.6, "TD3, 1M steps": 359.1},
    "Hopper-v5": {"ARS, 7M steps": 3343.9, "PPO, 1M steps": 2410.0, "TD3, 1M steps": 3606.4},
    "HalfCheetah-v5": {"ARS, 12M steps": 4815.2, "PPO, 1M steps": 5819.0, "TD3, 1M steps": 9655.7},
    "Walker2d-v5": {"ARS, 75M steps": 2993.6, "TD3, 1M steps": 4717.8},
    "evorobo/SwingUp-v0": {"CMA-ES in estool": 900.0},
}
"""Mean returns by environment id, with default settings.

Gymnasium's robots: `benchmark.md` of rl-baselines3-zoo (Raffin 2020), one run each, without noise: ARS, the best
gradient method of Stable-Baselines3, and for most also PPO. Its MuJoCo robots have version 3, whose returns equal those
of version 5 within noise for the four listed here. "With noise" are returns of training, with sampled actions: PPO of
CleanRL (Huang et al. 2022), 3 seeds. Swing-up: README of estool (Ha 2017), after 400 generations of 32. A score that
was measured on another robot or task is not listed.
"""
