r"""Motors: policy gradients, evolution, a clone, a clone that PPO improves, and the gradient through the robot.

All arms have the same tuning effort, on Phototaxis only: 20 learning rates or step sizes, two seeds each.

    evorobo tune experiments/policy_gradient.py --task phototaxis --trials 20 --seeds 1000,1001 \
        --space methods.ppo.optimizer.learning_rate=3e-5..3e-3:log \
        --space methods.a2c.optimizer.learning_rate=7e-5..7e-3:log \
        --space methods.cma-es.strategy.sigma=0.05..5:log \
        --space methods.openai-es.strategy.optimizer.learning_rate=0.01..1:log \
        --space methods.clone.stages.1.method.optimizer.learning_rate=0.001..0.1:log \
        --space methods.clone-ppo.stages.2.method.optimizer.learning_rate=3e-5..3e-3:log \
        --space methods.analytic-gradient.optimizer.learning_rate=0.002..0.2:log
    python experiments/policy_gradient.py --tuned results/reference/policy-gradient/tuning.json

The second command takes the settings that the first one found. The discount and the reward scale of PPO and A2C are
those that their guide advises for such robots. No setting was chosen on the other two robots.
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
    seeds=10,
    budget=Budget(env_steps=100_000, n_evals=10),
    hidden=(16,),
)

if __name__ == "__main__":
    main(study)
