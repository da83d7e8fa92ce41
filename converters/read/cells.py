"""Pictures in the cells of Parquet and Arrow tables as files: `test.parquet!image/000000012`.

A cell holds the bytes of a picture, Hugging Face's `{"bytes": ..., "path": ...}`, base64 text, or a
list of these: `image/000000012/1` is the second of row 12. Rows count from 0 and have nine digits,
so that names sort as rows do and a table is read from its beginning to its end.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import errno
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from converters.read.entries import Entry
from converters.read.stores import (
    Damaged,
    MemberError,
    SourceError,
    Store,
    missing,
    open_ranges,
    said,
)

TABLE_ENDINGS = ("parquet", "arrow", "feather", "ipc")
_CELL = re.compile(r"(.*\.(?:parquet|arrow|feather|ipc))!([^!]*)", re.IGNORECASE | re.DOTALL)
_DATA_ADDRESS = re.compile(r"\s*data:[\w/+.-]*;base64,")  # what base64 text may begin with
_BLANKS = re.compile(r"\s+")
_PLACE = re.compile(r"([^/]+)/(\d{9})(?:/(\d{1,6}))?")
_OPEN = 8  # tables that are kept open
_BATCH_ROWS = 8
_BUFFER = 1 << 20  # of a column that is read as a stream: it may hold gigabytes


def split_cell(path: str) -> tuple[str, str] | None:
    """(table, cell) of a path into a table, else None."""
    found = _CELL.fullmatch(path) if "!" in path else None
    return (found[1], found[2]) if found else None


class CellStore:
    """The pictures in tables, as a `Store`. outer: gives the store in which a table lies."""

    def __init__(self, outer: Callable[[str], Store]) -> None:
        self._outer = outer
        self._tables: OrderedDict[str, _Table] = OrderedDict()
        self._last: tuple[str, bytes] = ("", b"")
        self._lock = threading.Lock()

    def read(self, path: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a picture.

        Raises FileNotFoundError where there is none, MemberError where the table is damaged.
        """
        with self._lock:
            if self._last[0] != path:
                self._last = (path, self._picture(path))
            return self._last[1][start:end]

    def size(self, path: str) -> int:
        return len(self.read(path))

    def listing(self, path: str) -> list[Entry]:
        """Tables are not listed: their readers know their cells."""
        raise missing(path)

    def _picture(self, path: str) -> bytes:
        parts = split_cell(path)
        place = _PLACE.fullmatch(parts[1]) if parts else None
        if parts is None or place is None:
            raise missing(path)
        try:
            table = self._table(parts[0])
            value = table.cell(place[1], int(place[2]))
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise MemberError(errno.EIO, f"damaged in its table: {said(error)}", path) from None
        if isinstance(value, list):
            at = int(place[3] or 0)
            value = value[at] if at < len(value) else None
        found = _bytes(value)
        if found is None:
            raise missing(path)
        return found

    def _table(self, path: str) -> _Table:
        if path in self._tables:
            self._tables.move_to_end(path)
        else:
            self._tables[path] = open_table(path, self._outer(path))
            if len(self._tables) > _OPEN:
                self._tables.popitem(last=False)
        return self._tables[path]


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, str):
        text = _BLANKS.sub("", _DATA_ADDRESS.sub("", value, count=1))
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
    return value if isinstance(value, bytes) and value else None


def cell_names(path: str, store: Store, columns: Sequence[str]) -> Iterator[list[str]]:
    """For each row of a table the names of the pictures in some of its columns, in that order.

    Raises SourceError where the table lacks a column, or is damaged.
    """
    try:
        yield from _cell_names(path, store, columns)
    except FileNotFoundError:
        raise
    # pyarrow says some damage as an OSError: a message without its length.
    except (pa.ArrowException, OSError) as error:
        raise Damaged(f"{path} cannot be read: {said(error)}") from None


def _cell_names(path: str, store: Store, columns: Sequence[str]) -> Iterator[list[str]]:
    table = open_table(path, store)
    for column in columns:
        if (number := table.names.count(column)) != 1:
            many = "more than one" if number else "no"
            has = ", ".join(table.names)
            raise SourceError(f"{path} has {many} column {column!r}; it has: {has}")
    row = 0
    for counts in table.counts(columns):
        for numbers in counts:
            yield [
                f"{column}/{row:09d}" + (f"/{i}" if number < 0 else "")
                for column, number in zip(columns, numbers, strict=True)
                for i in range(abs(number))
            ]
            row += 1


class _Table(Protocol):
    names: list[str]

    def cell(self, column: str, row: int) -> Any:
        """The value in a cell, None where there is none."""
        ...

    def counts(self, columns: Sequence[str]) -> Iterator[list[tuple[int, ...]]]:
        """Batches of rows: how many pictures each column has, negative where it is a list."""
        ...


def open_table(path: str, store: Store) -> _Table:
    """A table by its ending. Raises pyarrow.ArrowException where it is none."""
    if path.lower().endswith(".parquet"):
        return _Parquet(path, store)
    try:
        return _Arrow(path, store)
    except OSError as error:  # some damage is reported so, without a number of the system
        if error.errno is not None:
            raise
        raise pa.ArrowInvalid(str(error)) from None


class _Reading(Struct):
    """How far a column is read. next: the row behind the batch."""

    next: int
    batches: Iterator[pa.RecordBatch]
    batch: pa.Array


class _Parquet:
    def __init__(self, path: str, store: Store) -> None:
        file = pa.PythonFile(open_ranges(path, store), "r")
        self._file = pq.ParquetFile(file, buffer_size=_BUFFER)
        self.names: list[str] = self._file.schema_arrow.names
        groups = range(self._file.num_row_groups)
        counts = (self._file.metadata.row_group(i).num_rows for i in groups)
        self._starts = list(accumulate(counts, initial=0))
        # Fast way: each column is read on from where it was left, so that rows whose pictures stand
        # in several columns are read from the table's beginning to its end.
        self._open: dict[str, _Reading] = {}

    def cell(self, column: str, row: int) -> Any:
        if self.names.count(column) != 1 or row >= self._starts[-1]:
            return None
        group = self._group(row)
        at = self._open.get(column)
        if at is None or row < at.next - len(at.batch) or group > self._group(at.next):
            batches = self._file.iter_batches(
                _BATCH_ROWS, row_groups=range(group, len(self._starts) - 1), columns=[column]
            )
            at = self._open[column] = _Reading(self._starts[group], batches, pa.array([]))
        while row >= at.next:
            try:
                batch = next(at.batches, None)
            except Exception:
                del self._open[column]  # read anew, it says the same of the next cell
                raise
            if batch is None:
                raise pa.ArrowInvalid("it has fewer rows than it says")
            at.batch = batch.column(0)
            at.next += len(at.batch)
        return at.batch[row - at.next + len(at.batch)].as_py()

    def _group(self, row: int) -> int:
        return bisect.bisect_right(self._starts, row) - 1

    def counts(self, columns: Sequence[str]) -> Iterator[list[tuple[int, ...]]]:
        # Fast way: of a picture with its path only the path is read, which tells whether it is
        # there; the bytes of a picture are many thousand times as long.
        leaves = [self._file.schema.column(i).path for i in range(len(self._file.schema))]
        wanted = []
        for column in columns:
            own = [leaf for leaf in leaves if leaf.split(".")[0] == column]
            wanted += [leaf for leaf in own if leaf.endswith(".path")] or own
        paths_alone = all(leaf.endswith(".path") for leaf in wanted)
        rows = _BATCH_ROWS << 7 if paths_alone else _BATCH_ROWS
        for batch in self._file.iter_batches(rows, columns=wanted):
            yield _counts([batch.column(column) for column in columns])


class _Arrow:
    """Arrow's file or stream format; `datasets` writes the latter."""

    def __init__(self, path: str, store: Store) -> None:
        local = "://" not in path and "!" not in path
        source = (
            pa.memory_map(os.fsencode(path))
            if local
            else pa.PythonFile(open_ranges(path, store), "r")
        )
        try:
            reader = pa.ipc.open_file(source)
            self._batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        except pa.ArrowInvalid:
            source.seek(0)
            reader = pa.ipc.open_stream(source)
            self._batches = list(reader)
        self.names: list[str] = reader.schema.names
        self._starts = list(accumulate((batch.num_rows for batch in self._batches), initial=0))
        self._sound: set[tuple[int, str]] = set()

    def cell(self, column: str, row: int) -> Any:
        if self.names.count(column) != 1 or row >= self._starts[-1]:
            return None
        at = bisect.bisect_right(self._starts, row) - 1
        return self._column(at, column)[row - self._starts[at]].as_py()

    def counts(self, columns: Sequence[str]) -> Iterator[list[tuple[int, ...]]]:
        for at in range(len(self._batches)):
            yield _counts([self._column(at, column) for column in columns])

    def _column(self, batch: int, name: str) -> pa.Array:
        """A column of a batch, which is used as it stands in the file: checked before its first
        use, as a wrong offset would lead out of its memory. Raises ArrowInvalid."""
        column = self._batches[batch].column(name)
        if (batch, name) not in self._sound:
            column.validate(full=True)
            self._sound.add((batch, name))
        return column


def _counts(columns: Sequence[pa.Array]) -> list[tuple[int, ...]]:
    found = []
    for column in columns:
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            found.append([-(number or 0) for number in column.value_lengths().to_pylist()])
        else:
            found.append([int(there) for there in column.is_valid().to_pylist()])
    return list(zip(*found, strict=True))
