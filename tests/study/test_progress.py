"""The display of a running study."""

import io
import re

import pytest
from rich.console import Console

from evorobo.study.executors.base import TrialEvent
from evorobo.study.progress import Display


def shown(events, *, terminal, total=2, done=0):
    text = io.StringIO()
    console = Console(
        file=text,
        force_terminal=terminal,
        width=100,
        highlight=False,
        soft_wrap=True,
        color_system=None,
        legacy_windows=False,
    )
    with Display("reach", total, done, console) as display:
        for event in events:
            display(event)
    return text.getvalue()


RUN = [
    TrialEvent("arm/ga/seed-0"),
    TrialEvent("arm/ga/seed-0", 0.5),
    TrialEvent("arm/ga/seed-0", 1.0, "finished"),
    TrialEvent("arm/ga/seed-1"),
    TrialEvent("arm/ga/seed-1", 1.0, "failed", "the [red]gripper[/red] is stuck"),
]


def test_without_a_terminal_there_is_a_plain_line_for_each_trial_that_ends():
    text = shown(RUN, terminal=False)
    assert "\x1b" not in text
    assert "\r" not in text
    lines = text.splitlines()
    assert re.fullmatch(r"\[1/2\] arm/ga/seed-0 finished in \d+\.\d s", lines[0])
    assert re.fullmatch(r" +about \d+ s left", lines[1])
    assert re.fullmatch(r"\[2/2\] arm/ga/seed-1 failed in \d+\.\d s: the \[red\]gripper\[/red\] is stuck", lines[2])
    assert len(lines) == 3


def test_long_reasons_stay_on_one_line():
    reason = "because " * 60
    text = shown([TrialEvent("a"), TrialEvent("a", 1.0, "failed", reason)], terminal=False, total=1)
    assert len(text.splitlines()) == 1
    assert reason.strip() in text


@pytest.mark.parametrize("terminal", [False, True])
def test_trials_that_were_finished_before_are_counted(terminal):
    text = shown([TrialEvent("a"), TrialEvent("a", 1.0, "finished")], terminal=terminal, total=5, done=3)
    assert "reach: 3 of 5 trials are finished already." in text
    assert "[4/5] a finished" in text


def test_on_a_terminal_a_live_bar_shows_the_study_and_each_running_trial():
    text = shown(RUN[:2], terminal=True)
    assert "\x1b[" in text
    assert re.search(r"reach .*0/2", text)
    assert re.search(r"arm/ga/seed-0 .*50/100", text)


def test_on_a_terminal_ended_trials_are_printed_above_the_bar():
    text = shown(RUN, terminal=True)
    assert "[1/2] arm/ga/seed-0 finished in" in text
    assert "[2/2] arm/ga/seed-1 failed in" in text
    assert "the [red]gripper[/red] is stuck" in text


def test_the_remaining_time_follows_from_the_pace(monkeypatch):
    clock = iter([0.0, 0.0, 30.0, 30.0])
    monkeypatch.setattr("evorobo.study.progress.time.monotonic", lambda: next(clock))
    # one of four trials took 30 s, so three more take 90 s
    display = Display("reach", 4, 0, Console(file=io.StringIO()))
    display._start = next(clock)
    display._start_times["a"] = next(clock)
    display._fractions["a"] = 1.0
    assert display._remaining_time() == "about 2 min left"
    display._fractions["b"] = 0.5
    # 1.5 trials in 30 s, 2.5 to go: 50 s
    assert display._remaining_time() == "about 50 s left"
