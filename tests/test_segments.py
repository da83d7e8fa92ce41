"""Segments: slices come back as they were written, and only those that are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tables import batch, key, row, row_id, table

from pipelines import segments
from pipelines.segments import Ref
from schemas.table import REJECT, SEGMENT_ROW

QUARTER = 1 << 62  # of the highest word of a key, so that of four shards each has its own


@pytest.fixture
def work(tmp_path: Path) -> str:
    for kind in ("rows", "rejects", "sides"):
        (tmp_path / kind).mkdir()
    return str(tmp_path)


def reject(n: int) -> dict[str, object]:
    named = {
        "dataset": "ponds",
        "split": "train",
        "file": "questions.json",
        "key": str(n),
        "level": "item",
        "item": "question",
        "reason": "no_answer",
        "kind": "policy",
    }
    return {**named, "detail": "", "items": 1, "id": None, "survivor": None}


def rejects(*numbers: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([reject(n) for n in numbers], schema=REJECT)


# Shards by the first picture's hash


@pytest.mark.parametrize(
    "high, shards, shard",
    [
        (0, 1, 0),
        (0xFFFFFFFFFFFFFFFF, 1, 0),
        (0, 7, 0),
        (0x40000000_00000000, 7, 1),  # a quarter of 7 is 1.75
        (0x80000000_00000000, 7, 3),
        (0xC0000000_00000000, 7, 5),
        (0xFFFFFFFF_FFFFFFFF, 7, 6),
        (0x249249FF_00000000, 7, 1),  # hardly more than a seventh
        (0x24924900_00000000, 7, 0),  # hardly less
        (0xFFFFFFFF_00000000, 4096, 4095),
    ],
)
def test_a_picture_has_its_shard_for_good(high: int, shards: int, shard: int) -> None:
    assert segments.shard_of(pa.array([key(5, high)], pa.binary(16)), shards).tolist() == [shard]


def test_only_the_first_word_of_a_hash_names_the_shard() -> None:
    keys = pa.array([key(n, 0x80000000_00000000) for n in (0, 1, 1 << 63)], pa.binary(16))
    assert segments.shard_of(keys, 7).tolist() == [3, 3, 3]


def test_a_slice_of_hashes_has_its_own_shards() -> None:
    keys = pa.array([key(0, n * QUARTER) for n in range(4)], pa.binary(16))
    assert segments.shard_of(keys.slice(2, 2), 4).tolist() == [2, 3]


# Rows


def test_rows_come_back_as_written(work: str) -> None:
    wanted = [row(1, dialect="geochat", gsd=0.5, sizes=[{"width": 8, "height": 6}]), row(2)]
    refs = segments.write_rows(work, "ponds.000000", [batch(*wanted)], 1)
    assert segments.read([ref for _, ref in refs], SEGMENT_ROW).to_pylist() == wanted


def test_several_batches_are_one_segment(work: str) -> None:
    refs = segments.write_rows(
        work,
        "ponds.000000",
        [
            batch(row(2, home=key(0, high=2), dataset="b")),
            batch(row(1, home=key(0, high=1), dataset="a")),
        ],
        1,
    )
    assert [
        found["dataset"]
        for found in segments.read([ref for _, ref in refs], SEGMENT_ROW).to_pylist()
    ] == ["a", "b"]


def test_each_shard_has_its_slice(work: str) -> None:
    rows = [row(n, dedup=key(n, (n % 3) * QUARTER)) for n in range(6)]
    refs = segments.write_rows(work, "ponds.000000", [batch(*rows)], 4)
    found = {shard: segments.read([ref], SEGMENT_ROW)["id"].to_pylist() for shard, ref in refs}
    assert found == {
        0: [row_id(0), row_id(3)],
        1: [row_id(1), row_id(4)],
        2: [row_id(2), row_id(5)],
    }


def test_a_slice_is_in_order_of_pictures(work: str) -> None:
    # the first word of a picture's hash counts here: the shard's writer sorts for good
    rows = [row(n, home=key(0, high=n)) for n in (5, 1, 4, 2, 3)]
    [(_, ref)] = segments.write_rows(work, "ponds.000000", [batch(*rows)], 1)
    assert segments.read([ref], SEGMENT_ROW)["id"].to_pylist() == [
        row_id(n) for n in (1, 2, 3, 4, 5)
    ]


def test_the_rows_of_a_picture_have_one_shard(work: str) -> None:
    rows = [row(n, dedup=key(n, n * QUARTER), home=key(5, 3 * QUARTER)) for n in range(4)]
    assert [shard for shard, _ in segments.write_rows(work, "p.000000", [batch(*rows)], 4)] == [3]


def test_no_rows_make_no_file(work: str, tmp_path: Path) -> None:
    assert (
        segments.write_rows(work, "ponds.000000", [batch()], 3),
        list((tmp_path / "rows").iterdir()),
    ) == ([], [])


def test_a_name_tells_span_and_rows(work: str, tmp_path: Path) -> None:
    segments.write_rows(work, "ponds.000007", [batch(row(1), row(2))], 1)
    [path] = (tmp_path / "rows").iterdir()
    assert path.name.split(".")[:3] == ["ponds", "000007", "2"]


def test_a_retried_segment_leaves_no_trace(work: str) -> None:
    segments.write_rows(
        work, "ponds.000000", [batch(row(1), row(2))], 1
    )  # its references never arrived
    refs = segments.write_rows(work, "ponds.000000", [batch(row(1), row(2))], 1)
    assert segments.read([ref for _, ref in refs], SEGMENT_ROW)["id"].to_pylist() == [
        row_id(1),
        row_id(2),
    ]


def test_a_broken_write_leaves_no_file(
    work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pa.ipc.RecordBatchFileWriter, "write_table", broken)
    with pytest.raises(OSError, match="no space left"):
        segments.write_rows(work, "ponds.000000", [batch(row(1))], 1)
    assert list((tmp_path / "rows").iterdir()) == []


def test_the_order_of_references_changes_nothing(work: str) -> None:
    refs = [
        ref
        for n in range(4)
        for _, ref in segments.write_rows(work, f"ponds.{n:06d}", [batch(row(n))], 1)
    ]
    assert segments.read([refs[2], refs[0], refs[3], refs[1]], SEGMENT_ROW) == segments.read(
        refs, SEGMENT_ROW
    )


def test_no_references_are_an_empty_table() -> None:
    assert segments.read([], SEGMENT_ROW) == SEGMENT_ROW.empty_table()


# Rejects


def test_rejects_come_back_as_written(work: str) -> None:
    [(_, ref)] = segments.write_rejects(work, "ponds.000000", rejects(1, 2), 1, 0)
    assert segments.read([ref], REJECT).to_pylist() == [reject(1), reject(2)]


def test_rejects_go_to_the_shard_that_their_span_names(work: str) -> None:
    assert [
        shard for shard, _ in segments.write_rejects(work, "ponds.000008", rejects(1, 2), 3, 8)
    ] == [2]


def test_no_rejects_make_no_file(work: str, tmp_path: Path) -> None:
    assert (
        segments.write_rejects(work, "ponds.000000", rejects(), 3, 0),
        list((tmp_path / "rejects").iterdir()),
    ) == ([], [])


def test_a_reference_says_what_it_names(work: str) -> None:
    [(_, rows)] = segments.write_rows(work, "ponds.000000", [batch(row(1))], 1)
    [(_, dropped)] = segments.write_rejects(work, "ponds.000000", rejects(1), 1, 0)
    assert [(ref.kind, ref.batch, Path(ref.path).parent.name) for ref in (rows, dropped)] == [
        ("rows", 0, "rows"),
        ("rejects", 0, "rejects"),
    ]


# Taking rows


def test_rows_are_taken_by_index() -> None:
    assert segments.take(
        table(row(1), row(2, dataset="b"), row(3)), np.array([2, 1, 1])
    ).to_pylist() == [row(3), row(2, dataset="b"), row(2, dataset="b")]


def test_a_column_of_one_value_and_nulls_is_taken_by_index() -> None:
    rows = table(row(1, sensor="S2"), row(2), row(3, sensor="S2"))
    assert segments.take(rows, np.array([1, 0]))["sensor"].to_pylist() == [None, "S2"]


def test_more_rows_than_there_are_may_be_taken() -> None:
    assert segments.take(table(row(1)), np.array([0, 0, 0])).to_pylist() == [row(1)] * 3


# Whole tables


def test_a_table_comes_back_as_written(work: str) -> None:
    answers = pa.table({"id": [3, 1], "answer": ["yes", None]})
    segments.write_table(f"{work}/sides/answers.arrow", answers)
    assert segments.read_table(f"{work}/sides/answers.arrow") == answers


def test_a_reference_travels_as_a_tuple() -> None:
    assert Ref(*tuple(Ref("rows", "a.arrow", 3))) == Ref("rows", "a.arrow", 3)
