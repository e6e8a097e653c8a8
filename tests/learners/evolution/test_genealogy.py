"""The recorded parents agree with the genomes, and survive a checkpoint."""

import csv
import io

import numpy as np
import pytest
from toys import Bowl

from evorobo import (
    CMAES,
    GA,
    Blend,
    Budget,
    Evolution,
    Gaussian,
    Generational,
    NetworkSpec,
    SettingsError,
    SteadyState,
    Study,
    Uniform,
)
from evorobo.study import checkpoint

SPEC = NetworkSpec.build(2, (3,), 1)


class Seen(Bowl):
    """A bowl that remembers all genomes, in the order in which they were scored."""

    genomes = np.empty((0, SPEC.n_params))

    def score(self, spec, weights, rng, input_scaler):
        Seen.genomes = np.concatenate([Seen.genomes, weights])
        return super().score(spec, weights, rng, input_scaler)


def family(strategy, steps=6):
    """All genomes of a run, their table as dicts, and the learner."""
    Seen.genomes = np.empty((0, SPEC.n_params))
    learner = Evolution(strategy, genealogy=True).start(Seen(), SPEC, np.random.default_rng(0))
    for _ in range(steps):
        learner.step(0.0)
    return Seen.genomes, rows(learner), learner


def rows(learner):
    return list(csv.DictReader(io.StringIO(learner.artifacts()["genealogy.csv"])))


def parents(row):
    return [int(row[name]) for name in ("parent", "other_parent") if row[name]]


@pytest.mark.parametrize("replacement", [Generational(), SteadyState(5)], ids=["generational", "steady"])
def test_without_mutation_and_crossover_all_children_equal_their_parent(replacement):
    genomes, table, _ = family(GA(10, Blend(prob=0), Gaussian(prob=0), replacement=replacement))
    assert [int(row["individual"]) for row in table] == list(range(len(genomes)))
    bred = [row for row in table if row["generation"] != "0"]
    assert all(len(parents(row)) == 1 for row in bred)
    for row in bred:
        np.testing.assert_array_equal(genomes[int(row["individual"])], genomes[parents(row)[0]])
    assert all(not parents(row) for row in table if row["generation"] == "0")


@pytest.mark.parametrize("replacement", [Generational(), SteadyState(6)], ids=["generational", "steady"])
def test_a_crossed_child_has_each_gene_from_one_of_two_parents(replacement):
    genomes, table, _ = family(GA(10, Uniform(0.5, prob=1), Gaussian(prob=0), replacement=replacement))
    crossed = [row for row in table if len(parents(row)) == 2]
    # all but the elite, in five generations
    assert len(crossed) == 5 * replacement.count_children(10)
    for row in crossed:
        one, other = genomes[parents(row)]
        mine = genomes[int(row["individual"])]
        assert ((mine == one) | (mine == other)).all()


def test_parents_lived_before_their_children_and_scores_are_those_of_the_run():
    genomes, table, _ = family(GA())
    assert all(max(parents(row), default=-1) < int(row["individual"]) for row in table)
    scores = [float(row["score"]) for row in table]
    np.testing.assert_array_equal(scores, -np.square(genomes - 1).sum(1))


def test_recording_a_genealogy_does_not_change_the_search():
    solutions = []
    for recorded in (False, True):
        learner = Evolution(GA(), genealogy=recorded).start(Bowl(), SPEC, np.random.default_rng(0))
        for _ in range(8):
            learner.step(0.0)
        solutions.append(learner.genome.weights.tobytes())
    assert solutions[0] == solutions[1]


@pytest.mark.parametrize("strategy", [GA(10), GA(10, replacement=SteadyState(3))], ids=lambda strategy: strategy.name)
def test_a_genealogy_continues_after_a_checkpoint(strategy, tmp_path):
    _, whole, _ = family(strategy, steps=8)
    _, _, stopped = family(strategy, steps=4)
    checkpoint.save(tmp_path / "checkpoint.npz", stopped.state())
    resumed = Evolution(strategy, genealogy=True).start(Seen(), SPEC, np.random.default_rng(1))
    resumed.restore(checkpoint.load(tmp_path / "checkpoint.npz"))
    for _ in range(4):
        resumed.step(0.0)
    assert rows(resumed) == whole


def test_a_trial_leaves_its_genealogy_beside_its_genome(tmp_path):
    methods = [Evolution(GA(10), genealogy=True), Evolution(GA(10), name="plain")]
    study = Study.grid("family", tasks=[Bowl()], methods=methods, seeds=1, budget=Budget(generations=3), hidden=(3,))
    study.run(tmp_path, jobs=1)
    (table,) = tmp_path.rglob("genealogy.csv")
    assert (table.parent / "genome.npz").exists()
    assert len(table.read_text().splitlines()) == 1 + 3 * 10


def test_a_strategy_without_parents_is_refused():
    with pytest.raises(SettingsError, match="has no parents and children, so it has no genealogy; use GA"):
        family(CMAES())
