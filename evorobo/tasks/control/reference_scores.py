"""Published scores on well-known robots: a direct search and the best gradient method for each."""

REFERENCE_SCORES = {
    "Acrobot-v1": {"ARS, 500k steps": -82.9, "PPO, 1M steps": -73.5},
    "Pendulum-v1": {"ARS, 2M steps": -212.5, "TD3, 20k steps": -151.9},
    "MountainCar-v0": {"ARS, 500k steps": -122.0, "DQN, 120k steps": -100.8},
    "MountainCarContinuous-v0": {"ARS, 500k steps": 96.7, "SAC, 50k steps": 94.7},
    "Swimmer-v5": {"ARS, 2M steps": 355.3, "PPO, 1M steps": 281.6, "TD3, 1M steps": 359.1},
    "Hopper-v5": {"ARS, 7M steps": 3343.9, "TD3, 1M steps": 3606.4},
    "HalfCheetah-v5": {"ARS, 12M steps": 4815.2, "TD3, 1M steps": 9655.7},
    "Walker2d-v5": {"ARS, 75M steps": 2993.6, "TD3, 1M steps": 4717.8},
    "evorobo/SwingUp-v0": {"CMA-ES in estool": 900.0},
}
"""Mean returns by environment id, with default settings.

Gymnasium's robots: `benchmark.md` of rl-baselines3-zoo (Raffin 2020), one run each: ARS, and the best gradient method
of Stable-Baselines3; for Swimmer also PPO, which most studies of it use. Its MuJoCo robots have version 3, whose
returns equal those of version 5 within noise for the four listed here. Swing-up: README of estool (Ha 2017), after 400
generations of 32. A score that was measured on another robot or task is not listed.
"""
