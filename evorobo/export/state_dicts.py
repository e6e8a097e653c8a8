"""Files of PyTorch and Stable-Baselines3, read as the state_dict of one network, in arrays of double precision."""

from __future__ import annotations

import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.files import check_expansion, check_zip, open_plain, parse_json_object
from evorobo.learners.stable_baselines.policies import KNOWN_POLICIES, TORCH_ACTIVATIONS, KnownPolicy

TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".tar", ".bin", ".zip")


@dataclass(frozen=True)
class StateDict:
    """The parameters of one network by name, in the order of the file, and the kind of policy, if it is a known one."""

    arrays: dict[str, Array]
    policy: KnownPolicy | None = None


_NO_ACTOR = re.compile(r"value|critic|target|(^|_)(vf|qf?\d)")


def read_torch_file(path: Path, only: Sequence[str]) -> StateDict:
    """The network in a file. Only tensors, numbers and text are read: no code runs that comes with the file.

    Raises `DataError` for a file that is damaged or holds other objects, `SettingsError` where PyTorch is missing.
    """
    if path.suffix.lower() != ".zip":
        with open_plain(path) as file:
            check_zip(file, path, path.stat().st_size)
            return read_state_dict(_load(file, path), str(path), only)
    try:
        with zipfile.ZipFile(path) as archive:
            check_expansion(path, sum(member.file_size for member in archive.infolist()), path.stat().st_size)
            content, settings = (
                io.BytesIO(archive.read("policy.pth")),
                parse_json_object(archive.read("data"), str(path)),
            )
    except (KeyError, ValueError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged or no archive of Stable-Baselines3 ({error}).") from error
    check_zip(content, path, content.getbuffer().nbytes)
    state = read_state_dict(_load(content, path), str(path), only)
    return replace(state, policy=state.policy and _with_settings(state.policy, settings, str(path)))


def read_state_dict(content: Mapping[str, Any], where: str, only: Sequence[str]) -> StateDict:
    """The network in a state_dict, or in a checkpoint that holds state_dicts beside other things.

    Raises `DataError` where it holds several networks and `only` does not choose one.
    """
    networks = dict(_find_networks(content)) or {"": _arrays(content)}
    places = {f"{path}.{name}" if path else name: (path, name) for path in networks for name in networks[path]}
    chosen = [places[full] for full in select_names(places, only)]
    chosen = chosen or [(path, name) for path in networks for name in select_names(networks[path], only)]
    paths = list(dict.fromkeys(path for path, _ in chosen))
    if len(paths) > 1:
        raise DataError(
            f'{where} holds several networks, {", ".join(paths)}; choose one with only=("{paths[0]}",) '
            f"(--only {paths[0]})."
        )
    arrays = {name: networks[path][name] for path, name in chosen}
    policy = _recognize(networks[paths[0]]) if paths else None
    if policy and not only:
        arrays = {name: arrays[name] for name in select_names(arrays, policy.only)}
    elif policy and len(select_names(arrays, policy.only)) < len(arrays):
        policy = None  # other weights of the same file
    elif not only:
        _check_single(arrays, where)
    return StateDict({name: _to_array(value, f"{where}: {name}") for name, value in arrays.items()}, policy)


def _load(content: IO[bytes], path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise SettingsError(f"reading {path.name} needs PyTorch: pip install 'evorobo[torch]'.") from error
    try:
        with torch.serialization.safe_globals(_numpy_globals()):
            loaded = torch.load(content, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises a dozen different kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path} is damaged, or holds more than a state_dict ({reason}); save the model's state_dict() alone."
        ) from error
    if not isinstance(loaded, Mapping):
        raise DataError(f"{path} holds a {type(loaded).__name__}; save the model's state_dict().")
    return loaded


def _numpy_globals() -> list[Any]:
    """What rebuilds numbers and arrays of NumPy, which checkpoints hold beside tensors: data, not code."""
    from numpy._core.multiarray import _reconstruct, scalar

    kinds = {type(np.dtype(code)) for code in np.typecodes["AllFloat"] + np.typecodes["AllInteger"] + "?"}
    older = [(scalar, "numpy.core.multiarray.scalar"), (_reconstruct, "numpy.core.multiarray._reconstruct")]
    return [scalar, _reconstruct, np.ndarray, np.dtype, *kinds, *older]


def _find_networks(content: Mapping[Any, Any], path: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """The state_dicts in a checkpoint with their paths, such as "model_state_dict". Optimizers are left out."""
    arrays = _arrays(content)
    if any(name.rpartition(".")[2].startswith(("weight", "bias", "running_")) for name in arrays):
        yield path, arrays
    for key, value in content.items():
        if isinstance(value, Mapping) and "param_groups" not in value and depth < 8:
            yield from _find_networks(value, f"{path}.{key}" if path else str(key), depth + 1)


def _arrays(content: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in content.items()
        if isinstance(key, str)
        and (isinstance(value, np.ndarray) or _is_tensor(value))
        and not key.endswith("num_batches_tracked")
    }


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _to_array(value: Any, where: str) -> Array:
    if not _is_tensor(value):
        array = np.asarray(value)
        if array.dtype.kind not in "fiuV":  # V: bfloat16
            raise DataError(f"{where} holds {array.dtype}, not real numbers.")
        return array.astype(np.float64)
    if not value.is_floating_point():
        raise DataError(f"{where} holds {value.dtype}, not real numbers; quantized weights have no counterpart here.")
    try:
        tensor = value.detach().to("cpu")
        array = (tensor.to_dense() if tensor.is_sparse else tensor).double().numpy()
    except (RuntimeError, NotImplementedError) as error:  # a tensor without data
        raise DataError(f"{where} cannot be read ({str(error).splitlines()[0]}).") from error
    return np.array(array)


def select_names(names: Iterable[str], only: Sequence[str]) -> list[str]:
    """The names that begin with a whole part of `only`, such as "actor" in "actor.0.weight", or else with its text."""
    names = list(names)
    if not only:
        return names
    chosen: set[str] = set()
    for prefix in only:
        begin = prefix.removesuffix(".") + "."
        parts = {name for name in names if name.startswith(begin) or name == prefix}
        chosen |= parts or {name for name in names if name.startswith(prefix)}
    return [name for name in names if name in chosen]


def _recognize(arrays: Mapping[str, Any]) -> KnownPolicy | None:
    if any("features_extractor." in name for name in arrays):  # a network of its own before the known one
        return None
    return next((policy for names, policy in KNOWN_POLICIES if arrays.keys() >= set(names)), None)


def _with_settings(policy: KnownPolicy, settings: Any, where: str) -> KnownPolicy:
    """The policy with the activations that the settings in an archive of Stable-Baselines3 name."""
    kwargs = settings.get("policy_kwargs") if isinstance(settings, dict) else None
    kwargs = kwargs if isinstance(kwargs, dict) else {}
    if given := re.search(r"(\w+)'>$", str(kwargs.get("activation_fn"))):
        if (name := given.group(1)) not in TORCH_ACTIVATIONS:
            raise DataError(f"{where}: the activation {name} of its hidden layers has no counterpart here.")
        policy = replace(policy, activation=TORCH_ACTIVATIONS[name])
    return replace(policy, output="tanh") if kwargs.get("squash_output") else policy


def _check_single(arrays: Mapping[str, Any], where: str) -> None:
    """Raise `DataError` where the names are those of several networks, an actor and a critic for example."""
    paths = [name.rpartition(".")[0].split(".") for name in arrays]
    while paths and len({path[0] for path in paths}) == 1 and min(map(len, paths)) > 1:
        paths = [path[1:] for path in paths]
    layers: dict[str, set[str]] = {}
    for path in paths:
        layers.setdefault(path[0], set()).add(".".join(path))
    others = [name for name in layers if _NO_ACTOR.search(name.lower())]
    large = [name for name, inner in layers.items() if len(inner) > 1]
    if len(large) > 1 or 0 < len(others) < len(layers):
        raise DataError(
            f"{where} holds layers of several networks, {', '.join(layers)}; name those that compute the outputs with "
            "only=(...) (--only)."
        )
