"""Geometry in pixels, vectorised over a batch of regions.

Coordinates are continuous: 0-based, half-open, y down, so a box over the whole of a W x H picture
is (0, 0, W, H). Angles are degrees, clockwise on screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MOST_RADIANS = 2 * np.pi + 0.01  # of a whole turn: what is beyond must be degrees
MIN_SIDE = 1.0  # pixels; what is thinner after clipping has no area
_EXACT = 1e-3  # pixels; corners this close to a rectangle's are one
_TURN = 1e-2  # square pixels; far above what rounding adds, whose corners are within 1e6
_MARGIN = 1e-2  # pixels; what a rectangle may be thinner than what it is taken for, and more

# Cosine of four times the angle by which edges of a box may be off its own: two degrees.
_BOXLIKE = 0.99


class Clipped(NamedTuple):
    """points: (n, k) as given or clipped.

    zero, outside: why a region cannot stay; changed: cut at the picture's edge; swapped: corners
    were inverted; crossed: corners were not in turn around the box.
    """

    points: Floats
    zero: Bools
    outside: Bools
    changed: Bools
    swapped: Bools
    crossed: Bools


def inclusive_corners(numbers: Sequence[float]) -> tuple[float, ...]:
    """A quad whose corners are pixels of the box (0-based indices), as continuous corners.

    numbers: the four corners in turn around the box. Every one moves to its pixel's centre and
    half a pixel outwards along both sides, so an upright box (x1, y1, x2, y2) becomes
    (x1, y1, x2 + 1, y2 + 1). Raises ZeroDivisionError where a side has no length.
    """
    # Numbers one by one: for a single quad numpy takes five times as long.
    ways: list[tuple[float, float]] = []  # of length 1, from each corner to the next
    for k in range(0, 8, 2):
        x, y = numbers[(k + 2) % 8] - numbers[k], numbers[(k + 3) % 8] - numbers[k + 1]
        length = math.sqrt(x * x + y * y)
        ways.append((x / length, y / length))
    return tuple(
        number + 0.5 + 0.5 * (ways[k // 2 - 1][k % 2] - ways[k // 2][k % 2])
        for k, number in enumerate(numbers)
    )


def clip_boxes(boxes: Floats, sizes: Floats) -> Clipped:
    """Upright boxes cut at their pictures' edges; inverted corners are swapped first.

    boxes: (n, 4) x1, y1, x2, y2; sizes: (n, 2) width, height, infinite where unknown.
    """
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    zero: Bools = (low == high).any(axis=1)
    swapped: Bools = np.any(boxes[:, :2] > boxes[:, 2:], axis=1)
    within_low, within_high = np.clip(low, 0, sizes), np.clip(high, 0, sizes)
    outside = ~zero & (within_low >= within_high).any(axis=1)
    zero |= ~outside & (within_high - within_low < MIN_SIDE).any(axis=1)
    changed: Bools = (within_low != low).any(axis=1) | (within_high != high).any(axis=1)
    crossed = np.zeros(len(boxes), bool)
    return Clipped(np.hstack([within_low, within_high]), zero, outside, changed, swapped, crossed)


def clip_quads(quads: Floats, sizes: Floats) -> Clipped:
    """Oriented boxes cut at their pictures' edges.

    A cut one keeps its angle and encloses what shows. quads: (n, 8) corners in turn (crossed ones
    are put in turn first); sizes: (n, 2). Corners of a quad that was not cut stay as they are; all
    come back clockwise on screen from the top-left.
    """
    corners = quads.reshape(-1, 4, 2)
    # Fast way: most quads are convex and thick, which arithmetic tells in a tenth of the time.
    # Geometry is for the others, and for those that are cut.
    odd = np.flatnonzero(~_are_plain(corners))
    crossed, zero, outside = (np.zeros(len(quads), bool) for _ in range(3))
    ring = shapely.polygons(corners[odd])
    crossed[odd] = ~shapely.is_valid(ring) & (shapely.area(shapely.convex_hull(ring)) > 0)
    if crossed.any():
        corners = np.where(crossed[:, None, None], _in_turn(corners), corners)
        ring = shapely.polygons(corners[odd])
    zero[odd] = shapely.area(ring) == 0
    changed = ~zero & (
        (corners < 0).any(axis=(1, 2)) | (corners > sizes[:, None, :]).any(axis=(1, 2))
    )
    result = corners.copy()
    if changed.any():
        limits = np.minimum(sizes[changed], 1e9)
        window = shapely.box(0, 0, limits[:, 0], limits[:, 1])
        seen = shapely.intersection(shapely.polygons(corners[changed]), window)
        outside[changed] = shapely.area(seen) == 0
        result[changed] = _around(seen, _angles(corners[changed]))
    result = clockwise(result.reshape(-1, 8))
    odd = np.union1d(odd, np.flatnonzero(changed))
    sides = to_rotated(result[odd])[:, 2:4]
    zero[odd] |= ~outside[odd] & (sides < MIN_SIDE).any(axis=1)
    swapped = np.zeros(len(quads), bool)
    return Clipped(result, zero, outside, changed, swapped, crossed)


def _are_plain(corners: Floats) -> Bools:
    """Which quads (n, 4, 2) are convex, clearly, and wider than MIN_SIDE in every direction.

    Such a one is a valid polygon with an area, and so is no rectangle around it thinner. The width
    of a convex polygon is the least of the distances, one for each edge, of the corner that is
    farthest from it; twice the area of the triangle of two edges is that distance by an edge.
    """
    edges = np.roll(corners, -1, axis=1) - corners
    following = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0]
    convex = (turns > _TURN).all(axis=1) | (turns < -_TURN).all(axis=1)
    twice = np.abs(turns)
    farthest = np.maximum(twice, np.roll(twice, 1, axis=1))
    thick = farthest > (MIN_SIDE + _MARGIN) * np.hypot(edges[..., 0], edges[..., 1])
    plain: Bools = np.logical_and(convex, thick.all(axis=1))
    return plain


def _in_turn(corners: Floats) -> Floats:
    """Corners in the order in which they lie around their middle: (n, 4, 2)."""
    from_middle = corners - corners.mean(axis=1, keepdims=True)
    order = np.arctan2(from_middle[..., 1], from_middle[..., 0]).argsort(axis=1, kind="stable")
    return np.take_along_axis(corners, order[:, :, None], axis=1)


def _angles(corners: Floats) -> Floats:
    """The angles of boxes (n, 4, 2) in degrees, by all four edges, a longer one counting more.

    Whole-number corners make no exact rectangle, and one edge alone may be a fraction of a degree
    off: on a box of some hundred pixels more than a pixel. Angles are the same a quarter turn on,
    so edges are added as if turned four times as far. What is no box, even nearly, has the angle of
    the smallest rectangle around it.
    """
    edges = np.roll(corners, -1, axis=1) - corners
    lengths = np.hypot(edges[..., 0], edges[..., 1])
    turned = 4 * np.arctan2(edges[..., 1], edges[..., 0])
    x, y = (lengths * np.cos(turned)).sum(axis=1), (lengths * np.sin(turned)).sum(axis=1)
    boxlike = np.hypot(x, y) > _BOXLIKE * lengths.sum(axis=1)
    rectangles = to_rotated(corners.reshape(-1, 8))[:, 4]
    angles: Floats = np.where(boxlike, np.round(np.degrees(np.arctan2(y, x)) / 4, 9), rectangles)
    return angles


def _around(shapes: npt.NDArray[np.object_], degrees: Floats) -> Floats:
    """The smallest boxes at the given angles around shapes: (n, 4, 2); zeros for an empty shape."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    out = np.zeros((len(shapes), 4, 2))
    if not len(points):
        return out
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    u = points[:, 0] * cos[owner] + points[:, 1] * sin[owner]
    v = points[:, 1] * cos[owner] - points[:, 0] * sin[owner]
    first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    at = owner[first]
    low_u, high_u = np.minimum.reduceat(u, first), np.maximum.reduceat(u, first)
    low_v, high_v = np.minimum.reduceat(v, first), np.maximum.reduceat(v, first)
    for i, (a, b) in enumerate(
        ((low_u, low_v), (high_u, low_v), (high_u, high_v), (low_u, high_v))
    ):
        out[at, i, 0] = a * cos[at] - b * sin[at]
        out[at, i, 1] = a * sin[at] + b * cos[at]
    return out


def clockwise(quads: Floats) -> Floats:
    """The same corners, clockwise on screen from the one nearest the top left (smallest x + y,
    then the higher). quads: (n, 8)."""
    corners = quads.reshape(-1, 4, 2)
    following = np.roll(corners, -1, axis=1)
    turn = (corners[..., 0] * following[..., 1] - following[..., 0] * corners[..., 1]).sum(axis=1)
    corners = np.where((turn < 0)[:, None, None], corners[:, ::-1], corners)
    rank = corners.sum(axis=2)
    near = np.isclose(rank, rank.min(axis=1, keepdims=True), rtol=0, atol=1e-9)
    start = np.where(near, corners[..., 1], np.inf).argmin(axis=1)
    order = (start[:, None] + np.arange(4)) % 4
    return np.take_along_axis(corners, order[:, :, None], axis=1).reshape(-1, 8)


def to_rotated(quads: Floats) -> Floats:
    """Corners as centre, size and angle: (n, 5) cx, cy, w, h, degrees in [0, 90), clockwise on
    screen.

    A quad that is no rectangle is taken for the smallest rectangle around it.
    """
    corners = quads.reshape(-1, 4, 2)
    top, side = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    skewed = (
        np.abs(corners[:, 0] + corners[:, 2] - corners[:, 1] - corners[:, 3]).max(axis=1) > _EXACT
    )
    lengths = np.linalg.norm(top, axis=1) * np.linalg.norm(side, axis=1)
    skewed |= np.abs((top * side).sum(axis=1)) > _EXACT * np.maximum(np.sqrt(lengths), 1)
    if skewed.any():
        corners = corners.copy()
        corners[skewed] = _smallest_rectangles(corners[skewed])
        top, side = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    width, height = np.linalg.norm(top, axis=1), np.linalg.norm(side, axis=1)
    # A rectangle of no width still has the direction of its other side.
    direction = np.where(
        width > 0, np.arctan2(top[:, 1], top[:, 0]), np.arctan2(side[:, 1], side[:, 0]) - np.pi / 2
    )
    quarter = np.floor(np.round(np.degrees(direction), 9) / 90).astype(int)
    degrees = np.round(np.degrees(direction), 9) - 90 * quarter
    turned = quarter % 2 == 1
    centre = corners.mean(axis=1)
    return np.column_stack(
        [centre, np.where(turned, height, width), np.where(turned, width, height), degrees]
    )


def _smallest_rectangles(corners: Floats) -> Floats:
    around = shapely.oriented_envelope(shapely.convex_hull(shapely.polygons(corners)))
    out = np.repeat(corners.mean(axis=1, keepdims=True), 4, axis=1)
    flat = shapely.get_type_id(around) == 3
    out[flat] = shapely.get_coordinates(around[flat]).reshape(-1, 5, 2)[:, :4]
    return out


def from_rotated(rotated: Floats) -> Floats:
    """Corners (n, 8) of rotated boxes (n, 5) cx, cy, w, h, degrees.

    They run clockwise on screen from the corner that is top-left before turning.
    """
    angle = np.radians(rotated[:, 4])
    u = np.column_stack([np.cos(angle), np.sin(angle)]) * rotated[:, 2:3] / 2
    v = np.column_stack([-np.sin(angle), np.cos(angle)]) * rotated[:, 3:4] / 2
    centre = rotated[:, :2]
    return np.hstack([centre - u - v, centre + u - v, centre + u + v, centre - u + v])


def envelopes(quads: Floats, sizes: Floats) -> Floats:
    """Upright boxes around corners, within the picture: (n, 4)."""
    corners = quads.reshape(-1, 4, 2)
    return np.hstack(
        [np.clip(corners.min(axis=1), 0, sizes), np.clip(corners.max(axis=1), 0, sizes)]
    )
