"""The hall of fame records the best genomes of a strategy, and does not change its search."""

import numpy as np
import pytest
from climbing import START, generation, sphere
from toys import Bowl

from evorobo import CMAES, GA, Archive, Evolution, HallOfFame, NetworkSpec, SettingsError

SPEC = NetworkSpec.build(2, (3,), 1)


@pytest.mark.parametrize("strategy", [CMAES(), GA()], ids=lambda strategy: strategy.name)
def test_the_highest_scores_of_a_whole_run_are_recorded_best_first(strategy):
    rng = np.random.default_rng(0)
    running = HallOfFame(strategy, 7).start(START.copy(), rng)
    genomes = np.concatenate([np.array(generation(running, sphere, rng)) for _ in range(15)])
    different = np.unique(genomes, axis=0)  # the elite of a GA is scored several times
    expected = different[np.argsort(-sphere(different), kind="stable")[:7]]
    np.testing.assert_array_equal(running.collection.weights, expected)
    np.testing.assert_array_equal(running.collection.scores, sphere(expected))


def test_recording_does_not_change_the_search():
    solutions = []
    for settings in (CMAES(), HallOfFame(CMAES())):
        learner = Evolution(settings).start(Bowl(), SPEC, np.random.default_rng(0))
        results = [learner.step(0.0) for _ in range(10)]
        solutions.append((learner.genome.weights.tobytes(), results))
    assert solutions[0] == solutions[1]


def test_equals_keep_their_order_through_a_checkpoint():
    rng = np.random.default_rng(0)
    running = HallOfFame(CMAES(), 6).start(START.copy(), rng)
    for _ in range(3):
        generation(running, lambda x: np.round(sphere(x) / 10), rng)
    again = HallOfFame(CMAES(), 6).start(START.copy(), rng)
    again.restore(running.state())
    assert len(set(running.collection.scores)) < 6
    np.testing.assert_array_equal(again.collection.weights, running.collection.weights)


def test_the_hall_is_handed_in_as_an_archive_of_genomes(tmp_path):
    learner = Evolution(HallOfFame(CMAES(), 3)).start(Bowl(), SPEC, np.random.default_rng(0))
    assert learner.archive is None
    best = [learner.step(0.0).info["best"] for _ in range(5)][-1]
    learner.archive.save(tmp_path / "archive.npz")
    archive = Archive.load(tmp_path / "archive.npz")
    assert len(archive) == 3
    assert archive.scores[0] == best
    assert Bowl().test(archive[0]) == best  # a bowl has no noise: once more, the same
    assert list(archive.scores) == sorted(archive.scores, reverse=True)


def test_an_empty_hall_is_refused():
    with pytest.raises(SettingsError, match="size must be a whole number of at least 1, not 0"):
        HallOfFame(CMAES(), 0)
