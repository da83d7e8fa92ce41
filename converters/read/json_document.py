"""Where the values of a JSON object's own keys stand in its file, in bytes.

::

    {"info": {...}, "images": [...], "annotations": [...]}      a file of several tables

So a table is cut and read in spans wherever it stands in the file.
"""

from __future__ import annotations

import codecs
import json
import re

import msgspec

from converters.read.files import Damaged, SourceError, check_fetched, check_utf8, store, wanted
from converters.read.json_elements import UNREADABLE, key_text

Range = tuple[int, int]  # of bytes: [start, end)
_MEMBER = re.compile(rb'\s*[{,]\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)


def value_ranges(path: str) -> dict[str, Range]:
    """The range of each value of the object that a file holds, by its key.

    Raises SourceError as `members` does, and where a key stands in it twice.
    """
    found: dict[str, Range] = {}
    for key, place in members(path):
        if key in found:
            raise SourceError(f"{path}: the key {key!r} stands twice")
        found[key] = place
    return found


def members(path: str) -> list[tuple[str, Range]]:
    """The key of each value of the object that a file holds, and its range.

    The file is held in memory once. Raises SourceError where it is missing, empty, a Git LFS
    pointer, no JSON object, or cut off.
    """
    with wanted(path):
        body = store(path).read(path)
    check_fetched(path, body)
    check_utf8(path, body)
    start = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    if not body[start:].strip():
        raise Damaged(f"{path} is empty")
    # Fast way: a parser skips the values without decoding them, fifteen times as fast as they are
    # parsed. It refuses a file with a broken value, whose brackets are then counted.
    try:
        texts = msgspec.json.decode(memoryview(body)[start:], type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise SourceError(f"{path} is not a JSON object") from None
    except UNREADABLE:
        return _by_brackets(path, body, start)
    return _walk(body, start, texts) or _by_brackets(path, body, start)


def _walk(body: bytes, at: int, texts: dict[str, msgspec.Raw]) -> list[tuple[str, Range]] | None:
    """The ranges of values of known lengths, or None where a key stands twice."""
    found: dict[str, Range] = {}
    for _ in texts:
        member = _MEMBER.match(body, at)
        key = str(json.loads(member[1])) if member else ""
        if member is None or key in found or key not in texts:
            return None
        at = member.end() + len(memoryview(texts[key]))
        found[key] = (member.end(), at)
    return [*found.items()] if body[at:].strip() == b"}" else None


def _by_brackets(path: str, body: bytes, at: int) -> list[tuple[str, Range]]:
    """The same for a file with a broken value, whose brackets pair up all the same."""
    found: list[tuple[str, Range]] = []
    depth, begin, last = 0, at, b""
    key: str | None = None  # of the value that is being passed
    for token in _TOKEN.finditer(body, at):
        sign = token[0]
        if sign in b"{[":
            depth += 1
        elif sign == b":" and depth == 1:
            key, begin = key_text(last), token.end()
        elif depth == 1 and sign in b",}" and key is not None:
            value = body[begin : token.start()]
            left = len(value) - len(value.lstrip())
            found.append((key, (begin + left, begin + left + len(value.strip()))))
            key = None
        if sign in b"}]":
            depth -= 1
        last = sign
    if depth:
        raise Damaged(f"{path} is cut off: its brackets are not closed")
    return found
