"""The layout of the report page in a browser: the picture is on the first screen, and nothing overlaps."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from browser import Browser
from layout import outside_first_screen, overlaps, small_texts

from evorobo import FigureSettings, write_report
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import curves
from evorobo.report.page.charts import task_charts

pytestmark = [pytest.mark.slow, pytest.mark.reproduction]

SCREENS = ((1280, 800), (390, 844))
QUESTION = "A robot finds a lamp: is its controller better evolved, or trained to copy a Braitenberg vehicle?"
MANY = [
    "cma-es", "sep-cma-es", "one-plus-one", "xnes", "snes", "openai-es", "pgpe", "ars", "canonical-es", "comma-es",
    "plus-es", "random-search", "ga", "steady-ga", "deep-ga", "de", "pso", "backprop", "backprop-with-a-very-long-name",
]  # fmt: skip


def write(fakes, folder, tasks, methods):
    references = {"random": 21, "teacher": 470, "solved": 475, "linear fit": 60}
    fakes.write_study(folder, "layout", {task: {"references": references} for task in tasks}, methods)
    for i, task in enumerate(tasks):
        for k, method in enumerate(methods):
            make = fakes.cloning if method.startswith("backprop") else fakes.learning
            for seed in range(6):
                rows = make(100 * i + 10 * k + seed, 20, 480 - 20 * k, steps=1e6 * (1 + (k % 3) / 10))
                fakes.write_run(folder / task / method / f"seed-{seed}", rows)
                machine = {"date": "2026-11-29T10:51:57+00:00", "processor": "Intel(R) Xeon(R) Processor", "cores": 2}
                path = folder / task / method / f"seed-{seed}" / "machine.json"
                path.write_text(json.dumps({**machine, "commit": "a495938200032a9ba4d94e4b963180ff17e9b474"}))
    return replace(fakes.load(folder), question=QUESTION)


@pytest.mark.parametrize(
    ("tasks", "methods"),
    [
        (["phototaxis"], ["backprop", "cma-es", "openai-es"]),
        ([f"failures-fold-{k}" for k in range(4)], ["backprop", "cma-es", "openai-es"]),
        (["phototaxis"], MANY),
    ],
    ids=["one task", "four folds", "19 methods"],
)
def test_nothing_overlaps_and_the_curves_are_on_the_first_screen(fakes, tmp_path, tasks, methods):
    path = write_report(write(fakes, tmp_path, tasks, methods), tmp_path / "report.html")
    with Browser() as browser:
        for width, height in SCREENS:
            browser.resize(width, height)
            browser.open(path)
            assert outside_first_screen(browser) == [], width
            assert overlaps(browser) == [], width
            assert small_texts(browser) == [], width
        browser.run("dispatchEvent(new Event('beforeprint'))")
        browser.resize(740, 1000)
        assert overlaps(browser) == [], "print"
        assert browser.complaints == []


@pytest.mark.parametrize("methods", [["backprop", "cma-es"], MANY], ids=["few", "many"])
def test_the_axes_have_the_ranges_of_the_figure(fakes, tmp_path, methods):
    table = StudyTable.from_results(write(fakes, tmp_path, ["phototaxis"], methods))
    task = task_charts(table, "phototaxis")
    axes = curves.figure(table, FigureSettings(x=("flops", "env_steps"))).axes[:2]
    for panel, cost_column in zip(axes, ("flops", "env_steps"), strict=True):
        np.testing.assert_allclose(task["ranges"][cost_column]["log"], panel.get_xlim())
        if len(methods) == 2:
            np.testing.assert_allclose([task["scale"]["low"], task["scale"]["high"]], panel.get_ylim())
