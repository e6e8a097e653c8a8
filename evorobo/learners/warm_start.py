"""Warm starts: learning begins at a genome instead of random weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.dense import Dense
from evorobo.nets.genome import Genome, part_not_finite
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Scoring


def first_genome(warm_start: Genome | str | None, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> Genome:
    """Return the genome at which learning starts: a genome, that of a file, or for None the random one of `rng`.

    The random genome is drawn in any case, so that all later random numbers are those of a cold start. Raises
    `SettingsError` for a warm start of another network, or whose inputs or outputs are scaled in another way.
    """
    cold = Genome(spec, spec.init(rng), task.input_scaler, task.output_scaler, _initial_stats(spec))
    return cold if warm_start is None else fitting_genome(warm_start, task, cold)


def fitting_genome(warm_start: Genome | str, task: Scoring, cold: Genome) -> Genome:
    """Return a warm start, a genome or its file, that can replace the genome of a cold start; see `first_genome`."""
    spec = cold.spec
    genome = warm_start if isinstance(warm_start, Genome) else Genome.load(warm_start)
    start = "the warm start" if isinstance(warm_start, Genome) else f"the warm start {warm_start}"
    if genome.actions != cold.actions and cold.actions == "clip":
        raise SettingsError(
            f"{start} ends in a tanh, and this method in motor values, clipped to their limits; begin at a genome that "
            "the same method has learned, or use a method that ends in a tanh."
        )
    if genome.spec != spec:
        raise SettingsError(
            f"{start} is a network {_shape(genome.spec)}, and {task.name} is learned by one {_shape(spec)}; set hidden "
            "to the layers of the genome."
        )
    if genome.actions != cold.actions:
        raise SettingsError(f"{start} gives motor values, clipped to their limits, and methods here train others.")
    if part := part_not_finite(genome):
        raise SettingsError(f"{start} holds {part} that are not finite numbers; begin at another genome.")
    if normalizes_observations(task) and genome.observation_moments is None:
        raise SettingsError(
            f"{start} holds no statistics of observations, with which {task.name} would go on to normalize; set "
            "normalize=False in the task, which keeps the scaling of the genome."
        )
    for side, own in (("input", task.input_scaler), ("output", task.output_scaler)):
        given = genome.input_scaler if side == "input" else genome.output_scaler
        if own is not None and not _equal(own, given):
            raise SettingsError(
                f"{start} scales its {side}s in another way than {task.name}, whose scaling comes from its training "
                "rows; learn the genome on the same data and split."
            )
    return genome


def normalizes_observations(task: Scoring) -> bool:
    """Whether inputs are scaled by the observations of the run. Data sets are scaled by their training rows."""
    return task.input_scaler is None and bool(getattr(task, "normalize", False))


def first_observations(genome: Genome) -> RunningMoments:
    """The statistics of observations that come with a genome, to which a learner adds its own."""
    return genome.observation_moments or RunningMoments.empty(genome.spec.n_inputs)


def with_observations(genome: Genome, observed: RunningMoments) -> Genome:
    """Return a genome that scales its inputs by these statistics; as it is if there are none."""
    if not observed.count:
        return genome
    return replace(genome, input_scaler=observed.scaler, observation_moments=observed)


def _initial_stats(spec: NetworkSpec) -> np.ndarray | None:
    return spec.init_running_stats() if spec.n_running_stats else None


def _shape(spec: NetworkSpec) -> str:
    """The layers of a network in words: "2 -> Dense 8 tanh -> Dense 2 tanh"."""
    layers = (
        " ".join([type(layer).__name__, str(width), *([layer.activation] if hasattr(layer, "activation") else [])])
        for layer, width in zip(spec.layers, spec.widths[1:], strict=True)
    )
    return " -> ".join([str(spec.n_inputs), *layers])


def _equal(one: Scaler, other: Scaler | None) -> bool:
    return other is not None and np.array_equal(one.mean, other.mean) and np.array_equal(one.sd, other.sd)


def genome_state(genome: Genome) -> dict[str, Any]:
    """Return a genome as arrays and plain values, without its network."""
    parts = {name: getattr(genome, name) for name in ("input_scaler", "output_scaler", "observation_moments")}
    return {
        "weights": genome.weights,
        "running_stats": genome.running_stats,
        "actions": genome.actions,
        **{name: dict(vars(part)) if part is not None else None for name, part in parts.items()},
    }


def restored_genome(spec: NetworkSpec, state: Mapping[str, Any]) -> Genome:
    """Return the genome of a `genome_state`. One that gives motor values, clipped, has a last layer without tanh."""
    if state["actions"] == "clip" and isinstance(last := spec.layers[-1], Dense):
        spec = replace(spec, layers=(*spec.layers[:-1], replace(last, activation="identity")))
    kinds = {"input_scaler": Scaler, "output_scaler": Scaler, "observation_moments": RunningMoments}
    parts: dict[str, Any] = {name: kind(**state[name]) if state[name] else None for name, kind in kinds.items()}
    return Genome(spec, state["weights"], running_stats=state["running_stats"], actions=state["actions"], **parts)
