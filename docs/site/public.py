"""The public objects of the two packages: each once, under the shortest path by which it can be imported."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import NamedTuple

PACKAGES = ("grouprep", "projectors")


class Public(NamedTuple):
    """An object, and the module and name by which it is public."""

    module: str
    name: str
    value: object

    @property
    def kind(self) -> str:
        """What it is documented as: "class", "function" or "data"."""
        if inspect.isclass(self.value):
            return "class"
        return (
            "function"
            if (callable(self.value) and hasattr(self.value, "__code__")) or inspect.isroutine(self.value)
            else "data"
        )

    @property
    def is_documented(self) -> bool:
        """Whether it says what it is; plain data are explained beside them."""
        return self.kind == "data" or bool((getattr(self.value, "__doc__", None) or "").strip())


def modules() -> Iterator[str]:
    """The public modules, packages first, each after the package it is in."""
    found = []
    for name in PACKAGES:
        package = importlib.import_module(name)
        found.append(name)
        found += [m.name for m in pkgutil.walk_packages(package.__path__, f"{name}.")]
    public = (name for name in found if not any(part.startswith("_") for part in name.split(".")))
    return iter(sorted(public, key=lambda name: (name.count("."), name)))


def public_objects() -> dict[str, list[Public]]:
    """The objects by module, the modules in the order of their names."""
    seen: set[int] = set()
    found: dict[str, list[Public]] = {}
    for name in modules():
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            if ".interop." not in name:  # what needs a neighbour that is not installed is left out
                raise
            continue
        for attribute in sorted(getattr(module, "__all__", ())):
            value = getattr(module, attribute)
            shared = not inspect.isroutine(value) and not inspect.isclass(value)  # small constants may be one object
            if (shared or id(value) not in seen) and not inspect.ismodule(value):
                seen.add(id(value))
                found.setdefault(name, []).append(Public(name, attribute, value))
    return dict(sorted(found.items()))
