"""Swimmer-v5 with linear policies: evolve a gait with augmented random search, or copy one designed by hand?

ARS as in Mania et al. 2018: 8 directions of which the best 4 count, learning rate 0.02, noise 0.03, zero weights at the
start. Six of its eight seeds end above 340, and one finds no gait; the copies swim as well as their teacher.
"""

import numpy as np

from evorobo import ARS, Backprop, Budget, ControlTask, Evolution, Output, Study, main


def gait(observation):
    """A wave from tail to head, from the angles of the two joints."""
    _, front, rear, *_ = observation
    return np.sign([-(front + rear), -rear])


study = Study.grid(
    "swimmer",
    tasks=[ControlTask("Swimmer-v5", teacher=gait, validation_episodes=2, test_episodes=5)],
    methods=[Evolution(ARS(population_size=16, n_top=4, learning_rate=0.02, noise_std=0.03)), Backprop()],
    seeds=8,
    budget=Budget(env_steps=400_000, samples=1_000_000, n_evals=10),
    hidden=(Output(init="zeros", bias=False),),
)

if __name__ == "__main__":
    main(study)
