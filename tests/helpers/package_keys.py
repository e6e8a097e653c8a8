"""The keys of the package's own components, without those that other tests register."""

from __future__ import annotations

from evorobo.registry import components


def package_keys(kind: str) -> list[str]:
    return [one.key for one in components(kind) if one.module.startswith("evorobo.")]


ACTIVATIONS = package_keys("activation")
