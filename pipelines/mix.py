"""The pipeline of a mix, top to bottom as the data flows."""

from __future__ import annotations

import apache_beam as beam
import msgspec

from pipelines.plan import RunPlan
from pipelines.transforms import (
    ConvertSpans,
    FindLimits,
    ReadSides,
    SaveResult,
    WriteSegments,
    WriteShards,
)


def build(pipeline: beam.Pipeline, plan: RunPlan) -> None:
    """Native files to shards, rejects and counts under `plan.work`.

    The launcher puts them into place.
    """
    # Spans travel as elements; what a step keeps is the plan without them, or each worker would
    # hold all spans once for every step.
    light = msgspec.structs.replace(plan, spans=[], sides=[])
    sides = pipeline | ReadSides(light, plan.sides) if plan.sides else None
    batches = pipeline | ConvertSpans(light, plan.spans, sides)
    groups, converted = batches | WriteSegments(light)
    limits = groups | FindLimits(light) if light.capped else None
    written = groups | WriteShards(light, limits)
    written | SaveResult(light, converted)
