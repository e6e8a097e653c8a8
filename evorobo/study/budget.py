"""How much a trial may spend, in any column of the ledger, and when to look at what it has learned."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from evorobo.checks import check_integer, check_positive
from evorobo.errors import SettingsError, unknown
from evorobo.registry import register_component
from evorobo.tasks.base import Cost


@register_component("settings", "Budget")
@dataclass(frozen=True)
class Budget:
    """`Budget(flops=1e9)`, `Budget(env_steps=200_000)`; with several limits the first one reached ends the trial.

    `flops` are forward and backward together: the currency that both teachers spend. `generations` are the learner's
    steps: generations of evolution, mini-batches of backprop. Seconds are honest but no run repeats them exactly.
    The last step may overshoot; what was really spent is in the log. `looks` log-spaced looks at the test score are
    taken, from 1 % of the budget to its end, besides one at the start.
    """

    env_steps: float | None = None
    episodes: float | None = None
    samples: float | None = None
    flops: float | None = None
    forward_flops: float | None = None
    backward_flops: float | None = None
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    generations: float | None = None
    n_evals: int = 25

    def __post_init__(self) -> None:
        if not self.limits:
            raise SettingsError("a budget needs a limit: Budget(flops=1e9), Budget(env_steps=200_000), ...")
        check_positive(**self.limits)
        check_integer(1, n_evals=self.n_evals)

    @classmethod
    def parse(cls, text: str) -> Budget:
        """From the command line: `flops=1e9` or `env_steps=1e5,n_evals=10`."""
        settings: dict[str, float] = {}
        known = [field.name for field in fields(cls)]
        for part in text.split(","):
            name, _, value = part.partition("=")
            if name.strip() not in known:
                raise unknown("cost column", name.strip(), known)
            try:
                settings[name.strip()] = float(value)
            except ValueError as error:
                raise SettingsError(f"{part!r} is no budget; write {name.strip()}=1e6.") from error
        looks = settings.pop("n_evals", cls.n_evals)
        return cls(**settings, n_evals=int(looks) if float(looks).is_integer() else looks)  # type: ignore[arg-type]

    @property
    def as_text(self) -> str:
        return ", ".join(f"{name}={limit:g}" for name, limit in self.limits.items())

    @cached_property
    def limits(self) -> dict[str, float]:
        names = [field.name for field in fields(self) if field.name != "n_evals"]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def used_fractions(self, cost: Cost, generations: int) -> list[float]:
        """How much of each limit is gone; the trial is over when the largest reaches 1."""
        return [
            (generations if name == "generations" else getattr(cost, name)) / limit
            for name, limit in self.limits.items()
        ]

    @property
    def eval_fractions(self) -> list[float]:
        """The shares of the budget at which to look."""
        return [1.0] if self.n_evals == 1 else [float(share) for share in np.geomspace(0.01, 1.0, self.n_evals)]
