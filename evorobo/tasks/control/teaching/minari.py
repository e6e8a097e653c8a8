"""Minari data sets: folders of recorded episodes, read and written with h5py and JSON."""

from __future__ import annotations

import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, EvoroboError, SettingsError
from evorobo.files import check_expansion, parse_json_object, read_json, write_atomically, write_json
from evorobo.tasks.control.spaces import make_flattener, unflatten


def space_to_json(space: Any) -> str:
    """The text of a space, as Minari writes it. Raises `SettingsError` for a kind of space without a text."""
    return json.dumps(_to_plain(space))


def space_from_json(text: str) -> Any:
    """The space of a text. Raises `DataError` for another kind of space."""
    return _from_plain(parse_json_object(text, "the text of a space"))


def _to_plain(space: Any) -> dict[str, Any]:
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
            return {"type": "Dict", "subspaces": {key: _to_plain(part) for key, part in space.spaces.items()}}
        case spaces.Tuple():
            return {"type": "Tuple", "subspaces": [_to_plain(part) for part in space.spaces]}
    raise SettingsError(f"a space of kind {type(space).__name__} cannot be written for Minari.")


def _from_plain(plain: dict[str, Any]) -> Any:
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
            return spaces.Dict({key: _from_plain(part) for key, part in plain["subspaces"].items()})
        case "Tuple":
            return spaces.Tuple([_from_plain(part) for part in plain["subspaces"]])
    raise DataError(f"it holds a space of kind {plain['type']!r}; networks here need numbers.")


VERSION = "0.5.4"
"""The version of Minari whose layout is written: `data/main_data.hdf5` and `data/metadata.json`."""
DATA, METADATA = Path("data") / "main_data.hdf5", Path("data") / "metadata.json"


@dataclass(frozen=True, eq=False)
class EpisodeMetadata:
    """What a data set holds besides observations and actions.

    `spec` is the gymnasium spec of the environment. `rewards (steps,)` are those of all steps. Each episode has a final
    observation `(episodes, k)`, and `terminated (episodes,)` is False where it was truncated.
    """

    spec: Any
    observation_space: Any
    action_space: Any
    rewards: Array
    final_observations: Array
    terminated: np.ndarray


def read(folder: Path) -> dict[str, np.ndarray]:
    """Read flat `observations (steps, k)`, `actions` and `episode` of all steps.

    The observation after the last action of an episode is left out. Raises `DataError` for a folder that holds no data
    set or a damaged one, and `SettingsError` where h5py is not installed.
    """
    if not (folder / DATA).is_file():
        raise DataError(f"{folder} is no Minari data set; it has no {DATA}.")
    h5py = _h5py()
    try:
        with h5py.File(folder / DATA, "r") as file:
            metadata = read_json(folder / METADATA, "Minari data set") if (folder / METADATA).is_file() else {}
            space = space_from_json(metadata["observation_space"]) if "observation_space" in metadata else None
            _check_sizes(file, folder / DATA)
            names = sorted((name for name in file if name.startswith("episode_")), key=lambda name: int(name[8:]))
            episodes = [_episode(file[name], space, f"{folder}, {name}") for name in names]
        if not episodes:
            raise DataError(f"{folder} is a Minari data set without episodes.")
        observations, actions = (np.concatenate(parts) for parts in zip(*episodes, strict=True))
    except EvoroboError:
        raise
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise DataError(f"{folder} is a damaged Minari data set ({error}); download or record it again.") from error
    return {
        "observations": observations,
        "actions": actions,
        "episode": np.repeat(np.arange(len(episodes)), [len(actions) for _, actions in episodes]),
    }


def write(
    folder: Path, observations: Array, actions: np.ndarray, episode: np.ndarray, metadata: EpisodeMetadata
) -> None:
    """Write steps and their metadata as a data set that `minari.load_dataset` reads.

    Minari finds data sets below the folder MINARI_DATASETS_PATH, under their path from it.
    """
    name = _name(folder)
    if not re.fullmatch(r"([-\w]+[-\w/]*[-\w]/)?[-\w]+-v\d+", name):
        raise SettingsError(
            f"a Minari data set needs a name such as name-v0 or group/name-v0, not {name!r}; "
            "groups have at least 2 letters."
        )
    h5py, content = _h5py(), io.BytesIO()
    with h5py.File(content, "w", track_order=True) as file:
        for number, label in enumerate(np.unique(episode)):
            rows = np.flatnonzero(episode == label)
            ends = np.arange(len(rows)) == len(rows) - 1
            group = file.create_group(f"episode_{number}")
            group.attrs["id"], group.attrs["total_steps"] = number, len(rows)
            flat = np.concatenate([observations[rows], metadata.final_observations[number : number + 1]])
            elements = [unflatten(metadata.observation_space, row) for row in flat]
            _store(group, "observations", elements, metadata.observation_space)
            group["actions"], group["rewards"] = actions[rows], metadata.rewards[rows]
            group["terminations"] = ends & metadata.terminated[number]
            group["truncations"] = ends & ~metadata.terminated[number]
            group.create_group("infos")  # Minari cannot print episodes without it
    description = {
        "total_episodes": len(metadata.final_observations),
        "total_steps": len(actions),
        "data_format": "hdf5",
        "observation_space": space_to_json(metadata.observation_space),
        "action_space": space_to_json(metadata.action_space),
        "dataset_id": name,
        "minari_version": VERSION,
        **_env_spec(metadata.spec),
    }
    write_atomically(folder / DATA, content.getvalue())
    write_json(folder / METADATA, description)


def _check_sizes(file: Any, path: Path) -> None:
    """Raise `DataError` where the arrays of an HDF5 file are far larger than the file."""
    sizes: list[int] = []

    def add(name: str, part: Any) -> None:
        if isinstance(part, _h5py().Dataset):
            sizes.append(part.size * part.dtype.itemsize if part.size else 0)

    file.visititems(add)
    check_expansion(path, sum(sizes), path.stat().st_size)


def _episode(group: Any, space: Any, where: str) -> tuple[Array, np.ndarray]:
    """The flat observations that have an action, and the actions."""
    if not isinstance(group["actions"], _h5py().Dataset):
        raise DataError(f"{where} has actions in parts (Dict or Tuple); a network here needs one kind of action.")
    actions, stored = group["actions"][()], group["observations"]
    if space is None:
        observations = np.asarray(stored[()]).reshape(len(stored), -1)
    else:
        size, flatten = make_flattener(space)
        elements = _elements(stored, space)
        observations = np.reshape([flatten(element) for element in elements], (len(elements), size))
    if len(observations) - len(actions) not in (0, 1):
        raise DataError(f"{where} has {len(observations)} observations and {len(actions)} actions; it needs one more.")
    return observations[: len(actions)], actions


def _elements(stored: Any, space: Any) -> list[Any]:
    """The elements of a space, step by step, from a column for each leaf of the space."""
    from gymnasium import spaces

    match space:
        case spaces.Dict():
            columns = {key: _elements(stored[key], part) for key, part in space.spaces.items()}
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        case spaces.Tuple():
            parts = [_elements(stored[f"_index_{at}"], part) for at, part in enumerate(space.spaces)]
            return list(zip(*parts, strict=True))
    return list(stored[()])


def _store(group: Any, name: str, elements: list[Any], space: Any) -> None:
    """Store the elements of a space in a column for each leaf."""
    from gymnasium import spaces

    match space:
        case spaces.Dict():
            for key, part in space.spaces.items():
                _store(group.require_group(name), key, [element[key] for element in elements], part)
        case spaces.Tuple():
            for at, part in enumerate(space.spaces):
                _store(group.require_group(name), f"_index_{at}", [element[at] for element in elements], part)
        case _:
            group[name] = np.stack(elements)


def _name(folder: Path) -> str:
    """The name of a data set for Minari: its path from the folder of all data sets, if it is below it."""
    root = Path(os.environ.get("MINARI_DATASETS_PATH", Path.home() / ".minari" / "datasets")).resolve()
    path = folder.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else folder.name


def _env_spec(spec: Any) -> dict[str, str]:
    """The gymnasium spec as JSON, if it can be written."""
    try:
        return {"env_spec": spec.to_json()}
    except (TypeError, ValueError):  # made of a class, or with options that JSON does not know
        return {}


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise SettingsError("Minari data sets need h5py; pip install 'evorobo[minari]'.") from error
    return h5py
