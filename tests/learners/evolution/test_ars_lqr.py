"""ARS V2 finds the linear controller that control theory gives: a regulator of three states."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are
from toys import Bowl

from evorobo import ARS, Evolution, NetworkSpec, forward
from evorobo.nets.scaling import RunningMoments
from evorobo.tasks.base import Cost, Scores

# three states that push each other and diverge without control, as far as their walls; cost x'Qx + u'Ru a step
A = np.array([[1.01, 0.1, 0.0], [0.0, 1.01, 0.1], [0.0, 0.0, 1.01]])
B = np.array([[0.0, 0.0], [0.2, 0.0], [0.0, 0.2]])
Q, R, STEPS, WALL = np.eye(3), 0.5 * np.eye(2), 60, 10.0


def cost_of(act, x):
    """The cost of each run from `x (..., 3)`, and the states visited."""
    total, states = 0.0, []
    for _ in range(STEPS):
        u = act(x)
        states.append(x)
        total = total + ((x @ Q) * x).sum(-1) + ((u @ R) * u).sum(-1)
        x = np.clip(x @ A.T + u @ B.T, -WALL, WALL)
    return total, np.array(states)


@dataclass(frozen=True)
class Regulator(Bowl):
    """Eight runs from random states; observations come in odd units, which only normalization corrects."""

    n_inputs, n_outputs = 3, 2
    units = np.array([1.0, 50.0, 0.1])

    def score(self, spec, weights, rng, inputs):
        def act(x):
            return forward(spec, weights, inputs.transform(x * self.units) if inputs else x * self.units)

        starts = np.broadcast_to(rng.normal(size=(8, 3)), (len(weights), 8, 3))
        costs, states = cost_of(act, starts)
        seen = RunningMoments.from_rows((states * self.units).reshape(-1, 3))
        return Scores(-costs.mean(1), Cost(env_steps=len(weights) * 8 * STEPS, episodes=len(weights) * 8), seen)


@pytest.mark.parametrize("seed", range(3))
def test_ars_with_normalized_observations_comes_within_three_percent_of_the_optimal_cost(seed):
    spec = NetworkSpec.build(3, (), 2)
    task = Regulator("regulator")
    learner = Evolution(ARS(population_size=16, n_top=4, learning_rate=0.05, noise_std=0.03)).start(
        task, spec, np.random.default_rng(seed)
    )
    for _ in range(400):
        learner.step(0.0)
    starts = np.concatenate([np.eye(3), -np.eye(3)])
    p = solve_discrete_are(A, B, Q, R)
    gain = np.linalg.solve(R + B.T @ p @ B, B.T @ p @ A)
    optimal, _ = cost_of(lambda x: -x @ gain.T, starts)
    np.testing.assert_allclose(optimal, np.einsum("ki,ij,kj->k", starts, p, starts), rtol=1e-3)
    reached, _ = cost_of(lambda x: learner.genome(x * task.units), starts)
    assert optimal.sum() <= reached.sum() <= 1.03 * optimal.sum()
