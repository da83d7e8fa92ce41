"""Every list of a table of a huge JSON file, in spans, and the lists that stand beside it.

::

    {"questions": [{...}, ...], "questions": [{...}, ...], "answers": [...]}

A file nearly always holds one list alone. Whether another stands behind it shows at its end, and at
places where a list of records ends and a key follows; only then the whole file is walked.
"""

from __future__ import annotations

import re

import msgspec

from converters.read.files import SourceError, store
from converters.read.json_document import Range, members
from converters.read.json_elements import UNREADABLE
from converters.read.json_spans import SPAN_BYTES, array_spans, element_spans

_LIST_ENDS = re.compile(rb'\}\s*\]\s*,\s*"')
_EMPTY = re.compile(rb"\s*\]")
_BLOCK = 4 << 20
_OVERLAP = 1 << 10  # of two blocks, so that no place lies across their border
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def table_spans(
    path: str, table: str | None, keys: set[str], notes: list[str], target: int = SPAN_BYTES
) -> list[Range]:
    """Byte ranges of whole records, of each list under the key `table`, or of a bare array.

    keys: see `array_spans`. notes: is told of lists under other keys, which are not read.

    Raises SourceError as `array_spans` does, where no list under that key can be found either.
    """
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
    if not own:
        if fault:
            raise fault
        return spans
    notes += [
        f'{path.rpartition("/")[2]}: the list under "{key}" ({_number(path, place)}) is not read'
        for key, place in lists
        if key != table
    ]
    return [
        span for start, end in own for span in element_spans(path, start + 1, end - 1, keys, target)
    ]


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
