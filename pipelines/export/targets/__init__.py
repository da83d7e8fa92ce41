"""One module a program. Every module of this package that has a `TARGET` adds it here."""

from __future__ import annotations

import importlib
import pkgutil

from pipelines.errors import UsageError
from pipelines.export.kit import Target


def names() -> list[str]:
    """What `--to` takes."""
    return [module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)]


def target(name: str) -> Target:
    """The target of a name. Raises UsageError naming the known ones."""
    if name not in names():
        raise UsageError(f'unknown program "{name}" for --to; known: {", ".join(names())}')
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    found: Target = module.TARGET
    return found
