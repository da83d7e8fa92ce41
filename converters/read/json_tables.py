"""Every list of a table of a huge JSON file, in spans, and the lists that stand beside it.

::

    {"questions": [{...}, ...], "questions": [{...}, ...], "answers": [...]}

A file nearly always holds one list alone. Whether another stands behind it shows at its end, and at
places where a list of records ends and a key follows; only then the whole file is walked.
"""

from __future__ import annotations

import re

import msgspec

from converters.read.files import SourceError, store, wanted
from converters.read.json_document import Range, members
from converters.read.json_elements import UNREADABLE
from converters.read.json_spans import SPAN_BYTES, array_opening, array_spans, element_spans

_LIST_ENDS = re.compile(rb'\}\s*\]\s*,\s*"')
_EMPTY = re.compile(rb"\s*\]")
_OBJECTS = re.compile(rb"\[\s*\{")
_SHOWN = 8  # keys of a file in a message
_HEAD_BYTES = 64
_BLOCK = 4 << 20
_OVERLAP = 1 << 10  # of two blocks, so that no place lies across their border
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def table_spans(
    path: str, table: str | None, keys: set[str], notes: list[str], target: int = SPAN_BYTES
) -> list[Range]:
    """Byte ranges of whole records, of each list under the key `table`, or of a bare array.

    A bare array, and an object's only list of objects, are that table too where no list is under
    its key. keys: see `array_spans`. notes: is told of lists under other keys, which are not read.

    Raises SourceError as `array_spans` does, where no such list can be found either.
    """
    if table is not None and is_bare(path):
        table = None
    fault: SourceError | None = None
    spans: list[Range] = []
    try:
        spans = array_spans(path, table, keys, target)
    except SourceError as error:
        fault = error
    if table is None or (spans and not _may_hold_more(path, spans)):
        if fault:
            raise fault
        return spans
    try:
        found = members(path)
    except SourceError as error:
        if fault:
            raise fault from error
        return spans  # its brackets do not pair up: what is broken is found as it is read
    lists = [(key, place) for key, place in found if store(path).read(path, *_head(place)) == b"["]
    own = [place for key, place in lists if key == table]
    if not own and fault:
        others = [(key, place) for key, place in lists if _holds_objects(path, place)]
        if len(others) != 1:
            there = ", ".join(repr(key) for key, _ in found[:_SHOWN]) or "none"
            raise SourceError(f"{path} has no list under the key {table!r}; its keys: {there}")
        lists = [other for other in lists if other[0] != others[0][0]]
        own = [others[0][1]]
    if not own:
        return spans
    notes += [
        f'{path.rpartition("/")[2]}: the list under "{key}" ({_number(path, place)}) is not read'
        for key, place in lists
        if key != table
    ]
    return [
        span for start, end in own for span in element_spans(path, start + 1, end - 1, keys, target)
    ]


def is_bare(path: str) -> bool:
    """True for a file that is an array by itself. Raises SourceError where it is missing."""
    with wanted(path):
        return array_opening(None).match(store(path).read(path, 0, _HEAD_BYTES)) is not None


def _holds_objects(path: str, place: Range) -> bool:
    """True for a list whose first element is an object."""
    start, end = place
    return _OBJECTS.match(store(path).read(path, start, min(end, start + _OVERLAP))) is not None


def _head(place: Range) -> Range:
    return place[0], place[0] + 1


def _may_hold_more(path: str, spans: list[Range]) -> bool:
    """Whether a list may end before the end of its spans."""
    files = store(path)
    at, end = spans[0][0], spans[-1][1]
    if _EMPTY.match(files.read(path, at, min(end, at + _OVERLAP))):
        return True
    while at < end:
        if _LIST_ENDS.search(files.read(path, at, min(end, at + _BLOCK + _OVERLAP))):
            return True
        at += _BLOCK
    return False


def _number(path: str, place: Range) -> str:
    """How much a list holds, in words."""
    try:
        return f"{len(_ELEMENTS.decode(store(path).read(path, *place))):,} elements"
    except UNREADABLE:
        return f"{place[1] - place[0]:,} bytes"
