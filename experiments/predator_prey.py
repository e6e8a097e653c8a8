"""Predator and prey evolve against each other: what do they forget without a hall of fame?

Linear networks, as in Floreano & Nolfi 1997 but without recurrent connections; ten rivals in each generation. The
curves show predators against a prey that follows a rule and that no method trained with. The tournament shows champions
of all generations, and of each method, against each other.
"""

import evorobo as er

strategy = er.Evolution(er.CMAES(sigma_floor=0.1))
study = er.Study.grid(
    "predator-prey",
    tasks=[er.ControlTask("evorobo/Predator-v0", validation_episodes=10, test_episodes=50)],
    methods=[
        er.Coevolution(strategy, n_rivals=10, name="hall of fame"),
        er.Coevolution(strategy, n_rivals=10, memory=1, name="newest rival"),
    ],
    seeds=5,
    budget=er.Budget(generations=100),
    hidden=(),
)

if __name__ == "__main__":
    print(er.tournament(er.main(study)))
