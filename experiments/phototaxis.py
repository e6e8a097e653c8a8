"""A robot finds a lamp: is its controller better evolved, trained to copy a teacher, or trained and then improved?"""

from evorobo import (
    CMAES,
    Adam,
    AnalyticGradient,
    Backprop,
    Budget,
    ControlTask,
    Evolution,
    Stage,
    Stages,
    Study,
    main,
)

clone = Stage(Backprop(Adam(0.01)), Budget(generations=3000))
study = Study.grid(
    "phototaxis",
    tasks=[ControlTask("evorobo/Phototaxis-v0", episodes=4)],
    methods=[
        Evolution(CMAES()),
        Backprop(),
        Stages(clone, AnalyticGradient(Adam(0.02), horizon=50), name="clone-gradient"),
        Stages(clone, Evolution(CMAES(), warm_start_step=0.3), name="clone-cma-es"),
    ],
    seeds=10,
    budget=Budget(flops=4e7),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
