"""Moves to choose from: policy gradients, evolution, a clone of a simple rule, and a clone that PPO improves.

The return of these three robots has no slope in the weights. All arms have the same tuning effort and spaces as in
`policy_gradient.py`, on CartPole only. The settings found are taken by

    python experiments/policy_gradient_moves.py --tuned results/reference/policy-gradient-moves/tuning.json
"""

from evorobo import (
    A2C,
    CMAES,
    PPO,
    Adam,
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


def balance(sensors):  # push toward the side to which the pole falls
    x, x_dot, angle, angle_dot = sensors
    return int(angle + 0.5 * angle_dot + 0.02 * x + 0.05 * x_dot > 0)


def swing(sensors):  # bend the elbow with the speed of the shoulder
    return 0 if sensors[4] > 0 else 2


def push(sensors):  # with the speed
    return 0 if sensors[1] < 0 else 2


robots = {"CartPole-v1": balance, "Acrobot-v1": swing, "MountainCar-v0": push}
ppo, clone = PPO(), Stage(Backprop(Adam(0.01)), Budget(generations=3000))
study = Study.grid(
    "policy-gradient-moves",
    tasks=[ControlTask(env, teacher=teacher) for env, teacher in robots.items()],
    methods=[
        ppo,
        A2C(),
        Evolution(CMAES()),
        Evolution(OpenAIES()),
        Stages(clone, name="clone"),
        Stages(clone, ppo, name="clone-ppo"),
    ],
    seeds=10,
    budget=Budget(env_steps=100_000, n_evals=10),
    hidden=(16,),
)

if __name__ == "__main__":
    main(study)
