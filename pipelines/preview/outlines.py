"""Outlines of regions, ready to be drawn: rings of pixel coordinates, bounded in number.

A ring is flat: [x1, y1, x2, y2, ...], in pixels of the region's picture, 0-based, y down, closed
without repeating its first corner. A region has several rings where it has parts or holes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from schemas.sample import Box, Mask, Shape

Ring = list[float]
Size = tuple[int, int]  # width, height

MOST_POINTS = 200  # corners of one ring
_CELLS = 96  # a mask is looked at in so many cells a side of its box
_SMOOTH = 0.7  # of a cell: how far a mask's outline may be off


def of_region(region: Mapping[str, Any], size: Size | None, most: int = MOST_POINTS) -> list[Ring]:
    """The rings of a row's region: of its mask, else of its corners, else of its box.

    size: of the region's picture; without it a mask is drawn as its box. most: corners of one
    ring; small parts are left out where all rings together have more than twice as many. Empty
    where the region holds nothing that can be drawn.
    """
    box = region.get("bbox") or []
    counts = region.get("counts")
    if counts and size and (rings := of_mask(counts, size, box, most)):
        return rings
    return of_points(region.get("points") or box, most)


def of_shape(shape: Shape) -> list[Ring]:
    """The rings of a shape that was read from a text."""
    if isinstance(shape, Box):
        return of_points((shape.x1, shape.y1, shape.x2, shape.y2))
    if isinstance(shape, Mask):
        return of_mask(shape.counts, (shape.width, shape.height), ())
    return of_points(shape.points)


def of_points(points: Sequence[float], most: int = MOST_POINTS) -> list[Ring]:
    """One ring of two opposite corners (4 numbers) or of 3 corners and more."""
    if not all(map(math.isfinite, points)):
        return []
    if len(points) == 4:
        x1, y1, x2, y2 = points
        return [_rounded([x1, y1, x2, y1, x2, y2, x1, y2])]
    if len(points) < 6 or len(points) % 2:
        return []
    corners = np.asarray(points, np.float64).reshape(-1, 2)
    return [_rounded(_thinned(corners, most).ravel().tolist())]


def of_mask(
    counts: Sequence[int], size: Size, box: Sequence[float], most: int = MOST_POINTS
) -> list[Ring]:
    """The outline of a mask in COCO's uncompressed run lengths: down the columns, zeros first.

    It is looked at in at most 96 x 96 cells of its box, so that a large mask costs no more than a
    small one; up to that size it is exact to the pixel before smoothing. Empty where the counts
    do not fit the size, or nothing is set.
    """
    width, height = size
    ends = np.cumsum(np.asarray(counts, np.int64))
    if ends[-1] != width * height or min(counts) < 0:
        return []
    x1, y1, x2, y2 = _whole_box(box, size)
    if x2 <= x1 or y2 <= y1:
        return []
    across, down = min(_CELLS, x2 - x1), min(_CELLS, y2 - y1)
    wide, high = (x2 - x1) / across, (y2 - y1) / down
    columns = (x1 + (np.arange(across) + 0.5) * wide).astype(np.int64)
    rows = (y1 + (np.arange(down) + 0.5) * high).astype(np.int64)
    # The run that a pixel lies in tells whether it is set: every second one is.
    inside = np.searchsorted(ends, columns[None, :] * height + rows[:, None], "right") % 2 == 1
    found: list[Ring] = []
    left = 2 * most
    for ring in _rings(_united(inside)):
        corners = _thinned(ring, most)
        left -= len(corners)
        if left < 0 and found:
            break
        found.append(_rounded((corners * (wide, high) + (x1, y1)).ravel().tolist()))
    return found


def _whole_box(box: Sequence[float], size: Size) -> tuple[int, int, int, int]:
    """A box in whole pixels inside the picture; the picture itself where there is none."""
    if len(box) != 4 or not all(map(math.isfinite, box)):
        return (0, 0, *size)
    x1, y1 = (max(0, math.floor(value)) for value in box[:2])
    x2, y2 = (min(end, math.ceil(value)) for value, end in zip(box[2:], size, strict=True))
    return x1, y1, x2, y2


def _united(inside: Any) -> Any:
    """Set cells as one geometry: a box for each run along a line, united."""
    change = np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lines, starts = np.nonzero(change == 1)
    _, stops = np.nonzero(change == -1)
    return shapely.union_all(shapely.box(starts, lines, stops, lines + 1)).simplify(_SMOOTH)


def _rings(geometry: Any) -> list[Any]:
    """Outer and inner rings as arrays (n, 2) without the repeated corner, the largest first."""
    rings = [
        ring
        for part in shapely.get_parts(geometry)
        if not part.is_empty
        for ring in (part.exterior, *part.interiors)
    ]
    rings.sort(key=lambda ring: -shapely.Polygon(ring).area)
    return [shapely.get_coordinates(ring)[:-1] for ring in rings]


def _thinned(corners: Any, most: int) -> Any:
    """At most so many corners: every n-th."""
    return corners[:: math.ceil(len(corners) / most)]


def _rounded(ring: Sequence[float]) -> Ring:
    """To a tenth of a pixel; whole numbers as such, since they are shorter to write."""
    tenths = (round(value, 1) for value in ring)
    return [int(value) if value == int(value) else value for value in tenths]
