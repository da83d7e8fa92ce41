"""Box dialects: how regions in pixels are written as text for a model, and read back.

All functions take a batch: boxes (n, 4) or rotated boxes (n, 5) with the sizes of their pictures (n, 2), and give n texts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from converters.regions.geometry import Floats, from_rotated, to_rotated

Ints = npt.NDArray[np.int64]
_GEOCHAT = re.compile(r"\{<(-?\d+)><(-?\d+)><(-?\d+)><(-?\d+)>(?:\|<(-?\d+)>)?\}")
_PIXEL = re.compile(r"\[(-?\d+(?:, -?\d+){3}(?:, -?\d+){0,4})\]")
GRID = 100
NAMES = ("geochat", "pixel")


class Parsed(NamedTuple):
    """One box read back from text, in pixels: 4 numbers (x1, y1, x2, y2) or 8 (corners)."""

    points: tuple[float, ...]


def needs_size(dialect: str) -> bool:
    """True where a dialect cannot be written without the picture's size."""
    return dialect == "geochat"


def render_boxes(dialect: str, boxes: Floats, sizes: Floats) -> list[str]:
    """Texts of upright boxes (n, 4) in pixels."""
    if dialect == "pixel":
        return [f"[{a}, {b}, {c}, {d}]" for a, b, c, d in _whole(boxes).tolist()]
    return [f"{{<{a}><{b}><{c}><{d}>|<0>}}" for a, b, c, d in _grid(boxes, sizes).tolist()]


def render_quads(dialect: str, quads: Floats, sizes: Floats) -> list[str]:
    """Texts of oriented boxes (n, 8) in pixels.

    GeoChat writes the box before turning about its centre, in per cent of the unpadded picture, and the angle clockwise on screen, 0 to 90.
    Source: Kuckreja et al. 2023, https://github.com/mbzuai-oryx/GeoChat; the angle's sense was measured on GeoChat-Bench.
    """
    if dialect == "pixel":
        return [f"[{', '.join(map(str, corners))}]" for corners in _whole(quads).tolist()]
    rotated = to_rotated(quads)
    centre, half = rotated[:, :2], rotated[:, 2:4] / 2
    grid = _grid(np.hstack([centre - half, centre + half]), sizes)
    degrees = np.rint(rotated[:, 4]).astype(int)
    return [
        f"{{<{a}><{b}><{c}><{d}>|<{t}>}}"
        for (a, b, c, d), t in zip(grid.tolist(), degrees.tolist(), strict=True)
    ]


def _whole(points: Floats) -> Ints:
    """Pixels as integers, halves always upwards: what is a pixel wide stays so."""
    return np.floor(points + 0.5).astype(np.int64)


def _grid(boxes: Floats, sizes: Floats) -> Ints:
    """Boxes on the 0-100 grid, as integers; what would round to no extent is one step wide, about where it is."""
    scaled = boxes / np.hstack([sizes, sizes]) * GRID
    cells = np.rint(scaled).astype(int)
    low, high = cells[:, :2], cells[:, 2:]
    flat = high <= low
    middle = np.floor((scaled[:, :2] + scaled[:, 2:]) / 2).astype(int)
    middle = np.where(
        (scaled[:, :2] >= 0) & (scaled[:, 2:] <= GRID), np.clip(middle, 0, GRID - 1), middle
    )
    return np.hstack([np.where(flat, middle, low), np.where(flat, middle + 1, high)])


def parse(dialect: str, text: str, size: tuple[int, int]) -> list[Parsed]:
    """Boxes of a text, in order, as pixels of a picture of `size` (width, height).

    A GeoChat box with an angle of 0 or none comes back upright, others as four corners. Minus signs count: boxes may leave the grid.
    """
    if dialect == "pixel":
        return [
            Parsed(tuple(float(n) for n in m[1].split(",")))
            for m in _PIXEL.finditer(text)
            if m[1].count(",") in (3, 7)
        ]
    found = []
    for match in _GEOCHAT.finditer(text):
        x1, y1, x2, y2 = (int(match[i]) * size[(i - 1) % 2] / GRID for i in range(1, 5))
        degrees = int(match[5] or 0)
        if degrees == 0:
            found.append(Parsed((x1, y1, x2, y2)))
            continue
        rotated = np.array([[(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, degrees]])
        found.append(Parsed(tuple(from_rotated(rotated)[0].tolist())))
    return found
