"""Obstacle avoidance: evolution against a Braitenberg vehicle, and against a network that copies it.

The published fitness does not reward a direction, so rocking back and forth scores best; "forward only" is the intended
behavior.
"""

from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, Study, main

robot = "evorobo/ObstacleAvoidance-v0"
study = Study.grid(
    "obstacle-avoidance",
    tasks=[
        ControlTask(robot, episodes=2, label="as published"),
        ControlTask(robot, env_kwargs={"forward": True}, episodes=2, label="forward only"),
    ],
    methods=[Evolution(CMAES()), Backprop()],
    seeds=5,
    budget=Budget(flops=4e7),
    hidden=(4,),
)

if __name__ == "__main__":
    main(study)
