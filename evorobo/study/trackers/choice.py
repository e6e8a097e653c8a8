"""Which trackers a command line names: `--track mlflow:http://host:5000 --track tensorboard`."""

from __future__ import annotations

from collections.abc import Sequence

from evorobo.errors import unknown
from evorobo.study.trackers.base import Tracker, check_trackers
from evorobo.study.trackers.mlflow import MLflow
from evorobo.study.trackers.tensorboard import TensorBoard
from evorobo.study.trackers.wandb import WandB

_TRACKERS: dict[str, tuple[type[Tracker], str]] = {
    "mlflow": (MLflow, "uri"),
    "wandb": (WandB, "project"),
    "tensorboard": (TensorBoard, "folder"),
}
"""By the name on the command line, a tracker, and the setting that follows a colon."""


def make_trackers(texts: Sequence[str], x: str = "") -> list[Tracker]:
    """Return the trackers that some texts name; their steps count `x`, by default FLOPs.

    Raises `SettingsError` for a text that names none, and for a tracker whose package is missing.
    """
    trackers = []
    for text in texts:
        name, _, place = text.partition(":")
        if name not in _TRACKERS:
            raise unknown("tracker", name, _TRACKERS)
        tracker, setting = _TRACKERS[name]
        settings = {setting: place} if place else {}
        trackers.append(tracker(**settings, **({"x": x} if x else {})))
    check_trackers(trackers)
    return trackers
