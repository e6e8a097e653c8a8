"""A tracker that writes what it receives into a folder, so that tests see it from any process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from evorobo import Tracker, TrackerRun


@dataclass(frozen=True)
class FileTracker(Tracker):
    """Keeps the events of each trial as lines of JSON in `folder`."""

    folder: str

    def destination(self, study):
        return f"file {self.folder} {study}"

    def open(self, trial, run_id, n_rows):
        path = self._path(trial.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        runs = {event["open"] for event in self._events(trial.path) if "open" in event}
        run = FileRun(int(run_id) if run_id else len(runs) + 1, n_rows, path)
        run.write({"open": run.run_id, "study": trial.study, "settings": trial.settings})
        return run

    def break_down(self):
        (Path(self.folder) / "full").touch()

    def repair(self):
        (Path(self.folder) / "full").unlink()

    def sent(self, trial):
        """Return what was sent: ["open", run, study], the test scores of each part, and the status at a close."""
        return [
            ["open", event["open"], event["study"]]
            if "open" in event
            else event["close"]
            if "close" in event
            else [row["test"] for row in event["rows"]]
            for event in self._events(trial)
        ]

    def rows(self, trial):
        return [row for event in self._events(trial) for row in event.get("rows", [])]

    def settings(self, trial):
        return self._events(trial)[0]["settings"]

    def _path(self, trial):
        return Path(self.folder) / f"{trial.replace('/', '_')}.txt"

    def _events(self, trial):
        path = self._path(trial)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class FileRun(TrackerRun):
    def __init__(self, number, n_rows, path):
        super().__init__(str(number), n_rows)
        self._path = path

    def log(self, rows):
        self.write({"rows": rows})

    def close(self, status):
        self.write({"close": status})

    def write(self, event):
        if (self._path.parent / "full").exists():
            raise OSError(28, "No space left on device")
        if "open" in event:
            event["open"] = int(event["open"])
        with self._path.open("a") as file:
            file.write(json.dumps(event) + "\n")
