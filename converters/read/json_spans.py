"""Huge JSON arrays of flat records, read in spans and straight into Arrow columns.

::

    {"questions": [{"id": 1, "question": "..."}, {"id": 2, ...}, ...]}      or a bare [...]

A file is cut near equal byte ranges at a seam, the `}, {` between two records. A seam could stand
inside a string, so each is tried: the text behind it must decode as one record with the wanted
keys. Behind a seam in a string the quotes are inverted and the next token is no key, so a false
one cannot pass.

A span is read in the first of three ways that can: `read_uniform` (records of one layout), Arrow's
JSON reader (valid JSON of any layout), and record by record, where a broken one is found.

The work is linear in the length of any text: see `_LOOK_ON` and `_seam_after`.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.json as pj

from converters.read.files import Damaged, SourceError, check_fetched, check_utf8, store, wanted
from converters.read.json_columns import read_uniform
from converters.read.json_values import typed_values

SPAN_BYTES = 16 << 20
_HEAD_BYTES = 4096
_PROBE_BYTES = 1 << 16
_TAIL_BYTES = 4096
_TAIL = re.compile(rb"\]\s*\}?\s*$")
_FIRST_RECORD = re.compile(rb"\s*\{")
_SEAM = re.compile(rb"\}\s*,\s*(?=\{)")
_SEAM_BEFORE_KEY = re.compile(rb'\}\s*,\s*(?=\{\s*")')
_STOPS = 8  # seams behind a record's beginning at which it is tried to end
# Behind a record that may have lost its end, or before one that lost its comma.
_LOOSE_SEAM = re.compile(rb"[,}]\s*(?=\{)")
_BETWEEN = b", \r\n\t"
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}]', re.DOTALL)
_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
# What the standard library reads and msgspec does not.
_LOOSE = re.compile(rb"NaN|Infinity|\\u[dD]")
# What msgspec says of a text that is right as far as it goes.
_TRUNCATED = "Input data was truncated"
# How much of a text may be read again, in lengths of the text, for records that never end.
_LOOK_ON = 8


class Bad(NamedTuple):
    """A record that cannot be read. offset: where it begins in the file, in bytes."""

    offset: int
    detail: str


def array_spans(
    path: str, table: str | None, keys: set[str], target: int = SPAN_BYTES
) -> list[tuple[int, int]]:
    """Byte ranges [start, end) of an array's elements, each holding whole records.

    table: the key under which the array stands, or None for a bare array. keys: keys that every
    record of the array has.

    Raises SourceError where the file is missing, is a Git LFS pointer, is cut off, or is not such
    an array.
    """
    files = store(path)
    with wanted(path):
        size = files.size(path)
        head = files.read(path, 0, min(size, _HEAD_BYTES))
    check_fetched(path, head)
    check_utf8(path, head)
    begin = array_opening(table).match(head)
    if begin is None:
        opening = "[" if table is None else f'{{"{table}": ['
        raise SourceError(f"{path} does not begin with {opening}")
    tail = files.read(path, max(begin.end(), size - _TAIL_BYTES), size)
    close = _TAIL.search(tail)
    if close is None or (b"}" in close[0]) != (table is not None):
        raise Damaged(f"{path} is cut off: it does not end with {']' if table is None else ']}'}")
    last = tail[: close.start()].rstrip(b", \r\n\t")  # a comma too many does no harm
    if last and not last.endswith((b"}", b"null")):
        raise Damaged(f"{path} is cut off: its last record has no end")
    return element_spans(path, begin.end(), size - len(tail) + close.start(), keys, target)


def element_spans(
    path: str, start: int, end: int, keys: set[str], target: int = SPAN_BYTES
) -> list[tuple[int, int]]:
    """Byte ranges of about `target` bytes within [start, end), which holds an array's elements.

    keys: keys that every record of the array has.
    """
    return cut_ranges(start, end, target, lambda at: _seam_after(path, at, end, keys))


def cut_ranges(
    start: int, end: int, target: int, seam_after: Callable[[int], int | None]
) -> list[tuple[int, int]]:
    """[start, end) in ranges of about `target` bytes, cut at seams.

    seam_after: the first seam behind a place, or None where no more is found.
    """
    cuts = [start]
    while end - cuts[-1] > target:
        cut = seam_after(cuts[-1] + target)
        if cut is None:
            break
        cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def array_opening(table: str | None) -> re.Pattern[bytes]:
    """What a file begins with whose array stands bare, or below the key `table`."""
    key = b"" if table is None else rb'\{\s*"' + re.escape(table.encode()) + rb'"\s*:\s*'
    return re.compile(rb"(\xef\xbb\xbf)?\s*" + key + rb"\[")


def _seam_after(path: str, at: int, end: int, keys: set[str]) -> int | None:
    """Where the first record that begins behind a true seam after `at` begins.

    Each part of the file is read about once: a wider look is four times the one before, and the
    next look begins at the last seam but one.
    """
    width = _PROBE_BYTES
    while at < end:
        text = store(path).read(path, at, min(end, at + width))
        is_rest = at + width >= end
        starts = array("q", (seam.end() for seam in _SEAM_BEFORE_KEY.finditer(text)))
        for begin in starts:
            if _begins_record(text, begin, is_rest, keys):
                return at + begin
        if is_rest:
            return None
        if len(starts) < 2:
            width *= 4
        else:
            at += starts[-2]
    return None


def _begins_record(text: bytes, begin: int, is_rest: bool, keys: set[str]) -> bool:
    """True where a record with the wanted keys begins, which ends at one of the next seams.

    is_rest: the text is the last of its array, so its end is the end of a record too.
    """
    stops = [seam.start() + 1 for seam in islice(_SEAM.finditer(text, begin), _STOPS)]
    if is_rest and len(stops) < _STOPS:
        stops.append(len(text))
    for stop in stops:
        try:
            record = _RECORD.decode(text[begin:stop])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The beginning of a good record is cut off and nothing else; here none begins.
            if str(error) != _TRUNCATED:
                return False
        else:
            return keys <= record.keys()
    return False


def read_columns(
    path: str, start: int, end: int | None, columns: Mapping[str, pa.DataType]
) -> tuple[pa.Table, list[Bad]]:
    """The records of a span as columns; keys that are not asked for are skipped, absent ones null.

    A number where text is asked for becomes its text (FloodNet's counts); anything else of a wrong
    type is a `Bad`, and so is a record in which a key that is asked for stands twice.

    Raises SourceError where the file is shorter than the span.
    """
    body = store(path).read(path, start, end)
    if end is not None and len(body) < end - start:
        raise SourceError(f"{path} became shorter while it was read")
    if not body or body.isspace():
        return _table({name: [] for name in columns}, columns), []
    # Arrow's reader ends the whole process where the first record is `null`.
    if not _FIRST_RECORD.match(body):
        return _read_records(body, start, columns)
    try:
        table = read_uniform(body, columns)
        if table is None:
            table = _read_arrow(body, columns)
        table.validate(full=True)  # both take any bytes for text
    except pa.ArrowInvalid:
        return _read_records(body, start, columns)
    return table, []


def _read_arrow(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table:
    """Raises pyarrow.ArrowInvalid where a record is broken or of another type."""
    # Arrow wants a record a line, without commas between. A seam inside a string becomes a line
    # break there, which its parser refuses; the records are then read one by one.
    lines = _SEAM.sub(b"}\n", body.rstrip(_BETWEEN))  # a span ends behind its seam's comma
    schema = pa.schema(list(columns.items()))
    return pj.read_json(
        pa.BufferReader(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    ).select(schema.names)


def _read_records(
    body: bytes, offset: int, columns: Mapping[str, pa.DataType]
) -> tuple[pa.Table, list[Bad]]:
    values: dict[str, list[Any]] = {name: [] for name in columns}
    bad: list[Bad] = []
    for at, text, record in decode_records(body):
        if isinstance(record, str):
            bad.append(Bad(offset + at, record))
            continue
        try:
            row = typed_values(text, record, columns)
        except ValueError as error:
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


def decode_records(body: bytes) -> Iterator[tuple[int, bytes, dict[str, msgspec.Raw] | str]]:
    """(offset, text, record) of a comma-separated run; for a broken one, what is wrong with it.

    The values of a record are left as they stand. A broken record costs itself alone: the text is
    cut at every seam, and where the piece is only the beginning of a record, its seam stands
    within the record, which is then followed to its end.
    """
    cuts = array("q", (seam.end() for seam in _LOOSE_SEAM.finditer(body)))
    cuts.append(len(body))
    at = 0  # everything before is read
    spare = _LOOK_ON * len(body)
    for cut in cuts:
        while at < cut and (piece := body[at:cut].lstrip(_BETWEEN)):
            begin, end = cut - len(piece), cut
            text = piece.rstrip(_BETWEEN)
            record = _decoded(text)
            if isinstance(record, str):
                stop, looked = _look_on(body, begin, cuts, cut, spare // 2)
                whole = _decoded(body[begin:stop]) if stop > begin else record
                if isinstance(whole, dict):
                    text, record, end = body[begin:stop], whole, stop
                else:
                    spare -= looked
            yield begin, text, record
            at = end


def _look_on(body: bytes, begin: int, cuts: array[int], cut: int, reach: int) -> tuple[int, int]:
    """Where the record ends that begins at `begin`, and how many bytes were looked at.

    cut: the end of the piece that is not the whole record. The look is widened by four, to the
    next place of `cuts`, as long as the text is right as far as it goes. reach: the most bytes to
    look at. A record that has no end there ends where it begins.
    """
    looked = cut - begin
    while _is_truncated(body[begin:cut].rstrip(_BETWEEN)):
        wider = min(bisect_left(cuts, begin + 4 * (cut - begin)), len(cuts) - 1)
        if cut == len(body) or looked + cuts[wider] - begin > reach:
            return begin, looked
        cut = cuts[wider]
        looked += cut - begin
    return _record_end(body, begin, cut), looked


def _is_truncated(text: bytes) -> bool:
    """True where a text is the beginning of a record."""
    try:
        _RECORD.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error) == _TRUNCATED
    return False


def _decoded(text: bytes) -> dict[str, msgspec.Raw] | str:
    """A record, or what is wrong with it.

    NaN and Infinity, which Python writes and JSON does not know, are null. Half a surrogate pair
    stays escaped, so it is found out where its field is read.
    """
    try:
        return _RECORD.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = str(error)
    if not _LOOSE.search(text):
        return problem
    try:
        loose = json.loads(text.decode("utf-8"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return problem
    if not isinstance(loose, dict):
        return problem
    return {key: msgspec.Raw(json.dumps(value).encode()) for key, value in loose.items()}


def _record_end(body: bytes, begin: int, stop: int) -> int:
    """Where the braces that open at `begin` are closed before `stop`, or `begin`."""
    depth = 0
    for token in _TOKEN.finditer(body, begin, stop):
        sign = token[0]
        if sign == b"{":
            depth += 1
        elif sign == b"}":
            depth -= 1
        if depth == 0:
            return token.end()
    return begin
