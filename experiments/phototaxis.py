"""A robot finds a lamp: is its controller better evolved, or trained to copy a Braitenberg vehicle?"""

from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, SelfAdaptiveES, Study, main

study = Study.grid(
    "phototaxis",
    tasks=[ControlTask("evorobo/Phototaxis-v0", episodes=4)],
    methods=[Evolution(CMAES()), Evolution(SelfAdaptiveES()), Backprop()],
    seeds=10,
    budget=Budget(flops=5e7),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
