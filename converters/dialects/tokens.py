"""Coordinates as tokens of a grid of a thousand: Falcon, LMMRotate, InternVL and Qwen2-VL."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats, clockwise
from converters.regions.shapes import mask_of_polygons
from schemas.sample import Box, Polygon, Quad, Shape

BINS = 1000
FRAME = kit.picture(BINS)

# Falcon and LMMRotate are Florence-2 models: a number is one of 1000 bins, and means its middle.


def _bins(points: Floats, sizes: Floats) -> Floats:
    return np.clip(kit.truncate(kit.to_steps(points, FRAME(sizes))), 0, BINS - 1)


def _middles(numbers: Sequence[str], size: kit.Size) -> list[float]:
    return kit.back([min(int(number), BINS - 1) + 0.5 for number in numbers], size, FRAME)


def _tags(cells: Sequence[int], form: str = "<{}>") -> str:
    return "".join(form.format(cell) for cell in cells)


def _box_bins(boxes: Floats, sizes: Floats) -> list[str]:
    # Measured from the middle of the first bin, the nearest whole number is the bin.
    scaled = np.clip(kit.to_steps(boxes, FRAME(sizes)) - 0.5, 0, BINS - 1)
    cells = kit.whole_boxes(scaled, kit.half_up, np.full((len(boxes), 2), BINS - 1.0))
    return [f"<box>{_tags(row)}</box>" for row in cells.tolist()]


def _quad_bins(quads: Floats, sizes: Floats) -> list[str]:
    rows = _bins(quads, sizes).astype(np.int64).tolist()
    return [f"<quad>{_tags(row)}</quad>" for row in rows]


def _ring_bins(rings: Sequence[Floats], sizes: Floats) -> list[str]:
    rows = [
        _bins(ring.reshape(1, -1), size[None])[0].astype(np.int64).tolist()
        for ring, size in zip(rings, sizes, strict=True)
    ]
    return [f"<poly>{_tags(row)}</poly>" for row in rows]


_NUMBER = re.compile("[0-9]{1,9}")
_FALCON = (
    r"<box>((?:<[0-9]{1,9}>){4})</box>|<quad>((?:<[0-9]{1,9}>){8})</quad>"
    r"|<poly>((?:<[0-9]{1,9}>|<sep>)*)</poly>"
)


def _read_falcon(match: re.Match[str], size: kit.Size) -> Shape | None:
    if match[3] is None:
        points = _middles(_NUMBER.findall(match[1] or match[2]), size)
        return kit.shape_from(points)
    parts = [_middles(_NUMBER.findall(part), size) for part in match[3].split("<sep>")]
    if any(len(part) < 6 or len(part) % 2 for part in parts):
        return None
    if len(parts) == 1:
        return Polygon(tuple(parts[0]))
    return mask_of_polygons(parts, *size, rule="union")


def _counter_clockwise(quads: Floats) -> Floats:
    """Corners counter-clockwise on screen from the highest, of two the left one: (n, 8)."""
    corners = clockwise(quads).reshape(-1, 4, 2)[:, ::-1]
    high = corners[..., 1] <= corners[..., 1].min(axis=1, keepdims=True) + 1e-9
    start = np.where(high, corners[..., 0], np.inf).argmin(axis=1)
    order = (start[:, None] + np.arange(4)) % 4
    turned: Floats = np.take_along_axis(corners, order[:, :, None], axis=1).reshape(-1, 8)
    return turned


def _locations(quads: Floats, sizes: Floats) -> list[str]:
    rows = _bins(_counter_clockwise(quads), sizes).astype(np.int64).tolist()
    return [_tags(row, "<loc_{}>") for row in rows]


def _read_locations(match: re.Match[str], size: kit.Size) -> Quad:
    return Quad(tuple(_middles(match.groups(), size)))


def _internvl(boxes: Floats, sizes: Floats) -> list[str]:
    frame = FRAME(sizes)
    cells = kit.whole_boxes(kit.to_steps(boxes, frame), kit.truncate, frame.steps)
    return [f"[{a}, {b}, {c}, {d}]" for a, b, c, d in cells.tolist()]


def _qwen2(boxes: Floats, sizes: Floats) -> list[str]:
    frame = FRAME(sizes)
    cells = kit.whole_boxes(kit.to_steps(boxes, frame), np.rint, frame.steps)
    return [f"<|box_start|>({a},{b}),({c},{d})<|box_end|>" for a, b, c, d in cells.tolist()]


def _read_corners(match: re.Match[str], size: kit.Size) -> Box:
    return Box(*kit.back([int(number) for number in match.groups()], size, FRAME))


_COMMA = r"\s{0,3},\s{0,3}"
_PAIR = rf"\(\s{{0,3}}({kit.WHOLE}){_COMMA}({kit.WHOLE})\s{{0,3}}\)"
_FLORENCE = "down to the bin of 1000, and read as its middle"

DIALECTS = (
    kit.Dialect(
        name="falcon",
        about=(
            "`<box><x1><y1><x2><y2></box>`, `<quad>` with four corners, `<poly>` with more: bins "
            "of a thousand"
        ),
        source=(
            "Yao et al. 2025, https://github.com/TianHuiLab/Falcon; truncating and rounding both "
            "occur in its examples, and 1000 beside 0 to 999; chosen: Florence-2's bins"
        ),
        grid=BINS,
        frame="image",
        rounding=_FLORENCE,
        order="x1 y1 x2 y2; corners clockwise on screen from the top left",
        angle=None,
        shapes=frozenset({Box, Quad, Polygon}),
        write=kit.writer(_box_bins, _quad_bins, _ring_bins),
        read=kit.reader(_FALCON, _read_falcon),
        like="<(?:box|quad|poly)>",
        joint="",
        bounded=True,
    ),
    kit.Dialect(
        name="lmmrotate",
        about="`class<loc_x1><loc_y1>...<loc_y4>`: the four corners in bins of a thousand",
        source="Li et al. 2025, https://github.com/VisionXLab/mllm-mmrotate",
        grid=BINS,
        frame="image",
        rounding=_FLORENCE,
        order="corners counter-clockwise on screen from the highest, of two the left one",
        angle=None,
        shapes=frozenset({Quad}),
        write=kit.writer(quads=_locations),
        read=kit.reader("<loc_([0-9]{1,9})>" * 8, _read_locations),
        like="(?:<loc_[^<>]*>)+",
        gap="",
        joint="<sep>",
        bounded=True,
    ),
    kit.Dialect(
        name="internvl",
        about="`<ref>words</ref><box>[[x1, y1, x2, y2]]</box>`: thousandths of the picture",
        source="Chen et al. 2024, https://github.com/OpenGVLab/InternVL (thread 285)",
        grid=BINS,
        frame="image",
        rounding="towards zero; never less than one step wide",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_internvl),
        read=kit.reader(
            rf"\[\s{{0,3}}{_COMMA.join([f'({kit.WHOLE})'] * 4)}\s{{0,3}}\]", _read_corners
        ),
        like=kit.BRACKETED,
        phrase="<ref>{}</ref>".format,
        gap="",
        around=("<box>[", "]</box>"),
    ),
    kit.Dialect(
        name="qwen2_vl",
        about=(
            "`<|object_ref_start|>words<|object_ref_end|><|box_start|>(x1,y1),(x2,y2)<|box_end|>`: "
            "thousandths of the picture"
        ),
        source="Wang et al. 2024, https://github.com/QwenLM/Qwen2-VL",
        grid=BINS,
        frame="image",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=kit.writer(_qwen2),
        read=kit.reader(rf"<\|box_start\|>{_PAIR},{_PAIR}<\|box_end\|>", _read_corners),
        like=r"<\|box_start\|>",
        phrase="<|object_ref_start|>{}<|object_ref_end|>".format,
        gap="",
        joint="",
    ),
)
