"""Gymnasium's spaces as JSON texts, as Minari's metadata have them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from evorobo.errors import DataError, SettingsError


def as_json(space: Any) -> str:
    """Raises `SettingsError` for a kind of space that has no text."""
    return json.dumps(_plain(space))


def of_json(text: str) -> Any:
    """The space again. Raises `DataError` for a text of another kind."""
    return _space(json.loads(text))


def _plain(space: Any) -> dict[str, Any]:
    from gymnasium import spaces

    match space:
        case spaces.Box():
            ends = {"low": space.low.tolist(), "high": space.high.tolist()}
            return {"type": "Box", "dtype": str(space.dtype), "shape": list(space.shape), **ends}
        case spaces.Discrete():
            return {"type": "Discrete", "dtype": "int64", "start": int(space.start), "n": int(space.n)}
        case spaces.MultiDiscrete():
            sizes = {"nvec": space.nvec.tolist(), "start": space.start.tolist()}
            return {"type": "MultiDiscrete", "dtype": str(space.dtype), **sizes}
        case spaces.MultiBinary():
            return {"type": "MultiBinary", "n": np.array(space.n).tolist()}
        case spaces.Dict():
            return {"type": "Dict", "subspaces": {key: _plain(part) for key, part in space.spaces.items()}}
        case spaces.Tuple():
            return {"type": "Tuple", "subspaces": [_plain(part) for part in space.spaces]}
    raise SettingsError(f"a space of kind {type(space).__name__} cannot be written down for Minari.")


def _space(plain: dict[str, Any]) -> Any:
    from gymnasium import spaces

    match plain["type"]:
        case "Box":
            low, high = (np.array(plain[end], plain["dtype"]) for end in ("low", "high"))
            return spaces.Box(low, high, tuple(plain["shape"]), np.dtype(plain["dtype"]).type)
        case "Discrete":
            return spaces.Discrete(plain["n"], start=plain["start"])
        case "MultiDiscrete":
            return spaces.MultiDiscrete(plain["nvec"], np.dtype(plain["dtype"]).type, start=plain["start"])
        case "MultiBinary":
            return spaces.MultiBinary(plain["n"])
        case "Dict":
            return spaces.Dict({key: _space(part) for key, part in plain["subspaces"].items()})
        case "Tuple":
            return spaces.Tuple([_space(part) for part in plain["subspaces"]])
    raise DataError(f"it holds a space of kind {plain['type']!r}, and networks here read numbers.")
