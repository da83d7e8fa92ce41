"""The frame in which coordinates were written, against the picture as it is shown.

Copies of a dataset hold pictures made smaller while their annotations keep the first size, and
cameras store pictures on their side (EXIF orientation) that tools showed upright, or not. Where
the sizes that are stated tell which it was, coordinates are moved into the shown picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np

from converters.regions.geometry import Floats
from schemas.sample import Box, Mask, Shape

Size = tuple[int, int]
_SLACK = 1  # pixels by which rounding makes sizes of one frame differ
_MOST = 16  # times that a copy may be smaller or larger; beyond, the stated size is no size
_ON_THEIR_SIDE = (5, 6, 7, 8)  # orientations that swap width and height


class Frame(NamedTuple):
    """How coordinates become those of the shown picture: turned, or scaled, or not at all.

    width, height: of the frame they were written in. orientation: as in EXIF, of a picture whose
    stored pixels were that frame. x, y: factors. conflict: in words, where no rule tells the way.
    """

    width: int
    height: int
    orientation: int = 1
    x: float = 1.0
    y: float = 1.0
    conflict: str = ""

    @property
    def repair(self) -> str:
        """What is counted of each region that is moved."""
        return "turned" if self.orientation != 1 else "scaled"


def frame_of(shown: Size, orientation: int, stated: Iterable[Size]) -> Frame | None:
    """The frame of a picture's annotations; None where it is the shown picture, or nobody says.

    shown: width and height of the picture as it is shown; orientation: of its stored pixels.
    stated: sizes that the record and the catalogue state, the record's first.
    """
    sizes = list(stated)
    if not sizes or any(_same(shown, size) for size in sizes):
        return None
    if orientation in _ON_THEIR_SIDE and _same((shown[1], shown[0]), sizes[0]):
        return Frame(*sizes[0], orientation=orientation)
    width, height = sizes[0]
    x, y = shown[0] / width, shown[1] / height
    if abs(x * height - shown[1]) <= _SLACK and 1 / _MOST <= x <= _MOST:
        return Frame(width, height, x=x, y=y)
    detail = (
        f"the annotation is for a picture of {width} x {height}, and the picture has "
        f"{shown[0]} x {shown[1]}"
    )
    return Frame(width, height, conflict=detail)


def tells_turn(orientation: int, stated: Iterable[Size]) -> bool:
    """Whether the first stated size tells if it is of the stored or the shown picture."""
    first = next(iter(stated), None)
    return orientation in _ON_THEIR_SIDE and first is not None and not _same(first, first[::-1])


def moved(shape: Shape, frame: Frame) -> Shape:
    """A shape in the pixels of the shown picture. A mask has a frame of its own and stays."""
    if isinstance(shape, Mask):
        return shape
    if isinstance(shape, Box):
        ends = np.array([[shape.x1, shape.y1], [shape.x2, shape.y2]])
        # A corner that was first must stay so, since what is inverted was inverted by its authors.
        (x1, y1), (x2, y2) = _points(ends, frame).tolist()
        across, down = (x1, x2), (y1, y2)
        if frame.orientation != 1 and shape.x1 <= shape.x2 and shape.y1 <= shape.y2:
            across, down = (min(across), max(across)), (min(down), max(down))
        return Box(across[0], down[0], across[1], down[1])
    points = np.array(shape.points, float).reshape(-1, 2)
    return msgspec.structs.replace(shape, points=tuple(_points(points, frame).ravel().tolist()))


def _points(points: Floats, frame: Frame) -> Floats:
    """Points (n, 2) of a frame in the shown picture; the orientations are those of EXIF."""
    x, y = points[:, 0] * frame.x, points[:, 1] * frame.y
    right, bottom = frame.width - x, frame.height - y
    ways = {1: (x, y), 5: (y, x), 6: (bottom, x), 7: (bottom, right), 8: (y, right)}
    return np.column_stack(ways[frame.orientation])


def _same(one: Size, other: Size) -> bool:
    return abs(one[0] - other[0]) <= _SLACK and abs(one[1] - other[1]) <= _SLACK
