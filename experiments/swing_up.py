"""CartPole swing-up: CMA-ES in the setting of estool (5-10-1, 32 members), and a copy of an energy-pumping teacher.

The published score is above 900 after 400 generations, half of the budget here. Trials whose validation score is that
high stop. `active=False` was chosen on other seeds.
"""

from evorobo import CMAES, L2, Backprop, Budget, ControlTask, Evolution, StopAt, Study, main

study = Study.grid(
    "swing-up",
    tasks=[ControlTask("evorobo/SwingUp-v0")],
    methods=[
        Evolution(CMAES(sigma=1.0, population_size=32, active=False), penalty=L2(3e-4)),  # 0.01 of the mean square
        Backprop(),
    ],
    seeds=range(10, 15),
    tuning_seeds=range(5),
    budget=Budget(flops=3e9, n_evals=40),
    hidden=(10,),
    callbacks=[StopAt(900.0)],
)

if __name__ == "__main__":
    for run in main(study).runs:
        best = run.curve["validation"].argmax()
        print(f"{run.method} seed {run.seed}: {run.curve['test'][best]:.0f} by the answer that validated best")
