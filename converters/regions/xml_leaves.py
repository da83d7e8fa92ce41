"""The elements of detection XML that hold an object's geometry, and the shapes they stand for.

Each leaf has a name in `LEAVES`, which entries call `geometry`.

bndbox, bndbox2D
    `<xmin>`, `<ymin>`, `<xmax>`, `<ymax>` in an element of that name
box
    the same in the object itself: `<box_xmin>` ... `<box_ymax>` (HRSC2016)
robndbox
    eight tags `<x_left_top>`, `<y_left_top>` ... `<y_left_bottom>` (DIOR-R), or a centre:
    `<cx>`, `<cy>`, `<w>`, `<h>`, `<angle>` (roLabelImg)
mbox
    a centre in the object itself: `<mbox_cx>` ... `<mbox_h>`, `<mbox_ang>` (HRSC2016)
points
    `<point>801.0,949.0</point>`, four corners, or five of which the last is the first (FAIR1M)
upright_points
    the same elements around an upright box (AIR-SARShip)
polygon, rotated_bndbox
    eight tags `<x1>`, `<y1>` ... `<y4>` in an element of that name (ShipRSImageNet, Official-SSDD)
segm
    an outline of three elements `<point>x,y</point>` or more (Official-SSDD)

Centres: pixels from the picture's corner; the angle in radians, from the x axis to the side w,
clockwise on screen. So HRSC2016's bow point lies on the axis of w.
Source: https://github.com/cgvict/roLabelImg; Liu et al. 2017 (HRSC2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from converters.read.numbers import float_of, floats_of
from converters.regions.geometry import MOST_RADIANS, from_rotated, inclusive_corners
from schemas.sample import Box, Polygon, Quad, Shape

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_NAMED_CORNERS = [
    f"{axis}_{corner}"
    for corner in ("left_top", "right_top", "right_bottom", "left_bottom")
    for axis in "xy"
]
_CENTRE = ["cx", "cy", "w", "h", "angle"]
_NUMBERED_CORNERS = [f"{axis}{number}" for number in (1, 2, 3, 4) for axis in "xy"]


class Fault(Exception):
    """An object cannot become a region; args: reason, detail."""


class Counting(NamedTuple):
    """How native corners count pixels.

    first: the number of the first pixel. inclusive: True where the last corner is a pixel of the
    box, False where it lies just beyond.
    """

    first: int
    inclusive: bool


def shape_of(node: Element, geometries: Sequence[str], counting: Counting) -> Shape:
    """The shape that an object's leaf holds: pixels, 0-based, half-open.

    geometries: names of LEAVES; the first that the object has is read. Raises Fault, which names
    the tags expected and found, and where it has that leaf several times with other numbers.
    """
    for geometry in geometries:
        leaf = LEAVES[geometry]
        holders = node.findall(leaf.tag) if leaf.tag else [node]
        if len(holders) > 1 and _differ(holders):
            raise Fault("bad_box", f"{len(holders)} {leaf.tag} that differ")
        if holders:
            return leaf.read(holders[0], counting)
    there = ", ".join(child.tag for child in node)
    wanted = " or ".join(LEAVES[geometry].tag for geometry in geometries)
    raise Fault("bad_box", f"no {wanted}; the object has {there}"[:200])


def _differ(holders: Sequence[Element]) -> bool:
    return len({tuple(" ".join(one.itertext()).split()) for one in holders}) > 1


def other_objects(root: Element, object_tag: str) -> list[str]:
    """The tags of what looks like objects in a file that has none of the tag of an entry."""
    if root.find(f".//{object_tag}") is not None or root.tag == object_tag:
        return []
    known = {leaf.tag.casefold() for leaf in LEAVES.values() if leaf.tag}
    return [node.tag for node in root.iter() if any(one.tag.casefold() in known for one in node)]


def _sides(tags: Sequence[str]) -> Callable[[Element, Counting], Box]:
    """A reader of upright boxes whose four sides have these tags."""

    def read(leaf: Element, counting: Counting) -> Box:
        angle = leaf.findtext("angle", "0")
        if angle != "0" and _all_finite([angle])[0]:
            raise Fault("bad_box", f"an angle of {angle} in an upright {leaf.tag}")
        return _upright(_numbers(leaf, tags), counting)

    return read


def _upright(sides: Sequence[float], counting: Counting) -> Box:
    x1, y1, x2, y2 = sides
    if x1 == x2 or y1 == y2:
        raise Fault("zero_area", f"corners coincide: {x1:g} {y1:g} {x2:g} {y2:g}")
    (x1, x2), (y1, y2) = _half_open(x1, x2, counting), _half_open(y1, y2, counting)
    return Box(x1, y1, x2, y2)


def _half_open(first: float, last: float, counting: Counting) -> tuple[float, float]:
    """Edges of the pixels from first to last.

    Inverted ones stay so: clipping puts them in order and counts them.
    """
    first, last = first - counting.first, last - counting.first
    if counting.inclusive:
        return (first, last + 1) if first < last else (first + 1, last)
    return first, last


def _robndbox(leaf: Element, counting: Counting) -> Quad:
    if leaf.find(_NAMED_CORNERS[0]) is None and leaf.find(_CENTRE[0]) is not None:
        return _centred(*_numbers(leaf, _CENTRE))
    return _quad(_numbers(leaf, _NAMED_CORNERS), counting)


def _mbox(node: Element, counting: Counting) -> Quad:
    return _centred(*_numbers(node, [f"mbox_{part}" for part in ("cx", "cy", "w", "h", "ang")]))


def _centred(cx: float, cy: float, width: float, height: float, angle: float) -> Quad:
    if width <= 0 or height <= 0:
        raise Fault("zero_area", f"{width:g} wide and {height:g} high")
    if abs(angle) > MOST_RADIANS:
        raise Fault("bad_box", f"an angle of {angle:g}, where radians were meant")
    rotated = np.array([[cx, cy, width, height, math.degrees(angle)]])
    return Quad(tuple(from_rotated(rotated)[0].tolist()))


def _points(leaf: Element, counting: Counting) -> Quad:
    return _quad([number for point in _four_points(leaf) for number in point], counting)


def _upright_points(leaf: Element, counting: Counting) -> Box:
    columns, rows = zip(*_four_points(leaf), strict=True)
    return _upright([min(columns), min(rows), max(columns), max(rows)], counting)


def _four_points(leaf: Element) -> list[tuple[float, float]]:
    points = _listed(leaf)
    if len(points) == 5 and points[0] == points[4]:
        points.pop()
    if len(points) != 4:
        raise Fault("bad_box", f"{len(points)} points where four corners were meant")
    return points


def _segm(leaf: Element, counting: Counting) -> Polygon:
    points = _listed(leaf)
    if len(points) > 3 and points[0] == points[-1]:
        points.pop()
    if len(points) < 3:
        raise Fault("bad_box", f"{len(points)} points where an outline was meant")
    return Polygon(tuple(number - counting.first for point in points for number in point))


def _listed(leaf: Element) -> list[tuple[float, float]]:
    texts = [(point.text or "").split(",") for point in leaf.findall("point")]
    if any(len(text) != 2 for text in texts):
        raise Fault("bad_box", "a point is not x,y")
    numbers = iter(_all_finite([*chain.from_iterable(texts)]))
    return [*zip(numbers, numbers, strict=True)]


def _corners(leaf: Element, counting: Counting) -> Quad:
    return _quad(_numbers(leaf, _NUMBERED_CORNERS), counting)


def _quad(numbers: list[float], counting: Counting) -> Quad:
    if not counting.inclusive:
        return Quad(tuple(number - counting.first for number in numbers))
    try:
        return Quad(inclusive_corners([number - counting.first for number in numbers]))
    except ZeroDivisionError:
        said = " ".join(f"{number:g}" for number in numbers)
        raise Fault("zero_area", f"corners coincide: {said}") from None


def _numbers(leaf: Element, tags: Sequence[str]) -> list[float]:
    texts = [leaf.findtext(tag) for tag in tags]
    if None in texts:
        lacking = [tag for tag, text in zip(tags, texts, strict=True) if text is None]
        there = ", ".join(child.tag for child in leaf) or "nothing"
        raise Fault("bad_box", f"{leaf.tag} lacks {', '.join(lacking)}; it has {there}"[:300])
    return _all_finite(texts)


def _all_finite(texts: Sequence[str | None]) -> list[float]:
    # Fast way: all at once. The plain way is one by one, which finds what is wrong.
    try:
        values = floats_of(texts)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        values = [math.nan]
    return values if all(map(math.isfinite, values)) else [*map(_finite, texts)]


def _finite(text: str | None) -> float:
    try:
        value = float_of(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Fault("bad_box", f"not a number: {text!r}")
    return value


class Leaf(NamedTuple):
    """tag: of the element that holds the geometry; empty where the object itself does."""

    tag: str
    read: Callable[[Element, Counting], Shape]


LEAVES: dict[str, Leaf] = {
    "bndbox": Leaf("bndbox", _sides(_SIDES)),
    "bndbox2D": Leaf("bndbox2D", _sides(_SIDES)),
    "box": Leaf("", _sides([f"box_{side}" for side in _SIDES])),
    "robndbox": Leaf("robndbox", _robndbox),
    "mbox": Leaf("", _mbox),
    "points": Leaf("points", _points),
    "upright_points": Leaf("points", _upright_points),
    "polygon": Leaf("polygon", _corners),
    "rotated_bndbox": Leaf("rotated_bndbox", _corners),
    "segm": Leaf("segm", _segm),
}
