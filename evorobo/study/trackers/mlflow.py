"""MLflow: an MLflow run for each trial, with its settings as parameters and each eval as metrics."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from evorobo.registry import register_component
from evorobo.study.trackers.base import StepColumn, TrackedTrial, Tracker, TrackerRun, flatten

_MAX_VALUE, _MAX_PARAMS, _MAX_METRICS = 6000, 100, 1000  # limits of MLflow, for a value and for a request
_COUNTED = "generations"  # a column that every row has, so its points are the rows
_STATUSES = {"finished": "FINISHED", "interrupted": "KILLED"}


@register_component("tracker", "MLflow")
@dataclass(frozen=True)
class MLflow(Tracker):
    """Send the evals to MLflow: one run for each trial, in one experiment for the study.

    Parameters
    ----------
    uri : str, optional
        The tracking server or database. Default: `MLFLOW_TRACKING_URI`, else MLflow's own default.
    experiment : str, optional
        Name of the experiment. Default: `MLFLOW_EXPERIMENT_NAME`, else the name of the study.
    x : str, default "flops"
        The cost that the steps of metrics count: "flops", "env_steps", "episodes", "samples", ...

    Examples
    --------
    >>> from evorobo import MLflow
    >>> MLflow("http://localhost:5000").destination("lamp")
    'mlflow http://localhost:5000 lamp'
    """

    uri: str = ""
    experiment: str = ""
    x: StepColumn = "flops"
    package: ClassVar[str] = "mlflow"

    def destination(self, study: str) -> str:
        """Return the server and the experiment.

        Parameters
        ----------
        study : str
            Name of the study.

        Returns
        -------
        str
            Both in one text.
        """
        return f"mlflow {self.uri or os.environ.get('MLFLOW_TRACKING_URI', '')} {self._experiment(study)}"

    def open(self, trial: TrackedTrial, run_id: str, n_rows: int) -> TrackerRun:
        """Begin the run of a trial, or continue it; the server says how many rows it has.

        Parameters
        ----------
        trial : TrackedTrial
            The trial.
        run_id : str
            MLflow's run ID, or an empty text.
        n_rows : int
            How many rows this run was given.

        Returns
        -------
        TrackerRun
            The run.
        """
        client = _client(self.uri)
        if run_id:
            client.update_run(run_id, status="RUNNING")
            n_rows = len(client.get_metric_history(run_id, _COUNTED))
            return _Run(client, run_id, n_rows, self.x, trial.started_at)
        experiment = client.get_experiment_by_name(self._experiment(trial.study))
        number = experiment.experiment_id if experiment else client.create_experiment(self._experiment(trial.study))
        about = {"study": trial.study, "task": trial.task, "method": trial.method, "seed": str(trial.seed)}
        start = int(1000 * trial.started_at)
        run_id = client.create_run(number, start_time=start, tags=about, run_name=trial.path).info.run_id
        _log_params(client, run_id, trial.settings)
        return _Run(client, run_id, 0, self.x, trial.started_at)

    def _experiment(self, study: str) -> str:
        return self.experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME", "") or study


class _Run(TrackerRun):
    def __init__(self, client: Any, run_id: str, n_rows: int, x: str, started_at: float) -> None:
        super().__init__(run_id, n_rows)
        self._client, self._x, self._started_at = client, x, started_at

    def log(self, rows: Sequence[Mapping[str, float]]) -> None:
        from mlflow.entities import Metric

        metrics: list[Any] = []
        for row in rows:
            if len(metrics) + len(row) > _MAX_METRICS:
                self._client.log_batch(self.run_id, metrics=metrics)
                metrics = []
            time = int(1000 * (self._started_at + row.get("wall_seconds", 0.0)))
            step = int(row.get(self._x, 0))
            metrics += [Metric(_key(name), value, time, step) for name, value in row.items()]
        self._client.log_batch(self.run_id, metrics=metrics)

    def close(self, status: str) -> None:
        self._client.set_tag(self.run_id, "status", status)
        self._client.set_terminated(self.run_id, _STATUSES.get(status, "FAILED"))


def _log_params(client: Any, run_id: str, settings: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    params = [
        Param(_key(name), (value if isinstance(value, str) else json.dumps(value))[:_MAX_VALUE])
        for name, value in flatten(settings).items()
    ]
    for first in range(0, len(params), _MAX_PARAMS):
        client.log_batch(run_id, params=params[first : first + _MAX_PARAMS])


def _key(name: str) -> str:
    """Return a name with the letters that MLflow takes."""
    return re.sub(r"[^\w\-. /]", "_", name)


@cache
def _client(uri: str) -> Any:
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # we try again ourselves
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=uri or None)
