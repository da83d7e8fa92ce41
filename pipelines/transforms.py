"""Beam transforms: thin wiring around plain functions.

Elements are spans, then batches of rows, then references to slices of files.
"""

from __future__ import annotations

import gc
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam import pvalue

from converters.convert import Converted, convert_span
from converters.dataset import read_side
from converters.read.files import SourceError
from converters.read.folder import Span
from pipelines import result, segments, shards
from pipelines.plan import RunPlan
from pipelines.result import Done
from pipelines.segments import Ref
from pipelines.storage import work_files
from pipelines.storage.client import StoreError
from pipelines.write_shard import write_shard
from schemas.table import REJECT, SEGMENT_ROW, sorted_by_id

SideKey = tuple[str, str, str]  # dataset, split, table


def _report(plan: RunPlan, error: Exception) -> None:
    """Leaves a worker's error where the launcher finds its one line, on every engine."""
    with suppress(StoreError):  # the error itself goes on in any case
        work_files.write_bytes(
            f"{plan.work}/errors/{uuid.uuid4().hex}.txt", ": ".join(map(str, error.args)).encode()
        )


class _ReadSide(beam.DoFn):
    """Span of a side table -> (its name, file of its rows)."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(self, span: Span) -> Iterator[tuple[SideKey, str]]:
        dataset = self._plan.datasets[span.slug]
        try:
            table = read_side(dataset.entry, dataset.folder, span)
        except SourceError as error:
            _report(self._plan, error)
            raise
        path = (
            f"{self._plan.work}/sides/{span.slug}.{span.split}.{span.table}.{span.index:05d}.arrow"
        )
        segments.write_table(path, table)
        yield (span.slug, span.split, span.table), path


class _MergeSide(beam.DoFn):
    """(Name, files) -> (name, one file sorted by id)."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(self, element: tuple[SideKey, Iterable[str]]) -> Iterator[tuple[SideKey, str]]:
        key, parts = element
        table = pa.concat_tables([segments.read_table(path) for path in sorted(parts)])
        path = f"{self._plan.work}/sides/{'.'.join(key)}.arrow"
        segments.write_table(path, sorted_by_id(table).combine_chunks())
        yield key, path


@dataclass(eq=False)  # not frozen: Beam keeps a transform's hints and pipeline in it
class ReadSides(beam.PTransform):
    """Tables that questions are joined to, each in one sorted file.

    Every worker maps it into memory.
    """

    plan: RunPlan
    spans: list[Span]

    def expand(self, begin: pvalue.PBegin) -> beam.PCollection[tuple[SideKey, str]]:
        return (
            begin
            | "ListSides" >> beam.Create(self.spans, reshuffle=True)
            | "ReadSide" >> beam.ParDo(_ReadSide(self.plan))
            | "GroupSides" >> beam.GroupByKey()
            | "MergeSide" >> beam.ParDo(_MergeSide(self.plan))
        )


class _ConvertSpan(beam.DoFn):
    """Span -> (span, its rows, rejects and counts)."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(
        self, span: Span, sides: list[tuple[SideKey, str]]
    ) -> Iterator[tuple[Span, Converted]]:
        dataset = self._plan.datasets[span.slug]
        joined = {
            key[2]: segments.read_table(path)
            for key, path in sides
            if key[:2] == (span.slug, span.split)
        }
        gc.disable()  # decoding makes many small objects and no cycles
        try:
            converted = convert_span(dataset, span, joined)
        except SourceError as error:
            _report(self._plan, error)
            raise
        finally:
            gc.enable()
        yield span, converted


@dataclass(eq=False)
class ConvertSpans(beam.PTransform):
    """Reads every span and builds, checks and counts its rows (see `convert_span`)."""

    plan: RunPlan
    spans: list[Span]
    sides: beam.PCollection[tuple[SideKey, str]] | None

    def expand(self, begin: pvalue.PBegin) -> beam.PCollection[tuple[Span, Converted]]:
        sides = [] if self.sides is None else pvalue.AsList(self.sides)
        spans = begin | "ListSpans" >> beam.Create(self.spans, reshuffle=True)
        return spans | "ConvertSpan" >> beam.ParDo(_ConvertSpan(self.plan), sides)


class _WriteSegment(beam.DoFn):
    """(Span, rows and rejects) -> (shard, slice), and counts beside them."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(self, element: tuple[Span, Converted]) -> Iterator[Any]:
        span, converted = element
        plan = self._plan
        name = f"{span.slug}.{span.index:06d}"
        if converted.rows:
            yield from segments.write_rows(plan.work, name, converted.rows, plan.shards)
        yield from segments.write_rejects(
            plan.work, name, converted.rejects.table(), plan.shards, span.index
        )
        yield pvalue.TaggedOutput("done", result.counted(converted.counts))


@dataclass(eq=False)
class WriteSegments(beam.PTransform):
    """Writes each batch once as a segment cut by shard, and groups the references by shard.

    Every shard has a group, even an empty one.
    """

    plan: RunPlan

    def expand(self, batches: beam.PCollection[tuple[Span, Converted]]) -> tuple[Any, Any]:
        parts = batches | "WriteSegment" >> beam.ParDo(_WriteSegment(self.plan)).with_outputs(
            "done", main="refs"
        )
        empty = batches.pipeline | "ListShards" >> beam.Create(
            [(shard, Ref("none", "", 0)) for shard in range(self.plan.shards)], reshuffle=False
        )
        return (
            (parts.refs, empty) | "AllShards" >> beam.Flatten() | "GroupShards" >> beam.GroupByKey()
        ), parts.done


def _tables(refs: Iterable[Ref]) -> tuple[pa.Table, pa.Table]:
    kinds: dict[str, list[Ref]] = {"rows": [], "rejects": [], "none": []}
    for ref in refs:
        kinds[ref.kind].append(Ref(*ref))
    return segments.read(kinds["rows"], SEGMENT_ROW), segments.read(kinds["rejects"], REJECT)


class _Queue(beam.DoFn):
    """(Shard, slices) -> (capped source, its smallest ranks)."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(self, element: tuple[int, Iterable[Ref]]) -> Iterator[tuple[int, list[int]]]:
        rows, _ = _tables(element[1])
        for source, ranks in shards.queue(
            rows, self._plan.mix.sources, self._plan.mix.seed
        ).items():
            yield source, ranks.tolist()


class _Smallest(beam.CombineFn):
    """The smallest ranks of a capped source, no more than the largest cap of the mix."""

    def __init__(self, most: int) -> None:
        self._most = most

    def create_accumulator(self) -> Any:
        return np.zeros(0, np.uint64)

    def add_input(self, accumulator: Any, ranks: list[int]) -> Any:
        return self.merge_accumulators([accumulator, np.array(ranks, np.uint64)])

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        return np.sort(np.concatenate(list(accumulators)))[: self._most]

    def extract_output(self, accumulator: Any) -> Any:
        return accumulator.tolist()


@dataclass(eq=False)
class FindLimits(beam.PTransform):
    """(Shard, slices) -> (capped source, the largest rank it may take).

    Held by one worker: a cap's worth of 8-byte ranks.
    """

    plan: RunPlan

    def expand(
        self, groups: beam.PCollection[tuple[int, Iterable[Ref]]]
    ) -> beam.PCollection[tuple[int, int]]:
        caps = {
            number: rule.take
            for number, rule in enumerate(self.plan.mix.sources)
            if rule.take is not None
        }
        return (
            groups
            | "Queue" >> beam.ParDo(_Queue(self.plan))
            | "Smallest" >> beam.CombinePerKey(_Smallest(max(caps.values())))
            | "Limit" >> beam.Map(_limit, caps)
        )


def _limit(queue: tuple[int, list[int]], caps: dict[int, int]) -> tuple[int, int]:
    source, ranks = queue
    return source, ranks[: caps[source]][-1]


class _WriteShard(beam.DoFn):
    """(Shard, slices) -> what was counted and which files were written."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(
        self, element: tuple[int, Iterable[Ref]], limits: list[tuple[int, int]]
    ) -> Iterator[Done]:
        shard, refs = element
        rows, rejects = _tables(refs)
        try:
            yield write_shard(self._plan, shard, rows, rejects, dict(limits))
        except SourceError as error:
            _report(self._plan, error)
            raise


@dataclass(eq=False)
class WriteShards(beam.PTransform):
    """Drops duplicates, samples, sorts by picture and id, and writes each shard below `.work`."""

    plan: RunPlan
    limits: beam.PCollection[tuple[int, int]] | None

    def expand(self, groups: beam.PCollection[tuple[int, Iterable[Ref]]]) -> beam.PCollection[Done]:
        limits = [] if self.limits is None else pvalue.AsList(self.limits)
        return groups | "WriteShard" >> beam.ParDo(_WriteShard(self.plan), limits)


class _Add(beam.CombineFn):
    """Adds counts and collects files."""

    def create_accumulator(self) -> Done:
        return result.counted(Counter())

    def add_input(self, accumulator: Done, done: Done) -> Done:
        accumulator.counts.update(done.counts)
        accumulator.holds.update(done.holds)
        accumulator.sources.update(done.sources)
        accumulator.absent.update(done.absent)
        accumulator.files.extend(done.files)
        accumulator.spread.update(done.spread)
        accumulator.overlaps.update(done.overlaps)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Done]) -> Done:
        total = self.create_accumulator()
        for done in accumulators:
            total = self.add_input(total, done)
        return total

    def extract_output(self, accumulator: Done) -> Done:
        return accumulator


class _SaveResult(beam.DoFn):
    """The run's counts and files, for the launcher to read."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan

    def process(self, done: Done) -> None:
        result.save(self._plan.work, done)


@dataclass(eq=False)
class SaveResult(beam.PTransform):
    """Sums all counts and writes them with the list of files.

    Small: a number for each dataset, split and reason, a line for each file.
    """

    plan: RunPlan
    converted: beam.PCollection[Done]

    def expand(self, written: beam.PCollection[Done]) -> Any:
        every = (self.converted, written) | "Everything" >> beam.Flatten()
        return (
            every
            | "Add" >> beam.CombineGlobally(_Add()).without_defaults()
            | "Save" >> beam.ParDo(_SaveResult(self.plan))
        )
