"""Motors: policy gradients, evolution, a clone, a clone that PPO improves, and the gradient through the robot.

No arm is tuned, so all had the same effort: none. PPO and A2C have the shorter discount and the reward scale that their
guide advises for such robots; all else are defaults. `evorobo tune --trials 20 --seeds 2` gives all arms the same
trials and seeds; the spaces are one learning rate or step size for each arm, from a tenth to ten times its default.
"""

from robots.pendulum import swing

from evorobo import (
    A2C,
    CMAES,
    PPO,
    Adam,
    AnalyticGradient,
    Backprop,
    Budget,
    ControlTask,
    Evolution,
    OpenAIES,
    Stage,
    Stages,
    Study,
    main,
)

robots = {"Pendulum-v1": swing, "evorobo/Phototaxis-v0": None, "robots.hovercraft:my/Hovercraft-v0": None}
ppo, clone = PPO(discount=0.95, reward_scale=0.1), Stage(Backprop(Adam(0.01)), Budget(generations=3000))
study = Study.grid(
    "policy-gradient",
    tasks=[ControlTask(env, teacher=teacher) for env, teacher in robots.items()],
    methods=[
        ppo,
        A2C(discount=0.95, reward_scale=0.1),
        Evolution(CMAES()),
        Evolution(OpenAIES()),
        Stages(clone, name="clone"),
        Stages(clone, ppo, name="clone-ppo"),
        AnalyticGradient(Adam(0.02), horizon=50),
    ],
    seeds=5,
    budget=Budget(env_steps=100_000, n_evals=10),
    hidden=(16,),
)

if __name__ == "__main__":
    main(study)
