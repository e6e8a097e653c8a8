"""Double pole balancing with velocities: how many evaluations does CMA-ES need, beside published values?

A trial is solved when the solution of a generation balances both poles for 100,000 steps (half an hour of robot time).
Step size and population size were chosen on other seeds.
"""

from evorobo import CMAES, Budget, ControlTask, Dense, Evolution, Output, StopWhen, Study, main, solving
from evorobo.tasks.control.double_pole_exam import NOTE, WITH_VELOCITIES, solves

study = Study.grid(
    "double-pole",
    tasks=[ControlTask("evorobo/DoublePole-v0", validation_episodes=1, test_episodes=1)],
    methods=[Evolution(CMAES(sigma=0.4, population_size=13))],
    seeds=20,
    tuning_seeds=range(100, 200),
    budget=Budget(episodes=10_000, n_evals=10),
    hidden=(Dense(6, bias=False), Output(bias=False)),
    callbacks=[StopWhen(solves)],
)

if __name__ == "__main__":
    print(solving(main(study), WITH_VELOCITIES, NOTE))
