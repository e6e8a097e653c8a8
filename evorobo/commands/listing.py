"""`evorobo list`: tasks, robots, methods, layers and activations, a line each."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

from evorobo.errors import unknown
from evorobo.registry import components


def list_(argv: list[str]) -> None:
    """[tasks|robots|methods|layers|activations]: what there is, a line each"""
    kinds: dict[str, Callable[[], Iterable[tuple[str, Any]]]] = {
        "tasks": _data_sets,
        "robots": _robots,
        "methods": _methods,
        "layers": _layers,
        "activations": _activations,
    }
    for word in argv:
        if word not in kinds:
            raise unknown("kind of thing", word, kinds)
    for kind in argv or kinds:
        print(f"{kind}:")
        for name, thing in kinds[kind]():
            text = thing if isinstance(thing, str) else inspect.getdoc(thing) or ""
            print(f"  {name:28} {text.splitlines()[0] if text else ''}".rstrip())


def _data_sets() -> Iterable[tuple[str, Any]]:
    for data_set in components("data set"):
        yield data_set.key, data_set.thing
    yield "FILE.csv .tsv .npz .arff", "your own labelled data: DatasetTask(path, target=...)"
    yield "any gymnasium id", "a robot to drive: ControlTask(id)"


def _robots() -> Iterable[tuple[str, Any]]:
    from evorobo.settings import resolve_reference
    from evorobo.tasks.control.robots import registry

    for id, spec in registry.registered_robots().items():
        yield id, inspect.getmodule(resolve_reference(spec.kwargs["robot"]))


def _methods() -> Iterable[tuple[str, Any]]:
    for method in components("method"):
        yield f"{method.key}()", sys.modules[method.module]
    for strategy in components("strategy"):
        yield f"Evolution({strategy.key}())", sys.modules[strategy.module]


def _layers() -> Iterable[tuple[str, Any]]:
    for layer in components("layer"):
        yield layer.key, sys.modules[layer.module]


def _activations() -> Iterable[tuple[str, Any]]:
    for one in components("activation"):
        formula = inspect.getdoc(one.thing.function) or one.thing.function.__name__
        yield one.key, f"{formula.splitlines()[0]}; initializer {one.thing.initializer}"
