"""The shape that the fields of a line say (`converters.read.box_fields` takes lines apart)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from converters.read.box_fields import (
    CENTRE,
    CORNERS,
    QUAD,
    SHAPES,
    SIZE,
    BadLine,
    are_fractions,
    number,
)
from converters.read.numbers import floats_of
from converters.regions.conventions import BadShape, Convention, Layout
from converters.regions.conventions import shape_of as shape_of_numbers
from schemas.sample import Box, Quad, Shape

_LAYOUTS: Mapping[tuple[str, ...], Layout] = {
    QUAD: "corners",
    CORNERS: "xyxy",
    SIZE: "xywh",
    CENTRE: "cxcywh",
}
# What names the fields of a shape have, once as a set to compare with.
_NAMES = tuple((shape, frozenset(shape)) for shape in SHAPES)
_WRITTEN: Mapping[tuple[tuple[str, ...], bool], Convention] = {
    (names, is_fraction): Convention(layout, "fraction" if is_fraction else "pixels")
    for names, layout in _LAYOUTS.items()
    for is_fraction in (False, True)
}
_FARTHEST = 2.0  # of a picture's side: what is beyond is no fraction


def shape_of(
    values: Mapping[str, str], fractions_of: tuple[int, int] | None = None, first: int = 0
) -> Shape:
    """The shape that a line's fields say, in pixels: a box or a quad.

    fractions_of: width and height of the picture where the numbers are fractions of them. first:
    the number of the first pixel: 1 where pixels are counted from 1, a box's last ones included.
    Raises BadLine for what is no finite number, and for a box without width or height.
    """
    there = values.keys()
    names = next((shape for shape, needed in _NAMES if needed <= there), None)
    if names is None:
        raise BadLine("bad_box", f"no box in the fields {', '.join(values)}")
    numbers = _numbers([values[name] for name in names])
    if fractions_of is not None and any(abs(value) > _FARTHEST for value in numbers):
        raise BadLine("bad_box", "pixels where fractions of the picture were meant")
    if fractions_of is None and are_fractions(numbers):
        raise BadLine("bad_box", "fractions of the picture where pixels were meant")
    written = _WRITTEN[names, fractions_of is not None]
    try:
        shape = shape_of_numbers(numbers, written, fractions_of)
    except BadShape as bad:
        raise BadLine(*bad.args) from None
    return _from_zero(shape, first, last_included=names is CORNERS) if first else shape


def _from_zero(shape: Shape, first: int, *, last_included: bool) -> Shape:
    """A shape whose pixels were counted from another number, counted from 0.

    last_included: whether a box's numbers name its last pixels and not what lies just beyond.
    """
    if isinstance(shape, Box):
        beyond = 0 if last_included else first
        x1, y1 = shape.x1 - first, shape.y1 - first
        return Box(x1, y1, shape.x2 - beyond, shape.y2 - beyond)
    if isinstance(shape, Quad):
        return Quad(tuple(value - first for value in shape.points))
    return shape


def _numbers(texts: list[str]) -> list[float]:
    """Finite numbers. Raises BadLine, which shows the first text that is none."""
    try:
        found = floats_of(texts)
    except ValueError:
        found = []
    if not found or not all(map(math.isfinite, found)):
        wrong = next(text for text in texts if number(text) is None)
        raise BadLine("bad_box", f"not a number: {wrong[:40]!r}")
    return found
