"""The kit for readers: the records of a span (`converters.read.plans` makes the spans).

A reader gets each record decoded, or a Reject in its place: a file that cannot be parsed, a record
of another shape, a picture path that leads out of the dataset's folder. What the records mean is
the reader's own business::

    def plan(folder, options):
        return files_plan(folder, options.annotations, options.images, files_a_span=256)

    def read(folder, options, span, sides):
        for name, root in xml_records(folder, span):
            yield root if isinstance(root, Reject) else _sample(name, root)

A record's key in a Reject is its native id or name where one can be read, else its place.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_origin
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException

from converters.read import files
from converters.read.captions import split_name
from converters.read.encodings import is_wide, text_of, utf8_of, xml_of
from converters.read.files import Damaged, SourceError
from converters.read.folder import Folder, Span
from converters.read.json_elements import (
    UNREADABLE,
    BadRecord,
    decode_record,
    elements,
    open_braces,
)
from converters.read.json_lines import LINES, line_texts
from converters.read.json_members import MEMBERS, member_texts
from converters.read.json_spans import decode_records
from converters.read.json_values import repeated_key
from converters.read.packed import unpacked
from converters.read.picture_paths import PicturePaths
from schemas.sample import Picture, Reject

T = TypeVar("T")
_VALUE = r'\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)'


# JSON


def json_records(
    folder: Folder,
    span: Span,
    kind: type[T],
    *,
    table: str | None = None,
    named: Sequence[str] = (),
    split: str = "",
    item: str = "",
    once: Sequence[str] = (),
    wrapped: bool | None = None,
) -> Iterator[tuple[str, T | Reject]]:
    """(place, record) of each record of a span of `json_array_plan` or `files_plan`.

    The place is the key in an object or a part of one, `[3]` or `images[3]` in an array, and
    `byte 512` in a part of that. An object that only wraps a list of objects is that list, where
    `wrapped` says so or records are objects. kind: what a record is decoded to. table: the key
    under which the records stand. named: fields that tell what an unreadable record is called.
    split, item: the field that tells its split, where the file does not, and the one that each of
    its items has. once: keys of which nobody knows which value is meant where they stand twice.

    Raises SourceError where a whole document is cut off or of another shape.
    """
    decoder = msgspec.json.Decoder(kind)
    for name in span.names:
        file = folder.relative(name)
        is_list = table is None and (_is_object(kind) if wrapped is None else wrapped)
        for place, text in _texts(folder, span, name, table, _required(kind), is_list):
            try:
                record = decode_record(text, decoder)
                if once:
                    _check_once(text, once)
                yield place, record
            except BadRecord as bad:
                key = _name(text, named) or place
                own = split_name(_name(text, [split])) or span.split
                lost = max(1, _count(text, item)) if item else 1
                reason, detail = bad.args
                yield place, Reject(file, key, own, reason, detail, lost)


def _check_once(text: msgspec.Raw | bytes, once: Sequence[str]) -> None:
    """Raises BadRecord where one of these keys stands twice in a record."""
    # Fast way: what does not stand twice in quotes does not stand twice as a key.
    body = bytes(text)
    if body[:1] == b"{" and any(body.count(_quoted(key)) > 1 for key in once):
        twice = repeated_key(body, -1, once)
        if twice is not None:
            raise BadRecord("unreadable_record", f"the key {twice!r} stands twice")


@functools.cache
def _quoted(key: str) -> bytes:
    return json.dumps(key, ensure_ascii=False).encode()


def _is_object(kind: Any) -> bool:
    """True for a type that JSON objects alone are decoded to."""
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _required(kind: Any) -> frozenset[str]:
    """Keys without which a record cannot be decoded to a type."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return frozenset()
    fields = msgspec.structs.fields(kind)
    return frozenset(field.encode_name for field in fields if field.required)


def _texts(
    folder: Folder,
    span: Span,
    name: str,
    table: str | None,
    keys: frozenset[str],
    wrapped: bool,
) -> Iterator[tuple[str, msgspec.Raw | bytes]]:
    """(place, text) of the records of one file, or of the part of it that the span holds."""
    if span.end is not None:
        path = files.join(folder.base, name)
        body = files.store(path).read(path, span.start, span.end)
        body = utf8_of(body) if is_wide(body) else body
        if span.table == MEMBERS:
            yield from _members(folder, name, body)
            return
        cut = line_texts(body) if span.table == LINES else _array_texts(body, keys)
        for at, text in cut:
            yield f"byte {span.start + at}", text
        return
    try:
        yield from elements(utf8_of(folder.bytes_of(name)), table, wrapped)
    except UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise Damaged(f"{where} cannot be read: {error}") from None


def _members(folder: Folder, name: str, body: bytes) -> Iterator[tuple[str, msgspec.Raw | bytes]]:
    try:
        yield from member_texts(body)
    except UNREADABLE as error:
        where = f"{folder.slug}: {folder.relative(name)}"
        raise Damaged(f"{where} cannot be read: {error}") from None


def _array_texts(body: bytes, keys: frozenset[str]) -> Iterator[tuple[int, bytes]]:
    """(offset, text) of the records of a comma-separated run. keys: keys that each of them has."""
    try:
        texts = msgspec.json.decode(b"[" + body.strip(b", \r\n\t") + b"]", type=list[msgspec.Raw])
    except UNREADABLE:
        yield from _joined(body, keys)
        return
    at = 0
    for raw in texts:
        text = bytes(raw)
        at = body.index(text, at)  # only commas and blanks lie between, so it is the next
        yield at, text
        at += len(text)


def _joined(body: bytes, keys: frozenset[str]) -> Iterator[tuple[int, bytes]]:
    """The same where a record is broken: the pieces that one falls into count as one.

    A broken record goes on as long as its braces are open, but ends where a piece is a record
    with all keys.
    """
    begin, still_open = -1, 0  # of the broken record that is being collected
    for at, text, record in decode_records(body):
        whole = isinstance(record, dict) and keys <= record.keys()
        if begin >= 0 and (whole or still_open <= 0):
            yield begin, body[begin:at].rstrip(b", \r\n\t")
            begin, still_open = -1, 0
        if begin < 0 and isinstance(record, dict):
            yield at, text
            continue
        begin = at if begin < 0 else begin
        still_open += open_braces(text)
    if begin >= 0:
        yield begin, body[begin:].rstrip(b", \r\n\t")


def record_key(record: Mapping[str, Any], named: Sequence[str]) -> str:
    """What a record is called: the texts and numbers of its naming fields, with a blank between."""
    values = [record.get(field) for field in named]
    # A column of whole numbers that lacks one is a column of floats to pandas.
    values = [int(x) if isinstance(x, float) and x.is_integer() else x for x in values]
    return " ".join(str(value) for value in values if isinstance(value, str | int) and value != "")


def _count(text: msgspec.Raw | bytes, field: str) -> int:
    """How often a key stands in a record that cannot be decoded."""
    return len(re.findall(re.escape(json.dumps(field).encode()) + rb"\s*:", bytes(text)))


def _name(text: msgspec.Raw | bytes, named: Sequence[str]) -> str:
    """What a record is called that cannot be decoded: the first values of its naming fields."""
    words = bytes(text).decode("utf-8", "backslashreplace")
    record = {}
    for field in named:
        found = re.search(re.escape(json.dumps(field)) + _VALUE, words)
        if found:
            try:
                record[field] = json.loads(found[1])
            except ValueError:
                continue
    return record_key(record, named)


# Text, XML and JSON, one file a picture


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


def json_file_records(
    folder: Folder, span: Span, kind: type[T]
) -> Iterator[tuple[str, T | Reject]]:
    """(name, record) of each file of a span that is one JSON document.

    kind: what a record is decoded to.
    """
    decoder = msgspec.json.Decoder(kind)
    for name, data in _whole_files(folder, span):
        if isinstance(data, Reject):
            yield name, data
            continue
        try:
            yield name, decode_record(utf8_of(data), decoder)
        except BadRecord as bad:
            yield name, Reject(folder.relative(name), "", span.split, *bad.args)


def _whole_files(folder: Folder, span: Span) -> Iterator[tuple[str, bytes | Reject]]:
    for name in span.names:
        path = files.join(folder.base, name)
        try:
            data = files.store(path).read(path)
            files.check_fetched(path, data)
            data = unpacked(name, data)
        except files.Unopenable as error:
            yield name, _unreadable(folder, span, name, str(error.strerror))
        except FileNotFoundError:
            yield name, _unreadable(folder, span, name, "the file is not there")
        except (SourceError, files.MemberError, ValueError) as error:
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
