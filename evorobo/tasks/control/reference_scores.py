"""Published scores on well-known robots: a direct search and the best gradient method for each."""

REFERENCE_SCORES = {
    "CartPole-v1": {"PPO with noise, 500k steps (CleanRL)": 490.0},
    "Acrobot-v1": {
        "ARS, 500k steps (zoo)": -82.9,
        "PPO, 1M steps (zoo)": -73.5,
        "PPO with noise, 500k steps (CleanRL)": -86.4,
    },
    "Pendulum-v1": {"ARS, 2M steps (zoo)": -212.5, "PPO, 100k steps (zoo)": -172.2, "TD3, 20k steps (zoo)": -151.9},
    "MountainCar-v0": {
        "ARS, 500k steps (zoo)": -122.0,
        "DQN, 120k steps (zoo)": -100.8,
        "PPO with noise, 500k steps (CleanRL)": -200.0,
    },
    "MountainCarContinuous-v0": {"ARS, 500k steps (zoo)": 96.7, "SAC, 50k steps (zoo)": 94.7},
    "Swimmer-v5": {
        "ARS, 2M steps (zoo, v3)": 355.3,
        "PPO, 1M steps (zoo, v3)": 281.6,
        "TD3, 1M steps (zoo, v3)": 359.1,
    },
    "Hopper-v5": {
        "ARS, 7M steps (zoo, v3)": 3343.9,
        "PPO, 1M steps (zoo, v3)": 2410.0,
        "TD3, 1M steps (zoo, v3)": 3606.4,
    },
    "HalfCheetah-v5": {
        "ARS, 12M steps (zoo, v3)": 4815.2,
        "PPO, 1M steps (zoo, v3)": 5819.0,
        "TD3, 1M steps (zoo, v3)": 9655.7,
    },
    "Walker2d-v5": {"ARS, 75M steps (zoo, v3)": 2993.6, "TD3, 1M steps (zoo, v3)": 4717.8},
    "evorobo/SwingUp-v0": {"CMA-ES in estool": 900.0},
}
"""Mean returns by environment id, with default settings.

"zoo": `benchmark.md` of rl-baselines3-zoo (Raffin 2020), one run each, without noise: ARS, the best gradient method of
Stable-Baselines3, and for most also PPO. Its MuJoCo robots have version 3, whose returns equal those of version 5
within noise for the four listed here. "With noise" are returns of training, with sampled actions: PPO of CleanRL (Huang
et al. 2022), 3 seeds. Swing-up: README of estool (Ha 2017), after 400 generations of 32. A score that was measured on
another robot or task is not listed.
"""
