"""Nineteen ways to evolve the same small network on three robots, as they come: who climbs what, at which price?"""

import evorobo as er

STRATEGIES = [
    er.CMAES(),
    er.SepCMAES(),
    er.OnePlusOneCMAES(),
    er.Restarts(er.CMAES(), "ipop"),
    er.Restarts(er.CMAES(), "bipop"),
    er.XNES(),
    er.SNES(),
    er.OpenAIES(),
    er.PGPE(),
    er.ARS(),
    er.CanonicalES(),
    er.SelfAdaptiveES(),
    er.SelfAdaptiveES(plus=True),
    er.GA(),
    er.GA(children=4),
    er.DeepGA(),
    er.DifferentialEvolution(),
    er.ParticleSwarm(),
    er.RandomSearch(),
]
ROBOTS = ("evorobo/Phototaxis-v0", "CartPole-v1", "Pendulum-v1")

study = er.Study.grid(
    "strategies",
    tasks=[er.ControlTask(robot, episodes=2, validation_episodes=5, test_episodes=50) for robot in ROBOTS],
    methods=[er.Evolution(strategy) for strategy in STRATEGIES],
    seeds=5,
    budget=er.Budget(env_steps=100_000, looks=10),
    hidden=(8,),
)

if __name__ == "__main__":
    er.main(study)
