"""The records of JSON files decoded all at once, for readers that make columns of them.

A file is read so only where each record would decode by itself to the same: what a decoder skips
without a look (text that is no UTF-8, numbers beyond any float) stands nowhere in it, and no key
that is read stands twice in a record. `converters.read.records` reads all others.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, get_args

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from converters.read import files
from converters.read.column_bytes import without_empty
from converters.read.encodings import is_wide, utf8_of
from converters.read.folder import Folder, Span
from converters.read.json_elements import UNREADABLE
from converters.read.json_lines import LINES
from converters.read.json_members import MEMBERS

_WORD = 8  # bytes
_LONG = 300  # digits; no number of fewer is out of range
_LOOKS = 10  # at so many digits of a number so long
_HUGE = re.compile(rb"[0-9.][eE]\+?[0-9]{3}|[0-9]{%d}" % _LONG)
_BLOCK = 1 << 16
_BEHIND_RECORD = np.isin(np.arange(256), list(b"{ \t\r"))  # perhaps another one in its line


def record_type(fields: Mapping[str, Any]) -> type[Struct]:
    """A record whose key `fields[i]` is its attribute `f<i>`. fields: types by keys, in order.

    What may be absent has None in its type, and is None then.
    """
    types = [
        (f"f{i}", kind, None) if _may_lack(kind) else (f"f{i}", kind)
        for i, kind in enumerate(fields.values())
    ]
    rename = {f"f{i}": key for i, key in enumerate(fields)}
    return msgspec.defstruct("Row", types, rename=rename, kw_only=True, gc=False)


def _may_lack(kind: Any) -> bool:
    return type(None) in get_args(kind)


def span_body(folder: Folder, span: Span) -> bytes | None:
    """The text of a part of an array or of JSON Lines; None for any other span."""
    if span.end is None or span.table == MEMBERS or len(span.names) != 1:
        return None
    path = files.join(folder.base, span.names[0])
    body = files.store(path).read(path, span.start, span.end)
    return utf8_of(body) if is_wide(body) else body


def decoded(
    body: bytes, span: Span, fields: Mapping[str, Any], absent: Iterable[str] = ()
) -> list[list[Any]] | None:
    """The values of each key in all records of a span's text.

    fields: see `record_type`. absent: keys that no record may have. None where a record is broken,
    of another type, or has one of these.
    """
    row: Any = record_type(fields)
    try:
        if span.table == LINES:
            rows = msgspec.json.Decoder(row).decode_lines(body)
            breaks = body.count(b"\n") + (not body.endswith(b"\n"))
            if len(rows) != breaks or _may_hold_two(body):
                return None
        else:
            rows = msgspec.json.decode(b"[" + body.strip(b", \r\n\t") + b"]", type=list[row])
    except UNREADABLE:
        return None
    values = columns_of(rows, fields)
    return values if is_sound(body, values, fields, absent) else None


def decoded_classes(body: bytes, fields: Mapping[str, Any]) -> dict[str, list[list[Any]]] | None:
    """The same of an object that holds a list of records for each class, by class."""
    row: Any = record_type(fields)
    try:
        classes = msgspec.json.decode(body, type=dict[str, list[row]])
    except UNREADABLE:
        return None
    found = {label: columns_of(rows, fields) for label, rows in classes.items()}
    values = [[*chain.from_iterable(some)] for some in zip(*found.values(), strict=True)]
    is_usual = values and all(classes.values()) and is_sound(body, values, fields)
    return found if is_usual else None


def columns_of(rows: Sequence[Struct], fields: Mapping[str, Any]) -> list[list[Any]]:
    """The values of each key in some records of `record_type`."""
    return [[*map(attrgetter(f"f{i}"), rows)] for i in range(len(fields))]


def is_sound(
    body: bytes,
    values: Sequence[Sequence[Any]],
    keys: Iterable[str],
    absent: Iterable[str] = (),
) -> bool:
    """True where a text would decode whole, and no key of its records stands twice in one.

    values: those of each key in all records. absent: keys that no record may have. Some texts that
    would are not said to.
    """
    try:
        body.isascii() or body.decode()
    except UnicodeDecodeError:
        return False
    numbers = {key: len(some) - some.count(None) for key, some in zip(keys, values, strict=True)}
    numbers |= dict.fromkeys(absent, 0)
    quoted = {json.dumps(key, ensure_ascii=False).encode(): one for key, one in numbers.items()}
    return bool(values[0]) and _stand_once(body, quoted) and not may_hold_huge_number(body)


def _stand_once(body: bytes, numbers: Mapping[bytes, int]) -> bool:
    """True where quoted keys stand in a text as often as their records are many."""
    # Fast way: of each key the last bytes are read as one number, and the few there are in a text
    # are counted together. The plain way, which takes as long for each key, looks for its name. It
    # takes over where white space stands between a key and its colon.
    found: Counter[int] = Counter()
    for text in _blocks(b" " * (_WORD - 1) + body, _WORD):
        if len(text) <= _WORD:
            break
        colons = text[_WORD:] == ord(":")
        before, further = text[_WORD - 1 : -1], text[_WORD - 2 : -2]
        spaced = further[colons & (before <= ord(" "))]
        if ((spaced == ord('"')) | (spaced <= ord(" "))).any():
            return all(
                sum(1 for _ in re.finditer(re.escape(key) + rb"\s*:", body)) == number
                for key, number in numbers.items()
            )
        places = np.flatnonzero(colons & (before == ord('"')))
        words = np.ndarray((len(text) - _WORD,), "<u8", text, strides=(1,))
        each, counts = np.unique(words[places], return_counts=True)
        found.update(dict(zip(each.tolist(), counts.tolist(), strict=True)))
    for key, number in numbers.items():
        last = key[-_WORD:]
        beyond, word = 8 * (_WORD - len(last)), int.from_bytes(last, "little")
        if sum(count for one, count in found.items() if one >> beyond == word) != number:
            return False
    return True


def _may_hold_two(lines: bytes) -> bool:
    """False where no line can hold the end of one record and the beginning of another."""
    behind = (text[1:][text[:-1] == ord("}")] for text in _blocks(lines, 1))
    return any(_BEHIND_RECORD[signs].any() for signs in behind)


def may_hold_huge_number(body: bytes) -> bool:
    """False where no number in a text is beyond any float, so that all of them would decode."""
    # Fast way: where no digit stands before an e, and digits do not stand in long runs, no number
    # is huge; else a regular expression looks at all of the text (three times as long).
    for text in _blocks(body, _LONG):
        digits = (text - ord("0")) < 10
        every = digits[:: _LONG // _LOOKS]
        before_e = digits[:-1] & ((text[1:] | 0x20) == ord("e"))
        is_long = len(every) >= _LOOKS and sliding_window_view(every, _LOOKS - 1).all(axis=1).any()
        if is_long or before_e.any():
            return _HUGE.search(body) is not None
    return False


def _blocks(body: bytes, more: int) -> Iterator[npt.NDArray[np.uint8]]:
    """A text in parts that fit the processor's cache, each with some bytes of the next."""
    for at in range(0, len(body), _BLOCK):
        yield np.frombuffer(memoryview(body)[at : at + _BLOCK + more], np.uint8)


def text_column(values: Sequence[str | int | None]) -> pa.Array:
    """Texts, and whole numbers as such, as a column; empty ones null."""
    try:
        found = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        found = pa.array([None if one is None else str(one) for one in values], pa.string())
    return without_empty(found)
