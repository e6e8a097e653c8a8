"""A deceptive maze: the score leads into a dead end. Does a search for novelty help?"""

from evorobo import (
    CMAES,
    GA,
    Budget,
    ControlTask,
    Evolution,
    Grid,
    MAPElites,
    Mapped,
    NoveltySearch,
    RandomSearch,
    Study,
    main,
)

places = Grid(("x", "y"), (24, 16), min_score=-200.0)
study = Study.grid(
    "quality-diversity",
    tasks=[ControlTask("evorobo/Maze-v0", validation_episodes=1, test_episodes=1)],
    methods=[
        Evolution(Mapped(places, NoveltySearch(("x", "y")))),
        Evolution(MAPElites(places, iso_sigma=0.05)),
        Evolution(Mapped(places, GA())),
        Evolution(Mapped(places, CMAES(population_size=40))),
        Evolution(Mapped(places, RandomSearch(population_size=40))),
    ],
    seeds=10,
    budget=Budget(env_steps=1.2e6),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
