"""CartPole swing-up in the setting of estool: CMA-ES on a 5-10-1 network, beside copying an energy-pumping teacher."""

from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, Study, main

study = Study.grid(
    "swing-up",
    tasks=[ControlTask("evorobo/SwingUp-v0", episodes=4)],
    methods=[Evolution(CMAES(sigma=1.0, population=32)), Backprop()],
    seeds=5,
    budget=Budget(flops=1e10),
    hidden=(10,),
)

if __name__ == "__main__":
    main(study)
