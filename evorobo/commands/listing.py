"""`evorobo list`: tasks, robots, methods, layers and activations, a line each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from evorobo.errors import unknown


def list_(words: list[str]) -> None:
    """[tasks|robots|methods|layers|activations]: what there is, a line each"""
    kinds: dict[str, Callable[[], Iterable[tuple[str, Any]]]] = {
        "tasks": _data_sets,
        "robots": _robots,
        "methods": _methods,
        "layers": _layers,
        "activations": _activations,
    }
    for word in words:
        if word not in kinds:
            raise unknown("kind of thing", word, kinds)
    for kind in words or kinds:
        print(f"{kind}:")
        for name, thing in kinds[kind]():
            text = thing if isinstance(thing, str) else inspect.getdoc(thing) or ""
            print(f"  {name:28} {text.splitlines()[0] if text else ''}".rstrip())


def _data_sets() -> Iterable[tuple[str, Any]]:
    from evorobo.tasks.data.catalogue.registry import LOADERS

    yield from sorted(LOADERS.items())
    yield "FILE.csv .tsv .npz .arff", "your own labelled data: DatasetTask(path, target=...)"
    yield "any gymnasium id", "a robot to drive: ControlTask(id)"


def _robots() -> Iterable[tuple[str, Any]]:
    from evorobo.settings import resolve
    from evorobo.tasks.control.robots import registry

    for id, spec in registry.registered().items():
        yield id, inspect.getmodule(resolve(spec.kwargs["robot"]))


def _methods() -> Iterable[tuple[str, Any]]:
    import evorobo

    yield "Backprop()", inspect.getmodule(evorobo.Backprop)
    yield "DAgger()", inspect.getmodule(evorobo.DAgger)
    yield "Coevolution()", inspect.getmodule(evorobo.Coevolution)
    for strategy in (
        evorobo.ARS,
        evorobo.CMAES,
        evorobo.CanonicalES,
        evorobo.DeepGA,
        evorobo.DifferentialEvolution,
        evorobo.GA,
        evorobo.MAPElites,
        evorobo.Mapped,
        evorobo.NSGA2,
        evorobo.NoveltySearch,
        evorobo.OnePlusOneCMAES,
        evorobo.OpenAIES,
        evorobo.ParticleSwarm,
        evorobo.PGPE,
        evorobo.RandomSearch,
        evorobo.Restarts,
        evorobo.SelfAdaptiveES,
        evorobo.SepCMAES,
        evorobo.SNES,
        evorobo.XNES,
    ):
        yield f"Evolution({strategy.__name__}())", inspect.getmodule(strategy)


def _layers() -> Iterable[tuple[str, Any]]:
    import evorobo

    for layer in (
        evorobo.BatchNorm,
        evorobo.CTRNN,
        evorobo.Dense,
        evorobo.Dropout,
        evorobo.Elman,
        evorobo.GRU,
        evorobo.LayerNorm,
        evorobo.LSTM,
    ):
        yield layer.__name__, inspect.getmodule(layer)


def _activations() -> Iterable[tuple[str, Any]]:
    from evorobo.nets.activations import ACTIVATIONS

    for name, activation in ACTIVATIONS.items():
        yield name, f"begins with {activation.initialiser} weights"
