"""GeoChat's braces, `{<x1><y1><x2><y2>|<angle>}`, and EarthDial's brackets with the same numbers.

Both write the box before turning about its centre, in per cent of the unpadded picture, and the
angle clockwise on screen. Numbers may leave the grid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats, from_rotated, to_rotated
from schemas.sample import Box, Quad, Shape

FRAME = kit.picture(100)


def _boxes(boxes: Floats, sizes: Floats) -> list[list[int]]:
    """Upright boxes as 4 numbers and an angle of 0."""
    frame = FRAME(sizes)
    cells = kit.whole_boxes(kit.to_steps(boxes, frame), np.rint, frame.steps)
    numbers: list[list[int]] = np.hstack([cells, np.zeros((len(cells), 1), np.int64)]).tolist()
    return numbers


def _quads(quads: Floats, sizes: Floats) -> list[list[int]]:
    """Oriented boxes as the 4 numbers before turning, and whole degrees from 0 to 90."""
    rotated, frame = to_rotated(quads), FRAME(sizes)
    scaled = kit.to_steps(kit.unturned(rotated), frame)
    cells = kit.whole_boxes(scaled, np.rint, frame.steps)
    degrees = np.rint(rotated[:, 4:]).astype(np.int64)
    numbers: list[list[int]] = np.hstack([cells, degrees]).tolist()
    return numbers


def _shape(numbers: Sequence[int], size: kit.Size) -> Shape:
    """The region of 4 numbers and an angle; upright where that is 0."""
    x1, y1, x2, y2 = kit.back(numbers[:4], size, FRAME)
    if numbers[4] == 0:
        return Box(x1, y1, x2, y2)
    rotated = np.array([[(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, numbers[4]]])
    return Quad(tuple(from_rotated(rotated)[0].tolist()))


def _braces(rows: list[list[int]]) -> list[str]:
    return [f"{{<{a}><{b}><{c}><{d}>|<{t}>}}" for a, b, c, d, t in rows]


def _brackets(rows: list[list[int]]) -> list[str]:
    return [f"[[{a}, {b}, {c}, {d}, {t}]]" for a, b, c, d, t in rows]


def _match(match: re.Match[str], size: kit.Size) -> Shape:
    return _shape([int(number or 0) for number in match.groups()], size)


_BRACE = rf"\{{{f'<({kit.WHOLE})>' * 4}(?:\|<({kit.WHOLE})>)?\}}"
_COMMA = r"\s{0,3},\s{0,3}"
# A list of boxes has brackets of its own, sometimes two pairs.
_BRACKET = rf"\[{{1,3}}\s{{0,3}}{_COMMA.join([f'({kit.WHOLE})'] * 5)}\s{{0,3}}\]{{1,3}}"

DIALECTS = (
    kit.Dialect(
        name="geochat",
        about=(
            "`{<x1><y1><x2><y2>|<angle>}`: per cent of the unpadded picture, the box before "
            "turning about its centre, and the angle in degrees"
        ),
        source=(
            "Kuckreja et al. 2023, https://github.com/mbzuai-oryx/GeoChat; the angle's sense was "
            "measured on GeoChat-Bench"
        ),
        grid=100,
        frame="image",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2 of the box before turning",
        angle="whole degrees, 0 to 90, clockwise on screen",
        shapes=frozenset({Box, Quad}),
        write=kit.writer(
            lambda boxes, sizes: _braces(_boxes(boxes, sizes)),
            lambda quads, sizes: _braces(_quads(quads, sizes)),
        ),
        read=kit.reader(_BRACE, _match),
        like=kit.BRACED,
        phrase="<p>{}</p>".format,
        joint="<delim>",
    ),
    kit.Dialect(
        name="earthdial",
        about=(
            "`<box>[[x1, y1, x2, y2, angle]]</box>`: GeoChat's numbers; the angle is 0 for upright "
            "boxes"
        ),
        source=(
            "Soni et al. 2025, https://github.com/hiyamdebary/EarthDial; read from its published "
            "answers, where a box of four numbers has lost one with its minus sign: none is read"
        ),
        grid=100,
        frame="image",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2 of the box before turning",
        angle="whole degrees, 0 to 90, clockwise on screen",
        shapes=frozenset({Box, Quad}),
        write=kit.writer(
            lambda boxes, sizes: _brackets(_boxes(boxes, sizes)),
            lambda quads, sizes: _brackets(_quads(quads, sizes)),
        ),
        read=kit.reader(_BRACKET, _match),
        like=kit.BRACKETED,
        phrase="<ref>{}</ref>".format,
        around=("<box>", "</box>"),
        joint="",
    ),
)
