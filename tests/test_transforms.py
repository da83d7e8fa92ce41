"""Each transform once, on Beam's FnApiRunner.

What the functions behind them do is tested with those.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to
from native import DATA
from tables import batch, key, row, row_id

from converters.catalogue import entry_of
from converters.convert import Converted, Dataset
from converters.ledger import Key, Rejects
from converters.read.files import SourceError
from converters.read.folder import Folder, Span
from pipelines import result, segments, transforms
from pipelines.load import convert_mix
from pipelines.place import working_folder
from pipelines.plan import RunPlan, make_plan
from pipelines.result import Done, File, Holds, Overlap
from pipelines.spread import Spread
from pipelines.transforms import (
    ConvertSpans,
    FindLimits,
    ReadSides,
    SaveResult,
    WriteSegments,
    WriteShards,
)
from schemas.mix import Mix, SourceSpec
from schemas.sample import Reject
from schemas.table import REJECT, SEGMENT_ROW

# See test_sampling: by seed 7 the words 1 to 8 queue in the order 7 3 5 4 2 8 6 1.
RANK_OF_5 = 2464723710562777583
LOWER, UPPER = 0, 1 << 63  # highest words of keys of the first and the second of two shards


def on_beam() -> beam.Pipeline:
    return test_pipeline.TestPipeline(runner=FnApiRunner())


@pytest.fixture
def rsvqa(tmp_path: Path) -> Iterator[RunPlan]:
    """A run on the three tables in tests/data."""
    plan = make_plan(
        convert_mix(["rsvqa_lr:train"], "item"), str(DATA / "rsvqa"), str(tmp_path / "out"), "path"
    )
    with working_folder(plan.out, plan.work):
        yield plan


@pytest.fixture
def ponds(tmp_path: Path) -> Iterator[RunPlan]:
    """A run of two shards whose one source takes three rows."""
    sources = [SourceSpec(name="ponds", dataset="ponds", task="vqa", take=3)]
    folder = Folder("ponds", "ponds", str(tmp_path))
    datasets = {"ponds": Dataset(entry_of("rsvqa_lr"), folder, [], "path")}
    mix = Mix(name="ponds", sources=sources, seed=7)
    plan = RunPlan(mix, "path", datasets, [], [], [], 2, 0.0, str(tmp_path / "out"))
    with working_folder(plan.out, plan.work):
        yield plan


def part(*rows: dict[str, Any], index: int = 0, rejects: int = 0) -> tuple[Span, Converted]:
    """What a span of the ponds gave."""
    dropped = Rejects("ponds")
    for n in range(rejects):
        dropped.item(Reject("questions.json", f"bad {n}", "train", "no_answer"), "question")
    return Span("ponds", "train", index, ("questions.json",)), Converted(
        [batch(*rows)], dropped, Counter({Key("ponds", "train", "rows", "built"): len(rows)})
    )


def in_segments(
    plan: RunPlan, *parts: tuple[Span, Converted]
) -> list[tuple[int, list[segments.Ref]]]:
    """Groups of references as `WriteSegments` gives them, written without it."""
    groups: dict[int, list[segments.Ref]] = {
        shard: [segments.Ref("none", "", 0)] for shard in range(plan.shards)
    }
    for span, converted in parts:
        name = f"ponds.{span.index:06d}"
        for shard, ref in segments.write_rows(plan.work, name, converted.rows, plan.shards):
            groups[shard].append(ref)
        for shard, ref in segments.write_rejects(
            plan.work, name, converted.rejects.table(), plan.shards, span.index
        ):
            groups[shard].append(ref)
    return list(groups.items())


def ids_of(side: tuple[Any, str]) -> tuple[Any, list[int]]:
    return side[0], segments.read_table(side[1])["id"].to_pylist()


def test_sides_are_read_into_one_sorted_file_each(rsvqa: RunPlan) -> None:
    with on_beam() as pipeline:
        found = pipeline | ReadSides(rsvqa, rsvqa.sides) | beam.Map(ids_of)
        assert_that(
            found,
            equal_to(
                [
                    (("rsvqa_lr", "train", "answers"), [10, 12, 13, 15, 16]),
                    (("rsvqa_lr", "train", "images"), [3, 4]),
                ]
            ),
        )


def told(element: tuple[Span, Converted]) -> tuple[str, list[str], list[tuple[str, str]]]:
    """Slug, what the rows say, and reasons by key."""
    span, converted = element
    answers = [
        turns[1]["value"] for rows in converted.rows for turns in rows["conversations"].to_pylist()
    ]
    return (
        span.slug,
        answers,
        [(reject["key"], reject["reason"]) for reject in converted.rejects.table().to_pylist()],
    )


def test_spans_are_converted_with_their_sides(rsvqa: RunPlan) -> None:
    reasons = [
        ("byte 1166", "unreadable_record"),
        ("6", "inactive"),
        ("4", "dangling_reference"),
        ("5", "dangling_reference"),
        ("7", "missing_field"),
    ]
    with on_beam() as pipeline:
        found = (
            pipeline
            | ConvertSpans(rsvqa, rsvqa.spans, pipeline | ReadSides(rsvqa, rsvqa.sides))
            | beam.Map(told)
        )
        assert_that(found, equal_to([("rsvqa_lr", ["rural", "yes", "27"], reasons)]))


def slices(group: tuple[int, Any]) -> tuple[int, list[str], list[str]]:
    """Shard, ids of its rows and keys of its rejects."""
    shard, refs = group
    named = {
        kind: [segments.Ref(*ref) for ref in refs if ref[0] == kind] for kind in ("rows", "rejects")
    }
    rows, rejects = (
        segments.read(named["rows"], SEGMENT_ROW),
        segments.read(named["rejects"], REJECT),
    )
    return shard, sorted(rows["id"].to_pylist()), rejects["key"].to_pylist()


def test_segments_are_grouped_by_shard(ponds: RunPlan) -> None:
    first = part(row(1, dedup=key(1, LOWER)), row(2, dedup=key(2, UPPER)))
    second = part(row(3, dedup=key(3, UPPER)), index=1, rejects=2)
    with on_beam() as pipeline:
        groups, _ = pipeline | beam.Create([first, second]) | WriteSegments(ponds)
        found = groups | beam.Map(slices)
        assert_that(
            found, equal_to([(0, [row_id(1)], []), (1, [row_id(2), row_id(3)], ["bad 0", "bad 1"])])
        )


def test_a_shard_without_rows_has_a_group(ponds: RunPlan) -> None:
    with on_beam() as pipeline:
        groups, _ = (
            pipeline | beam.Create([part(row(1, dedup=key(1, UPPER)))]) | WriteSegments(ponds)
        )
        assert_that(groups | beam.Map(slices), equal_to([(0, [], []), (1, [row_id(1)], [])]))


def test_segments_hand_on_what_was_counted(ponds: RunPlan) -> None:
    with on_beam() as pipeline:
        _, done = pipeline | beam.Create([part(row(1), row(2))]) | WriteSegments(ponds)
        assert_that(
            done,
            equal_to([result.counted(Counter({Key("ponds", "train", "rows", "built"): 2}))]),
        )


def test_limits_are_the_ranks_of_the_last_that_is_taken(ponds: RunPlan) -> None:
    rows = [
        row(n, id=f"{n:016x}00000000", dedup=key(n, UPPER if n % 2 else LOWER)) for n in range(1, 9)
    ]
    with on_beam() as pipeline:
        limits = (
            pipeline
            | beam.Create(in_segments(ponds, part(*rows[:4]), part(*rows[4:], index=1)))
            | FindLimits(ponds)
        )
        assert_that(limits, equal_to([(0, RANK_OF_5)]))


def test_a_source_with_fewer_rows_than_its_cap_is_limited_by_its_last(ponds: RunPlan) -> None:
    rows = [row(n, id=f"{n:016x}00000000", dedup=key(n)) for n in (3, 5)]
    with on_beam() as pipeline:
        assert_that(
            pipeline | beam.Create(in_segments(ponds, part(*rows))) | FindLimits(ponds),
            equal_to([(0, RANK_OF_5)]),
        )


def files_of(done: Done) -> list[tuple[str, int]]:
    return [(file.path, file.rows) for file in done.files]


def counts_of(done: Done) -> dict[Any, int]:
    return {tuple(k): n for k, n in done.counts.items() if k[2] == "rows"}


def test_shards_are_written_by_limit(ponds: RunPlan) -> None:
    rows = [
        row(n, id=f"{n:016x}00000000", dedup=key(n, UPPER if n % 2 else LOWER)) for n in range(1, 9)
    ]
    groups = in_segments(
        ponds, part(*rows, row(9, id=f"{9:016x}00000000", dedup=key(3, UPPER)), rejects=1)
    )
    with on_beam() as pipeline:
        limits = pipeline | "Limits" >> beam.Create([(0, RANK_OF_5)])
        done = pipeline | "Groups" >> beam.Create(groups) | WriteShards(ponds, limits)
        kept, lost, twice = (
            ("ponds", "train", "rows", bucket, "", "")
            for bucket in ("written", "sampled_out", "duplicate")
        )
        assert_that(
            done | "Counts" >> beam.Map(counts_of),
            equal_to([{lost: 4}, {kept: 3, lost: 1, twice: 1}]),
            "counts",
        )
        made = [
            [
                ("data/train-00000-of-00002.parquet", 0),
                ("rejects/rejects-00000-of-00002.parquet", 5),
            ],
            [
                ("data/train-00001-of-00002.parquet", 3),
                ("rejects/rejects-00001-of-00002.parquet", 2),
            ],
        ]
        assert_that(done | "Files" >> beam.Map(files_of), equal_to(made), "files")


def test_shards_tell_their_files_as_they_are(ponds: RunPlan) -> None:
    [done, _] = [
        next(iter(transforms._WriteShard(ponds).process(group, [])))
        for group in in_segments(ponds, part(row(1)))
    ]
    on_disk = {
        file.path: (Path(ponds.work) / "out" / file.path).read_bytes() for file in done.files
    }
    assert [(file.size, file.sha256) for file in done.files] == [
        (len(data), hashlib.sha256(data).hexdigest()) for data in on_disk.values()
    ]


def test_shards_are_written_without_limits_where_no_source_has_a_cap(ponds: RunPlan) -> None:
    with on_beam() as pipeline:
        done = (
            pipeline
            | beam.Create(in_segments(ponds, part(*(row(n) for n in range(5)))))
            | WriteShards(ponds, None)
            | beam.Map(counts_of)
        )
        assert_that(done, equal_to([{("ponds", "train", "rows", "written", "", ""): 5}, {}]))


def test_the_result_adds_everything_up(ponds: RunPlan) -> None:
    made = [File("data/b.parquet", 1, 10, "bb"), File("data/a.parquet", 2, 20, "aa")]
    read = Key("ponds", "train", "items", "read")
    spread = Counter({Spread("turns", "vqa", 2): 1})
    held = Holds("ponds", "train", "vqa", "human", "", "turns")
    both = Counter({Overlap("rows", "ponds", "train", "ponds", "val"): 1})
    with on_beam() as pipeline:
        converted = pipeline | "Converted" >> beam.Create(
            [result.counted(Counter({read: 1})), result.counted(Counter({read: 2}))]
        )
        none: Counter[Any] = Counter()
        written = pipeline | "Written" >> beam.Create(
            [
                Done(none, Counter({held: 4}), Counter(lakes=1), none, [made[0]], spread, both),
                Done(
                    none,
                    Counter({held: 8}),
                    Counter(lakes=2),
                    Counter(ponds=3),
                    [made[1]],
                    none,
                    both,
                ),
            ]
        )
        written | SaveResult(ponds, converted)
    assert result.load(ponds.work) == Done(
        Counter({Key("ponds", "train", "items", "read"): 3}),
        Counter({Holds("ponds", "train", "vqa", "human", "", "turns"): 12}),
        Counter(lakes=3),
        Counter(ponds=3),
        [File("data/a.parquet", 2, 20, "aa"), File("data/b.parquet", 1, 10, "bb")],
        Counter({Spread("turns", "vqa", 2): 1}),
        Counter({Overlap("rows", "ponds", "train", "ponds", "val"): 2}),
    )


# What a worker does where it fails


@pytest.fixture
def failed(rsvqa: RunPlan, monkeypatch: pytest.MonkeyPatch) -> RunPlan:
    """A plan of which a worker has met a file that is gone."""

    def fail(*_: object) -> None:
        raise SourceError("gone.json is gone")

    monkeypatch.setattr(transforms, "convert_span", fail)
    with pytest.raises(SourceError):
        list(transforms._ConvertSpan(rsvqa).process(rsvqa.spans[0], []))
    return rsvqa


def test_a_worker_leaves_its_error_for_the_launcher(failed: RunPlan) -> None:
    errors = (Path(failed.work) / "errors").iterdir()
    assert [path.read_text() for path in errors] == ["gone.json is gone"]


def test_a_worker_collects_garbage_again_after_an_error(failed: RunPlan) -> None:
    assert gc.isenabled()
