"""Scores a part of a generation in a worker: weights go in and scores come out as plain data, with all their bits."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evorobo.arrays import Array
from evorobo.nets.scaling import Scaler
from evorobo.processes import cpu_seconds
from evorobo.settings import from_plain
from evorobo.tasks.spreading import score_here


@dataclass(frozen=True)
class Part:
    """Scores of some members as plain data, what they cost, and the state of the generator after them."""

    values: dict[str, Any]
    measures: dict[str, Any] | None
    cost: dict[str, Any]
    rng: dict[str, Any]
    cpu_seconds: float


def score_part(
    task: Any, measures: list[str], spec: Any, weights: dict[str, Any], rng: dict[str, Any], scaler: Any
) -> dict[str, Any]:
    """Return the fields of a `Part`, for members with `weights` and a generator in the state `rng`."""
    generator = np.random.Generator(getattr(np.random, rng["bit_generator"])())
    generator.bit_generator.state = rng
    before = cpu_seconds()
    with threadpool_limits(1):
        scores = score_here(
            _settings(json.dumps(task)),
            measures,
            _settings(json.dumps(spec)),
            unpack(weights),
            generator,
            scaler and Scaler(*map(unpack, scaler)),
        )
    return vars(
        Part(
            pack(scores.values),
            None if scores.measures is None else pack(scores.measures),
            vars(scores.cost),
            dict(generator.bit_generator.state),
            cpu_seconds() - before,
        )
    )


@lru_cache(8)  # the next generation finds its environment open
def _settings(text: str) -> Any:
    return from_plain(json.loads(text), imports=True)


def pack(array: Array) -> dict[str, Any]:
    """Return an array as plain data."""
    return {"type": array.dtype.str, "shape": list(array.shape), "base64": base64.b64encode(array.tobytes()).decode()}


def unpack(plain: dict[str, Any]) -> Array:
    """Return the array that `pack` was given."""
    flat = np.frombuffer(base64.b64decode(plain["base64"]), np.dtype(plain["type"]))
    return flat.reshape(plain["shape"]).copy()
