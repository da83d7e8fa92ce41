"""Boxes, quads, polygons and masks, a batch at a time: one vectorised call for each kind.

Whatever is done to a region's shape is done here, so that no kind falls through. Masks' own
operations are in `converters.regions.masks` and can be had from here too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import shapely
from msgspec.structs import astuple

from converters.regions import rings as ring_work
from converters.regions.geometry import (
    MIN_SIDE,
    Bools,
    Floats,
    clip_boxes,
    clip_quads,
    clockwise,
)
from converters.regions.geometry import envelopes as quad_envelopes
from converters.regions.masks import (
    crop_mask,
    decode_coco_counts,
    mask_box,
    mask_fault,
    mask_from_array,
    mask_of_polygons,
    mask_parts,
    mask_polygons,
    mask_strips,
    mask_to_array,
)
from converters.regions.numbers import Indices, ShapeArray, by_kind, numbers_of, put, taken
from schemas.sample import Box, Mask, Polygon, Quad, Shape

__all__ = [
    "Clipped",
    "KINDS",
    "clip",
    "crop_mask",
    "decode_coco_counts",
    "enclose",
    "envelopes",
    "mask_box",
    "mask_fault",
    "mask_from_array",
    "mask_of_polygons",
    "mask_parts",
    "mask_polygons",
    "mask_to_array",
]

KINDS: tuple[type, ...] = (Box, Quad, Polygon, Mask)
LIMIT = 1e6  # pixels; no picture is as wide, so a coordinate beyond is an error of its file
Texts = npt.NDArray[np.object_]


class Clipped(NamedTuple):
    """Shapes within their pictures.

    shapes: clipped, as a list or an array as they came. reasons: "", or why a shape cannot stay
    (`zero_area`, `outside_image`, `bad_box`, `bad_value`), and details: what is wrong in words,
    where the shape's numbers alone do not say. changed: cut at the picture's edge; swapped:
    corners were inverted; mended: an outline or corners crossed. boxes: (n, 4) upright boxes around
    them within the picture, areas: (n,) pixels, both 0 where a shape cannot stay.
    """

    shapes: Sequence[Shape]
    reasons: Texts
    details: list[str]
    changed: Bools
    swapped: Bools
    mended: Bools
    boxes: Floats
    areas: Floats

    @property
    def zero(self) -> Bools:
        """(n,) no area, natively or inside the picture."""
        mask: Bools = self.reasons == "zero_area"
        return mask

    @property
    def outside(self) -> Bools:
        """(n,) outside the picture."""
        mask: Bools = self.reasons == "outside_image"
        return mask


_Step = Callable[[Floats, Indices, Floats, Indices, Clipped], None]


def clip(shapes: Sequence[Shape], sizes: Floats) -> Clipped:
    """Shapes cut at their pictures' edges, and why some cannot stay.

    sizes: (n, 2) width and height of their pictures, infinite or NaN where unknown; such a picture
    has near edges only. What is thinner than a pixel has no area. Quads keep their angle; quads
    and polygons come back clockwise on screen from the corner nearest the top left. A polygon that
    falls into several parts becomes a mask, or is a bad box where the size is not known.

    Raises TypeError for what is no shape.
    """
    count = len(shapes)
    sizes = np.where(np.isfinite(sizes), sizes, np.inf).reshape(-1, 2)
    out = Clipped(
        _copied(shapes),
        np.full(count, "", object),
        [""] * count,
        np.zeros(count, bool),
        np.zeros(count, bool),
        np.zeros(count, bool),
        np.zeros((count, 4)),
        np.zeros(count),
    )
    steps: dict[type, _Step] = {Box: _clip_boxes, Quad: _clip_quads, Polygon: _clip_polygons}
    for kind, chosen in _by_kind(shapes).items():
        held = taken(shapes, chosen)
        if kind is Mask:
            _clip_masks(held, sizes[chosen], chosen, out)
            continue
        lengths, flat = numbers_of(held)
        sound = _sound(kind, lengths, flat, chosen, out)
        if not sound.all():
            flat, lengths, chosen = flat[np.repeat(sound, lengths)], lengths[sound], chosen[sound]
        if len(chosen):
            steps[kind](flat, lengths, sizes[chosen], chosen, out)
    lost = out.reasons != ""
    out.boxes[lost], out.areas[lost] = 0, 0
    return out


def _copied(shapes: Sequence[Shape]) -> Sequence[Shape]:
    if isinstance(shapes, ShapeArray):
        return ShapeArray(shapes.kind, shapes.numbers.copy())
    return list(shapes)


def _by_kind(shapes: Sequence[Shape]) -> dict[type, Indices]:
    """Indices of the shapes of each kind. Raises TypeError for what is no shape."""
    groups = by_kind(shapes)
    for kind in groups:
        if kind not in KINDS:
            raise TypeError(f"{kind.__name__} is no shape")
    return groups


def _sound(kind: type, lengths: Indices, flat: Floats, chosen: Indices, out: Clipped) -> Bools:
    """Which of the chosen have all their corners, and every coordinate a number within bounds.

    lengths, flat: how many numbers each has, and all of them in turn, as in what follows.
    """
    good = np.abs(flat) <= LIMIT  # False for NaN
    wrong = np.bincount(np.repeat(np.arange(len(lengths)), lengths)[~good], minlength=len(lengths))
    whole = lengths % 2 == 0
    if kind is Quad:
        whole = lengths == 8
    elif kind is Polygon:
        whole &= lengths >= 6
    sound: Bools = whole & (wrong == 0)
    for row in np.flatnonzero(~sound).tolist():
        k = int(chosen[row])
        out.reasons[k] = "bad_box"
        beyond = f"a coordinate is no number within {LIMIT:.0f}"
        out.details[k] = beyond if wrong[row] else "corners are missing"
    return sound


def _clip_boxes(
    flat: Floats, lengths: Indices, sizes: Floats, chosen: Indices, out: Clipped
) -> None:
    boxes = flat.reshape(-1, 4)
    cut = clip_boxes(boxes, sizes)
    out.reasons[chosen[cut.outside]] = "outside_image"
    out.reasons[chosen[cut.zero]] = "zero_area"
    out.changed[chosen], out.swapped[chosen] = cut.changed, cut.swapped
    out.boxes[chosen] = cut.points
    out.areas[chosen] = np.prod(cut.points[:, 2:] - cut.points[:, :2], axis=1)
    fresh = np.flatnonzero((cut.points != boxes).any(axis=1))
    put(out.shapes, Box, chosen[fresh], cut.points[fresh])


def _clip_quads(
    flat: Floats, lengths: Indices, sizes: Floats, chosen: Indices, out: Clipped
) -> None:
    quads = flat.reshape(-1, 8)
    cut = clip_quads(quads, sizes)
    out.reasons[chosen[cut.outside]] = "outside_image"
    out.reasons[chosen[cut.zero]] = "zero_area"
    out.changed[chosen], out.mended[chosen] = cut.changed, cut.crossed
    out.boxes[chosen] = quad_envelopes(cut.points, sizes)
    x, y = cut.points[:, ::2], cut.points[:, 1::2]
    turns = x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)
    out.areas[chosen] = np.abs(turns.sum(axis=1)) / 2
    fresh = np.flatnonzero((cut.points != quads).any(axis=1))
    put(out.shapes, Quad, chosen[fresh], cut.points[fresh])


def _listed(out: Clipped) -> list[Shape]:
    """The shapes as a list: what holds a polygon is none of boxes or quads alone."""
    return cast(list[Shape], out.shapes)


def _clip_polygons(
    flat: Floats, lengths: Indices, sizes: Floats, chosen: Indices, out: Clipped
) -> None:
    rings = [ring.reshape(-1, 2) for ring in np.split(flat, np.cumsum(lengths)[:-1])]
    cut = ring_work.cut_rings(rings, sizes)
    out.changed[chosen], out.mended[chosen] = cut.changed, cut.mended
    out.areas[chosen] = cut.areas
    for row, place in enumerate(chosen.tolist()):
        parts = cut.parts[row]
        if cut.zero[row] or cut.outside[row]:
            out.reasons[place] = "zero_area" if cut.zero[row] else "outside_image"
            continue
        corners = np.concatenate(parts)
        out.boxes[place] = [*corners.min(axis=0), *corners.max(axis=0)]
        sides = out.boxes[place, 2:] - out.boxes[place, :2]
        if (sides < MIN_SIDE).any() or cut.areas[row] < MIN_SIDE**2:
            out.reasons[place] = "zero_area"
        elif len(parts) == 1:
            points = tuple(parts[0].ravel().tolist())
            if points != tuple(rings[row].ravel().tolist()):
                _listed(out)[place] = Polygon(points)
        elif np.isfinite(sizes[row]).all():
            _to_mask(parts, sizes[row], place, out)
        else:
            out.reasons[place] = "bad_box"
            out.details[place] = "several parts, in a picture of unknown size"


def _to_mask(parts: Sequence[Floats], size: Floats, place: int, out: Clipped) -> None:
    """A polygon in several parts, or with holes, as the mask of its pixels.

    parts: corners (k, 2) of each; size: width and height; place: of the polygon in `out`.
    """
    width, height = size.astype(int).tolist()
    mask = mask_of_polygons([part.ravel().tolist() for part in parts], width, height)
    _listed(out)[place] = mask
    out.boxes[place], out.areas[place] = mask_box(mask), sum(mask.counts[1::2])
    if out.areas[place] == 0:
        out.reasons[place] = "zero_area"


def _clip_masks(shapes: Sequence[Shape], sizes: Floats, chosen: Indices, out: Clipped) -> None:
    for place, mask, size in zip(chosen.tolist(), shapes, sizes, strict=True):
        assert isinstance(mask, Mask)
        width, height = size.tolist()
        fault = mask_fault(mask)
        if not fault and np.isfinite(size).all() and (mask.width, mask.height) != (width, height):
            fault = f"mask of {mask.width} x {mask.height} for a picture of {width:g} x {height:g}"
        if fault:
            out.reasons[place], out.details[place] = "bad_value", fault
            continue
        out.boxes[place], out.areas[place] = mask_box(mask), sum(mask.counts[1::2])
        if out.areas[place] == 0:
            out.reasons[place] = "zero_area"


def envelopes(shapes: Sequence[Shape]) -> Floats:
    """The smallest upright boxes around shapes, wherever they lie: (n, 4)."""
    boxes = np.zeros((len(shapes), 4))
    for kind, chosen in _by_kind(shapes).items():
        if kind is Mask:
            boxes[chosen] = [mask_box(s) for s in shapes if isinstance(s, Mask)]
            continue
        lengths, flat = numbers_of(taken(shapes, chosen))
        starts, corners = np.cumsum(lengths // 2) - lengths // 2, flat.reshape(-1, 2)
        boxes[chosen, :2] = np.minimum.reduceat(corners, starts)
        boxes[chosen, 2:] = np.maximum.reduceat(corners, starts)
    return boxes


def outlines(shapes: Sequence[Shape]) -> Texts:
    """Boxes, quads and polygons as shapely geometries, mended where they cross themselves.

    Raises TypeError for masks.
    """
    out = np.empty(len(shapes), object)
    for kind, chosen in _by_kind(shapes).items():
        lengths, flat = numbers_of(taken(shapes, chosen))
        if kind is Box:
            out[chosen] = shapely.box(*flat.reshape(-1, 4).T)
            continue
        owner = np.repeat(np.arange(len(chosen)), lengths // 2)
        made = shapely.polygons(shapely.linearrings(flat.reshape(-1, 2), indices=owner))
        crossed = ~shapely.is_valid(made)
        made[crossed] = shapely.make_valid(made[crossed])
        out[chosen] = made
    return out


def enclose(shapes: Sequence[Shape], kind: type) -> list[Shape]:
    """Shapes with an area as another kind: the smallest one around each.

    kind: `Box`, `Quad` (the smallest oriented rectangle; a box's own corners) or `Polygon` (the
    corners of a box or quad, the outline of one that is a polygon). Corners come clockwise on
    screen from the top left.

    Raises TypeError for another kind, and for a mask as a polygon: its outline may be several.
    """
    if kind is Box:
        return [Box(*box) for box in envelopes(shapes).tolist()]
    if kind not in (Quad, Polygon):
        raise TypeError(f"nothing is enclosed by a {kind.__name__}")
    rings = [_corners(shape, kind) for shape in shapes]
    if kind is Polygon:
        flat = ring_work.clockwise_rings(rings)
        return [Polygon(tuple(ring.ravel().tolist())) for ring in flat]
    quads = np.zeros((len(shapes), 8))
    exact = np.array([isinstance(shape, (Box, Quad)) for shape in shapes], bool)
    for place in np.flatnonzero(exact).tolist():
        quads[place] = rings[place].ravel()
    rest = np.flatnonzero(~exact)
    if len(rest):
        hulls = shapely.multipoints(
            np.concatenate([rings[place] for place in rest]),
            indices=np.repeat(np.arange(len(rest)), [len(rings[place]) for place in rest]),
        )
        quads[rest] = ring_work.smallest_rectangles(hulls)
    return [Quad(tuple(points)) for points in clockwise(quads).tolist()]


def _corners(shape: Shape, kind: type) -> Floats:
    """Points (k, 2) whose hull is the shape's."""
    if isinstance(shape, Box):
        x1, y1, x2, y2 = astuple(shape)
        return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], float)
    if not isinstance(shape, Mask):
        return np.array(shape.points, float).reshape(-1, 2)
    if kind is Polygon:
        raise TypeError("a mask is no single outline")
    strips = mask_strips(shape)
    ends = [(strips.x + dx, y) for dx in (0, 1) for y in (strips.low, strips.high)]
    return np.concatenate([np.column_stack(pair) for pair in ends]).astype(float)
