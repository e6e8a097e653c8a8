"""The command that a withheld verdict names runs the failed trial again, in place, and then there is a verdict."""

import re
import shlex

from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import verdicts
from evorobo.study.results import load

SCRIPT = '''
"""Some seeds of one method fail as long as there is a file named broken."""

from dataclasses import dataclass
from pathlib import Path

from evorobo import CMAES, Budget, ControlTask, Evolution, Study


@dataclass(frozen=True)
class Fragile(CMAES):
    name: str = "fragile"

    def start(self, weights, rng):
        if Path("broken").exists() and weights[0] > 0:
            raise ValueError("a bug")
        return super().start(weights, rng)


study = Study.grid(
    "fragile",
    tasks=[ControlTask("evorobo/Phototaxis-v0", max_steps=5, validation_episodes=1, test_episodes=1)],
    methods=[Evolution(CMAES(population_size=4)), Evolution(Fragile(population_size=4))],
    seeds=6,
    budget=Budget(generations=1, n_evals=1),
    hidden=(2,),
)

if __name__ == "__main__":
    study.run("my results", jobs=1)
'''


def test_the_command_of_a_withheld_verdict_runs_each_failed_trial_again(evorobo, tmp_path):
    (tmp_path / "study.py").write_text(SCRIPT)
    (tmp_path / "broken").touch()
    assert evorobo("run", "study.py")[0] == 0
    (tmp_path / "broken").unlink()
    n_failed = len(only_verdict("my results/fragile")[1])
    assert 1 < n_failed < 6
    for n_left in range(n_failed, 0, -1):
        verdict, failed = only_verdict("my results/fragile")
        assert len(failed) == n_left
        again = re.search(r"(Run it again|Run the study again, or one of them): evorobo (.+)", verdict.to_sentence())
        assert again[1].startswith("Run it") == (n_left == 1)
        code, out, err = evorobo(*shlex.split(again[2]))
        assert (code, err) == (0, "")
        assert out.endswith(": finished\n")
    verdict, failed = only_verdict("my results/fragile")
    assert not verdict.withheld
    assert (verdict.n_first, verdict.n_second, failed) == (6, 6, [])


def only_verdict(folder):
    """The verdict of the study, and its failed runs."""
    table = StudyTable.from_results(load(folder))
    (verdict,) = verdicts(table)
    return verdict, table.cells["phototaxis", "fragile"].failed
