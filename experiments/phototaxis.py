"""A robot finds a lamp: is its controller better evolved, learned by PPO, or copied from a teacher and improved?"""

import evorobo as er

clone = er.Stage(er.Backprop(er.Adam(0.01)), er.Budget(generations=3000))
study = er.Study.grid(
    "phototaxis",
    tasks=[er.ControlTask("evorobo/Phototaxis-v0", episodes=4)],
    methods=[
        er.Evolution(er.CMAES()),
        er.PPO(er.Adam(0.003), er.Constant(), n_steps=32, n_epochs=3, batch_size=128, critic=(8,), orthogonal=True),
        er.Backprop(),
        er.Stages(clone, er.AnalyticGradient(er.Adam(0.02), horizon=50), name="clone-gradient"),
        er.Stages(clone, er.Evolution(er.CMAES(), warm_start_step=0.3), name="clone-cma-es"),
    ],
    seeds=10,
    budget=er.Budget(flops=4e7),
    hidden=(8,),
)

if __name__ == "__main__":
    er.main(study)
