"""Teachers with noise and mixtures of teachers, besides the functions and files that a task's `teacher` takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.fields import Limits, NonNegativeFloat, Probability
from evorobo.registry import register_component
from evorobo.tasks.control.spaces import BoxDecoder, Decoder
from evorobo.tasks.control.teaching.experts import Expert, MixedExperts, NoisyExpert

ExpertFactory = Callable[[np.random.Generator], Expert]
"""Makes an expert without memory of earlier steps, with random numbers from a generator."""


@register_component("teacher", "NoisyTeacher")
@dataclass(frozen=True)
class NoisyTeacher:
    """A teacher with noise on its actions, so that its demonstrations also show how to recover from errors.

    The labels are the intended actions, as in DART.

    Parameters
    ----------
    teacher : callable, str, NoisyTeacher, MixedTeachers or None, default None
        The teacher without noise (see `ControlTask`); None is the robot's own.
    noise : float, default 0.0
        Standard deviation of the Gaussian noise on each motor, whose range is -1 to 1 here. At least 0.
    random_action_rate : float, default 0.0
        The share of steps with a random action, 0 to 1.
    noisy_labels : bool, default False
        Take the executed actions as labels instead.

    Raises
    ------
    SettingsError
        If a number is out of range, or both kinds of noise are 0.

    References
    ----------
    Laskey, M., Lee, J., Fox, R., Dragan, A. & Goldberg, K. (2017). DART: noise injection for robust imitation learning.
    Conference on Robot Learning, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import ControlTask, NoisyTeacher
    >>> task = ControlTask("evorobo/Phototaxis-v0", teacher=NoisyTeacher(noise=0.3), n_demonstrations=2)
    >>> task.examples(np.random.default_rng(0)).targets.shape
    (400, 2)
    """

    teacher: Teacher = None
    noise: NonNegativeFloat = 0.0
    random_action_rate: Probability = 0.0
    noisy_labels: bool = False

    def __post_init__(self) -> None:
        if not self.noise and not self.random_action_rate:
            raise SettingsError("a noisy teacher needs noise (of motors) or a random_action_rate; set one of them.")

    def experts(self, find_expert: Callable[[Teacher], ExpertFactory], decoder: Decoder) -> ExpertFactory:
        """Make experts of this teacher.

        Parameters
        ----------
        find_expert : callable
            Returns what makes experts of the teacher without noise.
        decoder : Decoder
            The conversion between network outputs and actions.

        Returns
        -------
        callable
            A function from a generator to a new expert.

        Raises
        ------
        SettingsError
            For noise of motors where actions are moves.
        """
        if self.noise and not isinstance(decoder, BoxDecoder):
            raise SettingsError(
                f"noise={self.noise:g} is for motors, and this robot has moves; set random_action_rate={self.noise:g}."
            )
        make_expert = find_expert(self.teacher)
        return lambda rng: NoisyExpert(
            make_expert(rng), decoder, self.noise, self.random_action_rate, self.noisy_labels, rng
        )


@register_component("teacher", "MixedTeachers")
@dataclass(frozen=True)
class MixedTeachers:
    """Several teachers, one of which is drawn for each episode: demonstrations of different experts.

    Parameters
    ----------
    teachers : tuple
        One or more teachers (see `ControlTask`).
    proportions : tuple of float or None, default None
        How often each teacher is drawn, 0 or more, in any unit; None is equally often.

    Raises
    ------
    SettingsError
        If there is no teacher, or the proportions do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import ControlTask, MixedTeachers, NoisyTeacher
    >>> teachers = MixedTeachers((None, NoisyTeacher(noise=1.0)), proportions=(3, 1))
    >>> task = ControlTask("evorobo/Phototaxis-v0", teacher=teachers, max_steps=10)
    >>> task.examples(np.random.default_rng(0)).cost.episodes
    20
    """

    teachers: Annotated[tuple[Teacher, ...], Limits(min_length=1)]
    proportions: tuple[NonNegativeFloat, ...] | None = None

    def __post_init__(self) -> None:
        if self.proportions is None:
            return
        if len(self.proportions) != len(self.teachers):
            raise SettingsError(
                f"there are {len(self.proportions)} proportions for {len(self.teachers)} teachers; give one for each."
            )
        if not any(self.proportions):
            raise SettingsError(f"the proportions {self.proportions} are all 0; set one of them above 0.")

    def experts(self, find_expert: Callable[[Teacher], ExpertFactory], decoder: Decoder) -> ExpertFactory:
        """Make experts that draw one of the teachers for each episode.

        Parameters
        ----------
        find_expert : callable
            Returns what makes experts of a teacher.
        decoder : Decoder
            The conversion between network outputs and actions.

        Returns
        -------
        callable
            A function from a generator to a new expert.
        """
        factories = [find_expert(teacher) for teacher in self.teachers]
        weights = np.ones(len(factories)) if self.proportions is None else np.array(self.proportions, float)
        return lambda rng: MixedExperts([make(rng) for make in factories], weights / weights.sum(), rng)


Teacher = Callable[[Any], Any] | str | NoisyTeacher | MixedTeachers | None
"""A function from observation to action, the path of a genome or recording, one of the above, or the robot's own."""
