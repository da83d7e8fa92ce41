"""Whether a disk has the room for a mix."""

from __future__ import annotations

import os
import shutil

from pipelines.errors import RunError
from pipelines.plan import RunPlan
from pipelines.storage import work_files

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def check_room(plan: RunPlan) -> None:
    """Raises RunError where the disk of a local output folder has less room than the mix takes.

    An object store has no end.
    """
    if not work_files.is_local(plan.out):
        return
    place = nearest(plan.out)
    free = shutil.disk_usage(place).free
    if plan.size > free:
        raise RunError(
            f"the mix will take about {readable(plan.size)}, and {readable(free)} are free at "
            f"{place}: make room, name another --out, hold no pictures (--images path), or build "
            "a part of it (--take, --only); `earthmix plan` says more"
        )


def readable(size: float) -> str:
    """Bytes as people say them: 1.3 GB."""
    power = 0
    while size >= 1000 and power < len(_UNITS) - 1:
        size, power = size / 1000, power + 1
    return (
        f"{size:.0f} {_UNITS[power]}"
        if power == 0 or size >= 100
        else f"{size:.1f} {_UNITS[power]}"
    )


def nearest(path: str) -> str:
    """The deepest folder of a path that is there."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path
