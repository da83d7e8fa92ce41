"""Objects of s3:// in the place of files: listings, ranges, writes and removals."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyarrow as pa
import pytest
from buckets import PAGE, Bucket

from converters.read import files
from converters.read.stores import Ranges
from pipelines.storage import objects, work_files


def test_a_listing_is_of_direct_children(bucket: Bucket) -> None:
    for key in ("a/b/c.txt", "a/b/d/e.txt", "a/b.txt", "a/.hidden", "a/", "ab/x"):
        bucket.put(key, b"12345")
    assert files.listing(bucket.url("a")) == [
        files.Entry("b", True, 0),
        files.Entry("b.txt", False, 5),
    ]


def test_a_listing_goes_on_where_a_page_ends(bucket: Bucket) -> None:
    for n in range(PAGE + 3):
        bucket.put(f"a/{n:04d}")
    assert [entry.name for entry in files.listing(bucket.url("a"))] == [
        f"{n:04d}" for n in range(PAGE + 3)
    ]


def test_nothing_is_missing(bucket: Bucket) -> None:
    store = files.store(bucket.url("x"))
    for ask in (store.read, store.size, store.listing):
        with pytest.raises(FileNotFoundError) as error:
            ask(bucket.url("x"))
        assert error.value.filename == bucket.url("x")
    assert (
        files.listing(bucket.url("x")),
        files.exists(bucket.url("x")),
        files.exists(bucket.url("n" * 2000)),
    ) == ([], False, False)


@pytest.mark.parametrize(
    "start, end", [(0, None), (3, None), (2, 5), (0, 100), (5, 5), (10, None), (12, 15)]
)
def test_a_range_is_as_on_a_disk(
    bucket: Bucket, tmp_path: Path, start: int, end: int | None
) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    bucket.put("x", b"0123456789")
    assert files.store("s3://").read(bucket.url("x"), start, end) == files.store("").read(
        str(tmp_path / "x"), start, end
    )


def test_an_empty_object_has_an_empty_head(bucket: Bucket) -> None:
    bucket.put("x")
    assert files.store("s3://").read(bucket.url("x"), 0, 100) == b""


def test_a_range_reads_no_more_than_it_asks_for(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("x", bytes(range(256)) * 100_000)
    asked: list[int] = []
    client = objects.of("s3://").client()
    get = client.get
    monkeypatch.setattr(
        client, "get", lambda *words: asked.append(len(data := get(*words))) or data
    )
    file = work_files.open_file(bucket.url("x"))
    file.seek(20_000_000)
    assert (file.read(10), file.size(), sum(asked) < 1 << 20) == (
        bytes(range(256))[:10],
        25_600_000,
        True,
    )


def test_ranges_of_an_object_read_as_a_file_does(bucket: Bucket) -> None:
    data = bytes(range(256)) * 50
    bucket.put("x", data)
    ours, theirs = (
        io.BufferedReader(Ranges(bucket.url("x"), files.store("s3://"), len(data)), 64),
        io.BytesIO(data),
    )
    for offset, whence, length in (
        (5, 0, 10),
        (-20, 2, 50),
        (7, 1, 3),
        (0, 0, -1),
        (100, 0, 300),
        (99_999, 0, 5),
    ):
        assert (ours.seek(offset, whence), ours.read(length)) == (
            theirs.seek(offset, whence),
            theirs.read(length),
        )


def test_a_write_that_fails_leaves_no_object(bucket: Bucket) -> None:
    def write(sink: pa.NativeFile) -> None:
        sink.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        work_files.write_file(bucket.url("x"), write)
    assert bucket.keys() == []


def test_a_large_file_comes_back_whole(bucket: Bucket) -> None:
    data = os.urandom(20_000_000)
    work_files.write_file(bucket.url("x"), lambda sink: sink.write(data))
    work_files.move(bucket.url("x"), bucket.url("y"))
    assert (
        bucket.keys(),
        work_files.read_bytes(bucket.url("y")) == data,
        work_files.open_file(bucket.url("y")).read() == data,
    ) == (["y"], True, True)


def test_a_folder_is_removed_and_its_namesakes_stay(bucket: Bucket) -> None:
    for key in ("a/b", "a/c/d", "ab", "a.txt"):
        bucket.put(key)
    work_files.remove(bucket.url("a"))
    assert bucket.keys() == ["a.txt", "ab"]
