"""Teachers that stray on purpose, or are several: what a task's `teacher=` takes besides functions and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.registry import register_component
from evorobo.tasks.control.spaces import BoxDecoder, Decoder
from evorobo.tasks.control.teaching.experts import Expert, MixedExperts, NoisyExpert

ExpertFactory = Callable[[np.random.Generator], Expert]
"""Makes a teacher at the wheel who remembers nothing yet, with chance from a generator."""


@register_component("teacher", "NoisyTeacher")
@dataclass(frozen=True)
class NoisyTeacher:
    """A teacher whose hand is unsteady, so that its demonstrations show how to come back from where it never goes.

    `noise` is the deviation of the Gaussian noise added to its motors, each of which ranges from -1 to 1 here; `slips`
    is the share of steps at which a random action is taken instead. To be learned is what the teacher meant to do, as
    in DART (Laskey et al. 2017, section 4), or with `noisy_labels` what was done. None is the robot's own teacher.
    """

    teacher: Teacher = None
    noise: float = 0.0
    random_action_rate: float = 0.0
    noisy_labels: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.noise < np.inf:
            raise SettingsError(f"noise must be 0 or more, not {self.noise!r}.")
        if not 0 <= self.random_action_rate <= 1:
            raise SettingsError(f"slips are a share of the steps, 0 to 1, not {self.random_action_rate!r}.")
        if not self.noise and not self.random_action_rate:
            raise SettingsError("a noisy teacher needs noise (of motors) or slips (random actions); give one of them.")

    def experts(self, of: Callable[[Teacher], ExpertFactory], decoder: Decoder) -> ExpertFactory:
        """This teacher at the wheel; `of` finds the one whose hand it is."""
        if self.noise and not isinstance(decoder, BoxDecoder):
            raise SettingsError(
                f"moves are chosen, and noise={self.noise:g} is for motors; take random_action_rate={self.noise:g}."
            )
        steady = of(self.teacher)
        return lambda rng: NoisyExpert(
            steady(rng), decoder, self.noise, self.random_action_rate, self.noisy_labels, rng
        )


@register_component("teacher", "MixedTeachers")
@dataclass(frozen=True)
class MixedTeachers:
    """Several teachers, one drawn for each episode by `shares` (left out: all alike): data of more than one mind."""

    teachers: tuple[Teacher, ...]
    proportions: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.teachers:
            raise SettingsError("mixed teachers are at least one.")
        if self.proportions is None:
            return
        if len(self.proportions) != len(self.teachers):
            raise SettingsError(f"{len(self.proportions)} shares for {len(self.teachers)} teachers; give one for each.")
        if not all(0 <= share < np.inf for share in self.proportions) or not sum(self.proportions) > 0:
            raise SettingsError(f"shares of teachers are 0 or more, and not all of them 0, not {self.proportions}.")

    def experts(self, of: Callable[[Teacher], ExpertFactory], decoder: Decoder) -> ExpertFactory:
        """These teachers at the wheel; `of` finds each of them."""
        makers = [of(teacher) for teacher in self.teachers]
        shares = np.ones(len(makers)) if self.proportions is None else np.array(self.proportions, float)
        return lambda rng: MixedExperts([make(rng) for make in makers], shares / shares.sum(), rng)


Teacher = Callable[[Any], Any] | str | NoisyTeacher | MixedTeachers | None
"""A function from observation to action, the path of a genome or a recording, one of the above, or the robot's own."""
