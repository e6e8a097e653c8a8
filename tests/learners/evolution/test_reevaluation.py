"""Evolution that scores its generations as often as their noise asks for."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl

from evorobo import Evolution, NetworkSpec, SettingsError
from evorobo.learners.evolution.reevaluation import adapt_evaluations, reliability
from evorobo.study import checkpoint

SPEC = NetworkSpec.build(2, (3,), 1)


@dataclass(frozen=True)
class Foggy(Bowl):
    """A bowl with noise: some is shared by all members, and some is independent."""

    noise: float = 0.0
    shared: float = 0.0
    values_seen: list = None

    def score(self, spec, weights, rng, input_scaler):
        scores = super().score(spec, weights, rng, input_scaler)
        fog = self.shared * rng.normal() + self.noise * rng.normal(size=len(weights))
        if self.values_seen is not None:
            self.values_seen.append(scores.values + fog)
        return replace(scores, values=scores.values + fog)


def start(method, task, seed=0):
    return method.start(task, SPEC, np.random.default_rng(seed))


def stepped(method, task, generations):
    learner = start(method, task)
    return learner, [learner.step(0.0) for _ in range(generations)]


# ---- re-evaluation


def test_reliability_is_the_share_of_the_differences_that_is_not_noise():
    # two rounds of three members by hand: means 2, 4, 6, of variance 4; what is left after members and rounds is
    # (-1, 0, 1) / 2 in one round and (1, 0, -1) / 2 in the other: 1 over 1 * 2 degrees of freedom, halved for the mean
    assert reliability(np.array([[1.5, 4.0, 6.5], [2.5, 4.0, 5.5]])) == pytest.approx(1 - 0.25 / 4)


def test_reliability_comes_out_as_the_scores_were_drawn():
    rng = np.random.default_rng(0)
    skill = rng.normal(0, 2.0, 5000)
    for rounds in (2, 8):
        values = skill + 3 * rng.normal(size=(rounds, 1)) + 4.0 * rng.normal(size=(rounds, 5000))
        assert reliability(values) == pytest.approx(4 / (4 + 16 / rounds), abs=0.03)


def test_what_a_round_gives_to_all_members_is_no_noise():
    values = np.array([1.0, 2, 5]) + np.array([[0.0], [100.0], [-7.0]])
    assert reliability(values) == pytest.approx(1.0)
    assert reliability(np.full((2, 3), 4.0)) == 1.0
    assert reliability(np.array([[1.0, -np.inf, 2], [1.0, 3, 2]])) == pytest.approx(1.0)


def test_evaluations_grow_by_half_under_noise_and_fall_by_one_without():
    assert [adapt_evaluations(k, 0.1, 2, 9) for k in (2, 3, 6, 9)] == [3, 5, 9, 9]
    assert [adapt_evaluations(k, 0.9, 2, 9) for k in (2, 3, 9)] == [2, 2, 8]
    assert adapt_evaluations(5, 0.65, 2, 9) == 5


def test_a_generation_scored_three_times_counts_by_its_means_and_costs_three_times():
    task = Foggy("foggy", noise=1.0, values_seen=[])
    learner, progress = stepped(Evolution(evaluations_per_member=3), task, 4)
    plain, _ = stepped(Evolution(), Bowl(), 4)
    assert learner.cost.env_steps == 3 * plain.cost.env_steps
    assert len(task.values_seen) == 12
    assert len({tuple(values) for values in task.values_seen}) == 12  # each round has its own random numbers
    for turn, results in enumerate(progress):
        assert results.score == pytest.approx(np.mean(task.values_seen[3 * turn : 3 * turn + 3]))


def test_evaluations_grow_with_noise_only():
    method = Evolution(evaluations_per_member=2, max_evaluations_per_member=12)
    _, clear = stepped(method, Foggy("clear", shared=10.0), 12)
    _, foggy = stepped(method, Foggy("foggy", noise=30.0), 12)
    assert [results.info["repeats"] for results in clear] == [2] * 12
    assert foggy[-1].info["repeats"] == 12


def test_adaptive_evaluations_come_closer_than_one_evaluation_each_at_equal_cost():
    def left(method, seed):
        task, learner = Foggy("foggy", noise=3.0), start(method, Foggy("foggy", noise=3.0), seed)
        while learner.cost.env_steps < 8_000:
            learner.step(0.0)
        return -task.test(learner.genome)

    once = np.median([left(Evolution(), seed) for seed in range(5)])
    often = np.median(
        [left(Evolution(evaluations_per_member=2, max_evaluations_per_member=30), seed) for seed in range(5)]
    )
    assert often < 0.7 * once


def test_how_often_the_next_generation_is_scored_is_written_down(tmp_path):
    method, task = Evolution(evaluations_per_member=2, max_evaluations_per_member=12), Foggy("foggy", noise=5.0)
    one, _ = stepped(method, task, 20)
    checkpoint.save(tmp_path / "state.npz", one.state())
    other = start(method, task)
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(10):
        assert one.step(0.0) == other.step(0.0)
    assert one.step(0.0).info["repeats"] > 2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: Evolution(evaluations_per_member=0),
            "evaluations_per_member must be a whole number of at least 1, not 0",
        ),
        (
            lambda: Evolution(max_evaluations_per_member=5),
            "evaluations_per_member must be from 2 to 5, not 1: one evaluation shows no noise",
        ),
        (lambda: Evolution(evaluations_per_member=6, max_evaluations_per_member=5), "must be from 2 to 5, not 6"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
