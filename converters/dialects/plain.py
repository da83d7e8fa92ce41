"""Numbers in brackets: `[x1, y1, x2, y2]`. What they count differs from dialect to dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats
from schemas.sample import Box, Polygon, Quad, Shape

_COMMA = r"\s{0,3},\s{0,3}"


def _bracket(number: str, more: str = "{3}") -> str:
    return rf"\[\s{{0,3}}({number}(?:{_COMMA}{number}){more})\s{{0,3}}\]"


def _numbers(match: re.Match[str]) -> list[float]:
    return [float(number) for number in match[1].split(",")]


def _listed(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"


def _pixel_rows(points: Floats, sizes: Floats) -> list[str]:
    return [_listed(row) for row in kit.half_up(points).astype(np.int64).tolist()]


def _pixel_rings(rings: Sequence[Floats], sizes: Floats) -> list[str]:
    return [_listed(kit.half_up(ring).astype(np.int64).ravel().tolist()) for ring in rings]


def _read_pixels(match: re.Match[str], size: kit.Size) -> Shape | None:
    return kit.shape_from(_numbers(match))


def _whole(frame_of: kit.FrameOf) -> kit.WriteArray:
    """Whole steps of a frame."""

    def write(boxes: Floats, sizes: Floats) -> list[str]:
        frame = frame_of(sizes)
        cells = kit.whole_boxes(kit.to_steps(boxes, frame), np.rint, frame.steps)
        return [_listed(row) for row in cells.tolist()]

    return write


def _fractions(frame_of: kit.FrameOf, decimals: int, comma: str) -> kit.WriteArray:
    """Steps of a frame of 10 ** decimals, as fractions of it."""

    def write(boxes: Floats, sizes: Floats) -> list[str]:
        frame = frame_of(sizes)
        cells = kit.whole_boxes(kit.to_steps(boxes, frame), np.rint, frame.steps)
        rows = (cells / 10**decimals).tolist()
        return [f"[{comma.join(f'{number:.{decimals}f}' for number in row)}]" for row in rows]

    return write


def _read(frame_of: kit.FrameOf, number: str) -> kit.Read:
    def shape(match: re.Match[str], size: kit.Size) -> Shape | None:
        return kit.shape_from(kit.back(_numbers(match), size, frame_of))

    return kit.reader(_bracket(number), shape)


def _read_joined(frame_of: kit.FrameOf) -> kit.Read:
    """Boxes of fractions, of which several may stand in one bracket, parted by semicolons."""
    numbers = rf"{kit.DECIMAL}(?:{_COMMA}{kit.DECIMAL}){{3}}"
    bracket = re.compile(rf"\[\s{{0,3}}{numbers}(?:\s{{0,3}};\s{{0,3}}{numbers})*\s{{0,3}}\]")

    def read(text: str, size: kit.Size) -> list[kit.Found]:
        found = []
        for match in bracket.finditer(text):
            at = match.start()
            for part in re.finditer(r"\[?[^;]+", match[0]):
                steps = [float(number) for number in part[0].strip("[]").split(",")]
                shape = Box(*kit.back(steps, size, frame_of))
                found.append(kit.Found(shape, at + part.start(), at + part.end()))
        return found

    return read


_THOUSAND = kit.picture(1000)


def _vhm_rings(rings: Sequence[Floats], sizes: Floats) -> list[str]:
    texts = []
    for ring, size in zip(rings, sizes, strict=True):
        steps = np.rint(kit.to_steps(ring.reshape(1, -1), _THOUSAND(size[None])))
        texts.append(_listed(np.clip(steps, 0, 1000).astype(np.int64)[0].tolist()))
    return texts


def _read_vhm(match: re.Match[str], size: kit.Size) -> Shape | None:
    points = kit.back(_numbers(match), size, _THOUSAND)
    return Polygon(tuple(points)) if len(points) == 8 else kit.shape_from(points)


_NEAREST = "nearest, halves to the even neighbour; never less than one step wide"
_ORDER = "x1 y1 x2 y2"

DIALECTS = (
    kit.Dialect(
        name="pixel",
        about="`[x1, y1, x2, y2]`, or the corners in turn: whole pixels of the picture",
        source="this project's own, for pictures whose size is not known",
        grid=None,
        frame="image",
        rounding="nearest, halves upwards",
        order="x1 y1 x2 y2; corners clockwise on screen from the top left",
        angle=None,
        shapes=frozenset({Box, Quad, Polygon}),
        write=kit.writer(_pixel_rows, _pixel_rows, _pixel_rings),
        read=kit.reader(rf"\[({kit.WHOLE}(?:, {kit.WHOLE}){{3,}})\]", _read_pixels),
        like=kit.BRACKETED,
        needs_size=False,
    ),
    kit.Dialect(
        name="teochat",
        about="`[x1, y1, x2, y2]`: per cent of the unpadded picture",
        source="Irvin et al. 2024, https://github.com/ermongroup/TEOChat",
        grid=100,
        frame="image",
        rounding=_NEAREST,
        order=_ORDER,
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_whole(kit.picture(100))),
        read=_read(kit.picture(100), kit.WHOLE),
        like=kit.BRACKETED,
    ),
    kit.Dialect(
        name="llava_padded",
        about="`[x1, y1, x2, y2]`: fractions of the picture padded to a square, two decimals",
        source=(
            "Liu et al. 2023, https://github.com/haotian-liu/LLaVA (threads 606 and 1833: Visual "
            "Genome's boxes)"
        ),
        grid=100,
        frame="padded",
        rounding=_NEAREST,
        order=_ORDER,
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_fractions(kit.padded_square(100), 2, ", ")),
        read=_read(kit.padded_square(1), kit.DECIMAL),
        like=kit.BRACKETED,
    ),
    kit.Dialect(
        name="mmrs",
        about=(
            "`[x1,y1,x2,y2]`: fractions of the picture padded to a square, three decimals; read "
            "also where several boxes stand in one bracket, parted by semicolons"
        ),
        source="Zhang et al. 2024 (EarthGPT, MMRS-1M), https://github.com/wivizhang/EarthGPT",
        grid=1000,
        frame="padded",
        rounding=_NEAREST,
        order=_ORDER,
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_fractions(kit.padded_square(1000), 3, ",")),
        read=_read_joined(kit.padded_square(1)),
        like=kit.BRACKETED,
        joint=",",
        settled=False,
        unsettled=(
            "no source gives the number of decimals; chosen: three. Its README pads to a square, "
            "and a reader of its files takes the plain picture; chosen: padded"
        ),
    ),
    kit.Dialect(
        name="lhrs",
        about="`[x1, y1, x2, y2]`: fractions of the unpadded picture, two decimals",
        source="Muhtar et al. 2024, https://github.com/NJU-LHRS/LHRS-Bot",
        grid=100,
        frame="image",
        rounding=_NEAREST,
        order=_ORDER,
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_fractions(kit.picture(100), 2, ", ")),
        read=_read(kit.picture(1), kit.DECIMAL),
        like=kit.BRACKETED,
        settled=False,
        unsettled=(
            "its program reads any numbers in brackets: fractions of the picture, of the padded "
            "square, or pixels; chosen: fractions of the picture, two decimals"
        ),
    ),
    kit.Dialect(
        name="vhm",
        about="`[x1, y1, x2, y2]`, or the corners of a polygon: thousandths of the picture",
        source="Pang et al. 2024, https://github.com/opendatalab/VHM",
        grid=1000,
        frame="image",
        rounding=_NEAREST,
        order="x1 y1 x2 y2; corners clockwise on screen from the top left",
        angle=None,
        shapes=frozenset({Box, Polygon}),
        write=kit.writer(_whole(_THOUSAND), polygons=_vhm_rings),
        read=kit.reader(_bracket(kit.WHOLE, "{3,}"), _read_vhm),
        like=kit.BRACKETED,
        bounded=True,
        settled=False,
        unsettled=(
            "the model answers in thousandths, the truth of its grounding set is in pixels; "
            "chosen: thousandths"
        ),
    ),
)
