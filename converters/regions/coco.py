"""Shapes of COCO annotations: boxes in several conventions, polygons and run lengths.

Numbers are pixels, 0-based and continuous: a box (x, y, w, h) covers x to x + w, and a corner of a
polygon is a place, not a pixel, unless the entry says `pixels`. Angles are clockwise on screen and
of the side w. Source: https://cocodataset.org/#format-data; cocodataset/cocoapi, common/maskApi.c.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from converters.read.headers import MAX_PIXELS
from converters.read.json_elements import UNREADABLE
from converters.regions.geometry import MOST_RADIANS, Floats, from_rotated
from converters.regions.masks import (
    Strips,
    decode_coco_counts,
    mask_fault,
    mask_from_strips,
    mask_of_polygons,
    mask_strips,
)
from converters.regions.numbers import ShapeArray
from schemas.sample import Box, Mask, Polygon, Quad, Shape

# Which of an annotation's geometries is taken; a quad is an outline of four corners.
Geometry = Literal["bbox", "segmentation", "quad"]
# What a box's numbers are: left, top, width and height; or centre, width, height and angle.
Convention = Literal["xywh", "cxcywh", "cxcywha_radians", "cxcywha_degrees"]
Size = tuple[int, int] | None
_RINGS = msgspec.json.Decoder(list[list[tuple[float, ...]]])
_RING = msgspec.json.Decoder(list[tuple[float, ...]])
_FARTHEST = 1e6  # pixels; no picture is as wide


class Fault(NamedTuple):
    """Why an annotation has no shape: the reason and detail of its Reject."""

    reason: str
    detail: str


class Rule(Struct, frozen=True):
    """How an entry's annotations are read.

    pixels: a polygon's numbers are pixels, whose centres are its corners.
    """

    geometry: Geometry
    convention: Convention = "xywh"
    pixels: bool = False

    def shapes(
        self, boxes: Floats, outlines: Sequence[bytes | None], sizes: Sequence[Size]
    ) -> list[Shape | Fault]:
        """The shapes of annotations.

        boxes: (n, 5) as written, NaN where a number is absent. outlines: JSON of polygons, corners
        or run lengths, or None; such an annotation's shape is its box. sizes: of their pictures.
        """
        outlined = self._outlined(
            [text for text in outlines if text],
            [size for text, size in zip(outlines, sizes, strict=True) if text],
        )
        if len(outlined) == len(outlines):
            return outlined
        by_place, (boxed, faults) = iter(outlined), box_shapes(boxes, self.convention)
        return [
            next(by_place) if text else faults.get(row, box)
            for row, (text, box) in enumerate(zip(outlines, boxed, strict=True))
        ]

    def _outlined(self, texts: Sequence[bytes], sizes: Sequence[Size]) -> list[Shape | Fault]:
        """The shapes of outlines."""
        # Fast way: polygons are decoded together, be each a list of rings or the numbers of one
        # ring. The plain way is each for itself.
        every = b"[" + b",".join(texts) + b"]"
        polygons: Sequence[Sequence[Sequence[float]]]
        try:
            polygons = _RINGS.decode(every)
        except UNREADABLE:
            try:
                polygons = [[ring] for ring in _RING.decode(every)]
            except UNREADABLE:
                return [self._any(text, size) for text, size in zip(texts, sizes, strict=True)]
        return [self._rings(one, size) for one, size in zip(polygons, sizes, strict=True)]

    def _any(self, text: bytes, size: Size) -> Shape | Fault:
        """The shape of a JSON value: run lengths, one or several, or polygons."""
        try:
            value = msgspec.json.decode(text)
        except UNREADABLE as error:  # a number beyond all bounds
            return Fault("bad_box", f"an outline that cannot be read: {error}")
        if isinstance(value, dict):
            return _mask([value])
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            return _mask(value)
        try:
            return self._rings(_polygons(value), size)
        except ValueError as error:
            return Fault("bad_box", str(error))

    def _rings(self, polygons: Sequence[Sequence[float]], size: Size) -> Shape | Fault:
        """The shape of polygons, each x1, y1, x2, y2, ...; or of the points of one."""
        if len(polygons) > 2 and all(len(one) == 2 for one in polygons):
            polygons = [[number for point in polygons for number in point]]
        try:
            rings = [self._ring(one) for one in polygons]
            if len(rings) > 1:
                return _joined(rings, size)
        except ValueError as error:
            return Fault("bad_box", str(error))
        [ring] = rings
        return Quad(ring) if self.geometry == "quad" and len(ring) == 8 else Polygon(ring)

    def _ring(self, numbers: Sequence[float]) -> tuple[float, ...]:
        """A ring's corners, the first not repeated. Raises ValueError where some are missing."""
        points = tuple(numbers)
        if len(points) > 6 and points[:2] == points[-2:]:
            points = points[:-2]
        if len(points) < 6 or len(points) % 2:
            raise ValueError(f"a polygon of {len(points)} numbers: {str(points)[:80]}")
        return tuple(number + 0.5 for number in points) if self.pixels else points


def box_shapes(boxes: Floats, convention: Convention) -> tuple[ShapeArray, dict[int, Fault]]:
    """Boxes (n, 5) as written as upright or oriented boxes; and why some are none, by index."""
    wanted = 5 if convention.startswith("cxcywha") else 4
    sides = boxes[:, 2:4]
    bad = ~np.isfinite(boxes[:, :wanted]).all(axis=1) | (sides < 0).any(axis=1)
    bad |= ~np.isnan(boxes[:, wanted:]).all(axis=1)
    if convention == "xywh":
        shapes = ShapeArray(Box, np.hstack([boxes[:, :2], boxes[:, :2] + sides]))
    elif convention == "cxcywh":
        corners = np.hstack([boxes[:, :2] - sides / 2, boxes[:, :2] + sides / 2])
        shapes = ShapeArray(Box, corners)
    else:
        rotated = boxes.copy()
        if convention == "cxcywha_radians":
            bad |= np.abs(boxes[:, 4]) > MOST_RADIANS
            rotated[:, 4] = np.degrees(rotated[:, 4])
        shapes = ShapeArray(Quad, from_rotated(rotated))
    faults = {}
    for row in np.flatnonzero(bad).tolist():
        numbers = boxes[row].tolist()
        last = max((i for i, number in enumerate(numbers) if not math.isnan(number)), default=-1)
        said = " ".join(f"{number:g}" for number in numbers[: last + 1]) or "no box"
        faults[row] = Fault("bad_box", f"{said}, where {convention} was meant")
    return shapes, faults


def mask_of_segmentation(value: Any, width: int, height: int) -> Mask:
    """The mask of one object in a picture of width x height, whatever form it has.

    value: run lengths `{"size": [height, width], "counts": ...}`, several of them, or polygons.
    What belongs to one of several parts belongs to the object. Raises ValueError where it is none
    of these, or of another size.
    """
    parts = [value] if isinstance(value, dict) else value
    if not parts:
        raise ValueError("there is no segmentation")
    if isinstance(parts, list) and all(isinstance(part, dict) for part in parts):
        found = _mask(parts)
    else:
        rule = Rule("segmentation")
        found = _joined([rule._ring(one) for one in _polygons(parts)], (width, height))
    if isinstance(found, Fault):
        raise ValueError(found.detail)
    if (found.width, found.height) != (width, height):
        sizes = f"{found.width} x {found.height} in a picture of {width} x {height}"
        raise ValueError(f"run lengths of {sizes} pixels")
    return found


def _polygons(value: Any) -> Sequence[Sequence[float]]:
    """Polygons that may be lists of points [x, y], or one list of numbers alone.

    Raises ValueError for what is none of these.
    """
    if _is_numbers(value):
        return [value]
    if not isinstance(value, list) or not value:
        raise ValueError("no polygon, and no run lengths")
    return [one if _is_numbers(one) else _points(one) for one in value]


def _points(value: Any) -> list[float]:
    """The numbers of a list of points. Raises ValueError for anything else."""
    if isinstance(value, list) and all(_is_numbers(one) and len(one) == 2 for one in value):
        return [number for point in value for number in point]
    raise ValueError("a polygon is no list of numbers")


def _is_numbers(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)


def _joined(rings: Sequence[tuple[float, ...]], size: Size) -> Mask | Fault:
    """The mask of one object's several parts. Raises ValueError for a number beyond all bounds."""
    if max(abs(number) for ring in rings for number in ring) > _FARTHEST:
        raise ValueError(f"a coordinate beyond {_FARTHEST:.0f}")
    if size is None:
        return Fault("bad_box", f"{len(rings)} parts, in a picture of unknown size")
    if size[0] * size[1] > MAX_PIXELS:
        return Fault("bad_value", f"a picture of {size[0]} x {size[1]} pixels")
    return mask_of_polygons(rings, *size, rule="union")


def _mask(runs: Sequence[dict[str, Any]]) -> Mask | Fault:
    """The mask of run lengths; of several ones, their union."""
    masks = []
    for one in runs:
        size, counts = one.get("size"), one.get("counts")
        if (
            not size
            or not _is_numbers(size)
            or len(size) != 2
            or not isinstance(counts, list | str)
        ):
            return Fault("bad_value", "run lengths without size or counts")
        if not all(float(side).is_integer() for side in size):
            return Fault("bad_value", f"sides that are no whole numbers of pixels: {size}")
        height, width = map(int, size)
        if not 0 < width * height <= MAX_PIXELS:
            return Fault("bad_value", f"a mask of {width} x {height} pixels")
        try:
            mask = Mask(width, height, decode_coco_counts(counts))
        except ValueError as error:
            return Fault("bad_value", str(error))
        if fault := mask_fault(mask):
            return Fault("bad_value", fault)
        masks.append(mask)
    if len(masks) == 1:
        return masks[0]
    if len({(mask.width, mask.height) for mask in masks}) > 1:
        return Fault("bad_value", "run lengths of several sizes")
    strips = [mask_strips(mask) for mask in masks]
    joined = Strips(*(np.concatenate(column) for column in zip(*strips, strict=True)))
    return mask_from_strips(joined, masks[0].width, masks[0].height)
