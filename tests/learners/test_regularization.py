"""Regularization: penalties, max-norm, input noise and weight decay, each tested by a law that it must follow."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import (
    CMAES,
    GA,
    L1,
    L2,
    MSE,
    SGD,
    Adam,
    AdamW,
    Backprop,
    EarlyStopping,
    Elman,
    Evolution,
    NetworkSpec,
    OpenAIES,
    SettingsError,
)
from evorobo.learners.backprop.batched import apply_max_norm
from evorobo.study import checkpoint
from evorobo.tasks.base import Examples
from evorobo.testing import check_method

LINEAR = NetworkSpec.build(2, (), 1)
SMALL = NetworkSpec.build(2, (5,), 1)
STRENGTHS = (0.0, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class Sparse(Bowl):
    """Forty noisy rows of eight sensors, of which only the first two are relevant."""

    n_inputs = 8

    def examples(self, rng):
        rng = np.random.default_rng(2)
        x = rng.normal(size=(40, 8))
        return Examples(x, x[:, :1] - 2 * x[:, 1:2] + 0.5 + 0.3 * rng.normal(size=(40, 1)), MSE())


@dataclass(frozen=True)
class ZeroGradient(Bowl):
    """Zero inputs and targets, so that every gradient of the loss is zero."""

    def examples(self, rng):
        return Examples(np.zeros((4, 2)), np.zeros((4, 1)), MSE())


def trained(method, task, spec, steps, seed=0):
    learner = method.start(task, spec, np.random.default_rng(seed))
    for _ in range(steps):
        result = learner.step(0.0)
    return learner.genome.weights, result


def test_l2_converges_to_the_ridge_solution_without_penalty_on_the_bias():
    examples, strength = Sparse().examples(None), 0.3
    weights, result = trained(
        Backprop(SGD(0.1), batch_size=40, penalty=L2(strength)), Sparse(), NetworkSpec.build(8, (), 1), 600
    )
    # the mean of (x w + b - y)^2, plus strength / 2 w^2: (x'x / n + strength / 2) w = x'y / n on centered data
    x, y = examples.inputs - examples.inputs.mean(0), examples.targets - examples.targets.mean(0)
    ridge = np.linalg.solve(x.T @ x / 40 + strength / 2 * np.eye(8), x.T @ y / 40)[:, 0]
    np.testing.assert_allclose(weights[:8], ridge, atol=1e-9)
    np.testing.assert_allclose(weights[8], examples.targets.mean() - examples.inputs.mean(0) @ ridge, atol=1e-9)
    error = examples.inputs @ weights[:8] + weights[8] - examples.targets[:, 0]
    assert result.score == pytest.approx(-np.square(error).mean())  # the loss of the data, without the penalty


@pytest.mark.parametrize("kind", [L1, L2])
def test_a_stronger_penalty_gives_smaller_weights(kind):
    norms = [
        np.linalg.norm(trained(Backprop(Adam(0.01), penalty=kind(strength)), Line(), SMALL, 400)[0][:10])
        for strength in STRENGTHS
    ]
    assert (np.diff(norms) < 0).all()


def test_l1_drives_irrelevant_weights_to_zero_and_l2_does_not():
    spec = NetworkSpec.build(8, (), 1)
    none, one, two = (
        trained(Backprop(SGD(0.005), batch_size=40, penalty=penalty), Sparse(), spec, 4000)[0][:8]
        for penalty in (None, L1(0.4), L2(0.4))
    )
    tolerance = 2 * 0.005 * 0.4  # two steps of the penalty, since weights oscillate about zero
    zeros = [int((np.abs(weights) <= tolerance).sum()) for weights in (none, one, two)]
    assert zeros[1:] == [6, 0]
    assert zeros[0] < 3
    assert (np.abs(one[:2]) > 0.5).all()


@pytest.mark.parametrize("optimizer", [SGD(0.5), Adam(0.3)], ids=["sgd", "adam"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_incoming_weights_never_exceed_max_norm(optimizer, dtype):
    spec = NetworkSpec.build(2, (Elman(5),), 1)
    learner = Backprop(optimizer, batch_size=4, max_norm=0.7, dtype=dtype).start(Line(), spec, np.random.default_rng(0))
    at_limit = 0
    for _ in range(60):
        learner.step(0.0)
        matrices = [view for layer in spec.unpack(learner.genome.weights) for view in layer.values() if view.ndim == 2]
        norms = np.concatenate([np.linalg.norm(matrix, axis=0) for matrix in matrices])
        assert (norms <= 0.7 * (1 + 1e-6)).all()
        at_limit += int((norms > 0.7 * (1 - 1e-6)).any())
    assert at_limit > 30
    assert learner.genome.weights[-1] > 0.7  # the bias of the output is not limited


def test_max_norm_shortens_only_columns_above_the_limit():
    weight = np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]])
    np.testing.assert_allclose(apply_max_norm(weight, 1.0), [[0.6, 0.3, 0.0], [0.8, 0.4, 0.0]], rtol=1e-15)


def test_input_noise_is_equivalent_to_a_ridge_penalty():
    # for a linear network, noise with standard deviation s adds s^2 w^2 to the loss (Bishop 1995)
    spec, noise = NetworkSpec.build(8, (), 1), 0.5
    solutions = []
    for seed in range(4):
        learner = Backprop(SGD(0.01), batch_size=40, input_noise=noise).start(
            Sparse(), spec, np.random.default_rng(seed)
        )
        weights = []
        for step in range(6000):
            learner.step(0.0)
            if step > 1000:
                weights.append(learner.state()["weights"].copy())
        solutions.append(np.mean(weights, axis=0))
    ridge, _ = trained(Backprop(SGD(0.1), batch_size=40, penalty=L2(2 * noise**2)), Sparse(), spec, 600)
    bare, _ = trained(Backprop(SGD(0.1), batch_size=40), Sparse(), spec, 600)
    np.testing.assert_allclose(np.mean(solutions, axis=0), ridge, atol=0.02)
    assert np.abs(bare - ridge).max() > 0.2


def test_decoupled_decay_shrinks_all_weights_equally_and_an_l2_penalty_in_adam_does_not():
    # AdamW without a gradient: w (1 - rate decay)^n, for weights of any size (Loshchilov & Hutter 2019, algorithm 2)
    start = SMALL.init(np.random.default_rng(0))
    decayed, _ = trained(Backprop(AdamW(0.01, weight_decay=0.2)), ZeroGradient(), SMALL, 50)
    np.testing.assert_allclose(decayed, start * (1 - 0.01 * 0.2) ** 50, rtol=1e-12)
    penalized, _ = trained(Backprop(Adam(0.01), penalty=L2(0.2)), ZeroGradient(), SMALL, 50)
    ratio = penalized[:10] / start[:10]
    assert np.ptp(ratio) > 0.1


def test_in_plain_gradient_descent_decay_and_l2_penalty_are_equal():
    start = SMALL.init(np.random.default_rng(0))
    weights, _ = trained(Backprop(SGD(0.1), penalty=L2(0.2)), ZeroGradient(), SMALL, 50)
    matrices = np.r_[0:10, 15:20]  # of both layers, without biases
    np.testing.assert_allclose(weights[matrices], start[matrices] * (1 - 0.1 * 0.2) ** 50, rtol=1e-12)


def test_training_with_all_of_them_resumes_bit_for_bit(tmp_path):
    method = Backprop(
        batch_size=4,
        penalty=L1(0.01),
        max_norm=1.0,
        input_noise=0.1,
        early_stopping=EarlyStopping(patience=99),
        dtype="float32",
    )
    learner, other = (method.start(Line(), SMALL, np.random.default_rng(0)) for _ in range(2))
    for _ in range(7):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    assert [other.step(0.5) for _ in range(20)] == [learner.step(0.5) for _ in range(20)]
    np.testing.assert_equal(other.state(), learner.state())


def test_backprop_with_all_of_them_passes_the_contract_of_methods():
    check_method(Backprop(penalty=L2(), max_norm=4.0, input_noise=0.05, early_stopping=EarlyStopping(patience=40)))


def test_without_input_noise_no_random_numbers_are_drawn():
    plain, penalized = (
        method.start(Line(), LINEAR, np.random.default_rng(0))
        for method in (Backprop(), replace(Backprop(), penalty=L2(0)))
    )
    assert [plain.step(0.0) for _ in range(5)] == [penalized.step(0.0) for _ in range(5)]


@pytest.mark.parametrize("kind", [L1, L2])
@pytest.mark.parametrize("strength", [-1.0, float("nan")])
def test_a_negative_penalty_is_refused(kind, strength):
    with pytest.raises(SettingsError, match=r"strength must be a (finite )?number of at least 0"):
        kind(strength)


# ---- with evolution


@pytest.mark.parametrize("strategy", [CMAES(), OpenAIES(weight_decay=0), GA()], ids=lambda strategy: strategy.name)
def test_with_evolution_a_stronger_penalty_gives_smaller_weights(strategy):
    sizes = []
    for strength in STRENGTHS:
        learner = Evolution(strategy, penalty=L2(strength)).start(Bowl(), SMALL, np.random.default_rng(0))
        for _ in range(150):
            learner.step(0.0)
        sizes.append(np.square(learner.genome.weights).sum())
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.7 * sizes[0]


def test_evolution_converges_where_penalty_and_score_balance_without_penalty_on_biases():
    learner = Evolution(CMAES(), penalty=L2(2.0)).start(Bowl(), LINEAR, np.random.default_rng(0))
    for _ in range(150):
        learner.step(0.0)
    # -(w - 1)^2 - w^2 is highest at 1/2; the bias has no penalty and goes to 1
    np.testing.assert_allclose(learner.genome.weights, [0.5, 0.5, 1.0], atol=1e-4)


@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3)], ids=["L1", "L2"])
def test_the_gradient_of_a_penalty_is_the_derivative_of_its_value(penalty):
    rng = np.random.default_rng(0)
    weights, gradient, h = rng.normal(size=(1, 3, 2)), np.zeros((1, 3, 2)), 1e-6
    penalty.add_gradient(weights, gradient)
    for index in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[index] = h
        difference = (penalty.value(weights + step) - penalty.value(weights - step)) / (2 * h)
        assert difference[0] == pytest.approx(gradient[index], rel=1e-6)


def test_the_cost_of_an_update_includes_penalty_clipping_and_max_norm():
    """13 weights, of which 9 are in matrices. SGD: 2 x 13. Penalty: 2 x 9. Clipping: 3 x 13. Max-norm: 3 x 9."""
    spec, plain = NetworkSpec.build(2, (3,), 1), Backprop(SGD(0.1))
    assert plain.update_flops(spec) == 26
    assert replace(plain, penalty=L2()).update_flops(spec) == 26 + 18
    assert replace(plain, max_grad_norm=1.0).update_flops(spec) == 26 + 39
    assert replace(plain, penalty=L1(), max_grad_norm=1.0, max_norm=2.0).update_flops(spec) == 26 + 18 + 39 + 27


def test_an_optimizer_that_counts_nothing_counts_two_for_each_weight():
    class Plain:
        learning_rate = 0.1

        def start(self, weights):
            return {}

        def update(self, weights, gradient, state, factor=1.0):
            weights -= self.learning_rate * factor * gradient

    assert Backprop(Plain()).update_flops(NetworkSpec.build(2, (3,), 1)) == 26
