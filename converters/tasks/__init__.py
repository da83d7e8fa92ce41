"""What a mix makes of items: one module for each kind, and the wordings.

Every module of this package that has `TASKS` adds its tasks to the registry here.
"""

from __future__ import annotations

from converters.registry import declared
from converters.tasks.kit import Task
from schemas.sample import Kind

TASKS: dict[str, Task] = declared(__name__, __path__, "TASKS", Task)


def possible(yields: tuple[Kind, ...]) -> list[str]:
    """Names of the tasks that can be made of a format's kinds."""
    return [name for name, task in TASKS.items() if task.kind(yields)]
