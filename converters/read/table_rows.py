"""Tables of each kind as rows of cells: CSV and TSV, Parquet, Arrow, Excel's xlsx."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import Damaged, SourceError, needs
from converters.read.stores import said

Rows = Iterable[Sequence[Any] | str]  # the cells of a row, or what is wrong with it
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError, zipfile.BadZipFile)


class Title(str):
    """What is wrong with a line above the header, which is no row and has no row's number."""


@contextmanager
def sound(where: str) -> Iterator[None]:
    """Raises SourceError for what a library finds damaged in a table; a missing file passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise Damaged(f"{where} cannot be read: {said(error)}") from None


_BATCH_ROWS = 4096
_LINE_BYTES = 1 << 14  # in which a CSV's first line stands, as a rule
_MARKS = (",", ";", "\t", "|")
_MARK_SAID = "sep="  # a first line by which Excel tells the mark
_TITLES = 5  # lines that may stand above a table's header
_HEAD_BYTES = 1 << 20  # in which a CSV's header stands
_MAX_SHEET = 1 << 30  # bytes of an xlsx when unpacked
csv.field_size_limit(1 << 26)  # a cell may hold a whole polygon


def table_ending(name: str) -> str:
    """What kind of table a file is, by its name: parquet, arrow, xlsx, or csv for all others."""
    ending = name.lower().rsplit(".", 1)[-1]
    if ending in ("arrow", "feather", "ipc"):
        return "arrow"
    return ending if ending in ("parquet", "xlsx") else "csv"


def column_names(
    path: str, delimiter: str | None = None, header: Sequence[str] | None = None
) -> list[str]:
    """The columns of one table. Raises SourceError where it cannot be read.

    delimiter: of a CSV; header: its columns, where it has no line of them.
    """
    if header is not None:
        return list(header)
    with files.wanted(path), sound(path):
        kind = table_ending(path)
        if kind == "parquet":
            return [*pq.ParquetFile(pa.PythonFile(files.opened(path), "r")).schema_arrow.names]
        if kind == "csv":
            return csv_header(path, delimiter or csv_mark(path), ())
        return open_table(path, {}, None, None, None)[0]


def parquet_rows(path: str) -> int:
    """How many rows a Parquet file has. Raises SourceError where it cannot be read."""
    with files.wanted(path), sound(path):
        return int(pq.ParquetFile(pa.PythonFile(files.opened(path), "r")).metadata.num_rows)


def csv_mark(path: str) -> str:
    """What separates a CSV's cells: a tab in a `.tsv`, else a comma, or what its header has."""
    usual = "\t" if path.lower().endswith(".tsv") else ","
    head = files.store(path).read(path, 0, _LINE_BYTES)
    for line in head.splitlines()[:_TITLES]:  # the first that has a mark at all
        for mark in (usual, *_MARKS):
            if mark.encode() in line:
                return mark
    return usual


def open_table(
    path: str,
    columns: Mapping[str, str],
    delimiter: str | None,
    header: Sequence[str] | None,
    part: tuple[int, int] | None,
) -> tuple[list[str], Rows]:
    """The column names and the rows of one table. part: bytes of a CSV, or rows of Parquet.

    In a CSV and a sheet, lines above the line that has all columns wanted count as broken rows.
    """
    kind = table_ending(path)
    if kind == "parquet":
        return _parquet(files.opened(path), list(dict.fromkeys(columns.values())), part)
    if kind == "arrow":
        return _arrow(files.opened(path), list(dict.fromkeys(columns.values())))
    if kind == "xlsx":
        return _headed(*_xlsx(path), columns.values())
    mark = delimiter or csv_mark(path)
    start, end = part or (0, None)
    data = files.store(path).read(path, start, end)
    files.check_fetched(path, data)
    rows = _csv(data, mark)
    if header is not None:
        return list(header), rows
    if start:
        return csv_header(path, mark, columns.values()), rows
    return _headed(_first_row(path, rows), rows, columns.values())


def _headed(names: list[str], rows: Rows, wanted: Iterable[str]) -> tuple[list[str], Rows]:
    """The column names and rows of a table whose first lines may be a title.

    wanted: columns that it must have. Where none are given, lines of one cell before one of
    several are a title: rows may have more cells than the header, where commas are not quoted.
    """
    columns = set(wanted)
    if columns and columns <= set(names):
        return names, rows
    below, above = iter(rows), [names]
    read: list[Sequence[Any] | str] = []
    for cells in itertools.islice(below, _TITLES):
        read.append(cells)
        found = [] if isinstance(cells, str) else _names(cells)
        is_title = _filled(found) > 1 >= max(map(_filled, above))
        if columns <= set(found) if columns else is_title:
            lines = [" ".join(filter(None, line)) for line in above]
            titles = (Title(f"above the header: {line}") for line in lines if line != _MARK_SAID)
            return found, itertools.chain(titles, below)
        above.append(found)
    return names, itertools.chain(read, below)


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _names(cells: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in cells]


def csv_header(path: str, mark: str, wanted: Iterable[str]) -> list[str]:
    """The column names of a CSV, from its beginning."""
    head = files.store(path).read(path, 0, _HEAD_BYTES)
    files.check_fetched(path, head)
    if len(head) == _HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1]
    rows = _csv(head, mark)
    return _headed(_first_row(path, rows), rows, wanted)[0]


def _first_row(path: str, rows: Iterator[list[str] | str]) -> list[str]:
    first = next(rows, [])
    if isinstance(first, str):
        raise SourceError(f"{path} has no header: {first}")
    return [cell.strip() for cell in first]


def _csv(data: bytes, delimiter: str) -> Iterator[list[str] | str]:
    is_clean = True
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        is_clean = False
        # So that a bad byte costs its row alone.
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    at, begin = 0, 0  # lines: where the reader was started, where the row begins
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = at + rows.line_num
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield str(error)
            # A quote that is never closed would take all that follows: go on with the next line.
            at = begin + 1
            rest = (lines[place] for place in range(at, len(lines)))
            rows = csv.reader(rest, delimiter=delimiter, strict=True)
            continue
        if not is_clean and any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
            yield "bytes that are no text"
        elif cells and not (len(cells) == 1 and cells[0].isspace()):  # a line of blanks is no row
            yield cells


def _parquet(
    file: IO[bytes], columns: list[str], part: tuple[int, int] | None
) -> tuple[list[str], Rows]:
    table = pq.ParquetFile(pa.PythonFile(file, "r"))
    there = table.schema_arrow.names
    wanted = [name for name in columns if there.count(name) == 1]
    if len(wanted) < len(columns):
        return there, []
    if part is None:
        return wanted, _rows(table.iter_batches(_BATCH_ROWS, columns=wanted), wanted)
    return wanted, _rows(row_range(table, wanted, *part), wanted)


def row_range(
    table: pq.ParquetFile, columns: list[str], start: int, end: int, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Rows [start, end) in batches: only the row groups that hold some of them are read."""
    at = 0
    for group in range(table.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        if at < end and at + count > start:
            place = at
            for batch in table.iter_batches(rows, row_groups=[group], columns=columns):
                begin, stop = max(0, start - place), min(batch.num_rows, end - place)
                if begin < stop:
                    yield batch.slice(begin, stop - begin)
                place += batch.num_rows
        at += count


def _arrow(file: IO[bytes], columns: list[str]) -> tuple[list[str], Rows]:
    schema, batches = open_batches(file)
    there = schema.names
    if not columns or any(there.count(name) != 1 for name in columns):
        return there, []
    return columns, _rows(checked_batches(batches), columns)


def open_batches(file: IO[bytes]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """A table in Arrow's file or stream format; `datasets` writes the latter."""
    try:
        table = pa.ipc.open_file(pa.PythonFile(file, "r"))
    except pa.ArrowInvalid:
        file.seek(0)
        stream = pa.ipc.open_stream(pa.PythonFile(file, "r"))
        return stream.schema, iter(stream)
    return table.schema, (table.get_batch(i) for i in range(table.num_record_batches))


def checked_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of Arrow's own format as they stand in a file: damaged ones raise ArrowInvalid.

    Unlike Parquet's they are used as they are, and a wrong offset would lead out of their memory.
    """
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _rows(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[Sequence[Any]]:
    for batch in batches:
        yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _xlsx(path: str) -> tuple[list[str], Rows]:
    """The first sheet. Raises SourceError where openpyxl is not installed."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise needs(f"{path}, an Excel table,", "openpyxl", "xlsx") from None
    file = files.opened(path)
    with zipfile.ZipFile(file) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MAX_SHEET:
            raise SourceError(f"{path} unpacks to more than 1 GiB; write it as CSV")
    file.seek(0)
    sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
    rows = sheet.iter_rows(values_only=True)
    names = _names(next(rows, ()))
    return names, (row for row in rows if any(cell is not None for cell in row))
