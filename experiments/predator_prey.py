"""Predator and prey evolve against each other: what do they forget without a hall of fame?

Both are linear networks on their sensors, as in Floreano & Nolfi 1997, here without recurrent connections. The third
method never meets an evolved prey, only the rule that judges all of them. What the two sides of each method are worth
against those of the others is in the tournament.
"""

import evorobo as er

strategy = er.Evolution(er.CMAES(sigma_floor=0.1))
study = er.Study.grid(
    "predator-prey",
    tasks=[er.ControlTask("evorobo/Predator-v0", validation_episodes=10, test_episodes=50)],
    methods=[
        er.Coevolution(strategy, rivals=10, name="hall of fame"),
        er.Coevolution(strategy, rivals=10, memory=1, name="newest rival"),
    ],
    seeds=5,
    budget=er.Budget(generations=100),
    hidden=(),
)

if __name__ == "__main__":
    print(er.tournament(er.main(study)))
