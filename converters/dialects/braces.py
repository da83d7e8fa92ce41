"""Numbers in braces, `{<a><b><c><d>}`. One form has many meanings, so each is its own dialect."""

from __future__ import annotations

import re

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats, from_rotated, to_rotated
from schemas.sample import Box, Quad

FRAME = kit.picture(100)
_FINE = kit.picture(10_000)  # per cent with two decimals

_PLAIN = rf"\{{{f'<({kit.WHOLE})>' * 4}\}}"
_TURNED = rf"\{{{f'<({kit.DECIMAL})>' * 4}\|<({kit.DECIMAL})>\}}"


def _braces(cells: kit.Ints) -> list[str]:
    return [f"{{<{a}><{b}><{c}><{d}>}}" for a, b, c, d in cells.tolist()]


def _with_angle(cells: kit.Ints, degrees: kit.Ints) -> list[str]:
    rows = np.hstack([cells, degrees[:, None]]).tolist()
    return [f"{{<{a}><{b}><{c}><{d}>|<{t}>}}" for a, b, c, d, t in rows]


def _write_grid(rounding: kit.Rounding) -> kit.Write:
    def write(boxes: Floats, sizes: Floats) -> list[str]:
        frame = FRAME(sizes)
        return _braces(kit.whole_boxes(kit.to_steps(boxes, frame), rounding, frame.steps))

    return kit.writer(write)


def _read_grid(match: re.Match[str], size: kit.Size) -> Box:
    return Box(*kit.back([int(number) for number in match.groups()], size, FRAME))


def _write_pixels(boxes: Floats, sizes: Floats) -> list[str]:
    return _braces(kit.half_up(boxes).astype(np.int64))


def _read_pixels(match: re.Match[str], size: kit.Size) -> Box:
    return Box(*(float(number) for number in match.groups()))


def _quad(rotated: list[float]) -> Quad:
    return Quad(tuple(from_rotated(np.array([rotated], float))[0].tolist()))


def _write_centred(quads: Floats, sizes: Floats) -> list[str]:
    """VRSBench's first oriented form: centre and sides, the angle counter-clockwise."""
    rotated = kit.by_long_side(quads)
    cells = kit.truncate(kit.to_steps(rotated[:, :4], FRAME(sizes))).astype(np.int64)
    cells[:, 2:] = np.maximum(cells[:, 2:], 1)
    return _with_angle(cells, np.rint(-rotated[:, 4]).astype(np.int64))


def _read_centred(match: re.Match[str], size: kit.Size) -> Quad:
    numbers = [float(number) for number in match.groups()]
    return _quad([*kit.back(numbers[:4], size, FRAME), -numbers[4]])


def _write_diagonal(quads: Floats, sizes: Floats) -> list[str]:
    """VRSBench's second oriented form: two opposite corners, the angle counter-clockwise."""
    rotated = kit.by_long_side(quads)
    corners = from_rotated(rotated)[:, [0, 1, 4, 5]]
    cells = kit.truncate(kit.to_steps(corners, FRAME(sizes))).astype(np.int64)
    return _with_angle(cells, np.rint(-rotated[:, 4]).astype(np.int64))


def _read_diagonal(match: re.Match[str], size: kit.Size) -> Quad:
    numbers = [float(number) for number in match.groups()]
    x1, y1, x2, y2 = kit.back(numbers[:4], size, FRAME)
    angle = np.radians(-numbers[4])
    along = (x2 - x1) * np.cos(angle) + (y2 - y1) * np.sin(angle)
    across = (y2 - y1) * np.cos(angle) - (x2 - x1) * np.sin(angle)
    return _quad([(x1 + x2) / 2, (y1 + y2) / 2, float(along), float(across), -numbers[4]])


def _write_fit_rs(quads: Floats, sizes: Floats) -> list[str]:
    """Centre and sides with two decimals; OpenCV's angle, above 0 and up to 90, truncated."""
    rotated = to_rotated(quads)
    upright = rotated[:, 4] == 0
    rotated[upright, 2:4] = rotated[upright, 3:1:-1]
    rotated[upright, 4] = 90
    cells = np.rint(kit.to_steps(rotated[:, :4], _FINE(sizes))).astype(np.int64)
    cells[:, 2:] = np.maximum(cells[:, 2:], 1)
    rows = zip(
        (cells / 100).tolist(), kit.truncate(rotated[:, 4]).astype(np.int64).tolist(), strict=True
    )
    return [f"{{<{x:.2f}><{y:.2f}><{w:.2f}><{h:.2f}>|<{t}>}}" for (x, y, w, h), t in rows]


def _read_fit_rs(match: re.Match[str], size: kit.Size) -> Quad:
    numbers = [float(number) for number in match.groups()]
    return _quad([*kit.back(numbers[:4], size, FRAME), numbers[4]])


_VRSBENCH = "Li et al. 2024, https://github.com/lx709/VRSBench"
_OBLONG = (
    "on pictures that are not square no source says how the sides scale; chosen: along the "
    "picture's own axes before turning, as GeoChat does"
)
_TRUNCATED = "towards zero; never less than one step wide"

DIALECTS = (
    kit.Dialect(
        name="minigpt_v2",
        about="`{<x1><y1><x2><y2>}`: per cent of the unpadded picture (SkyEye, GeoPix)",
        source="Chen et al. 2023, https://github.com/Vision-CAIR/MiniGPT-4",
        grid=100,
        frame="image",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=_write_grid(np.rint),
        read=kit.reader(_PLAIN, _read_grid),
        like=kit.BRACED,
        phrase="<p>{}</p>".format,
        joint="<delim>",
    ),
    kit.Dialect(
        name="vrsbench",
        about="`{<x1><y1><x2><y2>}`: per cent of the unpadded picture, truncated",
        source=_VRSBENCH,
        grid=100,
        frame="image",
        rounding=_TRUNCATED,
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=_write_grid(kit.truncate),
        read=kit.reader(_PLAIN, _read_grid),
        like=kit.BRACED,
        phrase="<p>{}</p>".format,
        joint="<delim>",
    ),
    kit.Dialect(
        name="vrsbench_obb_v1",
        about="`{<cx><cy><w><h>|<angle>}`: per cent of the unpadded picture; w is the longer side",
        source=_VRSBENCH + " (its notebook; boxes come from BboxToolkit)",
        grid=100,
        frame="image",
        rounding="towards zero; sides of one step or more; the angle to the nearest degree",
        order="centre, longer side, shorter side",
        angle="whole degrees of the longer side, -90 to 90, counter-clockwise on screen",
        shapes=frozenset({Quad}),
        write=kit.writer(quads=_write_centred),
        read=kit.reader(_TURNED, _read_centred),
        like=kit.BRACED,
        phrase="<p>{}</p>".format,
        joint="<delim>",
        settled=False,
        unsettled=_OBLONG,
    ),
    kit.Dialect(
        name="vrsbench_obb_v2",
        about=(
            "`{<x1><y1><x2><y2>|<angle>}`: per cent of the unpadded picture; the turned box's own "
            "top-left and bottom-right corners"
        ),
        source=_VRSBENCH + " (its notebook; boxes come from BboxToolkit)",
        grid=100,
        frame="image",
        rounding="towards zero; the angle to the nearest degree",
        order="the corner that is top-left before turning, and the one opposite",
        angle="whole degrees of the longer side, -90 to 90, counter-clockwise on screen",
        shapes=frozenset({Quad}),
        write=kit.writer(quads=_write_diagonal),
        read=kit.reader(_TURNED, _read_diagonal),
        like=kit.BRACED,
        phrase="<p>{}</p>".format,
        joint="<delim>",
        settled=False,
        unsettled=(
            "no source gives the angle on pictures that are not square; chosen: in pixels, as it "
            "is seen"
        ),
    ),
    kit.Dialect(
        name="fit_rs",
        about="`<rbox>({<cx><cy><w><h>|<angle>})</rbox>`: per cent with two decimals",
        source="Luo et al. 2024, https://github.com/Luo-Z13/SkySenseGPT",
        grid=10_000,
        frame="image",
        rounding="nearest; sides of 0.01 or more; the angle truncated",
        order="centre, then the side at the angle, then the other",
        angle="whole degrees, up to 90, clockwise on screen (OpenCV: an upright box has 90)",
        shapes=frozenset({Quad}),
        write=kit.writer(quads=_write_fit_rs),
        read=kit.reader(_TURNED, _read_fit_rs),
        like=kit.BRACED,
        around=("<rbox>(", ")</rbox>"),
        settled=False,
        unsettled=_OBLONG,
    ),
    kit.Dialect(
        name="sarchat",
        about="`{<x1><y1><x2><y2>}`: whole pixels of the picture",
        source=(
            "Ma et al. 2025, https://github.com/JimmyMa99/SARChat; pixels were concluded from its "
            "examples, which fit no other frame"
        ),
        grid=None,
        frame="image",
        rounding="nearest, halves upwards",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_write_pixels),
        read=kit.reader(_PLAIN, _read_pixels),
        like=kit.BRACED,
        joint="",
        needs_size=False,
    ),
)
