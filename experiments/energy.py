"""Phototaxis with two objectives: what does saving energy, or weights, cost in score? Two fronts by NSGA-II."""

from evorobo import CMAES, NSGA2, Budget, ControlTask, Evolution, Study, main

study = Study.grid(
    "energy",
    tasks=[ControlTask("evorobo/Phototaxis-v0", episodes=4)],
    methods=[
        Evolution(NSGA2(minimize=("energy",), min_score=0.0, name="nsga-ii-energy")),
        Evolution(NSGA2(minimize=("size",), min_score=0.0, name="nsga-ii-size")),
        Evolution(CMAES(population_size=40)),
    ],
    seeds=10,
    budget=Budget(env_steps=2.4e6),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
