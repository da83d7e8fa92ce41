"""Boxes as authors write them, made into shapes in pixels.

A box is numbers in some order and unit, and stands in a record as a list, an object or text::

    [12, 40, 60, 90]                             four numbers
    {"left": 12, "top": 40, "width": 48, ...}    named ones
    "12,40,60,90"   "[[12, 40, 60, 90]]"         text
    "{<12><40><60><90>|<30>}"                    GeoChat's braces
    [[12, 40], [60, 40], [60, 90], [12, 90]]     corners

A list of boxes is several regions, an empty list none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Struct

from converters.read.numbers import float_of
from converters.regions.geometry import MOST_RADIANS, from_rotated
from schemas.sample import Box, Polygon, Quad, Shape

Layout = Literal["xyxy", "xywh", "cxcywh", "turned", "rotated", "corners", "polygon"]
Unit = Literal["pixels", "fraction", "percent", "per_mille"]
Size = tuple[int, int] | None

_STEPS: Mapping[Unit, int] = {"fraction": 1, "percent": 100, "per_mille": 1000}
_WORDS: Mapping[Layout, tuple[str, ...]] = {
    "xyxy": ("x1 y1 x2 y2", "xmin ymin xmax ymax", "x_min y_min x_max y_max"),
    "xywh": ("x y w h", "x y width height", "left top width height"),
    "cxcywh": ("cx cy w h", "x_center y_center width height", "x y w h"),
    "turned": ("x1 y1 x2 y2 angle", "x1 y1 x2 y2 theta"),
    "rotated": ("cx cy w h angle", "cx cy w h theta"),
}
_NAMES = {layout: tuple(map(str.split, words)) for layout, words in _WORDS.items()}
_GROUP = re.compile(r"\{[^{}\[\]]*\}|\[[^{}\[\]]*\]")
_ONLY_NUMBERS = re.compile(r"[-+.,;|<>eE\s\d\[\]{}]+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PLAIN = {int, float}
_WANTED: Mapping[Layout, int] = {"turned": 5, "rotated": 5, "corners": 8}  # numbers; else four
_DEPTH = 4  # lists in lists: texts, boxes, corners, coordinates


class BadShape(Exception):
    """Numbers that are no region; args: the reason for a Reject, and the detail."""


class Convention(Struct, frozen=True):
    """How a dataset writes its boxes.

    layout: `xyxy` opposite corners, the second one just beyond the last pixel; `xywh` top left
    and size; `cxcywh` centre and size; `turned` opposite corners of the box before it turns about
    its centre, and the angle; `rotated` centre, size and angle; `corners` four of them in turn;
    `polygon` three or more. unit: pixels counted from 0, or steps across the picture.
    angle: of `turned` and `rotated`, clockwise on screen.
    """

    layout: Layout = "xyxy"
    unit: Unit = "pixels"
    angle: Literal["degrees", "radians"] = "degrees"


def boxes_of(value: Any, layout: Layout, depth: int = 0) -> list[list[float]]:
    """The numbers of each box that a value of a record holds; none for an empty list.

    Raises BadShape where it holds something else.
    """
    # Fast way: most boxes are a plain list of numbers, which needs none of the questions below.
    # (A boolean is of a type of its own, and no number.)
    if type(value) is list and value and depth <= _DEPTH and {*map(type, value)} <= _PLAIN:
        return [_numbers(value)]
    if value is None or value == "":
        raise BadShape("missing_field", "no box")
    if isinstance(value, str):
        return _boxes_in_text(value, layout, depth)
    if isinstance(value, dict):
        return [_named(value, layout)]
    if not isinstance(value, Sequence) or depth > _DEPTH:
        raise BadShape("bad_box", f"a box is {str(value)[:60]!r}")
    if value and not any(_is_box(item) for item in value):
        return [_numbers(value)]
    if _are_points(value, layout):
        return [_numbers([number for point in value for number in point])]
    return [box for item in value for box in boxes_of(item, layout, depth + 1)]


def _are_points(value: Sequence[Any], layout: Layout) -> bool:
    """True for a list of x, y pairs that are one box or ring."""
    if layout not in ("corners", "polygon") and len(value) != 2:
        return False
    return bool(value) and all(
        isinstance(point, list) and len(point) == 2 and not any(isinstance(n, list) for n in point)
        for point in value
    )


def _boxes_in_text(text: str, layout: Layout, depth: int) -> list[list[float]]:
    found = None
    if "[" in text or "{" in text:
        with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            found = msgspec.json.decode(text)
    if isinstance(found, list | dict):
        return boxes_of(found, layout, depth + 1)
    groups = [group for group in _GROUP.findall(text) if _ONLY_NUMBERS.fullmatch(group)]
    if not groups and _ONLY_NUMBERS.fullmatch(text):
        groups = [text]
    boxes = [[float(number) for number in _NUMBER.findall(group)] for group in groups]
    if not any(boxes):
        raise BadShape("bad_box", f"no box in {text[:60]!r}")
    return [box for box in boxes if box]


def _named(value: Mapping[str, Any], layout: Layout) -> list[float]:
    for names in _NAMES.get(layout, ()):
        try:
            found = [value[name] for name in names]
        except KeyError:
            continue
        return _numbers(found)
    wanted = " or ".join(_WORDS.get(layout, ("a list of numbers",)))
    raise BadShape("bad_box", f"a box has {', '.join(map(str, value))[:60]}, not {wanted}")


def _numbers(values: Sequence[Any]) -> list[float]:
    """Finite numbers. Raises BadShape."""
    # Fast way: numbers of the usual types at once; the plain way says which one is none.
    if {*map(type, values)} <= _PLAIN:
        try:
            numbers = [*map(float, values)]
        except OverflowError:
            numbers = [math.inf]
        if all(map(math.isfinite, numbers)):
            return numbers
    return [_number(value) for value in values]


def _number(value: Any) -> float:
    """A finite number. Raises BadShape."""
    try:
        number = float_of(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise BadShape("bad_box", f"not a number: {str(value)[:40]!r}")
    return number


def _is_box(item: Any) -> bool:
    """True for what may hold a box of its own, where a number was possible."""
    if isinstance(item, str):
        return not _NUMBER.fullmatch(item.strip())
    return item is None or isinstance(item, list | dict)


def shape_of(numbers: Sequence[float], convention: Convention, size: Size) -> Shape:
    """The shape of one box in pixels. size: of its picture, None where unknown.

    Raises BadShape.
    """
    layout = convention.layout
    wanted = _WANTED.get(layout, 4)
    if layout == "polygon":
        if len(numbers) < 6 or len(numbers) % 2:
            raise BadShape("bad_box", f"{len(numbers)} numbers for a polygon")
    elif len(numbers) != wanted:
        raise BadShape("bad_box", f"{len(numbers)} numbers where {wanted} were meant")
    if not all(map(math.isfinite, numbers)):
        raise BadShape("bad_box", "a number without bounds")
    angle = numbers[4] if wanted == 5 else 0.0
    values = _pixels(numbers[:4] if wanted == 5 else numbers, convention.unit, size)
    if layout == "polygon":
        return Polygon(tuple(open_ring(values)))
    if layout == "corners":
        return Quad(tuple(values))
    if wanted == 4:
        return Box(*_corners_of(layout, values))
    return _turned(_centred(layout, values), angle, convention)


def open_ring(values: Sequence[float]) -> list[float]:
    """A ring's numbers without the first corner at its end."""
    ring = [*values]
    return ring[:-2] if len(ring) > 6 and ring[:2] == ring[-2:] else ring


def _pixels(numbers: Sequence[float], unit: Unit, size: Size) -> list[float]:
    """Numbers that are x and y in turn, in pixels."""
    if unit == "pixels":
        return [*numbers]
    if size is None:
        raise BadShape("no_size", f"the box is in {unit} of a picture whose size is unknown")
    steps = _STEPS[unit]
    return [number * size[i % 2] / steps for i, number in enumerate(numbers)]


def _corners_of(layout: Layout, values: Sequence[float]) -> tuple[float, float, float, float]:
    a, b, c, d = values
    if layout == "xyxy":
        return a, b, c, d
    if c <= 0 or d <= 0:
        raise BadShape("zero_area", f"{c:g} wide and {d:g} high")
    if layout == "xywh":
        return a, b, a + c, b + d
    return a - c / 2, b - d / 2, a + c / 2, b + d / 2


def _centred(layout: Layout, values: Sequence[float]) -> tuple[float, float, float, float]:
    a, b, c, d = values
    x, y, width, height = ((a + c) / 2, (b + d) / 2, c - a, d - b) if layout == "turned" else values
    if width <= 0 or height <= 0:
        raise BadShape("zero_area", f"{width:g} wide and {height:g} high before it turns")
    return x, y, width, height


def _turned(centred: Sequence[float], angle: float, convention: Convention) -> Shape:
    if convention.angle == "radians" and abs(angle) > MOST_RADIANS:
        raise BadShape("bad_box", f"an angle of {angle:g}, where radians were meant")
    degrees = math.degrees(angle) if convention.angle == "radians" else angle
    x, y, width, height = centred
    if degrees == 0:
        return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Quad(tuple(from_rotated(np.array([[*centred, degrees]]))[0].tolist()))
