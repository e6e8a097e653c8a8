"""Does the README's main job come out alike on other types of processor? `python benchmarks/processors.py`

It runs `experiments/phototaxis.py` once as it is, and once for each type of processor whose instructions OpenBLAS and
NumPy can be made to choose here (`tests/test_processors.py` lists them). For each it prints the largest difference of a
final test score and of any number of a curve, relative to the number, and whether the verdicts are the same: sentences
and order of the methods. Flags of the experiment may follow, for example `--seeds 2`. It takes some minutes.

On a processor with AVX-512, whose own kernel is SkylakeX, all 30 final scores of the first main job (CMA-ES, a
self-adaptive evolution strategy, backprop) were equal to the last bit, and curves to 8.9e-11. Today's job also has PPO
and the gradient through the robot, whose long products are in double precision and never rounded to single. With its
ten seeds verdicts and order are the same:

    Haswell     40 of 50 scores equal to the last bit, others to 1.4e-06, curves to 5.5e-04
    Nehalem     40 of 50 scores equal to the last bit, others to 1.0e-06, curves to 4.3e-04
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from evorobo.study.log import TIME_COLUMNS
from evorobo.study.results import Results, load

HOUSE = Path(__file__).parents[1]
sys.path.insert(0, str(HOUSE / "tests"))

from test_processors import other_processors  # noqa: E402, the list of the tests


def run(folder: str, processor: dict[str, str]) -> tuple[Results, list[str]]:
    """Run the main job in a process of its own; returns its results and its verdicts in their order."""
    command = [sys.executable, HOUSE / "experiments/phototaxis.py", "--results", folder, *sys.argv[1:]]
    subprocess.run(command, env={**os.environ, **processor}, check=True, stdout=subprocess.DEVNULL)
    with (Path(folder) / "phototaxis/verdicts.csv").open(newline="") as file:
        sentences = [row["sentence"] for row in csv.DictReader(file)]
    return load(Path(folder) / "phototaxis"), sentences


def largest_difference(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The largest difference of two numbers, relative to 1 or to the number."""
    a, b = np.concatenate(one), np.concatenate(other)
    return float(np.nanmax(np.abs(a - b) / np.maximum(1, np.abs(a))))


def main() -> None:
    """Print a line for each type of processor."""
    with tempfile.TemporaryDirectory() as folder:
        here, verdicts = run(f"{folder}/here", {})
        print(*verdicts, sep="\n")
        for number, (processor, settings) in enumerate(other_processors().items()):
            there, other_verdicts = run(f"{folder}/{number}", settings)
            pairs = list(zip(here.runs, there.runs, strict=True))
            scores = [[np.array([run.score for run in runs])] for runs in zip(*pairs, strict=True)]
            curves = [
                [column for run in runs for name, column in run.curve.items() if name not in TIME_COLUMNS]
                for runs in zip(*pairs, strict=True)
            ]
            equal = sum(a.score == b.score for a, b in pairs)
            print(
                f"{processor}: {equal} of {len(pairs)} final scores equal to the last bit, largest difference "
                f"{largest_difference(*scores):.1e}, in curves {largest_difference(*curves):.1e}; verdicts and order "
                f"{'the same' if verdicts == other_verdicts else 'differ'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
