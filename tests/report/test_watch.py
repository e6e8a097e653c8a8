"""The table of a running study: it fits the width, says what the logs say, and ends with the study."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from evorobo.cli import main
from evorobo.report.watch import terminal
from evorobo.report.watch.table import sparkline, to_text, watched_cells
from evorobo.study import monitor as monitor_module
from evorobo.study.monitor import StudyMonitor


def monitored(results):
    monitor = StudyMonitor(results.folder)
    monitor.update()
    return monitor


def test_the_table_has_counts_and_mean_scores(tiny_study):
    results = tiny_study({"ga": [1, 2, 3, 4], "cma-es": [3, 4, 5, 7]}, failed=1, unfinished=1)
    ga, cma = watched_cells(monitored(results))
    assert (ga.method, ga.n_trials, ga.finished, ga.failed, ga.interrupted) == ("ga", 4, 2, 1, 1)
    assert ga.score == np.mean([1, 2, 4])  # a failed run has no score
    assert cma.score == np.mean([3, 4, 7])
    assert ga.curve.tolist() == [0, np.mean([1, 2, 3, 4])]


@pytest.mark.parametrize("width", [30, 50, 80, 120])
def test_the_table_fits_the_width_and_breaks_no_name(fakes, tmp_path, width):
    methods = ["cma-es", "a-method-with-quite-a-long-name-of-its-own"]
    fakes.write_study(tmp_path, "wide", {"one-task": {}, "another-task": {}}, methods)
    for task in ("one-task", "another-task"):
        for method in methods:
            fakes.write_run(tmp_path / task / method / "seed-0", fakes.learning(0, 0, 1))
    text = to_text(monitored(fakes.load(tmp_path)), width)
    table = text.splitlines()[1:] if width >= 50 else text.splitlines()[2:]
    assert max(map(len, table)) <= width
    assert len([line for line in table if "1/1" in line]) == 4
    assert ("▁" in text) == (width >= 80)


def test_a_sparkline_uses_the_range_of_its_task():
    assert sparkline(np.arange(8.0), 0, 7) == "▁▂▃▄▅▆▇█"
    assert sparkline(np.array([0.0, 7]), 0, 14) == "▁▅"
    assert sparkline(np.array([3.0, 3]), 3, 3) == "▅▅"
    assert len(sparkline(np.arange(100.0), 0, 99)) == 16
    assert sparkline(np.empty(0), 0, 1) == ""


@pytest.mark.parametrize(
    ("ends", "status"), [({}, 0), ({"failed": 1}, 1), ({"diverged": 1}, 1), ({"unfinished": 1, "failed": 1}, 3)]
)
def test_once_prints_the_table_and_has_an_exit_status(tiny_study, capsys, ends, status):
    results = tiny_study({"ga": [1, 2, 3], "cma-es": [3, 4, 5]}, **ends)
    with pytest.raises(SystemExit) as end:
        main(["watch", str(results.folder), "--once"])
    assert end.value.code == status
    assert "trials finished" in capsys.readouterr().out


def test_it_ends_with_the_study_and_without_a_word_on_ctrl_c(tiny_study, monkeypatch):
    out = io.StringIO()
    monitor = StudyMonitor(tiny_study({"ga": [1, 2], "es": [3, 4]}).folder)
    terminal.watch(monitor, console=Console(file=out, width=80))
    assert out.getvalue() == "tiny: 4 of 4 trials finished\n"


def test_ctrl_c_ends_it_without_a_word(tiny_study, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(monitor_module.time, "sleep", interrupt)
    monitor = StudyMonitor(tiny_study({"ga": [1, 2], "es": [3, 4]}, unfinished=1).folder)
    for is_terminal in (False, True):
        out = io.StringIO()
        terminal.watch(monitor, console=Console(file=out, width=100, force_terminal=is_terminal))
        assert "2 of 4 trials finished, 2 interrupted, no process runs it now" in out.getvalue()
