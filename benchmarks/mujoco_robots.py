"""How much of MuJoCo's own speed remains when observations, rewards and terminations are computed as well?

Run `python benchmarks/mujoco_robots.py` (mujoco 4 or later). For 64 robots under random actions it prints control
steps per second of wall time and of CPU time, in turns within one run: `mujoco.batch` alone, on two threads, without
a policy, observations or rewards; evorobo's simulator, which computes all that gymnasium returns; and a plain loop over
one environment of gymnasium. The targets are nine tenths of the first, by CPU time, and more than the last. `first` and
`last` are the medians of the ratios to them. All start in the same states. By CPU time HalfCheetah keeps .90 to .98 of
the batch's speed and Hopper .86 to .95, depending on the run; the rest are calls of NumPy between steps with cold
caches. Ant also computes contact forces, which the batch does not, has one MjData for each robot, and keeps .88 to .91.
By wall time it is .02 to .05 less.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import gymnasium
import numpy as np

EPISODES, MEMBERS = 4, 16
ROBOTS, THREADS, STEPS, REPETITIONS = EPISODES * MEMBERS, 2, 200, 15
os.environ["OMP_NUM_THREADS"] = str(THREADS)

Speeds = tuple[float, float]


def speeds(work: Callable[[], int]) -> Speeds:
    """Control steps per second of wall time, and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    steps = work()
    return steps / (time.perf_counter() - wall), steps / (time.process_time() - cpu)


def batch_alone(id: str, actions: np.ndarray) -> Callable[[], int]:
    from mujoco.batch import Batch

    environment = gymnasium.make(id).unwrapped
    batch = Batch(environment.model, ROBOTS, THREADS)
    ctrl, qpos, qvel = (batch.bind(name) for name in ("ctrl", "qpos", "qvel"))
    starts = []
    for robot in range(ROBOTS):  # different initial states, as the others have: equal states are less work
        environment.reset(seed=robot % EPISODES)
        starts.append((environment.data.qpos.copy(), environment.data.qvel.copy()))

    def work() -> int:
        batch.reset()
        for robot, start in enumerate(starts):
            qpos[robot], qvel[robot] = start
        for action in actions:
            ctrl[:] = action
            batch.step(nstep=environment.frame_skip)
        return len(actions) * ROBOTS

    return work


def simulated(id: str, actions: np.ndarray) -> Callable[[], int]:
    from evorobo import ControlTask

    simulator = ControlTask(id).env_spec.simulator()

    def work() -> int:
        simulator.reset(np.arange(EPISODES), MEMBERS)
        for action in actions:  # robots that have ended continue here, so that all three do the same work
            simulator.step(action)
        return len(actions) * ROBOTS

    return work


def plain_loop(id: str, actions: np.ndarray) -> Callable[[], int]:
    environment = gymnasium.make(id)

    def work() -> int:
        for robot in range(2):
            environment.reset(seed=robot)
            for action in actions[:, robot]:
                environment.unwrapped.step(action)
        return len(actions) * 2

    return work


def compare(id: str) -> None:
    space = gymnasium.make(id).action_space
    rng = np.random.default_rng(0)
    actions = rng.uniform(space.low, space.high, (STEPS, ROBOTS, *space.shape)).astype(np.float32)
    works = [make(id, actions) for make in (batch_alone, simulated, plain_loop)]
    for work in works:
        work()
    rounds = [[speeds(work) for work in works] for _ in range(REPETITIONS)]
    for kind, clock in enumerate(("wall", "CPU")):
        first, ours, last = (statistics.median(each[work][kind] for each in rounds) for work in range(3))
        ratios = [statistics.median(each[1][kind] / each[other][kind] for each in rounds) for other in (0, 2)]
        line = f"{id:<15} {clock:<4} {first:13,.0f} {ours:11,.0f} {last:11,.0f}"
        print(f"{line} {ratios[0]:7.2f} {ratios[1]:7.2f}")


if __name__ == "__main__":
    print(f"{'robot':<15} {'time':<4} {'batch alone':>13} {'evorobo':>11} {'plain loop':>11} {'first':>7} {'last':>7}")
    for id in ("HalfCheetah-v5", "Hopper-v5", "Ant-v5"):
        compare(id)
