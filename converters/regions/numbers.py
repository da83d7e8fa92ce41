"""The numbers of many shapes at once, as arrays; and shapes that are an array from the start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import cast, overload

import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from schemas.sample import Box, Mask, Polygon, Quad, Shape

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class ShapeArray(Sequence[Shape]):
    """Boxes, or quads of four corners, as one array: a shape is made when it is asked for.

    numbers: (n, 4) x1, y1, x2, y2 of boxes, (n, 8) of quads, in pixels.
    """

    __slots__ = ("kind", "numbers")

    def __init__(self, kind: type[Box] | type[Quad], numbers: Floats) -> None:
        self.kind = kind
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Shape: ...
    @overload
    def __getitem__(self, place: slice) -> ShapeArray: ...
    def __getitem__(self, place: int | slice) -> Shape | ShapeArray:
        if isinstance(place, slice):
            return ShapeArray(self.kind, self.numbers[place])
        return self._made(self.numbers[place].tolist())

    def __iter__(self) -> Iterator[Shape]:
        return map(self._made, self.numbers.tolist())

    def _made(self, numbers: list[float]) -> Shape:
        return Box(*numbers) if self.kind is Box else Quad(tuple(numbers))

    def take(self, places: Indices) -> ShapeArray:
        """Some of the shapes by their indices, in that order."""
        return ShapeArray(self.kind, self.numbers[places])


def taken(shapes: Sequence[Shape], places: Indices) -> Sequence[Shape]:
    """Some of the shapes by their indices, in that order."""
    if isinstance(shapes, ShapeArray):
        return shapes.take(places)
    return [shapes[place] for place in places.tolist()]


def put(shapes: Sequence[Shape], kind: type[Box] | type[Quad], at: Indices, rows: Floats) -> None:
    """Writes new numbers, (k, 4) or (k, 8), to boxes or quads of a list or an array of shapes."""
    if isinstance(shapes, ShapeArray):
        shapes.numbers[at] = rows
        return
    some = cast(list[Shape], shapes)
    for place, numbers in zip(at.tolist(), rows.tolist(), strict=True):
        some[place] = Box(*numbers) if kind is Box else Quad(tuple(numbers))


def by_kind(shapes: Sequence[Shape]) -> dict[type, Indices]:
    """Indices of the shapes of each kind, the kinds in the order in which they come first."""
    if isinstance(shapes, ShapeArray):
        return {shapes.kind: np.arange(len(shapes))} if len(shapes) else {}
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
    if isinstance(shapes, ShapeArray):
        return np.full(len(shapes), shapes.numbers.shape[1]), shapes.numbers.ravel()
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
