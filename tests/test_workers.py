"""Workers are kept for further orders, fail alone, keep their word about time, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from evorobo.processes import ChildProcess
from evorobo.workers import Answer, Order, WorkerPool, closed_descriptors, stop_requested


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files of this process and its workers."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def answers(pool, *orders, **functions):
    """Return the answers in the order of the orders."""
    return [answer for _, answer in sorted(pool.run(orders, **functions), key=lambda pair: pair[0])]


def test_a_worker_is_kept_for_further_orders_and_ends_with_the_pool(temporary):
    with WorkerPool(1) as pool:
        first, second = answers(pool, Order("os:getpid", {}), Order("os:getpid", {}))
        (third,) = answers(pool, Order("os:getpid", {}))
        assert first == second == third
        assert first.value != os.getpid()
    assert not psutil.pid_exists(first.value)
    assert not list(temporary.iterdir())


def test_values_and_errors_are_answers_and_a_dead_worker_is_replaced(temporary):
    with WorkerPool(1) as pool:
        assert answers(
            pool,
            Order("builtins:dict", {"a": [1, 0.1], "b": None}),
            Order("os:_exit", {"status": 3}),
            Order("operator:nothing", {}),
            Order("hostile:no_such", {}),
            Order("builtins:dict", {"c": 2}),
        ) == [
            Answer({"a": [1, 0.1], "b": None}),
            Answer(error="its worker process died (exit status 3)"),
            Answer(error="AttributeError: module 'operator' has no attribute 'nothing'"),
            Answer(error="AttributeError: module 'hostile' has no attribute 'no_such'"),
            Answer({"c": 2}),
        ]
    assert not list(temporary.iterdir())


def test_a_fault_ends_the_worker_with_what_it_started(temporary):
    began = []
    with WorkerPool(1) as pool:
        fault = answers(
            pool,
            Order("hostile:hangs", {}),
            on_start=lambda number: began.append(time.monotonic()),
            find_fault=lambda number: "too slow" if time.monotonic() - began[0] > 0.3 else "",
        )
    assert fault == [Answer(error="too slow")]
    assert not list(temporary.iterdir())


def test_what_workers_print_reaches_the_error_stream_and_their_input_is_empty(capfd):
    with WorkerPool(1) as pool:
        (answer,) = answers(pool, Order("builtins:input", {}))
        assert answer.error.startswith("EOFError")
        answers(pool, Order("this:nothing", {}))  # the module prints a poem
    heard = capfd.readouterr()
    assert "Namespaces" in heard.err
    assert heard.out == ""


def test_this_process_is_no_worker():
    assert not stop_requested()
    assert closed_descriptors() is None


def test_children_and_folders_end_with_a_process_that_is_killed(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir()
    script = (
        "import sys, time, pathlib\nfrom evorobo.processes import ChildProcess\n"
        'child = ChildProcess(\'import subprocess, time; subprocess.run(["sleep", "60"])\','
        " folder=pathlib.Path(sys.argv[1]))\nprint(child.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE)
    child = psutil.Process(int(parent.stdout.readline()))
    while not (grandchildren := child.children()):
        time.sleep(0.01)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while folder.exists() or child.is_running() or grandchildren[0].is_running():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_exit_status_is_put_into_words():
    for program, status in [
        ("raise SystemExit(7)", "exit status 7"),
        ("import os; os.kill(os.getpid(), 15)", "SIGTERM"),
    ]:
        process = ChildProcess(program)
        assert process.exit_status() == status
        process.end()


def test_the_private_folder_of_a_worker_is_its_folder_for_temporary_files(temporary):
    with WorkerPool(1) as pool:
        (answer,) = answers(pool, Order("tempfile:mkdtemp", {}))
        assert Path(answer.value).is_relative_to(temporary.resolve())
    assert not Path(answer.value).exists()
