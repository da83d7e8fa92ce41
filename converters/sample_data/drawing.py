"""Pictures by code: a ground of flat patches, and glyphs that fill their boxes to the edge.

A glyph is drawn in the unit square (u along the object's heading, v across it) and touches all four
sides, so that
a picture shows exactly what its annotation says; only `shore`, which no box encloses, leaves the
land above it free.
Flat colours keep PNG and TIFF small.
"""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
Colour = tuple[int, int, int]
Part = tuple[Colour, tuple[Point, ...]]

GROUNDS: dict[str, Colour] = {
    "grass": (96, 128, 76),
    "concrete": (128, 130, 126),
    "water": (52, 92, 122),
    "sand": (186, 168, 124),
    "rock": (112, 100, 88),
    "snow": (204, 212, 216),
}
_SPREAD = 9
WHITE, GREY, DARK, RED, BROWN = (
    (236, 236, 230),
    (84, 84, 88),
    (46, 46, 52),
    (196, 52, 44),
    (128, 84, 52),
)
ORANGE, YELLOW, BLUE, GREEN, LEAF, OCHRE, PALE = (
    (226, 132, 40),
    (232, 200, 64),
    (40, 76, 150),
    (52, 140, 64),
    (34, 84, 40),
    (200, 172, 84),
    (222, 206, 168),
)


def _rect(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _disc(
    left: float = 0, top: float = 0, right: float = 1, bottom: float = 1
) -> tuple[Point, ...]:
    angles = [math.pi * step / 12 for step in range(24)]
    return tuple(
        (
            (left + right + (right - left) * math.cos(a)) / 2,
            (top + bottom + (bottom - top) * math.sin(a)) / 2,
        )
        for a in angles
    )


_FULL = _rect(0, 0, 1, 1)
_CROSS = (
    (0.35, 0),
    (0.65, 0),
    (0.65, 0.35),
    (1, 0.35),
    (1, 0.65),
    (0.65, 0.65),
    (0.65, 1),
    (0.35, 1),
    (0.35, 0.65),
    (0, 0.65),
    (0, 0.35),
    (0.35, 0.35),
)
_STAR = (
    (0.5, 0),
    (0.56, 0.44),
    (1, 0.5),
    (0.56, 0.56),
    (0.5, 1),
    (0.44, 0.56),
    (0, 0.5),
    (0.44, 0.44),
)
_COMB = (
    (0, 0),
    (1, 0),
    (1, 0.25),
    (0.9, 0.25),
    (0.9, 1),
    (0.75, 1),
    (0.75, 0.25),
    (0.55, 0.25),
    (0.55, 1),
    (0.4, 1),
    (0.4, 0.25),
    (0.2, 0.25),
    (0.2, 1),
    (0, 1),
)
_WINGS = ((0.3, 0), (0.42, 0), (0.62, 0.5), (0.42, 1), (0.3, 1), (0.4, 0.5))
_TAIL = ((0, 0.28), (0.08, 0.28), (0.18, 0.5), (0.08, 0.72), (0, 0.72))
_HULL = ((0, 0), (0.72, 0), (1, 0.5), (0.72, 1), (0, 1))

GLYPHS: dict[str, tuple[Part, ...]] = {
    "ship": ((RED, _HULL), (WHITE, _rect(0.08, 0.25, 0.3, 0.75))),
    "plane": (
        (WHITE, _WINGS),
        (WHITE, _TAIL),
        (WHITE, ((0, 0.44), (0.9, 0.42), (1, 0.5), (0.9, 0.58), (0, 0.56))),
    ),
    "car": ((YELLOW, _FULL), (DARK, _rect(0.62, 0.15, 0.78, 0.85))),
    "truck": ((ORANGE, _FULL), (DARK, _rect(0.74, 0, 0.8, 1))),
    "tank": ((WHITE, _disc()), (GREY, _disc(0.2, 0.2, 0.8, 0.8))),
    "court": (
        (ORANGE, _FULL),
        (WHITE, _rect(0.1, 0.15, 0.9, 0.85)),
        (ORANGE, _rect(0.13, 0.2, 0.87, 0.8)),
        (WHITE, _rect(0.49, 0.15, 0.51, 0.85)),
    ),
    "diamond": (
        (BROWN, ((0, 0), (1, 0), (0.95, 0.5), (0.75, 0.8), (0.5, 0.95), (0, 1))),
        (GREEN, _rect(0.12, 0.12, 0.45, 0.45)),
    ),
    "track": ((RED, _disc()), (GREEN, _disc(0.14, 0.2, 0.86, 0.8))),
    "stadium": ((PALE, _disc()), (GREEN, _disc(0.2, 0.25, 0.8, 0.75))),
    "bridge": ((GREY, _FULL), (WHITE, _rect(0, 0.08, 1, 0.18)), (WHITE, _rect(0, 0.82, 1, 0.92))),
    "road": ((GREY, _FULL), (WHITE, _rect(0.05, 0.46, 0.95, 0.54))),
    "crossing": ((GREY, _CROSS),),
    "ring": ((GREY, _disc()), (GREEN, _disc(0.3, 0.3, 0.7, 0.7))),
    "windmill": ((WHITE, _STAR),),
    "pier": ((PALE, _COMB),),
    "hall": ((BLUE, _FULL), (WHITE, _rect(0, 0.46, 1, 0.54))),
    "house": ((RED, _rect(0, 0, 1, 0.5)), (BROWN, _rect(0, 0.5, 1, 1))),
    "chimney": ((RED, _disc()), (DARK, _disc(0.3, 0.3, 0.7, 0.7))),
    "tree": ((LEAF, _disc()),),
    "pond": ((BLUE, _disc()),),
    "shore": ((BLUE, ((0, 0.5), (0.3, 0.42), (0.6, 0.55), (1, 0.4), (1, 1), (0, 1))),),
    "river": ((BLUE, _FULL),),
    "field": ((OCHRE, _FULL), (BROWN, _rect(0.3, 0, 0.36, 1)), (BROWN, _rect(0.64, 0, 0.7, 1))),
    "disc": ((GREEN, _disc()),),
    "cloud": ((WHITE, _disc()),),
    "islet": ((PALE, _disc()), (GREEN, _disc(0.15, 0.15, 0.85, 0.85))),
    "peak": ((DARK, ((0.5, 0), (1, 1), (0, 1))), (WHITE, ((0.5, 0), (0.65, 0.3), (0.35, 0.3)))),
    "rail": ((BROWN, _FULL), (DARK, _rect(0, 0.2, 1, 0.3)), (DARK, _rect(0, 0.7, 1, 0.8))),
    "terrace": ((OCHRE, _FULL), (LEAF, _rect(0, 0.2, 1, 0.4)), (LEAF, _rect(0, 0.6, 1, 0.8))),
}


def seeded(name: str) -> random.Random:
    """The one source of variation: a generator whose numbers depend on `name` alone."""
    return random.Random(f"earthmix sample data: {name}")


def ground(name: str, kind: str, size: tuple[int, int]) -> Image.Image:
    """A picture of one kind of ground.

    Its patches depend on `name`, so that no two pictures are alike.
    """
    rng = seeded(name)
    base = GROUNDS[kind]
    image = Image.new("RGB", size, base)
    pen = ImageDraw.Draw(image)
    width, height = size
    for _ in range(28):
        shift = rng.randint(-_SPREAD, _SPREAD)
        left, top = rng.randrange(-width // 8, width), rng.randrange(-height // 8, height)
        right, bottom = (
            left + rng.randint(width // 16, width // 4),
            top + rng.randint(height // 16, height // 4),
        )
        pen.rectangle(
            (left, top, right, bottom), fill=(base[0] + shift, base[1] + shift, base[2] + shift)
        )
    return image


def inner(corners: Corners) -> Corners:
    """Pixel positions for corners that are 0-based and half-open: the box [x1, x2) is filled from
    pixel x1 to x2 - 1.

    Pixel i has its centre at i + 0.5, so each corner moves half a pixel inwards along both of its
    edges, and then to pixel indices.
    """
    (x0, y0), (x1, y1), _, (x3, y3) = corners
    long, wide = math.hypot(x1 - x0, y1 - y0), math.hypot(x3 - x0, y3 - y0)
    ux, uy, vx, vy = (
        (x1 - x0) / long / 2,
        (y1 - y0) / long / 2,
        (x3 - x0) / wide / 2,
        (y3 - y0) / wide / 2,
    )
    signs = ((1, 1), (-1, 1), (-1, -1), (1, -1))
    moved = [
        (x - 0.5 + a * ux + b * vx, y - 0.5 + a * uy + b * vy)
        for (x, y), (a, b) in zip(corners, signs, strict=True)
    ]
    return moved[0], moved[1], moved[2], moved[3]


def draw(image: Image.Image, glyph: str, corners: Corners) -> None:
    """Draw a glyph between four pixel positions, clockwise; the first edge is its heading."""
    pen = ImageDraw.Draw(image)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    for colour, outline in GLYPHS[glyph]:
        # Bilinear, because corners that were rounded to whole pixels are no exact rectangle.
        points = [
            (
                (1 - v) * ((1 - u) * x0 + u * x1) + v * ((1 - u) * x3 + u * x2),
                (1 - v) * ((1 - u) * y0 + u * y1) + v * ((1 - u) * y3 + u * y2),
            )
            for u, v in outline
        ]
        pen.polygon(points, fill=colour)
