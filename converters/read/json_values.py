"""The values of one JSON record as Arrow column types, for records that are read one by one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import pyarrow as pa

_KEY_END = re.compile(rb'"\s*:')
_WHOLE_NUMBER = re.compile(r"\s*-?[0-9]+\s*")
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{0,400})?([eE][+-]?[0-9]{1,3})?")
_BEYOND = 1 << 63  # Arrow's int64 ends before it


def number_of(value: Any) -> float:
    """A JSON number, also one that is written as a text.

    NaN for anything else, and for one of more digits than a float can hold.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def listed(value: Any) -> Any:
    """A value, and of the text of a JSON list that list."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def typed_values(
    text: bytes, record: Mapping[str, msgspec.Raw], columns: Mapping[str, pa.DataType]
) -> dict[str, Any]:
    """What a record says in each column; an absent key is None.

    text: the record as it stands in the file. Raises ValueError, which names the key, where a key
    that is asked for stands twice or a value is not of its column's type.
    """
    twice = repeated_key(text, len(record), columns)
    if twice is not None:
        raise ValueError(f"the key {twice!r} stands twice")
    values = {}
    for name, kind in columns.items():
        value = record.get(name)
        values[name] = None if value is None else _typed(name, _decoded(name, value), kind)
    return values


def repeated_key(text: bytes, keys: int, names: Collection[str]) -> str | None:
    """One of `names` that stands twice in a record, or None. keys: how many different keys it has.

    A parser keeps the last of two values without a word, and nobody knows which one is meant.
    """
    # Fast way: behind every key stands a colon, so a record with no more colons behind quotes than
    # keys has none twice. The plain way is what follows; it costs ten times the first parsing.
    if len(_KEY_END.findall(text)) <= keys:
        return None
    pairs = json.loads(text.decode("utf-8", "replace"), object_pairs_hook=list, parse_int=str)
    seen = set()
    for key, _ in pairs:
        if key in seen and key in names:
            return str(key)
        seen.add(key)
    return None


def _decoded(name: str, value: msgspec.Raw) -> Any:
    """The value. Raises ValueError where it is no JSON, or a number beyond all bounds."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        shown = bytes(value)[:60].decode("utf-8", "backslashreplace")
        raise ValueError(f"{name} is {shown!r}: {error}") from None


def _typed(name: str, value: Any, kind: pa.DataType) -> Any:
    """A JSON value as one of the column types used here. Raises ValueError naming the key."""
    if value is None:
        return None
    if isinstance(value, bool):
        if pa.types.is_boolean(kind):
            return value
    elif pa.types.is_string(kind) and isinstance(value, str | int | float):
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    elif pa.types.is_integer(kind):
        number = _whole_number(value)
        if number is not None and abs(number) < _BEYOND:
            return number
    elif pa.types.is_list(kind) and isinstance(value, list):
        return [_typed(name, item, kind.value_type) for item in value]
    raise ValueError(f"{name} is {str(value)[:60]!r}, not {kind}")


def _whole_number(value: Any) -> int | None:
    """The number that a JSON number or a text of digits is, or None where it is not whole."""
    if isinstance(value, str):
        return int(value) if len(value) < 60 and _WHOLE_NUMBER.fullmatch(value) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None
