"""Segments: the rows of one batch in one Arrow file, cut by shard.

Rows stay in files; only references to their slices are shuffled.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc as ipc

from pipelines.storage import work_files
from schemas.table import REJECT, SEGMENT_ROW

# No threads of Arrow's: the batches are small, and the cores have work, so that a segment takes
# twice as long to write with them and four times to read.
_WRITING = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING = ipc.IpcReadOptions(use_threads=False)


class Ref(NamedTuple):
    """One shard's slice of a segment: a record batch of a file. kind: rows or rejects."""

    kind: str
    path: str
    batch: int


def shard_of(home: pa.Array, shards: int) -> npt.NDArray[np.int64]:
    """Shard numbers by the hash of the first picture.

    So a picture's rows lie together and duplicates, which show the same pictures, always meet.
    """
    high = np.frombuffer(home.buffers()[1], ">u4", len(home) * 4, home.offset * 16)[::4]
    return (high.astype(np.int64) * shards) >> 32


def write_rows(
    folder: str, name: str, batches: Sequence[pa.RecordBatch], shards: int
) -> list[tuple[int, Ref]]:
    """One segment of rows; gives (shard, slice) for each shard that has any.

    The file's name holds source, span and attempt: a retried worker writes another file, and only
    referenced ones are ever read.
    """
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    if not table.num_rows:
        return []
    home = table["home"].combine_chunks()
    shard = shard_of(home, shards)
    # By the first bits of the picture's hash, which order shards too: the shard's writer then
    # merges runs that are in order, which is kind to the cache.
    first = np.frombuffer(home.buffers()[1], ">u8", 2 * len(home), 16 * home.offset)[::2]
    table = take(table, np.argsort(first.astype(np.uint64), kind="stable"))
    counts = np.bincount(shard, minlength=shards)
    return _write(folder, "rows", name, table, SEGMENT_ROW, counts)


def take(table: pa.Table, indices: npt.NDArray[np.int64]) -> pa.Table:
    """Rows of a table in one chunk, by index.

    A column of one value (a run has many) is cut to length instead.
    """
    chosen = pa.array(indices)
    n = len(chosen)
    columns = []
    for column in table.columns:  # each in one piece by itself: a copy of all takes room
        values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        single = values.null_count == len(values) or (
            pa.types.is_dictionary(values.type)
            and len(values.dictionary) == 1
            and not values.null_count
        )
        columns.append(values.slice(0, n) if single and n <= len(values) else values.take(chosen))
    return pa.table(columns, schema=table.schema)


def write_rejects(
    folder: str, name: str, rejects: pa.RecordBatch, shards: int, number: int
) -> list[tuple[int, Ref]]:
    """One segment of rejects, whole, for the shard that its span's number names."""
    if not rejects.num_rows:
        return []
    counts = np.zeros(shards, np.int64)
    counts[number % shards] = rejects.num_rows
    return _write(folder, "rejects", name, pa.Table.from_batches([rejects]), REJECT, counts)


def _write(
    folder: str,
    kind: str,
    name: str,
    table: pa.Table,
    schema: pa.Schema,
    counts: npt.NDArray[np.int64],
) -> list[tuple[int, Ref]]:
    path = f"{folder}/{kind}/{name}.{table.num_rows}.{uuid.uuid4().hex[:8]}.arrow"
    refs: list[tuple[int, Ref]] = []
    starts = np.concatenate([[0], np.cumsum(counts)])

    def write(sink: pa.NativeFile) -> None:
        with ipc.new_file(sink, schema, options=_WRITING) as writer:
            for shard in np.flatnonzero(counts).tolist():
                refs.append((shard, Ref(kind, path, len(refs))))
                writer.write_table(table.slice(starts[shard], counts[shard]))

    work_files.write_file(path, write)
    return refs


def read(refs: Iterable[Ref], schema: pa.Schema) -> pa.Table:
    """The slices that references name, in the order of their files' names, as one table."""
    by_path: dict[str, list[int]] = {}
    for ref in sorted(refs):
        by_path.setdefault(ref.path, []).append(ref.batch)
    batches = []
    for path, numbers in by_path.items():
        # Not kept: a reader is not safe to share between threads.
        reader = ipc.open_file(work_files.open_file(path), options=_READING)
        batches += [reader.get_batch(number) for number in numbers]
    return pa.Table.from_batches(batches, schema).unify_dictionaries()


def write_table(path: str, table: pa.Table) -> None:
    """A whole table, uncompressed, to be mapped into memory by many readers."""

    def write(sink: pa.NativeFile) -> None:
        with ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)

    work_files.write_file(path, write)


def read_table(path: str) -> pa.Table:
    """A table as `write_table` left it."""
    return _mapped(path) if work_files.is_local(path) else _fetched(path)


def _mapped(path: str) -> pa.Table:
    return ipc.open_file(work_files.open_file(path)).read_all()


@functools.lru_cache(4)
def _fetched(path: str) -> pa.Table:
    """The table, kept for the spans to come, whose questions join the same few.

    A run's paths are its own (see `RunPlan`).
    """
    return ipc.open_file(pa.BufferReader(work_files.read_bytes(path))).read_all()
