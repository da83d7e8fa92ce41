"""Flat JSON records written by one program, split into columns at their quotes.

Where no text holds a backslash, the quotes of a file pair up into its strings, and records of one
layout have their strings in equal numbers and order. So whole columns are found with a few passes
over the bytes, in less than half the time of Arrow's JSON reader. An example, with the places that
the names in the code stand for::

    {"id": 7, "q": "a road?", "on": true}, {"id": 8, "q": "two?", "on": false}
     o  c     o c  o       c  o  c          o  c     o c  o    c  o  c            opens, closes
     h                                      h                                     heads
    s                                    e s                                  e   starts, stops

    opens    1 10 15 26 40 49 54 62      where a string begins: every other quote
    closes   4 12 23 29 43 51 59 65      where it ends
    heads    0 4                         the strings before which a brace opens, by their number
    starts   0 39                        those braces
    stops    37 74                       one past the braces that close the records

Both records have four strings (`id`, `q`, the question, `on`): one group. Its places are reshaped
to a row a record::

    opens    1 10 15 26       closes    4 12 23 29
            40 49 54 62                43 51 59 65

The first record is decoded by a JSON parser, which says that string 0 is the key `id`, string 1 the
key `q`, string 2 its value and string 3 the key `on`. Now column `q` lies between opens[:, 2] and
closes[:, 2] in all records, and column `id`, which is no string, between closes[:, 0] + 3 and the
comma before opens[:, 1].

Every assumption is checked for every record: the names of all keys, and the marks around each value
that is read. Where one fails the answer is None, and a real parser reads the records instead. A
file may mix a few layouts, as RSVQA's inactive rows do: each makes a group of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_QUOTE = ord('"')
_BACKSLASH = ord("\\")
_OPEN = ord("{")
_CLOSE = ord("}")
_COMMA = ord(",")
_BLANK = ord(" ")
_LIST = ord("[")
_LIST_END = ord("]")
_ZERO, _NINE = ord("0"), ord("9")
_MOST_STRINGS = 1 << 12  # of a record: each takes some calls, whatever the number of records
_BLOCK = 1 << 21  # bytes that are read at once: their places fit the processor's cache


class _Skipped(Struct, gc=False):
    """A record of which nothing is wanted but that it is one."""


_SKIPPED = msgspec.json.Decoder(list[_Skipped])


class _Group(NamedTuple):
    """Records of one layout.

    body: the block as it stands; text: its bytes as numbers. opens, closes: (records, strings)
    places of the quotes. starts: places of the opening braces; stops: one past the closing ones.
    """

    body: bytes
    text: Bytes
    opens: Places
    closes: Places
    starts: Places
    stops: Places


class _Key(NamedTuple):
    """Where a key and its value stand among a record's strings.

    token: the number of the key's string. value: that of its value's, or None for a number, boolean
    or list. example: the value in the first record.
    """

    token: int
    value: int | None
    example: Any


def read_uniform(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    """The records of a comma-separated run as columns, absent keys null.

    None where the text is not as regular as this needs.
    """
    # A file may have a record a line. Where so many line breaks stand between its records, none is
    # in a text, where it would be an error. Of such a file what is not read must be sound as well.
    breaks = body.count(b"},\n{") if b"\n" in body else 0
    if breaks:
        body = body.strip(b", \r\n\t").replace(b"},\n{", b"}, {")
        try:
            _SKIPPED.decode(b"[%b]" % body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    tables = []
    at = 0
    while at < len(body):
        # A cut inside a string leaves two odd halves, which are refused.
        seam = body.find(b"}, {", at + _BLOCK)
        end = seam + 1 if seam >= 0 else len(body)
        table = _read_block(body[at:end], columns)
        if table is None:
            return None
        tables.append(table)
        at = end + 2 if seam >= 0 else end
    found = pa.concat_tables(tables).combine_chunks()
    return None if breaks and found.num_rows != breaks + 1 else found


def _read_block(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    text = np.frombuffer(body, np.uint8)
    # A backslash could stand before a quote that ends no string; a control character is an error
    # in a string and a line break between records, of which the checks below know nothing.
    if (text == _BACKSLASH).any() or (text < _BLANK).any():
        return None
    quotes = np.flatnonzero(text == _QUOTE)
    if len(quotes) < 2 or len(quotes) % 2 or body[: quotes[0]].strip() != b"{":
        return None
    opens, closes = quotes[0::2], quotes[1::2]
    heads = np.flatnonzero(text[opens - 1] == _OPEN)
    bounds = _bounds(body, text, opens[heads] - 1)
    if bounds is None or heads[0] != 0:
        return None
    starts, stops = bounds
    # Fast way: records of as many strings are read together, a numpy call for all of them. The
    # plain way is a parser's call a record; the end of `_layout` shows what it would find.
    counts = np.diff(np.append(heads, len(opens)))
    if counts.max() > _MOST_STRINGS:
        return None
    parts: list[tuple[Places, pa.Table]] = []
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        strings = heads[rows][:, None] + np.arange(count)
        group = _Group(body, text, opens[strings], closes[strings], starts[rows], stops[rows])
        table = _read_group(group, columns)
        if table is None:
            return None
        parts.append((rows, table))
    if len(parts) == 1:
        return parts[0][1]
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    return pa.concat_tables([table for _, table in parts]).combine_chunks().take(pa.array(order))


def _bounds(body: bytes, text: Bytes, starts: Places) -> tuple[Places, Places] | None:
    """Records' first and one-past-last places, or None.

    `}, {` must stand between all of them, or between all of them `},{`.
    """
    end = len(body)
    while body[end - 1] in b", ":  # not rstrip, which would copy the block
        end -= 1
    if not len(starts) or text[end - 1] != _CLOSE:
        return None
    between = 2 if len(starts) > 1 and text[starts[1] - 2] == _CLOSE else 3
    later = starts[1:]
    regular = (text[later - between] == _CLOSE) & (text[later - between + 1] == _COMMA)
    if between == 3:
        regular &= text[later - 1] == _BLANK
    return (starts, np.append(later - between + 1, end)) if regular.all() else None


def _read_group(group: _Group, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    first = group.body[group.starts[0] : group.stops[0]]
    keys = _layout(first, group.opens.shape[1])
    if keys is None or not all(_is_named(group, key.token, name) for name, key in keys.items()):
        return None
    # From the end of a key to its value: past the quote, the colon and perhaps a blank.
    gap = 3 if group.text[group.closes[0, 0] + 2] == _BLANK else 2
    out = []
    for name, kind in columns.items():
        if name not in keys:
            out.append(pa.nulls(len(group.starts), kind))
            continue
        values = _column(group, keys[name], gap, kind)
        if values is None:
            return None
        out.append(values)
    return pa.table(out, schema=pa.schema(list(columns.items())))


def _layout(first: bytes, strings: int) -> dict[str, _Key] | None:
    """The keys of a group's first record, in order.

    None where its strings are more than its keys and their values: where some stand deeper, or a
    key stands twice.
    """
    try:
        record = msgspec.json.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    keys, at = {}, 0
    for name, value in record.items():
        is_text = isinstance(value, str)
        keys[name] = _Key(at, at + 1 if is_text else None, value)
        at += 2 if is_text else 1
    return keys if at == strings else None


def _is_named(group: _Group, token: int, name: str) -> bool:
    """True where a string is the given key in every record, with a colon behind it."""
    written = f'"{name}":'.encode()
    begin = group.opens[:, token]
    places = len(group.text) - len(written) + 1
    if begin.max() >= places:
        return False
    # Fast way: every place of the block is looked at as so many bytes, and those of all records are
    # compared as one text. The plain way is to compare key by key (twice as long).
    windows = np.ndarray((places,), f"V{len(written)}", group.body, strides=(1,))
    return bool(windows[begin].tobytes() == written * len(begin))


def _column(group: _Group, key: _Key, gap: int, kind: pa.DataType) -> pa.Array | None:
    begin = group.closes[:, key.token] + gap
    if gap == 3 and (group.text[begin - 1] != _BLANK).any():
        return None
    if key.value is not None:
        opens, closes = group.opens[:, key.value], group.closes[:, key.value]
        if (
            not pa.types.is_string(kind)
            or (opens != begin).any()
            or not np.isin(group.text[closes + 1], (_COMMA, _CLOSE)).all()
        ):
            return None
        return _texts(group, opens + 1, closes)
    end = _value_ends(group, key.token)
    if end is None or (end <= begin).any():
        return None
    if pa.types.is_integer(kind) and isinstance(key.example, int):
        return _integers(group, begin, end)
    if pa.types.is_boolean(kind) and isinstance(key.example, bool):
        return _booleans(group, begin, end)
    if pa.types.is_list(kind) and isinstance(key.example, list):
        return _lists_of_one(group, begin, end)
    return None


def _value_ends(group: _Group, token: int) -> Places | None:
    """Where a bare value ends: before the comma and the next key, or before the closing brace."""
    if token + 1 == group.opens.shape[1]:
        return group.stops - 1
    following = group.opens[:, token + 1]
    comma = 2 if group.text[following[0] - 1] == _BLANK else 1
    regular = group.text[following - comma] == _COMMA
    if comma == 2:
        regular &= group.text[following - 1] == _BLANK
    return following - comma if regular.all() else None


def _texts(group: _Group, begin: Places, end: Places) -> pa.Array:
    """The texts between given places."""
    # Fast way: Arrow cuts the block at all the places, without copying it, and every second piece
    # is one of the texts. The plain way is body[begin:end].decode() a record.
    cuts = np.empty(2 * len(begin), np.int32)
    cuts[0::2], cuts[1::2] = begin, end
    pieces = pa.Array.from_buffers(
        pa.string(), len(cuts) - 1, [None, pa.py_buffer(cuts), pa.py_buffer(group.body)]
    )
    return pieces.take(pa.array(np.arange(0, len(cuts) - 1, 2)))


def _integers(group: _Group, begin: Places, end: Places) -> pa.Array | None:
    """Whole numbers without a sign."""
    first = group.text[begin]
    # Arrow reads 007 and 0x7 too, which JSON does not know.
    if ((first == _ZERO) & (end - begin > 1)).any() or ((first < _ZERO) | (first > _NINE)).any():
        return None
    try:
        return _texts(group, begin, end).cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _lists_of_one(group: _Group, begin: Places, end: Places) -> pa.Array | None:
    """Lists that hold one whole number each."""
    if (group.text[begin] != _LIST).any() or (group.text[end - 1] != _LIST_END).any():
        return None
    if (end - begin < 3).any():
        return None
    items = _integers(group, begin + 1, end - 1)
    if items is None:
        return None
    return pa.ListArray.from_arrays(pa.array(np.arange(len(items) + 1, dtype=np.int32)), items)


def _booleans(group: _Group, begin: Places, end: Places) -> pa.Array | None:
    words = _texts(group, begin, end)
    true = pc.equal(words, "true")
    regular = pc.all(pc.or_(true, pc.equal(words, "false"))).as_py()
    return true if regular else None
