"""Eight robots: when does the gradient through the robot help, and when evolution? Each alone, and after a clone.

Settings were chosen on Phototaxis alone; pendulum-v1 and maze were not looked at before. Run it with --compiled.
"""

import numpy as np
from robots.pendulum import swing

from evorobo import (
    CMAES,
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


def push(sensors):  # with the speed
    return np.array([-1.0 if sensors[1] < 0 else 1.0])


def steer(sensors):  # to the goal, and away from walls
    turn = sensors[9] - sensors[7] + 0.5 * (sensors[1] - sensors[3])
    return np.clip([0.7 + turn, 0.7 - turn], -1, 1)


robots = {f"evorobo/{name}-v0": None for name in ("Phototaxis", "SwingUp", "Homing", "TMaze")}
robots |= {
    "robots.docking:my/Docking-v0": None,
    "evorobo/Maze-v0": steer,
    "Pendulum-v1": swing,
    "MountainCarContinuous-v0": push,
}
clone, climb = Stage(Backprop(Adam(0.01)), Budget(generations=3000)), AnalyticGradient(Adam(0.02), horizon=50)
evolve = Evolution(CMAES(), warm_start_step=0.3)
alone = [Evolution(CMAES()), Evolution(OpenAIES()), climb, Stages(clone, name="clone")]
staged = [Stages(clone, climb, name="clone-gradient"), Stages(clone, evolve, name="clone-cma-es")]
study = Study.grid(
    "gradient-or-evolution",
    tasks=[ControlTask(env, teacher=teacher) for env, teacher in robots.items()],
    methods=alone + staged,
    seeds=10,
    budget=Budget(env_steps=200_000, n_evals=10),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
