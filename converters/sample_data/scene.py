"""Objects laid out without overlap: one to a cell of a grid, each turned to its own heading."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PIL import Image

from converters.sample_data.drawing import Corners, draw, ground, inner, seeded


class Kind(NamedTuple):
    """How a class looks.

    length: pixels along its heading; turns: False for a class that stands upright on the picture.
    """

    glyph: str
    length: int
    width: int
    turns: bool = True


class Placed(NamedTuple):
    """One object. corners: pixels, 0-based and half-open, clockwise on screen from the rear
    left."""

    label: str
    corners: Corners


def box(centre: tuple[float, float], length: float, width: float, degrees: float) -> Corners:
    """Corners of a turned rectangle; degrees are clockwise on screen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    sides = ((-length, -width), (length, -width), (length, width), (-length, width))
    moved = [
        (centre[0] + (u * cos - v * sin) / 2, centre[1] + (u * sin + v * cos) / 2) for u, v in sides
    ]
    return moved[0], moved[1], moved[2], moved[3]


def place(
    name: str, size: tuple[int, int], cell: int, labels: Sequence[str], kinds: Mapping[str, Kind]
) -> list[Placed]:
    """Put one object of each label into a cell of its own.

    The right and lower margins that the grid leaves over stay empty; objects at a border are put
    there by hand.
    """
    rng = seeded(f"objects of {name}")
    cells = [(row, column) for row in range(size[1] // cell) for column in range(size[0] // cell)]
    placed = []
    for label, (row, column) in zip(labels, rng.sample(cells, len(labels)), strict=True):
        kind = kinds[label]
        scale = 0.8 + 0.2 * rng.random()
        degrees = rng.randrange(360) if kind.turns else 0
        centre = (column * cell + cell // 2, row * cell + cell // 2)
        placed.append(
            Placed(
                label, box(centre, round(kind.length * scale), round(kind.width * scale), degrees)
            )
        )
    return placed


# Width as a share of length. A long thing that stands alone runs from side to side.
SLENDER = {
    "ship": 0.3,
    "car": 0.48,
    "truck": 0.36,
    "road": 0.24,
    "bridge": 0.24,
    "river": 0.3,
    "rail": 0.2,
}


def simple_picture(name: str, kind: str, glyph: str, count: int, size: int = 128) -> Image.Image:
    """A square picture that shows `count` times one glyph: a single one large, several small."""
    image = ground(name, kind, (size, size))
    if count == 1 and (glyph in SLENDER or glyph == "shore"):
        draw(
            image,
            glyph,
            inner(box((size / 2, size / 2), size, round(size * SLENDER.get(glyph, 1)), 0)),
        )
        return image
    cell = size if count == 1 else size // 3
    length = round(cell * 0.9)
    kinds = {glyph: Kind(glyph, length, round(length * SLENDER.get(glyph, 0.9)), turns=False)}
    for placed in place(name, (size, size), cell, [glyph] * count, kinds):
        draw(image, glyph, inner(placed.corners))
    return image
