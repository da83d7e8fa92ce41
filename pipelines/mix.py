"""The pipeline of a mix, top to bottom as the data flows."""

from __future__ import annotations

import apache_beam as beam

from pipelines.plan import RunPlan
from pipelines.transforms import ConvertSpans, FindLimits, ReadSides, SaveResult, WriteSegments, WriteShards


def build(pipeline: beam.Pipeline, plan: RunPlan) -> None:
    """Native files to shards, rejects and counts under `plan.work`; the launcher puts them into place."""
    sides = pipeline | ReadSides(plan) if plan.sides else None
    batches = pipeline | ConvertSpans(plan, sides)
    groups, converted = batches | WriteSegments(plan)
    limits = groups | FindLimits(plan) if plan.capped else None
    written = groups | WriteShards(plan, limits)
    written | SaveResult(plan, converted)
