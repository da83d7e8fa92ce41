"""Flat JSON records written by one program, split into columns at their quotes.

Where no text holds a backslash, the quotes of a file pair up into its strings, and records of one layout have them at equal places::

    {"id": 7203, "type": "count", "answers_ids": [7203], "active": true}, {"id": 7204, ...

So whole columns are found with a few passes over the bytes. Every assumption is checked for every record (the names of all keys, the marks around each
value that is read); where one fails the answer is None, and a real parser reads the records instead. A file may mix a few layouts, as RSVQA's inactive
rows do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
_QUOTE, _BACKSLASH, _OPEN, _CLOSE, _COMMA, _COLON, _BLANK, _LIST, _LIST_END = b'"\\{},: []'
_BLOCK = 1 << 21  # bytes
_ZERO = 48
_PAD = b" " * 16  # eight bytes before any place can be looked at
_ONES, _ZEROS, _SIXES, _HIGH = (np.uint64(int(byte * 8, 16)) for byte in ("ff", "30", "06", "f0"))


class _Group(NamedTuple):
    """Records of one layout. opens, closes: (records, strings) places of the quotes; starts: of the braces; stops: one past the last."""

    text: Bytes
    opens: Places
    closes: Places
    starts: Places
    stops: Places


class _Key(NamedTuple):
    """Where a key and its value stand among a record's strings. value: its string, or None for a number, boolean or list."""

    token: int
    value: int | None
    example: Any


def read_uniform(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    """The records of a comma-separated run as columns, absent keys null; or None where the text is not as regular as this needs.

    The run is read in blocks that fit the processor's cache. A cut inside a string leaves two odd halves, which are refused.
    """
    tables = []
    at = 0
    while at < len(body):
        seam = body.find(b"}, {", at + _BLOCK)
        end = seam + 1 if seam >= 0 else len(body)
        table = _read_block(body[at:end], columns)
        if table is None:
            return None
        tables.append(table)
        at = end + 2 if seam >= 0 else end
    return pa.concat_tables(tables).combine_chunks()


def _read_block(body: bytes, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    body = _PAD + body
    text = np.frombuffer(body, np.uint8)
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
    counts = np.diff(np.append(heads, len(opens)))
    parts: list[tuple[Places, pa.Table]] = []
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        if len(rows) == len(heads):
            group = _Group(text, opens.reshape(-1, count), closes.reshape(-1, count), starts, stops)
        else:
            tokens = heads[rows][:, None] + np.arange(count)
            group = _Group(text, opens[tokens], closes[tokens], starts[rows], stops[rows])
        table = _read_group(body, group, columns)
        if table is None:
            return None
        parts.append((rows, table))
    if len(parts) == 1:
        return parts[0][1]
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    return pa.concat_tables([table for _, table in parts]).combine_chunks().take(pa.array(order))


def _bounds(body: bytes, text: Bytes, starts: Places) -> tuple[Places, Places] | None:
    """Records' first and one-past-last places, where "}, {" (or "},{") stands between all of them."""
    end = len(body)
    while body[end - 1] in b", ":  # not rstrip, which would copy the block
        end -= 1
    if not len(starts) or text[end - 1] != _CLOSE:
        return None
    between = 2 if len(starts) > 1 and text[starts[1] - 2] == _CLOSE else 3
    inner = starts[1:]
    regular = (text[inner - between] == _CLOSE) & (text[inner - between + 1] == _COMMA)
    if between == 3:
        regular &= text[inner - 1] == _BLANK
    return (starts, np.append(inner - between + 1, end)) if regular.all() else None


def _read_group(body: bytes, group: _Group, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    keys = _layout(body[group.starts[0] : group.stops[0]], group.opens.shape[1])
    if keys is None or not all(_named(group, key.token, name) for name, key in keys.items()):
        return None
    gap = 3 if group.text[group.closes[0, 0] + 2] == _BLANK else 2
    out = []
    for name, kind in columns.items():
        if name not in keys:
            out.append(pa.nulls(len(group.starts), kind))
            continue
        values = _column(body, group, keys[name], gap, kind)
        if values is None:
            return None
        out.append(values)
    return pa.table(out, schema=pa.schema(list(columns.items())))


def _layout(first: bytes, tokens: int) -> dict[str, _Key] | None:
    """Keys of the group's first record, in order, if its strings are no more than its keys and their values."""
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
    return keys if at == tokens else None


def _words(text: Bytes, at: Places) -> Words:
    """The eight bytes from each place on, as one number, the first byte lowest."""
    windows: npt.NDArray[np.void] = np.ndarray((len(text) - 7,), "V8", text, 0, (1,))
    return windows[at].view("<u8")


def _named(group: _Group, token: int, name: str) -> bool:
    """True where a string is the given key in every record, with a colon behind: compared eight bytes at a time, from its end."""
    wanted = b'"' + name.encode() + b'":'
    begin = group.opens[:, token]
    end = begin + len(wanted)
    if (group.closes[:, token] + 2 != end).any():
        return False
    for back in range(0, len(wanted), 8):
        letters = wanted[max(0, len(wanted) - back - 8) : len(wanted) - back]
        word = _words(group.text, end - back - 8) >> np.uint64(64 - 8 * len(letters))
        if (word != np.uint64(int.from_bytes(letters, "little"))).any():
            return False
    return True


def _column(body: bytes, group: _Group, key: _Key, gap: int, kind: pa.DataType) -> pa.Array | None:
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
        return _texts(body, opens + 1, closes)
    end = _value_ends(group, key.token)
    if end is None:
        return None
    if pa.types.is_integer(kind) and isinstance(key.example, int):
        return _integers(group.text, begin, end)
    if pa.types.is_boolean(kind) and isinstance(key.example, bool):
        return _booleans(group.text, begin, end)
    if pa.types.is_list(kind) and isinstance(key.example, list):
        if (group.text[begin] != _LIST).any() or (group.text[end - 1] != _LIST_END).any():
            return None
        items = _integers(group.text, begin + 1, end - 1)
        return (
            None
            if items is None
            else pa.ListArray.from_arrays(
                pa.array(np.arange(len(items) + 1, dtype=np.int32)), items
            )
        )
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


def _texts(body: bytes, begin: Places, end: Places) -> pa.Array:
    """Strings that begin and end at given places: the text is cut at all of them, and every second piece is one."""
    cuts = np.empty(2 * len(begin), np.int32)
    cuts[0::2], cuts[1::2] = begin, end
    pieces = pa.Array.from_buffers(
        pa.string(), len(cuts) - 1, [None, pa.py_buffer(cuts), pa.py_buffer(body)]
    )
    return pieces.take(pa.array(np.arange(0, len(cuts) - 1, 2)))


def _integers(text: Bytes, begin: Places, end: Places) -> pa.Array | None:
    """Whole numbers without sign, up to 16 digits, read eight digits at a time."""
    lengths = end - begin
    if lengths.max() > 16 or lengths.min() < 1 or ((text[begin] == _ZERO) & (lengths > 1)).any():
        return None
    total = _eight_digits(text, end, np.minimum(lengths, 8))
    if total is not None and lengths.max() > 8:
        upper = _eight_digits(text, end - 8, np.maximum(lengths - 8, 0))
        total = None if upper is None else total + upper * np.uint64(10**8)
    return None if total is None else pa.array(total.astype(np.int64))


def _eight_digits(text: Bytes, end: Places, lengths: Places) -> Words | None:
    """Numbers of up to eight digits before each place; None where a byte is no digit. Pairs, then fours, then eights of digits are joined in one word."""
    word = _words(text, end - 8)
    unused = np.uint64(8) * (np.uint64(8) - lengths.astype(np.uint64))
    kept = np.where(lengths > 0, _ONES << np.minimum(unused, np.uint64(63)), np.uint64(0))
    digits = np.where(lengths > 0, (word & kept) | (_ZEROS & ~kept), _ZEROS) - _ZEROS
    if ((digits | (digits + _SIXES)) & _HIGH).any():
        return None
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    number: Words = (fours * np.uint64(10000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return number


def _booleans(text: Bytes, begin: Places, end: Places) -> pa.Array | None:
    word = _words(text, end - 8)
    true = (end - begin == 4) & (
        word >> np.uint64(32) == np.uint64(int.from_bytes(b"true", "little"))
    )
    false = (end - begin == 5) & (
        word >> np.uint64(24) == np.uint64(int.from_bytes(b"false", "little"))
    )
    return pa.array(true) if (true | false).all() else None
