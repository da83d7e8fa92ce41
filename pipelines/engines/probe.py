"""A look from the workers before a run is submitted to them.

It finds out whether they have earthmix in the same version, and see the folders. Each look leaves a
note in `work/probe`; a worker that does not see that folder, or may not write there, leaves none.
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Sequence

import apache_beam as beam
import msgspec
from msgspec import Struct

from converters.read import files
from pipelines import __version__
from pipelines import transforms as transforms  # a worker that can run `look` can run the pipeline
from pipelines.plan import RunPlan
from pipelines.storage import work_files
from pipelines.storage.client import StoreError


class Note(Struct, frozen=True):
    """What one look found. missing: the folders that the worker does not see."""

    host: str
    version: str
    missing: list[str]


def build(pipeline: beam.Pipeline, plan: RunPlan, looks: int) -> None:
    """So many looks, spread over the workers as the run's spans will be."""
    work_files.make_folder(f"{plan.work}/probe")
    (
        pipeline
        | "Looks" >> beam.Create(range(looks), reshuffle=True)
        | "Look" >> beam.Map(look, plan.work, sorted(plan.roots.values()))
    )


def look(number: int, work: str, roots: Sequence[str]) -> None:
    """In a worker: leaves the note."""
    missing = [root for root in roots if work_files.is_local(root) and not os.path.exists(root)]
    with contextlib.suppress(OSError, StoreError):
        work_files.write_bytes(
            f"{work}/probe/{number}.json",
            msgspec.json.encode(Note(platform.node(), __version__, missing)),
        )


def fault(plan: RunPlan, looks: int) -> str | None:
    """One line on what the finished looks found amiss."""
    notes = [
        msgspec.json.decode(work_files.read_bytes(f"{plan.work}/probe/{e.name}"), type=Note)
        for e in files.listing(f"{plan.work}/probe")
    ]
    for note in notes:
        if note.missing:
            return (
                f"a worker on {note.host} does not see {', '.join(note.missing)}: mount the "
                "data there at the same path, or use an object store"
            )
        if note.version != __version__:
            return (
                f"a worker on {note.host} has earthmix {note.version}, and this is "
                f"{__version__}: install the same version there"
            )
    if len(notes) < looks:
        who = "some workers do" if notes else "the workers do"
        return (
            f"{who} not see {plan.out}, or may not write there: put --out on a folder that "
            "all machines share, or in an object store"
        )
    return None
