"""What the modules of a package declare, found by its place."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Named(Protocol):
    """Something with a name of its own."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def declared(package: str, path: Iterable[str], attribute: str, kind: type[T]) -> dict[str, T]:
    """All objects of a kind that modules of a package list under an attribute, sorted by name.

    Raises ValueError where two have one name.
    """
    found: dict[str, T] = {}
    for module in pkgutil.iter_modules(path):
        for item in getattr(importlib.import_module(f"{package}.{module.name}"), attribute, ()):
            if item.name in found:
                raise ValueError(f"two {attribute} of {package} are named {item.name}")
            if not isinstance(item, kind):
                raise TypeError(f"{package}.{module.name}: {attribute} holds {item!r}")
            found[item.name] = item
    return dict(sorted(found.items()))
