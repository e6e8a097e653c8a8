"""Nineteen strategies evolve the same small network on three robots: which solves which, and at what cost?

All settings are defaults, except that restarts terminate sooner. Where the first search of a restart strategy lasts
until the end of the budget, its curve equals that of CMA-ES.
"""

import evorobo as er

SOON = er.TerminationCriteria(window=20)
RESTARTS = [er.Restarts(er.CMAES(), scheme, termination=SOON) for scheme in (er.IPOP(), er.BIPOP())]
CMA = [er.CMAES(), er.SepCMAES(), er.OnePlusOneCMAES(), *RESTARTS]
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
