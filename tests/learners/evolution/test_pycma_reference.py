"""Our CMA-ES and separable CMA-ES need as many evaluations as pycma's, as recorded by `record_pycma_reference.py`."""

import json
import statistics

import pytest
from climbing import needed
from record_pycma_reference import FILE, LANDSCAPES, PROBLEMS, SIGMA, TARGET, begin

from evorobo import CMAES, SepCMAES

pytestmark = [pytest.mark.slow, pytest.mark.reproduction]

STRATEGIES = {"cma-es": CMAES(sigma=SIGMA), "sep-cma-es": SepCMAES(sigma=SIGMA)}


@pytest.mark.parametrize(("kind", "landscape", "n"), PROBLEMS)
def test_as_many_evaluations_as_pycma_within_a_quarter(kind, landscape, n):
    theirs = json.loads(FILE.read_text())["median evaluations to 1e-9"][f"{kind}, {landscape}, {n}"]
    seeds = range(3) if theirs < 15_000 else range(1)  # long searches vary little from seed to seed
    ours = [
        needed(STRATEGIES[kind], LANDSCAPES[landscape], seed, TARGET, begin(landscape, n), int(2 * theirs))
        for seed in seeds
    ]
    assert statistics.median(ours) == pytest.approx(theirs, rel=0.25)
