"""The search for one method's settings: Optuna proposes, trials are run, their validation scores are told back."""

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
    """At work on `method` of `study`. `best` is the try that validated best, with its settings by path; `failed` counts
    those that came to nothing, the last of them for the reason `why`; `cost` is what all have paid."""

    def __init__(self, method: Method, ranges: Sequence[Range], study: Study, sampler_seed: int) -> None:
        optuna = _optuna()
        self.method = method
        self.best: dict[str, Any] | None = None
        self.n_failed, self.failure_reason, self.cost = 0, "", Cost()
        self._study, self._ranges, self._tried = replace(study, methods=(method,)), ranges, 0
        self._sign = 1 if study.tasks[0].metric_info.higher_is_better else -1
        self._optuna = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=sampler_seed))
        self._failure = optuna.trial.TrialState.FAIL
        whole, real = optuna.distributions.IntDistribution, optuna.distributions.FloatDistribution
        self._space = {
            each.path: (whole if each.integer else real)(each.low, each.high, log=each.log) for each in ranges
        }
        usual = {each.path: get_setting(method, each.field, each.path) for each in ranges}
        if all(each.contains(usual[each.path]) for each in ranges):
            self._optuna.enqueue_trial(usual)

    def ask(self) -> list[Trial]:
        """The trials of the next try; none where its settings cannot be."""
        self._asked = self._optuna.ask(self._space)
        assignments = [each.assignment(self._asked.params[each.path]) for each in self._ranges]
        try:
            return apply_overrides(self._study, assignments).trials()
        except SettingsError as error:
            self.failure_reason = str(error)
            return []

    def tell(self, trials: Sequence[Trial], folder: Path) -> None:
        """What became of them, as their folders in `folder` say."""
        places = [folder / trial.path for trial in trials]
        curves = [read_curve(place / "curve.csv") for place in places if (place / "curve.csv").exists()]
        for curve in curves:
            paid = {name: float(curve[name][-1]) for name in COST_COLUMNS}
            self.cost = self.cost + Cost(**{name: _whole(value) for name, value in paid.items()})  # type: ignore[arg-type]
        number, self._tried = self._tried, self._tried + 1
        broken = [place for place in places if trial_status(place) != "finished"]
        if broken or not places:
            self.failure_reason = trial_reason(broken[0]) if broken else self.failure_reason
            self.n_failed += 1
            self._optuna.tell(self._asked, state=self._failure)
            return
        worth = float(np.mean([curve["validation"][-1] for curve in curves]))
        if np.isnan(worth):
            raise SettingsError(
                f"{self._study.tasks[0].name} has no validation rows to tune by; split some off, for example with "
                "split=RandomSplit(validation=0.1)."
            )
        self._optuna.tell(self._asked, self._sign * worth)
        if self.best is None or self._sign * worth > self._sign * self.best["validation"]:
            self.best = {"try": number, "validation": worth, "settings": dict(self._asked.params)}


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise SettingsError("tuning needs Optuna: pip install 'evorobo[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
