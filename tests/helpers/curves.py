"""Learning curves on disk, compared as bytes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from evorobo.study.log import TIME_COLUMNS


def without_times(path: Path) -> str:
    """A `curve.csv` as it is written, but for the columns that a clock filled."""
    header, *rows = csv.reader(io.StringIO(path.read_text()))
    kept = [number for number, name in enumerate(header) if name not in TIME_COLUMNS]
    return "\n".join(",".join(row[number] for number in kept) for row in (header, *rows))


def all_curves(folder: Path) -> dict[str, str]:
    """Every curve under `folder`, by the path of its trial."""
    paths = sorted(folder.rglob("curve.csv"))
    return {path.parent.relative_to(folder).as_posix(): without_times(path) for path in paths}


def read_result(folder: Path) -> dict[str, Any]:
    """The `result.json` of a trial, but for the digests, which depend on the columns that a clock filled."""
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    result.pop("sha256", None)
    return result


def result_of(folder: Path) -> tuple[str, bytes, dict[str, Any]]:
    """All that a trial has found, without its times: its curve, its genome and its result."""
    return without_times(folder / "curve.csv"), (folder / "genome.npz").read_bytes(), read_result(folder)
