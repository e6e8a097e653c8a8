"""Seventeen strategies evolve the same small network on three robots: which solves which, and at what cost?

All settings are defaults. Restarts of CMA-ES (IPOP, BIPOP) are left out: within this budget none happens, so their
curves would be those of CMA-ES, counted three times.
"""

import evorobo as er

CMA = [er.CMAES(), er.SepCMAES(), er.OnePlusOneCMAES()]
GRADIENTS = [er.XNES(), er.SNES(), er.OpenAIES(), er.PGPE(), er.ARS()]
STEPS = [er.CanonicalES(), er.SelfAdaptiveES(), er.SelfAdaptiveES(plus=True), er.RandomSearch()]
POPULATIONS = [
    er.GA(),
    er.GA(replacement=er.SteadyState(4)),
    er.DeepGA(),
    er.DifferentialEvolution(),
    er.ParticleSwarm(),
]

ROBOTS = ("evorobo/Phototaxis-v0", "CartPole-v1", "Acrobot-v1")

study = er.Study.grid(
    "strategies",
    tasks=[er.ControlTask(robot, episodes=2, validation_episodes=5, test_episodes=20) for robot in ROBOTS],
    methods=[er.Evolution(strategy) for strategy in (*CMA, *GRADIENTS, *STEPS, *POPULATIONS)],
    seeds=5,
    budget=er.Budget(env_steps=100_000, n_evals=8),
    hidden=(8,),
)

if __name__ == "__main__":
    er.main(study)
