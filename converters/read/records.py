"""The kit for readers: files into spans, and spans into records.

A reader asks here for its spans and its records, and gets each record decoded, or a Reject in its
place: a file that cannot be parsed, a record of another shape, a picture path that leads out of
the dataset's folder. What the records mean is the reader's own business::

    def plan(folder, options):
        return files_plan(folder, options.annotations, options.images, files_a_span=256)

    def read(folder, options, span, sides):
        for name, root in xml_records(folder, span):
            yield root if isinstance(root, Reject) else _sample(name, root)

A record's key in a Reject is its native id or name where one can be read, else its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException

from converters.read import files
from converters.read.encodings import text_of, utf8_of, xml_of
from converters.read.files import Found, SourceError
from converters.read.folder import (
    ALL,
    BySplit,
    Folder,
    PicturePaths,
    Plan,
    Span,
    absent,
    annotation_files,
    batched,
    picture_patterns,
)
from converters.read.json_elements import UNREADABLE, BadRecord, decode_record, elements
from converters.read.json_lines import LINES, line_spans, line_texts
from converters.read.json_spans import array_opening, array_spans, decode_records
from schemas.sample import Picture, Reject

T = TypeVar("T")
_HEAD_BYTES = 4096


# Spans


def files_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    files_a_span: int,
    record_bytes: int | None = None,
    unsplit: str = ALL,
) -> Plan:
    """Spans of a few whole files, by split.

    record_bytes: about how long a native record is, where a file holds many; else a file is one
    record. unsplit: the split of files whose path tells none.

    Raises SourceError where there is no annotation file.
    """
    by_split: dict[str, list[Found]] = {}
    for split, found in annotation_files(folder, annotations):
        by_split.setdefault(split or unsplit, []).append(found)
    spans: list[Span] = []
    for split, some in sorted(by_split.items()):
        sizes = [found.size // record_bytes + 1 for found in some] if record_bytes else None
        names = [found.path for found in some]
        spans += batched(folder.slug, split, names, files_a_span, len(spans), sizes)
    return Plan(spans, absent(folder, annotations), picture_patterns(images))


def json_array_plan(
    folder: Folder,
    annotations: BySplit,
    images: BySplit | Sequence[str],
    *,
    keys: set[str],
    record_bytes: int,
    table: str | None = None,
) -> Plan:
    """Byte spans of JSON arrays, and of files with a record on each line (JSON Lines).

    keys: keys that every record has, which prove a cut. table: the key at the head of the file
    under which the array stands, or None for a bare array. Any other JSON document is one span.

    Raises SourceError where there is no annotation file, or an array is cut off.
    """
    spans: list[Span] = []
    for split, found in annotation_files(folder, annotations):
        path = files.join(folder.base, found.path)
        head = files.store(path).read(path, 0, _HEAD_BYTES)
        files.check_pointer(path, head)
        kind = ""
        ranges: list[tuple[int, int | None]] = [(0, None)]
        if array_opening(table).match(head):
            ranges = [*array_spans(path, table, keys)]
        elif _is_lines(found.path, head):
            kind, ranges = LINES, [*line_spans(path)]
        for start, end in ranges:
            records = ((end or found.size) - start) // record_bytes + 1
            span = Span(folder.slug, split or ALL, len(spans), (found.path,), start, end)
            spans.append(msgspec.structs.replace(span, table=kind, records=records))
    return Plan(spans, absent(folder, annotations), picture_patterns(images))


def _is_lines(name: str, head: bytes) -> bool:
    """True for a file of JSON Lines: by its ending, or since its first line is a whole record."""
    if name.lower().endswith((".jsonl", ".ndjson")):
        return True
    first, _, rest = utf8_of(head).lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except UNREADABLE:
        return False


# JSON


def json_records(
    folder: Folder,
    span: Span,
    kind: type[T],
    *,
    table: str | None = None,
    named: Sequence[str] = (),
) -> Iterator[tuple[str, T | Reject]]:
    """(place, record) of each record of a span of `json_array_plan` or `files_plan`.

    The place is the key in an object, `[3]` or `images[3]` in an array, and `byte 512` in a part
    of one. kind: what a record is decoded to. table: the key under which the records stand.
    named: fields that tell what an unreadable record is called.

    Raises SourceError where a whole document is cut off or of another shape.
    """
    decoder = msgspec.json.Decoder(kind)
    for name in span.names:
        file = folder.relative(name)
        for place, text in _texts(folder, span, name, table):
            try:
                yield place, decode_record(text, decoder)
            except BadRecord as bad:
                key = _name(text, named) or place
                yield place, Reject(file, key, span.split, *bad.args)


def jsonl_records(
    folder: Folder, span: Span, kind: type[T], *, named: Sequence[str] = ()
) -> Iterator[tuple[str, T | Reject]]:
    """(place, record) of each line of whole files, such as `line 3`; empty lines are passed over.

    Spans of `json_array_plan` go to `json_records`, which reads lines too.
    """
    decoder = msgspec.json.Decoder(kind)
    for name in span.names:
        body = utf8_of(folder.bytes_of(name))
        for number, line in enumerate(body.split(b"\n"), 1):
            if not line.strip():
                continue
            place = f"line {number}"
            try:
                yield place, decode_record(line, decoder)
            except BadRecord as bad:
                key = _name(line, named) or place
                yield place, Reject(folder.relative(name), key, span.split, *bad.args)


def _texts(
    folder: Folder, span: Span, name: str, table: str | None
) -> Iterator[tuple[str, msgspec.Raw | bytes]]:
    """(place, text) of the records of one file, or of the part of it that the span holds."""
    if span.end is not None:
        path = files.join(folder.base, name)
        body = files.store(path).read(path, span.start, span.end)
        cut = line_texts if span.table == LINES else _array_texts
        for at, text in cut(body):
            yield f"byte {span.start + at}", text
        return
    try:
        yield from elements(utf8_of(folder.bytes_of(name)), table)
    except UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise SourceError(f"{where} cannot be read: {error}") from None


def _array_texts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, text) of the records of a comma-separated run."""
    try:
        texts = msgspec.json.decode(b"[" + body.strip(b", \r\n\t") + b"]", type=list[msgspec.Raw])
    except UNREADABLE:
        for at, text, _ in decode_records(body):
            yield at, text
        return
    at = 0
    for raw in texts:
        text = bytes(raw)
        at = body.index(text, at)  # only commas and blanks lie between, so it is the next
        yield at, text
        at += len(text)


def record_key(record: Mapping[str, Any], named: Sequence[str]) -> str:
    """What a record is called: the texts and numbers of its naming fields, with a blank between."""
    values = [record.get(field) for field in named]
    return " ".join(str(value) for value in values if isinstance(value, str | int) and value != "")


def _name(text: msgspec.Raw | bytes, named: Sequence[str]) -> str:
    if not named:
        return ""
    try:
        record = json.loads(bytes(text).decode("utf-8", "backslashreplace"))
    except (ValueError, RecursionError):
        return ""
    return record_key(record, named) if isinstance(record, dict) else ""


# Text and XML, one file a picture


def text_records(folder: Folder, span: Span) -> Iterator[tuple[str, str | Reject]]:
    """(name, text) of each file of a span; an empty file is an empty text. See `text_of`."""
    for name, data in _whole_files(folder, span):
        if isinstance(data, Reject):
            yield name, data
            continue
        try:
            yield name, text_of(data)
        except UnicodeDecodeError as error:
            yield name, _unreadable(folder, span, name, str(error))


def text_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, line) of the lines that are not blank, counted from 1."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line


def xml_records(folder: Folder, span: Span) -> Iterator[tuple[str, Element | Reject]]:
    """(name, root) of each XML file of a span. Entities are refused, encodings as declared."""
    for name, data in _whole_files(folder, span):
        if isinstance(data, Reject):
            yield name, data
            continue
        try:
            yield name, xml_of(data)
        # LookupError: an encoding that nobody knows
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            yield name, _unreadable(folder, span, name, str(error) or type(error).__name__)


def _whole_files(folder: Folder, span: Span) -> Iterator[tuple[str, bytes | Reject]]:
    for name in span.names:
        path = files.join(folder.base, name)
        try:
            data = files.store(path).read(path)
            files.check_pointer(path, data)
        except FileNotFoundError:
            yield name, _unreadable(folder, span, name, "the file is not there")
        except SourceError as error:
            yield name, _unreadable(folder, span, name, str(error))
        else:
            yield name, data


def _unreadable(folder: Folder, span: Span, name: str, detail: str) -> Reject:
    return Reject(folder.relative(name), "", span.split, "unreadable_file", detail)


# Pictures


def record_pictures(
    named: Iterable[tuple[PicturePaths, Mapping[str, str]]],
    file: str,
    key: str,
    split: str,
    items: int = 1,
) -> tuple[Picture, ...] | Reject:
    """The pictures of a record, from templates and the values that fill them.

    A Reject of the record and its `items` where a path leads out of the dataset's folder.
    """
    try:
        return tuple(Picture(paths.path(values)) for paths, values in named)
    except SourceError as error:
        return Reject(file, key, split, "bad_value", str(error), items)
