"""Tables as records: CSV and TSV, Parquet, Arrow, and Excel's xlsx.

A reader names the columns it needs, and gets each row as its own type::

    class _Row(Struct):
        image: str
        label: str
        year: int | None = None

    columns = {"image": "Filename", "label": "ClassName"}
    for place, row in table_records(folder, span, _Row, columns):
        yield row if isinstance(row, Reject) else _sample(place, row)

An empty cell is an absent field. Text cells of CSV become numbers where the type wants them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import SourceError
from converters.read.folder import Folder, Span
from converters.read.json_elements import BadRecord, wrong_shape
from schemas.sample import Reject

T = TypeVar("T")
Rows = Iterable[Sequence[Any] | str]  # the cells of a row, or what is wrong with it
_BATCH_ROWS = 4096
_MAX_SHEET = 1 << 30  # bytes of an xlsx when unpacked
_UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError, zipfile.BadZipFile)
csv.field_size_limit(1 << 26)  # a cell may hold a whole polygon


def table_records(
    folder: Folder,
    span: Span,
    kind: type[T],
    columns: Mapping[str, str],
    *,
    delimiter: str | None = None,
    header: Sequence[str] | None = None,
    named: str | None = None,
) -> Iterator[tuple[str, T | Reject]]:
    """(place, record) of each row of the tables of a span; `row 1` is the first under the header.

    kind: a Struct. columns: the native column of each of its fields. delimiter: of CSV; a comma,
    or a tab for `.tsv`, where none is given. header: the columns' names where a CSV has no header.
    named: the field that tells what an unusable row is called.

    Raises SourceError for a table that cannot be read, or that lacks a column.
    """
    for name in span.names:
        file = folder.relative(name)
        number = 0
        try:
            names, rows = _open(files.join(folder.base, name), columns, delimiter, header)
            places = _places(names, columns)
            for number, cells in enumerate(rows, 1):
                place = f"row {number}"
                record = _values(cells, places, len(names))
                try:
                    yield place, _typed(record, kind)
                except BadRecord as bad:
                    key = record.get(named or "") if isinstance(record, dict) else None
                    yield place, Reject(file, str(key or place), span.split, *bad.args)
        except FileNotFoundError:
            where = files.join(folder.base, name)
            raise SourceError(f"annotations not found: {where}") from None
        except _UNREADABLE as error:
            where = f"{folder.slug}: {file}" + (f" behind row {number}" if number else "")
            raise SourceError(f"{where} cannot be read: {error}") from None
        except _NoColumnError as error:
            raise SourceError(f"{folder.slug}: {file} {error}") from None


def column_names(
    folder: Folder, name: str, delimiter: str | None = None, header: Sequence[str] | None = None
) -> list[str]:
    """The names of a table's columns. Raises SourceError for a table that cannot be read."""
    try:
        return _open(files.join(folder.base, name), {"": ""}, delimiter, header)[0]
    except FileNotFoundError:
        where = files.join(folder.base, name)
        raise SourceError(f"annotations not found: {where}") from None
    except _UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


class _NoColumnError(Exception):
    """A table lacks a column, or has two of its name."""


def _places(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Where each field stands in a row. Raises _NoColumnError."""
    places = {}
    for field, column in columns.items():
        if names.count(column) != 1:
            many = "no" if column not in names else "more than one"
            raise _NoColumnError(f"has {many} column {column!r}; it has: {', '.join(names)}")
        places[field] = names.index(column)
    return places


def _values(
    cells: Sequence[Any] | str, places: Mapping[str, int], width: int
) -> dict[str, Any] | str:
    """The cells that are not empty by their fields, or what is wrong with the row."""
    if isinstance(cells, str):
        return cells
    if len(cells) != width:
        return f"{len(cells)} cells under {width} columns"
    found = {field: cells[place] for field, place in places.items()}
    return {field: cell for field, cell in found.items() if not _is_empty(cell)}


def _is_empty(cell: Any) -> bool:
    # NaN, the only value that differs from itself, is how pandas writes an empty cell.
    return cell is None or cell == "" or cell != cell


def _typed(record: dict[str, Any] | str, kind: type[T]) -> T:
    if isinstance(record, str):
        raise BadRecord("unreadable_record", record)
    try:
        return msgspec.convert(record, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_shape(error) from None


def _open(
    path: str, columns: Mapping[str, str], delimiter: str | None, header: Sequence[str] | None
) -> tuple[list[str], Rows]:
    """The column names and the rows of one table."""
    ending = path.lower().rsplit(".", 1)[-1]
    if ending == "parquet":
        return _parquet(files.opened(path), list(dict.fromkeys(columns.values())))
    if ending in ("arrow", "feather", "ipc"):
        return _arrow(files.opened(path), list(dict.fromkeys(columns.values())))
    if ending == "xlsx":
        return _xlsx(path)
    data = files.store(path).read(path)
    files.check_pointer(path, data)
    mark = delimiter or ("\t" if ending == "tsv" else ",")
    rows = _csv(data, mark)
    if header is not None:
        return list(header), rows
    first = next(rows, [])
    if isinstance(first, str):
        raise SourceError(f"{path} has no header: {first}")
    return [cell.strip() for cell in first], rows


def table_header(folder: Folder, name: str, *, delimiter: str | None = None) -> list[str]:
    """The column names of one table below `folder.base`, as they stand.

    Raises SourceError for a table that cannot be read.
    """
    path = files.join(folder.base, name)
    try:
        if path.lower().endswith(".parquet"):
            return list(pq.read_schema(pa.PythonFile(files.opened(path), "r")).names)
        return _open(path, {}, delimiter, None)[0]
    except FileNotFoundError:
        raise SourceError(f"annotations not found: {path}") from None
    except _UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


def _csv(data: bytes, delimiter: str) -> Iterator[list[str] | str]:
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")  # so that a bad byte costs its row alone
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
        if any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
            yield "bytes that are no text"
        elif cells:
            yield cells


def _parquet(file: IO[bytes], columns: list[str]) -> tuple[list[str], Rows]:
    table = pq.ParquetFile(pa.PythonFile(file, "r"))
    there = table.schema_arrow.names
    wanted = [name for name in columns if name in there]
    if len(wanted) < len(columns):
        return there, []
    return wanted, _rows(table.iter_batches(_BATCH_ROWS, columns=wanted), wanted)


def _arrow(file: IO[bytes], columns: list[str]) -> tuple[list[str], Rows]:
    """A table in Arrow's file or stream format; `datasets` writes the latter."""
    whole = pa.PythonFile(file, "r")
    try:
        table = pa.ipc.open_file(whole)
        batches = (table.get_batch(i) for i in range(table.num_record_batches))
    except pa.ArrowInvalid:
        file.seek(0)
        table = batches = pa.ipc.open_stream(pa.PythonFile(file, "r"))
    there = table.schema.names
    if any(there.count(name) != 1 for name in columns):
        return there, []
    return columns, _rows(batches, columns)


def _rows(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[Sequence[Any]]:
    for batch in batches:
        yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _xlsx(path: str) -> tuple[list[str], Rows]:
    """The first sheet. Raises SourceError where openpyxl is not installed."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        need = "pip install 'earthmix[xlsx]'"
        raise SourceError(f"{path} is an Excel table, which needs openpyxl: {need}") from None
    file = files.opened(path)
    with zipfile.ZipFile(file) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MAX_SHEET:
            raise SourceError(f"{path} unpacks to more than 1 GiB; write it as CSV")
    file.seek(0)
    sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
    rows = sheet.iter_rows(values_only=True)
    names = ["" if cell is None else str(cell).strip() for cell in next(rows, ())]
    return names, (row for row in rows if any(cell is not None for cell in row))
