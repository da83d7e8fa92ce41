"""The elements of a whole JSON document, each as text: a broken one costs itself alone.

::

    [{...}, {...}]                     elements `[0]`, `[1]`
    {"images": [{...}], "info": ...}   below the key `images`: `images[0]`
    {"0": {...}, "1": {...}}           elements `0`, `1`

Copies of a file put its table under another key, or leave the key out: a bare list, and the only
list of objects in an object that lacks the key, are read as that table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
import numpy as np

T = TypeVar("T")
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_KEY = rb'\s*"(?:[^"\\]|\\.)*"\s*:\s*'
_BEFORE_FIRST = re.compile(rb"\{" + _KEY + rb"\Z", re.DOTALL)
_BETWEEN = re.compile(rb"\s*," + _KEY, re.DOTALL)
_MOST_KEY = 1 << 12
_SHOWN = 8  # keys of a document in a message
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_DOCUMENT = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])
_ABOUT = frozenset({"info", "meta", "metadata", "about", "license", "licence"})
_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")


class BadRecord(Exception):
    """A record that cannot be read. args: the reason for its Reject, and the detail."""


def wrong_shape(error: msgspec.ValidationError) -> BadRecord:
    """What is to be said of a record that is not of the type that it is read as."""
    lacks = str(error).startswith("Object missing required field")
    return BadRecord("missing_field" if lacks else "unreadable_record", str(error))


def decode_record(text: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """One record.

    NaN and Infinity, which are no JSON, are read as null, and half a surrogate pair does no harm
    in a field that is not read. Raises BadRecord.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise wrong_shape(error) from None
    except UNREADABLE as error:
        problem = str(error)
    try:
        loose = json.loads(bytes(text).decode("utf-8"), parse_constant=lambda _: None)
        record: T = msgspec.convert(loose, decoder.type)
        msgspec.json.encode(record)  # raises where half a pair stands in a field that is read
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise BadRecord("unreadable_record", problem) from None
    return record


def elements(
    body: bytes, table: str | None, wrapped: bool = False
) -> Iterator[tuple[str, msgspec.Raw | bytes]]:
    """(place, text) of every element of a document. table: the key they stand under, or None.

    wrapped: an object without objects in it but of the file itself (`info`), whose only list is one
    of objects, is that list.

    Raises msgspec.DecodeError where the document is cut off or is of another shape.
    """
    try:
        found = _DOCUMENT.decode(body)
        if isinstance(found, list):
            if table is not None and not found:
                raise msgspec.ValidationError(f"an empty list, and no key {table!r}")
            table = None
        elif table is not None:
            members = found
            table = table if table in members else _key_instead(members, table)
            found = _DOCUMENT.decode(members[table])
            if body.count(f'"{table}"'.encode()) > 1 and not _is_whole(body, members):
                yield from _cut(body, table) or ()
                return
    except msgspec.ValidationError:
        raise
    except UNREADABLE as error:
        cut = _cut(body, table)
        if cut is None and table is not None and (top := _cut(body, None)) is not None:
            bare = body.lstrip().startswith(b"[")
            cut = top if bare else _cut(body, _key_instead(dict(top), table))
        if cut is None:
            raise msgspec.DecodeError(str(error)) from None
        yield from cut
        return
    if isinstance(found, dict) and wrapped and (key := _only_list(found)) is not None:
        yield from elements(body, key)
    elif isinstance(found, dict):
        # A key that stands twice keeps one of its values only; then the text itself is cut.
        cut = None if _is_whole(body, found) else _cut(body, table)
        yield from found.items() if cut is None else cut
    else:
        for i, text in enumerate(found):
            yield f"{table or ''}[{i}]", text


def _only_list(members: Mapping[str, msgspec.Raw]) -> str | None:
    """The key of an object's only list of objects, where it has neither another nor an object
    but those that say something of the file."""
    starts = {key: bytes(memoryview(text)[:64]).split() for key, text in members.items()}
    heads = {key: b"".join(parts)[:2] for key, parts in starts.items()}
    if any(head.startswith(b"{") and key.lower() not in _ABOUT for key, head in heads.items()):
        return None
    lists = [key for key, head in heads.items() if head.startswith(b"[")]
    return lists[0] if len(lists) == 1 and heads[lists[0]] == b"[{" else None


def _key_instead(members: Mapping[str, msgspec.Raw | bytes], table: str) -> str:
    """The key of an object's only list of objects. Raises msgspec.ValidationError."""
    if [*members] == [""]:  # a text of Python's, say, with single ones
        raise msgspec.ValidationError("it is no JSON: its keys are not in double quotes")
    heads = {key: b"".join(bytes(memoryview(text)[:64]).split()) for key, text in members.items()}
    lists = [key for key, head in heads.items() if head.startswith(b"[{")]
    if len(lists) == 1:
        return lists[0]
    there = ", ".join(map(repr, [*members][:_SHOWN])) or "none"
    raise msgspec.ValidationError(f"it has no key {table!r}; its keys: {there}")


def _is_whole(body: bytes, members: Mapping[str, msgspec.Raw]) -> bool:
    """True where nothing but one key stands before each value of an object.

    Fast way: the decoder's values are parts of the text, so that what lies between them shows
    whether one is missing. The plain way is to cut the text by its brackets, which takes longer
    than decoding it.
    """
    base = _address(body)
    end = None
    places = sorted((_address(text) - base, len(memoryview(text))) for text in members.values())
    for start, size in places:
        if not 0 <= start < len(body):
            return True  # a copy, of which nothing can be said
        if end is None and not _BEFORE_FIRST.search(body, max(0, start - _MOST_KEY), start):
            return False
        if end is not None and not _BETWEEN.fullmatch(body, end, start):
            return False
        end = start + size
    return True  # of a key that stands twice the last value is kept, so none is missing at the end


def _address(text: bytes | msgspec.Raw) -> int:
    """Where in memory some bytes lie."""
    view = np.frombuffer(memoryview(text), np.uint8)
    address: int = view.__array_interface__["data"][0]
    return address


def _cut(body: bytes, table: str | None) -> list[tuple[str, bytes]] | None:
    """The elements of a document that does not decode as a whole, found by counting brackets.

    None where the brackets of the document or of its table are not closed.
    """
    found: list[tuple[str, bytes]] = []
    stack: list[bytes] = []  # opening brackets, outermost first
    home = 1 if table is None else 2  # how many of them are open around an element
    inside = False  # in the array or object whose elements are wanted
    begin, key, name = 0, b"", b""  # where the element begins; the last string; the element's key
    closed, end = False, 0

    def add(stop: int) -> None:
        if text := body[begin:stop].strip():
            place = f"{table or ''}[{len(found)}]" if stack[-1] == b"[" else key_text(name)
            found.append((place, text))

    for token in _TOKEN.finditer(body):
        sign, end = token[0], token.end()
        here = inside and len(stack) == home
        if closed and not stack:
            return None  # something stands behind the document
        if sign in _OPENING:
            stack.append(sign)
            if len(stack) == home and (not closed or table is not None):
                inside = table is None or key_text(key) == table
                begin = end
        elif sign in _CLOSING:
            if here:
                add(token.start())
                inside, closed = False, True
            if not stack:
                return None
            stack.pop()
        elif sign == b",":
            if here:
                add(token.start())
                begin = end
        elif sign == b":":
            if here and stack[-1] == b"{":
                name, begin = key, end
        else:
            key = sign
    return found if closed and not stack and not body[end:].strip() else None


def open_braces(text: bytes) -> int:
    """How many braces are open at the end of a text; negative where more are closed."""
    signs = [token[0] for token in _TOKEN.finditer(text)]
    return signs.count(b"{") - signs.count(b"}")


def key_text(key: bytes) -> str:
    """A key as text, whatever its bytes are; half a surrogate pair, which no file can hold, as its
    escape."""
    try:
        text = str(json.loads(key))
    except ValueError:
        return key.strip(b'"').decode("utf-8", "backslashreplace")
    return text.encode("utf-8", "backslashreplace").decode()
