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
`converters.read.table_spans` cuts large tables into spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from converters.read import files
from converters.read.files import Damaged, SourceError
from converters.read.folder import Folder, Span
from converters.read.json_elements import BadRecord, wrong_shape
from converters.read.stores import said
from converters.read.table_rows import UNREADABLE, Title, open_table, table_ending
from schemas.sample import Reject

T = TypeVar("T")


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
    Lines above it are called `row 0`.

    In a part of a CSV the place is `byte 512 row 1`: rows are counted from where the part begins.
    kind: a Struct. columns: the native column of each of its fields. delimiter: of CSV; a comma,
    or a tab for `.tsv`, where none is given. header: the columns' names where a CSV has no header.
    named: the field that tells what an unusable row is called.

    Raises SourceError for a table that cannot be read, or that lacks a column.
    """
    part = None if span.end is None else (span.start, span.end)
    for name in span.names:
        path, file = files.join(folder.base, name), folder.relative(name)
        number, lead = 0, ""
        try:
            with files.wanted(path):
                names, rows = open_table(path, columns, delimiter, header, part)
            places = _places(names, columns)
            first = 1
            if part is not None and table_ending(name) == "parquet":
                first += part[0]
            elif part is not None:
                lead = f"byte {part[0]} "
            number = first - 1
            for cells in rows:
                number += not isinstance(cells, Title)
                place = f"{lead}row {number}"
                record = _values(cells, places, len(names))
                try:
                    yield place, _typed(record, kind)
                except BadRecord as bad:
                    key = record.get(named or "") if isinstance(record, dict) else None
                    yield place, Reject(file, str(key or place), span.split, *bad.args)
        except UNREADABLE as error:
            where = f"{folder.slug}: {file}" + (f" behind row {number}" if number else "")
            raise Damaged(f"{where} cannot be read: {said(error)}") from None
        except _NoColumnError as error:
            raise SourceError(f"{folder.slug}: {file} {error}") from None


class _NoColumnError(Exception):
    """A table lacks a column, or has two of its name."""


def _places(names: Sequence[str], columns: Mapping[str, str]) -> list[tuple[str, int]]:
    """Where each field stands in a row. Raises _NoColumnError."""
    places = []
    for field, column in columns.items():
        if names.count(column) != 1:
            many = "no" if column not in names else "more than one"
            raise _NoColumnError(f"has {many} column {column!r}; it has: {', '.join(names)}")
        places.append((field, names.index(column)))
    return places


def _values(
    cells: Sequence[Any] | str, places: Sequence[tuple[str, int]], width: int
) -> dict[str, Any] | str:
    """The cells that are not empty by their fields, or what is wrong with the row."""
    if isinstance(cells, str):
        return cells
    if len(cells) != width:
        return f"{len(cells)} cells under {width} columns"
    # NaN, the only value that differs from itself, is how pandas writes an empty cell.
    return {
        field: cell
        for field, place in places
        if (cell := cells[place]) is not None and cell != "" and cell == cell
    }


def _typed(record: dict[str, Any] | str, kind: type[T]) -> T:
    if isinstance(record, str):
        raise BadRecord("unreadable_record", record)
    try:
        return msgspec.convert(record, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_shape(error) from None
