"""The pictures in a Parquet file's rows, as the source of an archive's members.

`datasets` writes a picture as a struct of `bytes` and `path`, others as a plain binary column. The
member `image/17` is the picture in the column `image` of row 17, counted from 1.

Rows cannot be read one by one, so the pictures are copied once into an unnamed temporary file.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH_ROWS = 64


class ParquetMembers:
    """The pictures of one file, unpacked. Raises OSError where they are more than `limit` bytes."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the index
        self._lock = threading.Lock()
        self.places: list[tuple[str, int, int]] = []  # name, where it begins, bytes
        end = 0
        try:
            for name, data in _pictures(pq.ParquetFile(pa.PythonFile(file, "r"))):
                if end + len(data) > limit:
                    raise OSError(f"it holds more than {limit >> 30} GiB of pictures")
                self._file.write(data)
                self.places.append((name, end, len(data)))
                end += len(data)
        except pa.ArrowException as error:
            raise OSError(str(error)) from None

    def read(self, start: int, end: int) -> bytes:
        """Bytes [start, end) of all pictures behind one another."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(end - start)


def _pictures(table: pq.ParquetFile) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every picture, row by row."""
    names = [field.name for field in table.schema_arrow if _holds_bytes(field.type)]
    number = 0
    for batch in table.iter_batches(_BATCH_ROWS, columns=names) if names else ():
        columns = {name: _bytes(batch.column(name)) for name in names}
        for row in range(batch.num_rows):
            number += 1
            for name, column in columns.items():
                if (data := column[row].as_py()) is not None:
                    yield f"{name}/{number}", data


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and _is_binary(kind.field(at).type)
    return _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _bytes(column: pa.Array) -> pa.Array:
    return column.field("bytes") if pa.types.is_struct(column.type) else column
