"""Tables as columns of text, for readers that need no row by itself (`table_records` gives rows).

A CSV is read by Arrow where it and Python's reader of CSV, which reads the rows, agree: quotes
stand around whole cells, and all rows have as many cells as the header.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from converters.read import files
from converters.read.column_bytes import without_empty
from converters.read.files import SourceError
from converters.read.folder import Folder, Span
from converters.read.table_rows import (
    UNREADABLE,
    checked_batches,
    csv_header,
    csv_mark,
    open_batches,
    row_range,
    table_ending,
)

_MOST_BYTES = 1 << 26  # of a CSV that is read at once; no cell can be longer than a cell may be
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_QUOTE = ord('"')
_ROWS = 1 << 16


def table_columns(
    folder: Folder,
    span: Span,
    columns: Mapping[str, str],
    *,
    delimiter: str | None = None,
    header: Sequence[str] | None = None,
) -> pa.Table | None:
    """The table of a span, its columns called as the fields of `columns` (see `table_records`).

    None where it is not as regular as this needs, or cannot be read.
    """
    if len(span.names) != 1 or not columns:
        return None
    path = files.join(folder.base, span.names[0])
    part = None if span.end is None else (span.start, span.end)
    wanted = list(dict.fromkeys(columns.values()))
    kind = table_ending(path)
    try:
        if kind == "csv":
            table = _csv(path, wanted, delimiter or csv_mark(path), header, part)
        elif kind == "parquet":
            table = _parquet(path, wanted, part)
        else:
            table = _arrow(path, wanted) if kind == "arrow" else None
        if table is None:
            return None
        found = pa.table({field: table[name].combine_chunks() for field, name in columns.items()})
        found.validate(full=True)
    except (*UNREADABLE, SourceError, csv.Error):  # reading its rows says what is wrong
        return None
    return found


def texts(column: pa.ChunkedArray) -> pa.Array | None:
    """A column's texts, and whole numbers as such, with nulls for empty cells; None for others."""
    array = column.combine_chunks()
    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_large_string(kind):
        array = array.cast(pa.string())
    elif not pa.types.is_string(kind):
        return None
    return without_empty(array)


def _csv(
    path: str,
    wanted: Sequence[str],
    mark: str,
    header: Sequence[str] | None,
    part: tuple[int, int] | None,
) -> pa.Table | None:
    start, end = part or (0, None)
    data = files.store(path).read(path, start, end)
    files.check_fetched(path, data)
    names = header
    if header is None and start:
        names = csv_header(path, mark, wanted)
    elif header is None:
        line, _, data = data.partition(b"\n")
        names = _header(line, mark)
    if not names or any(names.count(name) != 1 for name in wanted):
        return None
    if not data or not _is_regular(data, mark):
        return None
    fields = [f"c{i}" for i in range(len(names))]
    places = [names.index(name) for name in wanted]
    table = pc_csv.read_csv(
        pa.BufferReader(data),
        read_options=pc_csv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=fields
        ),
        parse_options=pc_csv.ParseOptions(delimiter=mark, newlines_in_values=b'"' in data),
        convert_options=pc_csv.ConvertOptions(
            include_columns=[fields[place] for place in places],
            column_types={fields[place]: pa.string() for place in places},
        ),
    )
    return table.rename_columns(wanted)


def _header(line: bytes, mark: str) -> list[str] | None:
    """The names in a CSV's first line, None where it may be more or less than a header."""
    if not line.strip() or line.startswith(_MARKS) or line.count(b'"') % 2:
        return None
    text = line.removesuffix(b"\r").decode()
    if "\r" in text or "\0" in text:
        return None
    rows = list(csv.reader([text], delimiter=mark, strict=True))
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else None


def _is_regular(data: bytes, mark: str) -> bool:
    """True where Arrow and Python's reader find the same cells, or Arrow finds an error."""
    if (
        len(data) > _MOST_BYTES
        or len(mark) != 1
        or not mark.isascii()
        or data.startswith(_MARKS)
        or b"\0" in data
        or data.count(b"\r") != data.count(b"\r\n")
    ):
        return False
    if not data.isascii():
        data.decode()  # raises for what is no UTF-8, and where it stands does not matter
    if b'"' not in data:
        return True
    # Every quote opens or closes in turn. One that opens begins a cell, or is the second of a
    # doubled one in it; one that closes ends a cell, or is the first of such two.
    text = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    before, behind = text[quotes[0::2] - 1], text[quotes[1::2] + 1]
    return (
        len(quotes) % 2 == 0
        and bool(np.isin(before, (ord(mark), ord("\n"), _QUOTE)).all())
        and bool(np.isin(behind, (ord(mark), ord("\n"), ord("\r"), _QUOTE)).all())
    )


def _parquet(path: str, wanted: list[str], part: tuple[int, int] | None) -> pa.Table | None:
    table = pq.ParquetFile(pa.PythonFile(files.opened(path), "r"))
    if any(table.schema_arrow.names.count(name) != 1 for name in wanted):
        return None
    start, end = part or (0, table.metadata.num_rows)
    batches = [*row_range(table, wanted, start, end, _ROWS)]
    return pa.Table.from_batches(batches) if batches else None


def _arrow(path: str, wanted: list[str]) -> pa.Table | None:
    schema, batches = open_batches(files.opened(path))
    if any(schema.names.count(name) != 1 for name in wanted):
        return None
    found = [batch.select(wanted) for batch in checked_batches(batches)]
    return pa.Table.from_batches(found) if found else None
