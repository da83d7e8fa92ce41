"""Pictures that stand in a column of Parquet or Arrow, as the hub's sets hold them.

A picture is `{"bytes": ..., "path": ...}` or plain bytes. A column has no index by bytes, so the
pictures of a file are unpacked once into an unnamed temporary file, as a tar.gz is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from converters.read.stores import SourceError

_BATCH_ROWS = 64  # pictures in memory at once


def unpacked_pictures(
    path: str, file: IO[bytes], most: int
) -> tuple[IO[bytes], list[tuple[str, int, int]]]:
    """A file of all pictures, and (name, bytes, start) of each: `image/17` is the 18th row's.

    most: how many bytes are unpacked. Raises SourceError where there are more, or no table.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the index
    found: list[tuple[str, int, int]] = []
    end = row = 0
    try:
        for batch in _batches(file):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                data = column.field("bytes") if pa.types.is_struct(column.type) else column
                for i, picture in enumerate(data):
                    if picture.is_valid and column[i].is_valid:
                        body = picture.as_buffer()
                        found.append((f"{name}/{row + i}", body.size, end))
                        end += out.write(body)
                if end > most:
                    limit = most >> 30
                    raise SourceError(f"{path} holds more than {limit} GiB of pictures; split it")
            row += batch.num_rows
    except pa.ArrowException as error:
        raise SourceError(f"{path} cannot be read: {error}") from None
    return out, found


def _batches(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    """The columns of pictures alone, some rows at a time."""
    head = file.read(4)
    file.seek(0)
    whole = pa.PythonFile(file, "r")
    if head == b"PAR1":
        table = pq.ParquetFile(whole)
        names = _picture_columns(table.schema_arrow)
        yield from table.iter_batches(_BATCH_ROWS, columns=names)
        return
    batches: Iterator[pa.RecordBatch]
    try:
        opened = pa.ipc.open_file(whole)
        batches = (opened.get_batch(i) for i in range(opened.num_record_batches))
    except pa.ArrowInvalid:
        file.seek(0)
        opened = batches = pa.ipc.open_stream(pa.PythonFile(file, "r"))
    names = _picture_columns(opened.schema)
    yield from (batch.select(names) for batch in batches)


def _picture_columns(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if _holds_pictures(field.type)]


def _holds_pictures(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and _holds_pictures(kind.field(at).type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
