"""How long does it take from the command to a solved CartPole, everything included?

Run `python benchmarks/solved.py`, with other seeds than `0 1 2` if you like, where the other libraries are installed,
best in an environment of its own:

    python3 -m venv .peers && .peers/bin/pip install '.[fast]' stable-baselines3 neat-python evosax gymnax six evotorch

Each library runs a program of a few lines, as in its own documentation, in a fresh process. It learns CartPole-v1 and
ends as soon as its controller reaches 475 on the mean of 20 fresh episodes. It is evaluated after each generation, or
every 2048 steps. Networks have no hidden layer, as at the start of NEAT, except for PPO. SNES has a population of 50
everywhere. The time is that of the whole process: imports, compilation, learning and evaluation. The benchmark prints
medians over seeds and ratios to evorobo; the target is a factor of 5. Libraries that are not installed are left out.

On two shared cores, seeds 0 to 2, evorobo takes .7 to 1.0 s, neat-python 1.4 to 2.6 times that, EvoTorch 10 to 13,
evosax 15, PPO 62. Half of evorobo's time are imports (Python and NumPy .11 s, gymnasium .07, DEAP .04, its own .14).
Therefore a factor of 5 to NEAT is out of reach: it imports little and often solves the task among its first 150
networks.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

SEEDS = tuple(map(int, sys.argv[1:])) or (0, 1, 2)
TIMEOUT_SECONDS = 300

EVOROBO = """
import sys, tempfile
from evorobo import SNES, Budget, ControlTask, Evolution, StopAt, Trial
seed = int(sys.argv[1])
task = ControlTask("CartPole-v1", test_episodes=1)
trial = Trial(task, Evolution(SNES(population=50)), Budget(generations=400, n_evals=400), (), seed, (StopAt(475.0),))
with tempfile.TemporaryDirectory() as folder:
    assert trial.run(folder) == "finished"
"""

SB3 = """
import sys
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback, StopTrainingOnRewardThreshold
from stable_baselines3.common.env_util import make_vec_env
torch.set_num_threads(2)
seed = int(sys.argv[1])
looks = make_vec_env("CartPole-v1", seed=1000 + seed)
stop = StopTrainingOnRewardThreshold(475, verbose=0)
look = EvalCallback(looks, callback_on_new_best=stop, n_eval_episodes=20, eval_freq=2048, verbose=0, warn=False)
PPO("MlpPolicy", make_vec_env("CartPole-v1", seed=seed), seed=seed, device="cpu").learn(1_000_000, callback=look)
assert look.best_mean_reward >= 475
"""

NEAT = """
import random, sys
import gymnasium, neat, numpy as np
seed = int(sys.argv[1])
random.seed(seed)
env = gymnasium.make("CartPole-v1")
def score(net, seeds):
    total = 0.0
    for each in seeds:
        x, _ = env.reset(seed=each)
        over = False
        while not over:
            x, reward, terminated, truncated, _ = env.step(int(np.argmax(net.activate(x))))
            total, over = total + reward, terminated or truncated
    return total / len(seeds)
chance = random.Random(seed)
def evaluate(genomes, config):
    seeds = [chance.randrange(2**31) for _ in range(3)]
    for _, genome in genomes:
        genome.fitness = score(neat.nn.FeedForwardNetwork.create(genome, config), seeds)
config = neat.Config(
    neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet, neat.DefaultStagnation, sys.argv[2]
)
population = neat.Population(config)
for _ in range(100):
    best = population.run(evaluate, 1)
    if score(neat.nn.FeedForwardNetwork.create(best, config), range(20)) >= 475:
        break
else:
    raise SystemExit("not solved")
"""

EVOSAX = """
import sys
import jax, jax.numpy as jnp
from evosax.algorithms import SNES
from evosax.problems import MLP, GymnaxProblem
policy = MLP((2,), output_fn=lambda answer, key: answer.argmax(-1))
problem = GymnaxProblem("CartPole-v1", policy, use_normalize_obs=False)
look = GymnaxProblem("CartPole-v1", policy, num_rollouts=20, use_normalize_obs=False)
key = jax.random.key(int(sys.argv[1]))
solution = policy.init(key, jnp.zeros(4), key)
strategy = SNES(population_size=50, solution=solution)
params = strategy.default_params
state, problems, looks = strategy.init(key, solution, params), problem.init(key), look.init(key)
ask, tell = jax.jit(strategy.ask), jax.jit(strategy.tell)
for _ in range(400):
    key, one, other, third, fourth = jax.random.split(key, 5)
    population, state = ask(one, state, params)
    scores, problems, _ = problem.eval(other, population, problems)
    state, _ = tell(third, population, -scores, state, params)
    mean = jax.tree.map(lambda leaf: leaf[None], strategy.get_mean(state))
    if look.eval(fourth, mean, looks)[0][0] >= 475:
        break
else:
    raise SystemExit("not solved")
"""

EVOTORCH = """
import sys
import torch
from evotorch.algorithms import SNES
from evotorch.neuroevolution import GymNE
seed = int(sys.argv[1])
torch.manual_seed(seed)
torch.set_num_threads(1)
net = "Linear(obs_length, act_length)"
problem = GymNE("CartPole-v1", net)
look = GymNE("CartPole-v1", net, num_episodes=20)
search = SNES(problem, stdev_init=0.5, popsize=50)
for _ in range(500):
    search.step()
    center = look.generate_batch(1)
    center.set_values(search.status["center"][None])
    look.evaluate(center)
    if float(center.evals[0, 0]) >= 475:
        break
else:
    raise SystemExit("not solved")
"""


def neat_settings() -> str:
    """The settings of neat-python: the ranges and rates of its documentation for pole balancing."""
    genome: dict[str, object] = {"num_inputs": 4, "num_hidden": 0, "num_outputs": 2, "feed_forward": True}
    genome |= {"initial_connection": "full_direct", "enabled_default": True, "enabled_mutate_rate": 0.01}
    genome |= {"enabled_rate_to_true_add": 0.0, "enabled_rate_to_false_add": 0.0}
    genome |= {"single_structural_mutation": False, "structural_mutation_surer": "default"}
    genome |= {"compatibility_disjoint_coefficient": 1.0, "compatibility_weight_coefficient": 0.6}
    genome |= {"compatibility_excess_coefficient": "auto", "compatibility_include_node_genes": True}
    genome |= {"compatibility_enable_penalty": 1.0}
    genome |= {f"{what}_{how}_prob": 0.2 for what in ("conn", "node") for how in ("add", "delete")}
    for what, only in (("activation", "sigmoid"), ("aggregation", "sum")):
        genome |= {f"{what}_default": only, f"{what}_options": only, f"{what}_mutate_rate": 0.0}
    for what, mean, spread in (("bias", 0.0, 1.0), ("weight", 0.0, 1.0), ("response", 1.0, 0.0)):
        genome |= {f"{what}_init_mean": mean, f"{what}_init_stdev": spread, f"{what}_init_type": "gaussian"}
        genome |= {f"{what}_min_value": -30.0, f"{what}_max_value": 30.0, f"{what}_mutate_power": 0.5 * spread}
        genome |= {f"{what}_mutate_rate": 0.8 * spread, f"{what}_replace_rate": 0.1 * spread}
    search = {"fitness_criterion": "max", "fitness_threshold": 1e9, "pop_size": 150, "reset_on_extinction": True}
    search |= {"no_fitness_termination": False}
    sections = {
        "NEAT": search,
        "DefaultGenome": genome,
        "DefaultSpeciesSet": {"compatibility_threshold": 3.0},
        "DefaultStagnation": {"species_fitness_func": "max", "max_stagnation": 20, "species_elitism": 2},
        "DefaultReproduction": {"elitism": 2, "survival_threshold": 0.2, "min_species_size": 2},
    }
    lines = []
    for section, settings in sections.items():
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in settings.items())]
    return "\n".join(lines) + "\n"


CONTESTANTS = {
    "evorobo SNES": ("evorobo", EVOROBO),
    "SB3 PPO": ("stable_baselines3", SB3),
    "neat-python": ("neat", NEAT),
    "evosax + gymnax SNES": ("evosax", EVOSAX),
    "EvoTorch SNES": ("evotorch", EVOTORCH),
}


def seconds(program: str, seed: int, settings: Path) -> float | None:
    """Seconds of the whole process; None if it does not solve the task."""
    start = time.perf_counter()
    try:
        told = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, str(seed), str(settings)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    if told.returncode:
        print(told.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        return None
    return time.perf_counter() - start


def main() -> None:
    here = {name: program for name, (package, program) in CONTESTANTS.items() if find_spec(package)}
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "neat"
        settings.write_text(neat_settings())
        seconds(EVOROBO, 0, settings)  # the first process reads Python and NumPy from the disk
        found = {name: [seconds(program, seed, settings) for seed in SEEDS] for name, program in here.items()}
    mine = statistics.median(each for each in found["evorobo SNES"] if each)
    print(f"{'CartPole-v1, 475 held':<26}{'seconds':>9}{'times ours':>12}   all seeds")
    for name, each in found.items():
        solved = [one for one in each if one is not None]
        told = ", ".join("not solved" if one is None else f"{one:.2f}" for one in each)
        middle = statistics.median(solved) if solved else float("nan")
        print(f"{name:<26}{middle:>9.2f}{middle / mine:>12.1f}   {told}")
    missing = [name for name in CONTESTANTS if name not in here]
    if missing:
        print(f"not installed here: {', '.join(missing)}")


if __name__ == "__main__":
    main()
