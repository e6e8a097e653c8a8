"""The search for one method's settings: Optuna proposes, trials run, and their validation scores go back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.learners.base import Method
from evorobo.study.folders import trial_reason, trial_status
from evorobo.study.overrides import apply_overrides, get_setting
from evorobo.study.pauses import read_pauses
from evorobo.study.results import read_curve
from evorobo.study.study import Study
from evorobo.study.trial import Trial
from evorobo.study.tuning.space import Range
from evorobo.tasks.base import COST_COLUMNS, Cost


@dataclass(eq=False)
class Try:
    """Settings that a search tries, by path, and the trials that run with them; none where they are invalid.

    `score` is the mean validation score where the trials were left last, None where one failed. `cost` is what they
    have cost until then.
    """

    number: int
    settings: dict[str, Any]
    trials: list[Trial]
    failure: str = ""
    score: float | None = None
    cost: Cost = field(default_factory=Cost)

    def read(self, folder: Path, fraction: float) -> None:
        """Read the score at a fraction of the budget, and the cost, from the folders of the trials in `folder`."""
        paths = [folder / trial.path for trial in self.trials]
        self.cost, self.score = sum(map(_read_cost, paths), Cost()), None
        scores = [_read_score(path, fraction) for path in paths]
        if None in scores:
            self.failure = trial_reason(paths[scores.index(None)])
        elif scores:
            self.score = float(np.mean([score for score in scores if score is not None]))


class Search:
    """The search for the settings of one `method` of a study.

    `tries` are all tries, in their order, and `running` those that run in the present rung.
    """

    def __init__(self, method: Method, ranges: Sequence[Range], study: Study, sampler_seed: int) -> None:
        optuna = _import_optuna()
        self.method = method
        self.tries: list[Try] = []
        self.running: list[Try] = []
        self._study, self._ranges = replace(study, methods=(method,)), ranges
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

    def ask(self) -> Try:
        """Return the next try."""
        self._proposal = self._optuna.ask(self._space)
        settings = dict(self._proposal.params)
        trial = Try(len(self.tries), settings, [])
        try:
            assignments = [range_.assignment(settings[range_.path]) for range_ in self._ranges]
            trials = apply_overrides(self._study, assignments).trials()
            trial.trials = [each.placed(f"try-{trial.number:03d}") for each in trials]
        except SettingsError as error:
            trial.failure = str(error)
        self.tries.append(trial)
        self.running.append(trial)
        return trial

    def tell(self) -> None:
        """Give the sampler the score of the last try, where it has one."""
        score = self._score(self.tries[-1])
        if score is None:
            self._optuna.tell(self._proposal, state=self._failure)
        else:
            self._optuna.tell(self._proposal, score)

    def next_rung(self) -> list[Try]:
        """Return the tries with a score in the present rung, the best first, and begin the next rung."""
        scored = [each for each in self.running if each.score is not None]
        self.running = []
        return sorted(scored, key=lambda each: -(self._score(each) or 0.0))

    @property
    def best(self) -> Try | None:
        """The try with the best score in the present rung; None where there is none."""
        scored = [each for each in self.running if each.score is not None]
        return max(scored, key=lambda each: self._score(each) or 0.0, default=None)

    @property
    def n_failed(self) -> int:
        """The number of tries that failed."""
        return sum(each.score is None for each in self.tries)

    @property
    def failure_reason(self) -> str:
        """Why the last try that failed has failed."""
        return next((each.failure for each in reversed(self.tries) if each.score is None), "")

    @property
    def cost(self) -> Cost:
        """The cost of all tries."""
        return sum((each.cost for each in self.tries), Cost())

    def _score(self, trial: Try) -> float | None:
        """Return the score of a try, higher is better."""
        if trial.score is None:
            return None
        if np.isnan(trial.score):
            raise SettingsError(
                f"{self._study.tasks[0].name} has no validation rows to tune by; split some off, for example with "
                "split=RandomSplit(validation=0.1)."
            )
        return self._sign * trial.score


def has_run(folder: Path, fraction: float) -> bool:
    """Return whether the trial in a folder need not run for a rung at this fraction of its budget."""
    status = trial_status(folder)
    if status == "unfinished":
        return any(pause.fraction == fraction for pause in read_pauses(folder))
    return status in ("finished", "diverged")


def _read_score(folder: Path, fraction: float) -> float | None:
    """Return the validation score at a fraction of the budget, or at an earlier end; None where there is none."""
    for pause in read_pauses(folder):
        if pause.fraction == fraction:
            return pause.validation
    if trial_status(folder) == "finished":
        return float(read_curve(folder / "curve.csv")["validation"][-1])
    return None


def _read_cost(folder: Path) -> Cost:
    """Return the last cost that is recorded for a trial."""
    costs = [pause.cost for pause in read_pauses(folder)]
    if (folder / "curve.csv").exists():
        curve = read_curve(folder / "curve.csv")
        values = {name: _to_number(float(curve[name][-1])) for name in COST_COLUMNS if name in curve}
        costs.append(Cost(**values))  # type: ignore[arg-type]
    return max(costs, key=lambda cost: cost.wall_seconds, default=Cost())


def _to_number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise SettingsError("tuning needs Optuna: pip install 'evorobo[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
