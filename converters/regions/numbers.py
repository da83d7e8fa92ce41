"""The numbers of many shapes at once, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from schemas.sample import Box, Mask, Polygon, Quad, Shape

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def by_kind(shapes: Sequence[Shape]) -> dict[type, Indices]:
    """Indices of the shapes of each kind, the kinds in the order in which they come first."""
    kinds = [*map(type, shapes)]
    there = dict.fromkeys(kinds)
    if len(there) == 1:
        return {kinds[0]: np.arange(len(kinds))}
    return {
        kind: np.flatnonzero(np.fromiter((one is kind for one in kinds), bool, len(kinds)))
        for kind in there
    }


def numbers_of(shapes: Sequence[Shape]) -> tuple[Indices, Floats]:
    """How many numbers each of the shapes has, which are of one kind, and all of them in turn.

    Raises TypeError for masks, which have no corners.
    """
    # Fast way: iterators that run in C. The plain way is a loop over the shapes that lists the
    # numbers of each, and np.array of them, four times slower.
    kind = type(shapes[0]) if shapes else Box
    if kind is Box:
        corners = chain.from_iterable(map(astuple, cast(Sequence[Box], shapes)))
        return np.full(len(shapes), 4), np.fromiter(corners, float, 4 * len(shapes))
    if kind is Mask:
        raise TypeError("a mask has no corners")
    points = [shape.points for shape in cast(Sequence[Quad | Polygon], shapes)]
    lengths = np.fromiter(map(len, points), np.int64, len(points))
    return lengths, np.fromiter(chain.from_iterable(points), float, int(lengths.sum()))


def box_array(boxes: Sequence[Shape]) -> Floats:
    """Boxes as (n, 4)."""
    return numbers_of(boxes)[1].reshape(-1, 4)


def quad_array(quads: Sequence[Shape]) -> Floats:
    """Quads of four corners as (n, 8)."""
    return numbers_of(quads)[1].reshape(-1, 8)


def ring_list(shapes: Sequence[Shape]) -> list[Floats]:
    """The corners of quads or polygons, each (k, 2)."""
    lengths, flat = numbers_of(shapes)
    return [ring.reshape(-1, 2) for ring in np.split(flat, np.cumsum(lengths)[:-1])]


def shifted(shapes: Sequence[Shape], by: Floats) -> list[Shape]:
    """Shapes of one kind, with corners, moved.

    by: (n, 2) pixels to the right and down. Raises TypeError for masks.
    """
    lengths, flat = numbers_of(shapes)
    moved = (flat.reshape(-1, 2) + np.repeat(by, lengths // 2, axis=0)).ravel().tolist()
    ends = np.cumsum(lengths).tolist()
    kind = type(shapes[0]) if shapes else Box
    if kind is Box:
        return [Box(*moved[end - 4 : end]) for end in ends]
    of_points = Quad if kind is Quad else Polygon
    return [
        of_points(tuple(moved[end - length : end]))
        for end, length in zip(ends, lengths.tolist(), strict=True)
    ]
