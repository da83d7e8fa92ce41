"""Boxes in lines of text: fields by a list of columns.

`converters.regions.line_boxes` makes shapes of the fields.

An entry lists what the fields of a line are, in order (`columns`):

| column | meaning |
| --- | --- |
| `x1 y1 x2 y2` | two opposite corners |
| `x1 y1 ... x4 y4` | four corners in turn |
| `x y w h` | the first corner, width and height |
| `cx cy w h` | the middle, width and height |
| `class`, `image`, `expression` | words |
| `-` | passed over |
| `...`, at the end | whatever follows is passed over |

Any other name is one that the format knows, or an attribute of the object. `class?`: this column
and those behind it may be absent. Fields stand between commas, semicolons, blanks and tabs, several
at once, or between an entry's own `delimiter`; brackets, quotes and separators at a line's end are
no fields. Words that hold the separator are put together again: with four numbers and a class,
`1 2 9 8 soccer ball field` has the class "soccer ball field". A number too many is an error.
"""

from __future__ import annotations

import csv
import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from converters.read.numbers import float_of

SKIPPED, REST = "-", "..."
# Columns of words; the first of them that there is takes the fields that are too many.
WORDS = ("expression", "class", "image")
QUAD = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
CORNERS = QUAD[:4]
SIZE = ("x", "y", "w", "h")
CENTRE = ("cx", "cy", "w", "h")
SHAPES = (QUAD, CORNERS, SIZE, CENTRE)
_BRACKETS = str.maketrans(dict.fromkeys("()[]{}<>\"'", " "))
_SEPARATORS = re.compile(r"[\s,;]+")
_MARKED = ("true", "yes", "hard", "difficult")
_SHOWN = 80  # characters of a line in a message


class BadLine(Exception):
    """A line cannot become a box; args: a Reject's reason, and a detail."""


def fields_of(line: str, delimiter: str | None = None) -> list[str]:
    """The fields of a line; empty ones at its end are none.

    delimiter: what stands between them, with CSV's quotes around a field that holds it; None for
    commas, semicolons, blanks and tabs, several at once. It is None too where a line has none.
    Raises BadLine where CSV's rules are broken.
    """
    if delimiter and delimiter in line:
        is_spaced = f'{delimiter} "' in line  # blanks before a quote belong to no field
        reader = csv.reader([line.strip("\r\n")], delimiter=delimiter, skipinitialspace=is_spaced)
        try:
            fields = next(reader)
        except csv.Error as error:
            raise BadLine("unreadable_record", str(error)) from None
    else:
        fields = _SEPARATORS.split(line.translate(_BRACKETS).strip(" \t\r\n,;"))
    while fields and not fields[-1].strip():
        fields.pop()
    return fields


class _Columns(NamedTuple):
    """What a list of columns says of a line.

    names: of its fields. least: how many it must have. taker: the place of the column that takes
    those that are too many, -1 where none does. open_end: whether any may follow.
    """

    names: list[str]
    least: int
    taker: int
    open_end: bool


# Fast way: the few lists of columns that there are are looked into once, not for each line.
@functools.lru_cache(maxsize=64)
def _columns(columns: tuple[str, ...]) -> _Columns:
    names = [column.removesuffix("?") for column in columns]
    open_end = names[-1] == REST
    if open_end:
        names.pop()
    least = next((i for i, column in enumerate(columns) if column.endswith("?")), len(names))
    taker = next((names.index(word) for word in WORDS if word in names), -1)
    return _Columns(names, least, taker, open_end)


def fitted(fields: Sequence[str], columns: Sequence[str], joint: str = " ") -> dict[str, str]:
    """The fields of a line by their columns, stripped; those of `-` are left out.

    joint: what stood between fields that are put together again. Raises BadLine where there are
    too few fields or too many.
    """
    names, least, taker, open_end = _columns(tuple(columns))
    surplus = 0 if open_end else max(0, len(fields) - len(names))
    if len(fields) < least or (surplus and taker < 0):
        raise BadLine("bad_box", f"{len(fields)} fields where {_meant(least, len(names))} meant")
    if surplus:
        joined = list(fields[taker : taker + surplus + 1])
        beside = joined[0] if taker else joined[-1]
        if number(beside) is not None:
            raise BadLine("bad_box", f"a number too many: {beside.strip()} is no {names[taker]}")
        tail = fields[taker + surplus + 1 :]
        fields = [*fields[:taker], joint.join(joined), *tail]
    pairs = zip(names, fields, strict=False)
    return {name: field.strip() for name, field in pairs if name != SKIPPED}


def _meant(least: int, most: int) -> str:
    return f"{least} were" if least == most else f"{least} to {most} were"


def is_heading(fields: Sequence[str], columns: Sequence[str]) -> bool:
    """True for the names of columns: as many as there may be, and words where numbers stand."""
    names = [column.removesuffix("?") for column in columns if column != REST]
    shape = next((shape for shape in SHAPES if all(name in names for name in shape)), ())
    if not shape or len(fields) != len(names):
        return False
    written = [field for name, field in zip(names, fields, strict=True) if name in shape]
    return all(field.strip()[:1].isalpha() and number(field) is None for field in written)


def is_fractions(values: Mapping[str, str], names: Sequence[str]) -> bool:
    """True where all the numbers lie between 0 and 1, and one of them within."""
    numbers = [number(values[name]) for name in names]
    known = [value for value in numbers if value is not None]
    return len(known) == len(numbers) and are_fractions(known)


def are_fractions(numbers: Sequence[float]) -> bool:
    """The same of numbers."""
    return min(numbers) >= 0 and max(numbers) <= 1 and any(0 < number < 1 for number in numbers)


def is_yolo(line: str) -> bool:
    """True for a line as YOLO writes it: a class's number and four fractions of the picture."""
    fields = line.split()
    names = ("cx", "cy", "w", "h")
    if len(fields) != 5 or not fields[0].isdecimal():
        return False
    return is_fractions(dict(zip(names, fields[1:], strict=True)), names)


def is_marked(text: str) -> bool:
    """True where a flag such as `difficult` is set: 1, 2.0, true, yes, hard."""
    if text in ("", "0"):  # as nearly all are
        return False
    value = number(text)
    return value != 0 if value is not None else text.strip().lower() in _MARKED


def number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float_of(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def shown(line: str) -> str:
    """The beginning of a line, for messages."""
    return line.strip()[:_SHOWN]
