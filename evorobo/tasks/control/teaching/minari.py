"""Minari data sets: folders of recorded episodes that others share, read and written with h5py and JSON alone."""

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
from evorobo.files import write_atomically, write_json
from evorobo.tasks.control.spaces import make_flattener


def space_to_json(space: Any) -> str:
    """Raises `SettingsError` for a kind of space that has no text."""
    return json.dumps(_plain(space))


def space_from_json(text: str) -> Any:
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


VERSION = "0.5.4"
"""The Minari whose layout this is: `data/main_data.hdf5` with a group for each episode, `data/metadata.json`."""
DATA, ABOUT = Path("data") / "main_data.hdf5", Path("data") / "metadata.json"


@dataclass(frozen=True, eq=False)
class EpisodeMetadata:
    """What a data set tells besides observations and actions: the `spec` of its gymnasium environment and its spaces,
    `rewards (steps,)`, the `last` observation of each episode `(episodes, k)`, and whether it was `terminated`
    `(episodes,)` or cut off."""

    spec: Any
    observation_space: Any
    action_space: Any
    rewards: Array
    final_observations: Array
    terminated: np.ndarray


def read(folder: Path) -> dict[str, np.ndarray]:
    """`observations (steps, k)`, flat as networks see them, `actions` and `episode` of all steps.

    The observation after the last action, which nobody acted on, is left out. Raises `DataError` for a folder that
    holds no such data set, or a damaged one, and `SettingsError` where h5py is not installed.
    """
    if not (folder / DATA).is_file():
        raise DataError(f"{folder} is no Minari data set; it has no {DATA}.")
    h5py = _h5py()
    try:
        with h5py.File(folder / DATA, "r") as file:
            about = json.loads((folder / ABOUT).read_text()) if (folder / ABOUT).is_file() else {}
            space = space_from_json(about["observation_space"]) if "observation_space" in about else None
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
    """The steps and their story as a data set that `minari.load_dataset` reads.

    Minari looks for data sets below the folder MINARI_DATASETS_PATH, and finds them there under their way from it.
    """
    name = _name(folder)
    if not re.fullmatch(r"([-\w]+[-\w/]*[-\w]/)?[-\w]+-v\d+", name):
        raise SettingsError(
            f"a Minari data set is called name-v0 or group/name-v0, group of 2 letters or more, not {name!r}."
        )
    from gymnasium.spaces import unflatten

    h5py, content = _h5py(), io.BytesIO()
    with h5py.File(content, "w", track_order=True) as file:
        for number, old in enumerate(np.unique(episode)):
            rows = np.flatnonzero(episode == old)
            ends = np.arange(len(rows)) == len(rows) - 1
            group = file.create_group(f"episode_{number}")
            group.attrs["id"], group.attrs["total_steps"] = number, len(rows)
            sensed = np.concatenate([observations[rows], metadata.final_observations[number : number + 1]])
            elements = [unflatten(metadata.observation_space, each) for each in sensed]
            _store(group, "observations", elements, metadata.observation_space)
            group["actions"], group["rewards"] = actions[rows], metadata.rewards[rows]
            group["terminations"] = ends & metadata.terminated[number]
            group["truncations"] = ends & ~metadata.terminated[number]
            group.create_group("infos")  # Minari cannot print episodes without it
    about = {
        "total_episodes": len(metadata.final_observations),
        "total_steps": len(actions),
        "data_format": "hdf5",
        "observation_space": space_to_json(metadata.observation_space),
        "action_space": space_to_json(metadata.action_space),
        "dataset_id": name,
        "minari_version": VERSION,
        **_described(metadata.spec),
    }
    write_atomically(folder / DATA, content.getvalue())
    write_json(folder / ABOUT, about)


def _episode(group: Any, space: Any, where: str) -> tuple[Array, np.ndarray]:
    """Observations that were acted on, flat, and the actions."""
    if not isinstance(group["actions"], _h5py().Dataset):
        raise DataError(f"{where} has actions in parts (Dict or Tuple), and a network here has one kind of action.")
    actions, sensed = group["actions"][()], group["observations"]
    if space is None:
        observations = np.asarray(sensed[()]).reshape(len(sensed), -1)
    else:
        size, flatten = make_flattener(space)
        elements = _elements(sensed, space)
        observations = np.reshape([flatten(element) for element in elements], (len(elements), size))
    if len(observations) - len(actions) not in (0, 1):
        raise DataError(f"{where} has {len(observations)} observations and {len(actions)} actions; it needs one more.")
    return observations[: len(actions)], actions


def _elements(stored: Any, space: Any) -> list[Any]:
    """What is stored in a column for each leaf of the space, step by step."""
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
    """The way back: a column for each leaf of the space."""
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
    """The name under which Minari finds it: its way from the folder of all data sets, if it lies there."""
    root = Path(os.environ.get("MINARI_DATASETS_PATH", Path.home() / ".minari" / "datasets")).resolve()
    whole = folder.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else folder.name


def _described(spec: Any) -> dict[str, str]:
    """How the environment is made, if that can be written down."""
    try:
        return {"env_spec": spec.to_json()}
    except (TypeError, ValueError):  # made of a class or with options that JSON does not know: no way to make it again
        return {}


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise SettingsError("Minari data sets need h5py; pip install 'evorobo[minari]'.") from error
    return h5py
