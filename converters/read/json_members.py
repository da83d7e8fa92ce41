"""Huge JSON objects whose values are flat records, in spans of whole members.

::

    {"4227049": {"type": "presence", "question": "..."}, "13606468": {...}, ...}

A file is cut near equal byte ranges behind a record, where the next member begins: there a text, a
colon and a record with the wanted keys must follow, so a seam inside a text or between records
within a record cannot pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from converters.read.files import store
from converters.read.json_elements import UNREADABLE, elements
from converters.read.json_spans import SPAN_BYTES, cut_ranges

MEMBERS = "members"  # the table of a span that holds members of an object
_PROBE_BYTES = 1 << 18
_STOPS = 8  # seams behind a member's beginning at which it is tried to end
_OPENING = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*(?="(?:[^"\\]|\\.)*"\s*:\s*\{)')
_SEAM = re.compile(rb'\}\s*,\s*(?="(?:[^"\\]|\\.)*"\s*:\s*\{)')
_CLOSING = re.compile(rb"\}\s*$")
_MEMBERS = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])


def member_spans(
    path: str, head: bytes, size: int, keys: set[str], target: int = SPAN_BYTES
) -> list[tuple[int, int]]:
    """Byte ranges [start, end) of whole members; none where the file is no such object, or small.

    head: how the file begins. keys: keys that every record has.
    """
    begin = _OPENING.match(head)
    if begin is None or not keys or size <= target:
        return []
    tail = store(path).read(path, max(begin.end(), size - _PROBE_BYTES), size)
    close = _CLOSING.search(tail)
    if close is None:
        return []
    end = size - len(tail) + close.start()
    return cut_ranges(begin.end(), end, target, lambda at: _seam_after(path, at, end, keys))


def _seam_after(path: str, at: int, end: int, keys: set[str]) -> int | None:
    """Where the first member that begins behind a true seam after `at` begins."""
    text = store(path).read(path, at, min(end, at + _PROBE_BYTES))
    starts = [seam.end() for seam in _SEAM.finditer(text)]
    for i, begin in enumerate(starts):
        for stop in starts[i + 1 : i + 1 + _STOPS]:
            member = b"{" + text[begin:stop].rstrip(b", \r\n\t") + b"}"
            try:
                [record] = _MEMBERS.decode(member).values()
            except (*UNREADABLE, ValueError):
                continue  # the seam stands within the record
            if keys <= record.keys():
                return at + begin
            break
    return None


def member_texts(body: bytes) -> Iterator[tuple[str, msgspec.Raw | bytes]]:
    """(key, text) of the members of a span.

    Raises msgspec.DecodeError where they are no members of an object.
    """
    yield from elements(b"{" + body.strip(b", \r\n\t") + b"}", None)
