"""What a study has done so far, read from its logs, locks and progress files while it runs; nothing is written.

Each update reads only what the logs have grown by. Files that are being replaced or removed meanwhile are read at the
next update.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import EvoroboError
from evorobo.files import as_path
from evorobo.printable import MAX_SHOWN, printable
from evorobo.study.folders import LOCK, PROGRESS_FILE, STATUSES, UNFINISHED
from evorobo.study.locks import POLL_SECONDS, LockReader
from evorobo.study.pauses import PAUSED, describe_pause, latest_pause
from evorobo.study.records import read_record
from evorobo.study.results import Results, Run, load_study, seed_folders
from evorobo.tasks.base import COST_COLUMNS, FLOPS_COLUMNS

ENDED = ("finished", "diverged", "failed")
_TAIL = 64  # bytes before the end of what was read; where they have changed, the file is another one
IDLE_SECONDS = 30.0
"""How long no trial may run before a study of which a part has ended counts as over; the rest was left out."""
START_SECONDS = 15.0
"""How long a study that was just started may take until it writes its settings."""
_MIN_SECONDS = 1.0  # between two updates
_CPU_SHARE = 0.015
"""The part of one processor that following may use: where an update takes longer, the next one comes later."""
_SEED_SECONDS = 60.0  # how often the folders are searched for trials that the settings do not have


class LogReader:
    """The rows of a `curve.csv` that grows, is cut and is written anew while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.rows: list[list[float]] = []
        self._inode, self._offset, self._tail = 0, 0, b""

    def update(self) -> bool:
        """Read the complete rows that were added; return whether anything changed."""
        try:
            status = self.path.stat()
            if (status.st_ino, status.st_size) == (self._inode, self._offset):
                return False
            with self.path.open("rb") as file:
                file.seek(max(self._offset - len(self._tail), 0))
                content = file.read()
        except OSError:
            return self._forget()
        changed = False
        if status.st_ino != self._inode or not content.startswith(self._tail):
            changed = self._forget()
            with suppress(OSError):
                content = self.path.read_bytes()
        self._inode = status.st_ino
        added = content[len(self._tail) :]
        added = added[: added.rfind(b"\n") + 1]
        return self._add(added) or changed

    def column(self, name: str) -> Array:
        """A column `(n_rows,)`; NaN where it is missing."""
        if name not in self.columns:
            return np.full(len(self.rows), np.nan)
        number = self.columns.index(name)
        return np.array([row[number] for row in self.rows], float)

    def _forget(self) -> bool:
        had_rows = bool(self.rows)
        self.columns, self.rows = [], []
        self._inode, self._offset, self._tail = 0, 0, b""
        return had_rows

    def _add(self, added: bytes) -> bool:
        if not added:
            return False
        n_rows = len(self.rows)
        with suppress(ValueError, csv.Error):  # a damaged row ends what is shown of the trial
            for cells in csv.reader(added.decode("utf-8").splitlines()):
                if not self.columns:
                    self.columns = cells
                elif len(cells) == len(self.columns):
                    self.rows.append([float(cell) if cell else np.nan for cell in cells])
        self._offset += len(added)
        self._tail = (self._tail + added)[-_TAIL:]
        return len(self.rows) != n_rows


@dataclass(eq=False)
class WatchedTrial:
    """One trial as its folder shows it.

    `status` is "waiting" before the first step, "running", "paused" where tuning left it, "interrupted" where no
    process runs it any longer, or how it ended. `completed_fraction` is the part of its budget that is spent.
    """

    folder: Path
    task: str
    method: str
    seed: int
    limits: Mapping[str, float]
    status: str = "waiting"
    completed_fraction: float = 0.0
    reason: str = ""
    ended_at: float = 0.0
    log: LogReader = field(init=False)
    _result: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.log = LogReader(self.folder / "curve.csv")
        self.lock = LockReader(self.folder / LOCK)

    @property
    def path(self) -> str:
        """The name of the trial in its study."""
        return f"{self.task}/{self.method}/seed-{self.seed}"

    @property
    def score(self) -> float:
        """The latest test score; NaN before the first eval."""
        test = self.log.column("test")
        return float(test[-1]) if len(test) else float("nan")

    def update(self) -> bool:
        """Read what is new in the folder; return whether anything changed."""
        before = (self.status, self.completed_fraction)
        ended = self._read_result()
        if ended and self.status in ENDED:
            return False  # nothing of it changes any longer
        changed = self.log.update()
        if ended:
            self.status, self.completed_fraction = ended, 1.0
        else:
            is_held = self.lock.is_held()
            begun = self.log.rows or (self.folder / "checkpoint.npz").exists()
            pause = None if is_held else latest_pause(self.folder)
            self.reason = describe_pause(pause) if pause else ""
            self.status = "running" if is_held else PAUSED if pause else "interrupted" if begun else "waiting"
            self.completed_fraction = self._fraction(is_held)
        return changed or before != (self.status, self.completed_fraction)

    def _read_result(self) -> str:
        """Return how the trial ended; an empty text while it has not."""
        path = self.folder / "result.json"
        try:
            status = path.stat()
            if self._result == (status.st_ino, status.st_mtime_ns):
                return self.status if self.status in ENDED else ""
            content = read_record(path)
        except (OSError, EvoroboError):
            self._result, self.reason = None, ""
            if self.status in ENDED:
                self.status = "waiting"
            return ""
        self._result, self.ended_at = (status.st_ino, status.st_mtime_ns), status.st_mtime
        self.reason = printable(content.get("reason", ""), MAX_SHOWN)
        self.status = "waiting"
        return content["status"] if content.get("status") in STATUSES[:3] else ""

    def _fraction(self, is_held: bool) -> float:
        if is_held:
            with suppress(OSError, ValueError):
                fraction = float((self.folder / PROGRESS_FILE).read_text())
                if 0 <= fraction <= 1:
                    return fraction
        if not self.log.rows:
            return 0.0
        used = [self._cost(name) / limit for name, limit in self.limits.items()]
        parts = [(now[-1] - now[0]) / (1 - now[0]) for now in used if np.isfinite(now[[0, -1]]).all() and now[0] < 1]
        return float(min(max(parts, default=0.0), 1.0))

    def _cost(self, name: str) -> Array:
        if name == "flops":
            return np.nansum([self.log.column(part) for part in FLOPS_COLUMNS], axis=0)
        return self.log.column(name)


def wait_for_study(folder: Path, on_wait: Callable[[], None], seconds: float = START_SECONDS) -> None:
    """Wait until a study in `folder` has written its settings, or for `seconds`; `on_wait` is called before.

    A folder that is a part of a study, or holds studies, is not waited for.
    """
    others = [*(parent / "study.json" for parent in folder.parents[:3]), *sorted(folder.glob("*/study.json"))]
    if (folder / "study.json").is_file() or any(path.is_file() for path in others):
        return
    on_wait()
    end = time.monotonic() + seconds
    while not (folder / "study.json").is_file() and time.monotonic() < end:
        time.sleep(POLL_SECONDS)


class StudyMonitor:
    """All trials of a study in its folder.

    Raises `ResultsError` where there is no study.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = as_path(folder)
        self.trials: list[WatchedTrial] = []
        self.version = 0
        self._settings: tuple[int, int] = (0, 0)
        self._searched = -_SEED_SECONDS
        self._paces: list[tuple[float, float]] = []
        self._ran_at = time.monotonic()
        self._was_over = False
        self.results: Results = load_study(self.folder)

    def update(self) -> bool:
        """Read what is new; return whether anything changed. `version` then has another value."""
        changed = self._update_settings() + sum(trial.update() for trial in self.trials) > 0
        now, done = time.monotonic(), sum(trial.completed_fraction for trial in self.trials)
        if self.count("running"):
            self._ran_at = now
        was_over, self._was_over = self._was_over, self.is_over
        changed = changed or was_over != self._was_over
        self.version += changed
        self._paces = [(at, then) for at, then in self._paces if now - at < 300 and then <= done] + [(now, done)]
        return changed

    def count(self, *statuses: str) -> int:
        """The number of trials with one of these statuses."""
        return sum(trial.status in statuses for trial in self.trials)

    def to_results(self, trials: Sequence[WatchedTrial] | None = None, *, trust: bool = False) -> Results:
        """What was read of some trials, or of all, as `load` gives it; a trial that has not ended is unfinished."""
        runs = []
        for trial in self.trials if trials is None else trials:
            columns = trial.log.columns if {*COST_COLUMNS, "test"} <= set(trial.log.columns) else []
            curve = {name: trial.log.column(name) for name in columns} if trial.log.rows else {}
            status = trial.status if trial.status in (*ENDED, PAUSED) else UNFINISHED
            runs.append(Run(trial.folder, trial.task, trial.method, trial.seed, status, trial.reason, curve))
        return replace(self.results, runs=runs, trust=trust)

    @property
    def has_ended(self) -> bool:
        """Whether every trial has ended."""
        return all(trial.status in ENDED for trial in self.trials)

    @property
    def is_over(self) -> bool:
        """Whether every trial has ended, or all that were begun have and none has run for half a minute.

        A run with `--only` or `--shard` leaves out the others.
        """
        is_idle = time.monotonic() - self._ran_at >= IDLE_SECONDS
        is_complete = self.count(*ENDED, PAUSED) > 0 and not self.count("running", "interrupted")
        return self.has_ended or (is_idle and is_complete)

    @property
    def remaining_seconds(self) -> float:
        """The time that is left by the pace of the last minutes, or else by the logs; NaN where neither is known."""
        missing = sum(1 - trial.completed_fraction for trial in self.trials)
        if not missing or not self.count("running"):
            return float("nan")
        (begin, before), (end, done) = self._paces[0], self._paces[-1]
        if end - begin > 20 and done > before:
            return missing * (end - begin) / (done - before)
        return self._estimate()

    def _estimate(self) -> float:
        """The time that is left by the seconds that the logs have, for as many processes as run now."""
        seconds: dict[tuple[str, str], list[float]] = {}
        for trial in self.trials:
            if trial.log.rows and trial.completed_fraction > 0.02:
                spent = trial.log.column("wall_seconds")[-1]
                if np.isfinite(spent):
                    seconds.setdefault((trial.task, trial.method), []).append(spent / trial.completed_fraction)
        if not seconds:
            return float("nan")
        means = {cell: float(np.mean(values)) for cell, values in seconds.items()}
        usual = float(np.mean(list(means.values())))
        left = sum((1 - one.completed_fraction) * means.get((one.task, one.method), usual) for one in self.trials)
        processes = {trial.lock.owner for trial in self.trials if trial.status == "running"}
        return left / max(len(processes), 1)

    def _update_settings(self) -> bool:
        """Read the settings of the study again where a run has changed them, and search for further seeds."""
        with suppress(OSError, EvoroboError):  # it is being replaced
            status = (self.folder / "study.json").stat()
            settings = (status.st_ino, status.st_mtime_ns)
            if settings == self._settings and time.monotonic() - self._searched < _SEED_SECONDS:
                return False
            if settings != self._settings:
                self.results, self._settings = load_study(self.folder), settings
            self._searched = time.monotonic()
            return self._find_trials()
        return False

    def _find_trials(self) -> bool:
        known = {trial.path: trial for trial in self.trials}
        settings = self.results.settings
        limits = _limits(settings.get("budget"))
        n_methods = len(settings.get("methods") or self.results.methods)
        trials = []
        for task in self.results.tasks:
            for number, method in enumerate(self.results.methods):
                cell = self.folder / task / method
                planned = _seeds(settings.get("seeds")) if number < n_methods else []
                for seed in sorted({*planned, *(seed_folders(cell) if cell.is_dir() else ())}):
                    trial = WatchedTrial(cell / f"seed-{seed}", task, method, seed, limits)
                    trials.append(known.get(trial.path, trial))
        changed = len(trials) != len(self.trials)
        self.trials = trials
        return changed


def updates(
    monitor: StudyMonitor,
    should_stop: Callable[[], bool] | None = None,
    lock: AbstractContextManager[object] | None = None,
) -> Iterator[bool]:
    """Update as often as the share of the processor allows, and yield whether something has changed.

    It ends when the study is over, or else when `should_stop()` returns True. `lock` is held during each update.
    """
    while True:
        begin = time.thread_time()
        with lock or nullcontext():
            changed = monitor.update()
        yield changed
        seconds = max(_MIN_SECONDS, (time.thread_time() - begin) / _CPU_SHARE)
        if should_stop is None:
            if monitor.is_over:
                return
            time.sleep(seconds)
            continue
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if should_stop():
                return
            time.sleep(min(left, POLL_SECONDS))


def _limits(budget: Any) -> dict[str, float]:
    pairs = budget.items() if isinstance(budget, dict) else ()
    return {
        name: float(limit)
        for name, limit in pairs
        if name != "n_evals" and isinstance(limit, int | float) and not isinstance(limit, bool) and limit > 0
    }


def _seeds(seeds: Any) -> Sequence[int]:
    return [seed for seed in seeds if isinstance(seed, int)] if isinstance(seeds, list) else []
