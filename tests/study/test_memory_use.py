"""Memory does not grow with generations: a long run ends with as many objects as at generation 100."""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from evorobo import CMAES, Budget, Callback, ControlTask, Evolution, Trial
from evorobo.study.executors.local import LocalExecutor

EARLY, LATE = 100, 2000
RESIDENT = Path("/proc/self/statm")


@dataclass(frozen=True)
class Weighing(Callback):
    """Record early and late the number of Python objects and of memory pages of the process."""

    def on_generation(self, state, result):
        if state.generations in (EARLY, LATE):
            gc.collect()
            weighed = {"things": len(gc.get_objects()), "pages": int(RESIDENT.read_text().split()[1])}
            (state.folder / f"{state.generations}.json").write_text(json.dumps(weighed))


@pytest.mark.skipif(not RESIDENT.exists(), reason="the system has no /proc with the memory of a process")
def test_a_run_of_2000_generations_ends_within_a_tenth_of_its_memory_at_generation_100(tmp_path):
    task = ControlTask("CartPole-v1", max_steps=3, validation_episodes=2, test_episodes=2, normalize=True)
    method, budget = Evolution(CMAES(population_size=4)), Budget(generations=LATE, n_evals=40)
    trial = Trial(task, method, budget, (2,), 0, (Weighing(),))
    ends = []
    with LocalExecutor(1) as executor:
        executor.run([[trial]], tmp_path, lambda event: ends.append(event.status))
    assert ends[-1] == "finished"
    early, late = (json.loads((tmp_path / trial.path / f"{at}.json").read_text()) for at in (EARLY, LATE))
    assert late["pages"] <= 1.1 * early["pages"]
    assert late["things"] <= early["things"] + (LATE - EARLY) / 10  # a generation leaves no objects
