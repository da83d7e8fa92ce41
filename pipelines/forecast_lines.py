"""The lines that `earthmix plan` prints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from pipelines.card.markdown import counted, number
from pipelines.forecast import DatasetForecast, Forecast
from pipelines.plan import RunPlan
from pipelines.room import nearest, readable
from pipelines.storage import work_files


def lines(plan: RunPlan, found: Forecast) -> Iterator[str]:
    """What a mix would give: its sources, its datasets, and the output."""
    about = "" if found.exact else "about "
    yield from (f"note: {note}" for note in plan.notes)
    yield f"{plan.mix.name}: {about}{counted(found.rows, 'row')}"
    for source in found.sources:
        said = "" if source.exact else "about "
        yield f"  {source.name:<20} {source.task:<16} {said}{number(source.rows)} rows"
    for slug, dataset in found.datasets.items():
        yield from _dataset(plan, slug, dataset)
    for mode, size in found.sizes.items():
        yield f"--images {mode:<8} {about}{readable(size)}"
    if work_files.is_local(plan.out):
        place = nearest(plan.out)
        yield f"free at {place}: {readable(shutil.disk_usage(place).free)}"
    yield f"time on this machine, embedded: about {_time(found.seconds)}"


def _dataset(plan: RunPlan, slug: str, dataset: DatasetForecast) -> Iterator[str]:
    licence = plan.datasets[slug].entry.licence
    yield (
        f"{slug}: {counted(dataset.items, 'item')}, {counted(dataset.pictures, 'picture')} of "
        f"{readable(dataset.size)}; licence of annotations {licence.annotations}, of pictures "
        f"{licence.images}"
    )
    if dataset.absent:
        yield (
            f"  not on disk: {counted(dataset.absent, 'picture')}, such as {dataset.example}; "
            "what shows them is dropped unless --images path"
        )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
