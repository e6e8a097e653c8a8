"""Swimmer-v5 by linear policies: to evolve one by augmented random search, or to copy a gait that a person thought of?

ARS as in Mania et al. 2018: 8 directions of which the 4 best count, steps of 0.02 and noise of 0.03, from zero weights.
Of its eight seeds six end above 340, and one never finds its rhythm; the copies swim as their teacher does.
"""

import numpy as np

from evorobo import ARS, Backprop, Budget, ControlTask, Evolution, Output, Study, main


def gait(observation):
    """A wave from tail to head: the rear joint turns on its own account, the front one against both."""
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
