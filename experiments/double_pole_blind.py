"""Double pole balancing without velocities: the network needs memory to estimate how the poles move.

A trial is solved when the solution of a generation balances both poles for 100,000 steps, and for 1000 steps from at
least 200 of the 625 starts of the generalization test.
"""

from evorobo import CMAES, Budget, ControlTask, Elman, Evolution, Output, Restarts, StopWhen, Study, main, solving
from evorobo.tasks.control.double_pole_exam import NOTE, WITHOUT_VELOCITIES, solves

damping = {"fitness": "damping"}
study = Study.grid(
    "double-pole-blind",
    tasks=[ControlTask("evorobo/DoublePoleBlind-v0", env_kwargs=damping, validation_episodes=1, test_episodes=1)],
    methods=[Evolution(Restarts(CMAES(sigma_floor=0.1)))],
    seeds=10,
    budget=Budget(episodes=50_000, n_evals=10),
    hidden=(Elman(3, bias=False), Output(bias=False)),
    callbacks=[StopWhen(solves)],
)

if __name__ == "__main__":
    print(solving(main(study), WITHOUT_VELOCITIES, NOTE))
