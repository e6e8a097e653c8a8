"""`evorobo watch` beside a study with two jobs that is killed and continued: no traceback, right, and cheap."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.reproduction]

SCRIPT = """
import evorobo as er
task = er.ControlTask("evorobo/Phototaxis-v0", episodes=4, test_episodes=20)
methods = [er.Evolution(er.CMAES()), er.Evolution(er.OpenAIES())]
study = er.Study.grid("watched", tasks=[task], methods=methods, seeds=4, budget=er.Budget(flops=4e7), hidden=(8,))
if __name__ == "__main__":
    er.main(study)
"""
CPU_SECONDS_PER_MINUTE = 1.2


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_study_that_is_killed_and_continued(tmp_path):
    script, results = tmp_path / "watched.py", tmp_path / "results"
    script.write_text(SCRIPT)

    def run():
        command = [sys.executable, str(script), "--jobs", "2", "--results", str(results)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **quiet)

    study = run()
    while not (results / "watched" / "study.json").exists():
        time.sleep(0.1)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "evorobo", "watch", str(results / "watched")]
    watch = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    text, begin, cpu = b"", time.monotonic(), []
    until = {"kill": begin + 8, "check": begin + 14, "continue": begin + 16}
    try:
        while watch.poll() is None:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    text += os.read(ours, 2**16)
                except OSError:  # the other end is closed
                    break
            now = time.monotonic()
            if watch.poll() is None:
                cpu.append((now - begin, cpu_seconds(watch.pid)))
            assert now - begin < 300
            if "kill" in until and now > until["kill"]:
                del until["kill"]
                os.killpg(study.pid, signal.SIGKILL)
                study.wait()
                killed = len(text)
            elif "check" in until and now > until["check"]:
                del until["check"]
                assert "interrupted" in text[killed:].decode(errors="replace")
                assert "no process runs it now" in text[killed:].decode(errors="replace")
            elif "continue" in until and now > until["continue"]:
                del until["continue"]
                study = run()
        status = watch.wait(20)
        study.wait(60)
    finally:
        for process in (study, watch):
            if process.poll() is None:
                process.kill()
            process.wait()
        os.close(ours)
    assert status == 0
    assert "8 of 8 trials finished" in text[-2000:].decode(errors="replace")
    assert b"Traceback" not in text
    seconds, spent = cpu[-1]
    print(f"{spent:.2f} s of CPU time in {seconds:.0f} s")
    assert spent < CPU_SECONDS_PER_MINUTE * max(seconds / 60, 1), (seconds, spent)
