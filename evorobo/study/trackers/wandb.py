"""Weights & Biases: a run for each trial, with its settings as configuration and each eval as a step."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from evorobo.registry import register_component
from evorobo.study.trackers.base import StepColumn, TrackedTrial, Tracker, TrackerRun


@register_component("tracker", "WandB")
@dataclass(frozen=True)
class WandB(Tracker):
    """Send the evals to Weights & Biases: one run for each trial, grouped by task and method.

    Parameters
    ----------
    project : str, optional
        Name of the project. Default: `WANDB_PROJECT`, else the name of the study.
    folder : str, optional
        The folder in which wandb keeps its files. Default: `WANDB_DIR`, else the current folder.
    offline : bool, default False
        Write files only, which `wandb sync` sends later. `WANDB_MODE=offline` does the same.
    x : str, default "flops"
        The cost that is the axis of all charts: "flops", "env_steps", "episodes", "samples", ...

    Examples
    --------
    >>> from evorobo import WandB
    >>> WandB("robots", offline=True).destination("lamp")
    'wandb robots'
    """

    project: str = ""
    folder: str = ""
    offline: bool = False
    x: StepColumn = "flops"
    package: ClassVar[str] = "wandb"

    def destination(self, study: str) -> str:
        """Return the project.

        Parameters
        ----------
        study : str
            Name of the study.

        Returns
        -------
        str
            The project with its entity, if one is set.
        """
        return " ".join(filter(None, ["wandb", os.environ.get("WANDB_ENTITY", ""), self._project(study)]))

    def open(self, trial: TrackedTrial, run_id: str, n_rows: int) -> TrackerRun:
        """Begin the run of a trial, or continue it.

        Parameters
        ----------
        trial : TrackedTrial
            The trial.
        run_id : str
            The ID of the run, or an empty text.
        n_rows : int
            How many rows this run was given. The step of a row is its number, and wandb takes each step once.

        Returns
        -------
        TrackerRun
            The run.
        """
        import wandb

        run_id = run_id or uuid.uuid4().hex[:12]
        run = wandb.init(
            project=self._project(trial.study),
            id=run_id,
            resume="allow",
            reinit="create_new",  # several trials run at a time
            mode="offline" if self.offline else None,
            dir=self.folder or None,
            name=trial.path,
            group=f"{trial.task}/{trial.method}",
            config=dict(trial.settings),
            settings=wandb.Settings(silent=True, console="off", x_disable_stats=True),
        )
        run.define_metric(self.x)
        run.define_metric("*", step_metric=self.x)
        return _Run(run, run_id, n_rows)

    def _project(self, study: str) -> str:
        return self.project or os.environ.get("WANDB_PROJECT", "") or study


class _Run(TrackerRun):
    def __init__(self, run: Any, run_id: str, n_rows: int) -> None:
        super().__init__(run_id, n_rows)
        self._run = run

    def log(self, rows: Sequence[Mapping[str, float]]) -> None:
        for step, row in enumerate(rows, self.n_rows):
            self._run.log(dict(row), step=step)

    def close(self, status: str) -> None:
        self._run.summary["status"] = status
        self._run.finish(exit_code=0 if status == "finished" else 1)
