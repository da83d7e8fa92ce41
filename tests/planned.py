"""The plan of datasets in the sample data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.load import convert_mix
from pipelines.plan import RunPlan, make_plan


def planned(
    root: Path, *targets: str, images: Any = "path", changes: tuple[str, ...] = (), **options: Any
) -> RunPlan:
    return make_plan(convert_mix(targets, "item", changes), str(root), "/out", images, **options)
