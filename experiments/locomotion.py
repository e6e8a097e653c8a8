"""HalfCheetah-v5 and Hopper-v5 in a million steps: PPO, OpenAI-ES and ARS.

PPO has the settings of CleanRL's continuous control, with 8 environments of 256 steps for one of 2,048. Both evolution
strategies are below their published budgets: OpenAI-ES reached these robots' scores after 1 to 30 million steps, ARS
after 7 to 12 million. ARS has linear policies that start at zero, as published.
"""

from evorobo import ARS, PPO, Budget, ControlTask, Evolution, OpenAIES, Output, Study, main

ppo = PPO(normalize_rewards=True, orthogonal=True)
study = Study.grid(
    "locomotion",
    tasks=[
        ControlTask(f"{name}-v5", normalize=True, validation_episodes=2, test_episodes=10)
        for name in ("HalfCheetah", "Hopper")
    ],
    methods=[
        ppo,
        Evolution(OpenAIES()),
        Evolution(ARS(population_size=16, n_top=4, learning_rate=0.02, noise_std=0.03)),
    ],
    seeds=5,
    budget=Budget(env_steps=1_000_000, n_evals=10),
    hidden={"ppo": (64, 64), "openai-es": (64, 64), "ars": (Output(init="zeros", bias=False),)},
)

if __name__ == "__main__":
    main(study)
