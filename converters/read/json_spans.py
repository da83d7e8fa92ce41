"""Huge JSON arrays of flat records, read in spans and straight into Arrow columns.

::

    {"questions": [{"id": 1, "question": "..."}, {"id": 2, ...}, ...]}      or a bare [...]

A file is cut near equal byte ranges at a seam `}, {`. A seam could stand inside a string, so each is tried: the text behind it must decode as one
record with the wanted keys. Behind a seam in a string the quotes are inverted and the next token is no key, so a false one cannot pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from converters.read.files import SourceError, check_pointer, store
from converters.read.json_columns import read_uniform

SPAN_BYTES = 16 << 20
_HEAD_BYTES = 4096
_PROBE_BYTES = 1 << 16
_TAIL_BYTES = 4096
_RECORD_BYTES = 1 << 20  # the end of a record is looked for no further
_TAIL = re.compile(rb"\]\s*\}?\s*$")
_SEAM = re.compile(rb"\}\s*,\s*(?=\{)")
_LOOSE_SEAM = re.compile(rb",\s*(?=\{)")  # behind a record that may have lost its end
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}]', re.DOTALL)
_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
_END = 125  # }
_COMMA, _OPEN, _SPACES = 44, 123, (32, 10, 13, 9)


class Bad(NamedTuple):
    """A record that cannot be read. offset: where it begins in the file, in bytes."""

    offset: int
    detail: str


def array_spans(
    path: str, table: str | None, keys: set[str], target: int = SPAN_BYTES
) -> list[tuple[int, int]]:
    """Byte ranges [start, end) of an array's elements, each holding whole records.

    table: the key under which the array stands, or None for a bare array. keys: keys that every record of the array has.

    Raises SourceError where the file is missing, is a Git LFS pointer, is cut off, or is not such an array.
    """
    files = store(path)
    try:
        size = files.size(path)
    except FileNotFoundError:
        raise SourceError(f"annotations not found: {path}") from None
    head = files.read(path, 0, min(size, _HEAD_BYTES))
    check_pointer(path, head)
    opening = (
        rb"(\xef\xbb\xbf)?\s*\["
        if table is None
        else rb'(\xef\xbb\xbf)?\s*\{\s*"' + re.escape(table.encode()) + rb'"\s*:\s*\['
    )
    begin = re.match(opening, head)
    if begin is None:
        raise SourceError(
            f"{path} does not begin with {'[' if table is None else chr(123) + repr(table).replace(chr(39), chr(34)) + ': ['}"
        )
    tail = files.read(path, max(begin.end(), size - _TAIL_BYTES), size)
    close = _TAIL.search(tail)
    if close is None or (b"}" in close[0]) != (table is not None):
        raise SourceError(
            f"{path} is cut off: it does not end with {']' if table is None else ']}'}"
        )
    if tail[: close.start()].rstrip()[-1:] not in (b"}", b""):
        raise SourceError(f"{path} is cut off: its last record has no end")
    start, end = begin.end(), size - len(tail) + close.start()
    cuts = [start]
    while end - cuts[-1] > target:
        cut = _seam_after(path, cuts[-1] + target, end, keys)
        if cut is None:
            break
        cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def _seam_after(path: str, at: int, end: int, keys: set[str]) -> int | None:
    """Where the first record that begins behind a true seam after `at` begins."""
    width = _PROBE_BYTES
    while at < end:
        text = store(path).read(path, at, min(end, at + width))
        starts = [m.end() for m in _SEAM.finditer(text)]
        for begin in starts:
            for stop in [m.start() + 1 for m in _SEAM.finditer(text, begin)][:8] + (
                [len(text)] if at + width >= end else []
            ):
                if _is_record(text[begin:stop], keys):
                    return at + begin
        if at + width >= end:
            return None
        if len(starts) < 2:
            width *= 4
        else:
            at += starts[-2]
    return None


def _is_record(text: bytes, keys: set[str]) -> bool:
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(record, dict) and keys <= record.keys()


def read_columns(
    path: str, start: int, end: int | None, columns: Mapping[str, pa.DataType]
) -> tuple[pa.Table, list[Bad]]:
    """The records of a span as columns; keys that are not asked for are skipped, absent ones are null.

    A number where text is asked for becomes its text (FloodNet's counts); anything else of a wrong type is a `Bad`.
    """
    body = store(path).read(path, start, end)
    if not body or body.isspace():
        return _table({name: [] for name in columns}, columns), []
    try:
        table = read_uniform(body, columns)
        if table is None:
            table = _read_arrow(body, columns)
        table.validate(full=True)  # both take any bytes for text
    except pa.ArrowInvalid:
        return _read_records(body, start, columns)
    return table, []


def _read_arrow(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table:
    schema = pa.schema(list(columns.items()))
    return pj.read_json(
        pa.BufferReader(_as_lines(body)),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(body) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    ).select(schema.names)


def _as_lines(body: bytes) -> pa.Buffer:
    """The same text with the commas between records blanked, which is what Arrow's reader wants.

    A blanked comma that was no seam (within a string or a record) is an error in Arrow's parser, and the records are then read one by one.
    """
    text = np.frombuffer(body, np.uint8).copy()
    ends = np.flatnonzero(text[:-3] == _END)
    ends = ends[text[ends + 1] == _COMMA]
    behind = text[ends + 2]
    beyond = text[ends + 3]
    seam = (behind == _OPEN) | (np.isin(behind, _SPACES) & np.isin(beyond, (_OPEN, *_SPACES)))
    text[ends[seam] + 1] = 10
    tail = body[-_HEAD_BYTES:].rstrip()
    if tail.endswith(b","):  # a span ends behind its seam's comma
        text[len(body) - len(body[-_HEAD_BYTES:]) + len(tail) - 1] = 32
    return pa.py_buffer(text)


def _read_records(
    body: bytes, offset: int, columns: Mapping[str, pa.DataType]
) -> tuple[pa.Table, list[Bad]]:
    values: dict[str, list[Any]] = {name: [] for name in columns}
    bad: list[Bad] = []
    for at, record in decode_records(body):
        if isinstance(record, str):
            bad.append(Bad(offset + at, record))
            continue
        try:
            row = {
                name: _coerce(name, msgspec.json.decode(record.get(name, b"null")), kind)
                for name, kind in columns.items()
            }
        except (ValueError, msgspec.DecodeError) as error:
            bad.append(Bad(offset + at, str(error)))
            continue
        for name, value in row.items():
            values[name].append(value)
    return _table(values, columns), bad


def _table(values: Mapping[str, list[Any]], columns: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.table(
        [pa.array(values[name], kind) for name, kind in columns.items()],
        schema=pa.schema(list(columns.items())),
    )


def decode_records(body: bytes) -> Iterator[tuple[int, dict[str, msgspec.Raw] | str]]:
    """Records of a comma-separated run with their offsets, or what is wrong with one. Values are left as they stand.

    A broken record costs itself alone: pieces are cut at every seam, and where a piece does not decode its seam may stand within the record, so the record
    is followed to its last bracket before it is given up.
    """
    at = 0  # everything before is read
    for cut in [*(seam.end() for seam in _LOOSE_SEAM.finditer(body)), len(body)]:
        while at < cut:
            piece = body[at:cut].lstrip(b", \r\n\t")
            begin, end = cut - len(piece), cut
            if not piece:
                break
            record = _decoded(piece.rstrip(b", \r\n\t"))
            if isinstance(record, str) and isinstance(
                whole := _decoded(body[begin : (last := _record_end(body, begin))]), dict
            ):
                record, end = whole, last
            yield begin, record
            at = end


def _decoded(text: bytes) -> dict[str, msgspec.Raw] | str:
    """A record, or what is wrong with it."""
    try:
        return _RECORD.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)


def _record_end(body: bytes, begin: int) -> int:
    """Where the brackets that open at `begin` are closed, or `begin`."""
    depth = 0
    for token in _TOKEN.finditer(body, begin, begin + _RECORD_BYTES):
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return begin


def _coerce(name: str, value: Any, kind: pa.DataType) -> Any:
    """A JSON value as one of the column types used here. Raises ValueError naming the key."""
    if value is None:
        return None
    if (
        pa.types.is_string(kind)
        and isinstance(value, str | int | float)
        and not isinstance(value, bool)
    ):
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if pa.types.is_boolean(kind) and isinstance(value, bool):
        return value
    if pa.types.is_integer(kind) and not isinstance(value, bool):
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            return _wrong(name, value, kind)
        return (
            number
            if abs(number) < 1 << 63 and (isinstance(value, str) or number == value)
            else _wrong(name, value, kind)
        )
    if pa.types.is_list(kind) and isinstance(value, list):
        return [_coerce(name, item, kind.value_type) for item in value]
    return _wrong(name, value, kind)


def _wrong(name: str, value: Any, kind: pa.DataType) -> Any:
    raise ValueError(f"{name} is {str(value)[:60]!r}, not {kind}")
