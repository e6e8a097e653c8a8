"""Components by kind and key: what a file adds with one call, settings files, lists and exporters find here.

A key is a stable name of its own. It is what a settings file (`trial.json`) and a genome file store, so a class can be
renamed without breaking them. The folder of a kind is imported at the first look-up, never at start-up.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar

from evorobo.errors import SettingsError, unknown
from evorobo.fields import checks_fields

_HOMES = {
    "task": ("evorobo.tasks.control.task", "evorobo.tasks.data.task"),
    "method": (
        "evorobo.learners.backprop",
        "evorobo.learners.evolution",
        "evorobo.learners.gradients",
        "evorobo.learners.policy_gradients",
        "evorobo.learners.stable_baselines.method",
        "evorobo.learners.stages",
    ),
    "strategy": ("evorobo.learners.evolution.strategies", "evorobo.learners.evolution.wrappers"),
    "operator": ("evorobo.learners.evolution.operators",),
    "layer": ("evorobo.nets",),
    "activation": ("evorobo.nets.activations",),
    "initializer": ("evorobo.nets.initializers",),
    "loss": ("evorobo.nets.losses", "evorobo.nets.cross_entropy"),
    "optimizer": ("evorobo.nets.optimizers", "evorobo.nets.clip_up"),
    "schedule": ("evorobo.nets.schedules",),
    "penalty": ("evorobo.learners.penalties",),
    "callback": ("evorobo.study.stopping",),
    "tracker": ("evorobo.study.trackers",),
    "teacher": ("evorobo.tasks.control.teaching.teachers",),
    "split": ("evorobo.tasks.data.splits",),
    "metric": ("evorobo.tasks.data.metrics", "evorobo.tasks.data.class_metrics"),
    "data set": ("evorobo.tasks.data.catalogue",),
    "exporter": ("evorobo.export",),
    "style": (),  # of methods in figures; those of the package are in evorobo.report.figures.style
    "settings": (
        "evorobo.study",
        "evorobo.nets.output",
        "evorobo.learners.budget",
        "evorobo.learners.stages",
        "evorobo.nets.data_format",
        "evorobo.learners.backprop",
        "evorobo.learners.evolution.strategies",
        "evorobo.learners.evolution.wrappers",
    ),
}
"""The kinds of components, and where those of the package are: modules, or folders with a module for each."""

T = TypeVar("T")


@dataclass(frozen=True)
class Component:
    """One registered thing, and the name of the module that registered it."""

    kind: str
    key: str
    thing: Any
    module: str


_components: dict[str, dict[str, Component]] = {kind: {} for kind in _HOMES}
_keys: dict[int, str] = {}
_loaded: set[str] = set()


def register_component(kind: str, key: str) -> Callable[[T], T]:
    """Register what follows under `kind` and `key`; a class decorator, or a call on a finished object.

    Parameters
    ----------
    kind : str
        One of "activation", "callback", "data set", "exporter", "initializer", "layer", "loss", "method", "metric",
        "operator" (of a genetic algorithm), "optimizer", "penalty", "schedule", "settings" (parts of any of these),
        "split", "strategy", "style" (of a method in figures), "task", "teacher", "tracker".
    key : str
        The name in settings, lists and files; it must not change once files refer to it.

    Returns
    -------
    Callable
        A function that registers its argument and returns it unchanged.

    Raises
    ------
    SettingsError
        Where the kind is unknown, or the key is taken by something defined elsewhere.

    Examples
    --------
    >>> from evorobo import register_component
    >>> @register_component("schedule", "Halved")
    ... class Halved:
    ...     pass
    """
    if kind not in _HOMES:
        raise unknown("kind of component", kind, _HOMES)

    def register(thing: T) -> T:
        module = _module_of(thing)
        if not is_own(module):
            _load(kind)
        before = _components[kind].get(key)
        if before is not None and (_source(before.module), _name(before.thing)) != (_source(module), _name(thing)):
            raise SettingsError(f"the {kind} {key!r} is already defined in {before.module}; choose another key.")
        _components[kind][key] = Component(kind, key, thing, module)
        if isinstance(thing, type):
            _keys[id(thing)] = key
            if is_dataclass(thing):
                checks_fields(thing)
        return thing

    return register


def find(kind: str, key: str, *, load: bool = True) -> Component | None:
    """The component of that kind and key, or None; without `load` only among what is imported already."""
    if load and key not in _components[kind]:
        _load(kind)
    return _components[kind].get(key)


def lookup(kind: str, key: str) -> Any:
    """The component of that kind and key. Raises `SettingsError` for an unknown one, with the nearest known key."""
    component = find(kind, key)
    if component is None:
        raise unknown(kind, key, _components[kind])
    return component.thing


def components(kind: str) -> Iterator[Component]:
    """All components of a kind: those of the package in the order of their keys, then those of the user's files."""
    _load(kind)
    yield from sorted(_components[kind].values(), key=lambda one: (not is_own(one.module), one.key.lower()))


def kinds() -> list[str]:
    """The kinds of components that can be listed and registered."""
    return list(_HOMES)


def key_of(thing: Any) -> str | None:
    """The key of a class of the package; None for what is not registered, or is registered by a user's file."""
    return _keys.get(id(thing)) if is_own(getattr(thing, "__module__", "")) else None


def class_of(key: str) -> type:
    """The class of settings with that key, whatever its kind. Raises `SettingsError` for an unknown key."""
    for load in (False, True):
        for kind in _HOMES:
            if load:
                _load(kind)
            found = _components[kind].get(key)
            if found is not None and isinstance(found.thing, type) and is_own(found.module):
                return found.thing
    every = [key for kind in _components.values() for key, one in kind.items() if isinstance(one.thing, type)]
    raise unknown("name", key, every)


def module_of(kind: str, key: str) -> str:
    """The module that registered a component."""
    lookup(kind, key)
    return _components[kind][key].module


def _load(kind: str) -> None:
    if kind in _loaded:
        return
    _loaded.add(kind)
    for home in _HOMES[kind]:
        module = importlib.import_module(home)
        for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
            if not found.ispkg:
                importlib.import_module(f"{home}.{found.name}")


def is_own(module: str) -> bool:
    """Whether a module belongs to the package, not to a user."""
    return module.split(".")[0] == "evorobo"


def has_components(module: str) -> bool:
    """Whether a module has registered components."""
    return any(component.module == module for kind in _components.values() for component in kind.values())


def _source(module: str) -> str:
    """The file of a module, which may be imported under two names; else the name."""
    return getattr(sys.modules.get(module), "__file__", None) or module


def _name(thing: Any) -> str:
    return str(getattr(thing, "__qualname__", getattr(thing, "name", "")))


def _module_of(thing: Any) -> str:
    """Where a thing was defined: the module of a class or function, else the module that is calling."""
    module = getattr(thing, "__module__", None) if isinstance(thing, type) or callable(thing) else None
    return module or str(sys._getframe(2).f_globals.get("__name__", ""))
