"""The search for one method's settings: Optuna proposes, trials run, and their validation scores go back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.learners.base import Method
from evorobo.study.folders import trial_reason, trial_status
from evorobo.study.overrides import apply_overrides, get_setting
from evorobo.study.results import read_curve
from evorobo.study.study import Study
from evorobo.study.trial import Trial
from evorobo.study.tuning.space import Range
from evorobo.tasks.base import COST_COLUMNS, Cost


class Search:
    """The search for the settings of one `method` of a study.

    `best` is the try with the best validation score, with its settings by path. `n_failed` counts the tries without a
    score, `failure_reason` is the reason of the last of them, and `cost` is the cost of all tries.
    """

    def __init__(self, method: Method, ranges: Sequence[Range], study: Study, sampler_seed: int) -> None:
        optuna = _import_optuna()
        self.method = method
        self.best: dict[str, Any] | None = None
        self.n_failed, self.failure_reason, self.cost = 0, "", Cost()
        self._study, self._ranges, self._n_tries = replace(study, methods=(method,)), ranges, 0
        self._sign = 1 if study.tasks[0].metric_info.higher_is_better else -1
        self._optuna = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=sampler_seed))
        self._failure = optuna.trial.TrialState.FAIL
        integers, floats = optuna.distributions.IntDistribution, optuna.distributions.FloatDistribution
        self._space = {
            range_.path: (integers if range_.integer else floats)(range_.low, range_.high, log=range_.log)
            for range_ in ranges
        }
        current = {range_.path: get_setting(method, range_.field, range_.path) for range_ in ranges}
        if all(range_.contains(current[range_.path]) for range_ in ranges):
            self._optuna.enqueue_trial(current)

    def ask(self) -> list[Trial]:
        """Return the trials of the next try; none where its settings are invalid."""
        self._proposal = self._optuna.ask(self._space)
        assignments = [range_.assignment(self._proposal.params[range_.path]) for range_ in self._ranges]
        try:
            return apply_overrides(self._study, assignments).trials()
        except SettingsError as error:
            self.failure_reason = str(error)
            return []

    def tell(self, trials: Sequence[Trial], folder: Path) -> None:
        """Add the results of a try, read from the folders of its trials in `folder`."""
        paths = [folder / trial.path for trial in trials]
        curves = [read_curve(path / "curve.csv") for path in paths if (path / "curve.csv").exists()]
        for curve in curves:
            costs = {name: _to_number(float(curve[name][-1])) for name in COST_COLUMNS if name in curve}
            self.cost = self.cost + Cost(**costs)  # type: ignore[arg-type]
        number, self._n_tries = self._n_tries, self._n_tries + 1
        broken = [path for path in paths if trial_status(path) != "finished"]
        if broken or not paths:
            self.failure_reason = trial_reason(broken[0]) if broken else self.failure_reason
            self.n_failed += 1
            self._optuna.tell(self._proposal, state=self._failure)
            return
        score = float(np.mean([curve["validation"][-1] for curve in curves]))
        if np.isnan(score):
            raise SettingsError(
                f"{self._study.tasks[0].name} has no validation rows to tune by; split some off, for example with "
                "split=RandomSplit(validation=0.1)."
            )
        self._optuna.tell(self._proposal, self._sign * score)
        if self.best is None or self._sign * score > self._sign * self.best["validation"]:
            self.best = {"try": number, "validation": score, "settings": dict(self._proposal.params)}


def _to_number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise SettingsError("tuning needs Optuna: pip install 'evorobo[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
