"""Coevolution: which champions a generation meets, what is recorded, and that both sides learn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from toys import Bowl

from evorobo import (
    CMAES,
    GA,
    Archive,
    BatchNorm,
    Budget,
    Coevolution,
    ControlTask,
    Dense,
    Evolution,
    Genome,
    NetworkSpec,
    Output,
    SettingsError,
    TaskError,
    Trial,
)
from evorobo.learners.evolution.coevolution import ChampionHistory
from evorobo.study.folders import Interrupted
from evorobo.tasks.base import Cost, Scores

PREDATOR = ControlTask("evorobo/Predator-v0", validation_episodes=2, test_episodes=2)


@dataclass(frozen=True)
class Race(Bowl):
    """The member closer to the optimum wins; both sides record the rivals of each generation."""

    name: str = "race"
    rivals_met: list = field(default_factory=list, compare=False)
    other: list = field(default_factory=list, compare=False)

    def matches(self):
        return self

    def rival(self):
        return Race("rival", self.other, self.rivals_met)

    def score_against(self, spec, weights, rng, rival_spec, rivals):
        self.rivals_met.append(rivals)
        own, others = (-np.square(genomes - 1).sum(1) for genomes in (weights, rivals))
        return Scores(own - others.mean(), Cost(env_steps=len(weights) * len(rivals)))


def start(method, task, hidden=(), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return method.start(task, spec, np.random.default_rng(seed))


def run(method, generations, task=None):
    """A race, and the champions of both sides, generation by generation from the first genomes on."""
    task = task or Race()
    learner = start(method, task)
    own, other = [learner._sides[0].evolution.genome.weights], [learner._sides[1].evolution.genome.weights]
    for _ in range(generations):
        learner.step(0.0)
        own.append(learner.champions["champions"].weights[-1])
        other.append(learner.champions["rivals"].weights[-1])
        np.testing.assert_array_equal(own[-1], learner.genome.weights)
    return task, learner, np.stack(own), np.stack(other)


def numbers(rows, champions):
    """Which champions these are."""
    return [int(np.flatnonzero((champions == row).all(1))[0]) for row in rows]


def test_the_hall_of_fame_are_all_champions_of_the_other_side_so_far_each_drawn_about_as_often():
    task, _, own, other = run(Coevolution(n_rivals=4), 60)
    for rivals_met, champions in ((task.rivals_met, other), (task.other, own)):
        assert len(rivals_met) == 60
        drawn = [numbers(rivals, champions) for rivals in rivals_met]
        assert all(max(indices) <= generation for generation, indices in enumerate(drawn))  # only what was there before
        assert all(len(set(indices)) == 4 for indices in drawn[3:])  # no champion twice, if there are enough
        late = np.concatenate([np.array(indices) / generation for generation, indices in enumerate(drawn[10:], 10)])
        assert late.mean() == pytest.approx(0.5, abs=0.08)
        assert late.min() < 0.1
        assert late.max() == 1


def test_a_memory_of_one_meets_the_newest_champion_alone_and_one_of_three_the_last_three():
    task, _, own, other = run(Coevolution(n_rivals=2, memory=1), 6)
    assert [numbers(rivals, other) for rivals in task.rivals_met] == [[n, n] for n in range(6)]
    assert [numbers(rivals, own) for rivals in task.other] == [[n, n] for n in range(6)]
    task, _, _, other = run(Coevolution(n_rivals=3, memory=3), 8)
    assert [sorted(numbers(rivals, other)) for rivals in task.rivals_met[3:]] == [
        [n - 2, n - 1, n] for n in range(3, 8)
    ]


def test_both_sides_climb_and_costs_and_logs_are_of_both():
    _, learner, own, other = run(Coevolution(Evolution(CMAES(population_size=8)), n_rivals=5), 60)
    for champions in (own, other):
        assert np.square(champions[-1] - 1).sum() < 1e-3 * np.square(champions[0] - 1).sum()
    assert learner.cost.env_steps == 60 * 2 * 8 * 5
    progress = learner.step(0.0)
    assert {"rival_train", "rival_max", "score_max", "step_size"} <= progress.info.keys()
    assert progress.score > progress.info["score_max"] - 1


def test_champions_come_with_the_best_score_of_their_generation():
    learner = start(Coevolution(n_rivals=2), Race())
    assert learner.champions == {}
    best = [learner.step(0.0).info for _ in range(3)]
    own, other = learner.champions["champions"], learner.champions["rivals"]
    assert own.scores.tolist() == [info["score_max"] for info in best]
    assert other.scores.tolist() == [info["rival_max"] for info in best]
    assert own.measures.ravel().tolist() == other.measures.ravel().tolist() == [1, 2, 3]


def test_both_sides_have_the_same_network_between_their_own_sensors_and_motors():
    hidden = (Dense(5, bias=False), Output(bias=False))
    learner = start(
        Coevolution(Evolution(CMAES(population_size=4)), n_rivals=1), replace(PREDATOR, max_steps=5), hidden
    )
    learner.step(0.0)
    own, other = learner.champions["champions"].spec, learner.champions["rivals"].spec
    assert own.layers == other.layers
    assert (own.n_params, other.n_params) == (13 * 5 + 5 * 2, 8 * 5 + 5 * 2)


def test_what_the_own_sides_evolution_keeps_besides_is_handed_in():
    learner = start(Coevolution(Evolution(GA(population_size=6), genealogy=True), n_rivals=1), Race())
    assert learner.artifacts().keys() == {"genealogy.csv"}
    learner.step(0.0)
    files = learner.artifacts()
    assert files.keys() == {"genealogy.csv", "champions.npz", "rivals.npz"}
    assert len(files["genealogy.csv"].splitlines()) == 7
    assert not start(Coevolution(), Race()).artifacts()


def test_a_hall_gives_its_champions_back():
    spec = NetworkSpec.build(2, (), 1, "identity")
    hall = ChampionHistory(Genome(spec, np.zeros(3)))
    for number in range(1, 5):
        hall.add(Genome(spec, np.full(3, float(number))), 0.5)
    drawn = hall.sample(5, None, np.random.default_rng(0))
    assert sorted(drawn[:, 0]) == [0, 1, 2, 3, 4]
    assert (hall.sample(4, 1, np.random.default_rng(0)) == 4).all()
    again = ChampionHistory(Genome(spec, np.zeros(3)))
    again.restore(hall.state())
    np.testing.assert_array_equal(again.archive.weights, hall.archive.weights)


def test_a_task_without_a_rival_and_invalid_settings_are_refused():
    with pytest.raises(SettingsError, match=r"bowl has no rival; use Evolution, or give the task a method matches\(\)"):
        start(Coevolution(), Bowl())
    with pytest.raises(TaskError, match="CartPole-v1 has no rival to evolve against"):
        start(Coevolution(), ControlTask("CartPole-v1"))
    with pytest.raises(SettingsError, match="n_rivals must be a whole number of at least 1, not 0"):
        Coevolution(n_rivals=0)
    with pytest.raises(SettingsError, match="memory must be a whole number of at least 1 or None, not 0"):
        Coevolution(memory=0)
    with pytest.raises(SettingsError, match="has no unlabelled inputs, which batch norm needs"):
        start(Coevolution(), PREDATOR, (Dense(3, "identity"), BatchNorm()))


def test_an_interrupted_trial_has_the_same_champions_and_writes_them_to_its_results(tmp_path, monkeypatch):
    method = Coevolution(Evolution(CMAES(population_size=6)), n_rivals=2)
    task = replace(PREDATOR, max_steps=60)
    trial = Trial(task, method, Budget(generations=4, n_evals=4), (3,), seed=1)
    assert trial.run(tmp_path / "whole") == "finished"
    monkeypatch.setattr("evorobo.study.running.PROGRESS_SECONDS", 0.0)
    with pytest.raises(Interrupted):
        trial.run(tmp_path / "parts", should_stop=lambda: True)
    assert not (tmp_path / "parts" / "champions.npz").exists()
    assert trial.run(tmp_path / "parts") == "finished"
    for name in ("champions.npz", "rivals.npz"):
        whole, parts = (Archive.load(tmp_path / folder / name) for folder in ("whole", "parts"))
        assert len(whole) == 4
        np.testing.assert_array_equal(whole.weights, parts.weights)
        np.testing.assert_array_equal(whole.scores, parts.scores)
    np.testing.assert_array_equal(whole[0](np.zeros(8)).shape, (2,))  # the prey's networks have 8 sensors
    genome = Genome.load(tmp_path / "parts" / "genome.npz")
    np.testing.assert_array_equal(genome.weights, Archive.load(tmp_path / "parts" / "champions.npz").weights[-1])


def test_evolved_predators_catch_a_prey_that_keeps_its_rule_far_better_than_random_ones():
    task = replace(PREDATOR, episodes=4, test_episodes=40, max_steps=200)
    learner = start(Evolution(CMAES(population_size=8)), task)
    for _ in range(12):
        learner.step(0.0)
    assert task.test(learner.genome) > 20 + task.references()["random"]


def test_coevolved_predators_catch_the_prey_they_began_with_better_than_the_first_one_does():
    task = replace(PREDATOR, test_episodes=30, max_steps=200)
    learner = start(Coevolution(Evolution(CMAES(population_size=8)), n_rivals=3), task)
    predator, prey = (side.evolution.genome for side in learner._sides)
    for _ in range(8):
        learner.step(0.0)
    (first, evolved) = task.matches().tournament([predator, learner.genome], [prey])[:, 0]
    assert evolved > first + 20
