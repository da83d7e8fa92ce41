"""What a mix makes of items: one module for each kind, and the wordings.

Every module of this package that has `TASKS` adds its tasks to the registry here.
"""

from __future__ import annotations

import importlib
import pkgutil

from converters.tasks.kit import Task
from schemas.sample import Kind


def _all() -> dict[str, Task]:
    found: dict[str, Task] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for task in getattr(loaded, "TASKS", ()):
            if task.name in found:
                raise ValueError(f"two tasks are named {task.name}")
            found[task.name] = task
    return dict(sorted(found.items()))


TASKS: dict[str, Task] = _all()


def possible(yields: tuple[Kind, ...]) -> list[str]:
    """Names of the tasks that can be made of a format's kinds."""
    return [name for name, task in TASKS.items() if task.kind(yields)]
