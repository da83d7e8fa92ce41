"""Dialects whose text holds a mark for each region, while the regions travel beside it.

The row's column `regions` holds them in pixels, in the order of the marks; `aside` gives them in
the form that the model's own loader reads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats
from converters.regions.numbers import box_array
from converters.regions.shapes import enclose, mask_polygons
from schemas.sample import Box, Mask, Polygon, Quad, Shape

Outlines = list[list[list[int]]]


def _marks(mark: str) -> kit.Write:
    def write(shapes: Sequence[Shape], sizes: Floats) -> list[str]:
        return [mark] * len(shapes)

    return write


def _nothing(text: str, size: kit.Size) -> list[kit.Found]:
    return []


def outlines(shapes: Sequence[Shape], sizes: Floats) -> list[Outlines]:
    """GeoPixelD's `polygons`: for each region its parts, each a list of [x, y].

    Numbers are pixels' own (0 to width - 1), so what ends at the picture's edge names its last
    pixel; a mask gives its outer outlines, and its holes are not said. sizes: (n, 2), infinite
    where unknown.
    """
    found: list[Outlines] = []
    for shape, size in zip(shapes, sizes, strict=True):
        parts = mask_polygons(shape) if isinstance(shape, Mask) else enclose([shape], Polygon)
        rings = [
            np.array(part.points).reshape(-1, 2) for part in parts if isinstance(part, Polygon)
        ]
        found.append(
            [np.clip(kit.half_up(ring), 0, size - 1).astype(int).tolist() for ring in rings]
        )
    return found


def boxes(shapes: Sequence[Shape], sizes: Floats) -> list[list[int]]:
    """ms-swift's `objects.bbox`: x1, y1, x2, y2 in whole pixels, with `bbox_type` "real"."""
    rows: list[list[int]] = kit.half_up(box_array(shapes)).astype(int).tolist()
    return rows


DIALECTS = (
    kit.Dialect(
        name="geopixel",
        about="`<p> words </p> [SEG]`: one mark a region; its polygons stand beside the text",
        source="Shabbir et al. 2025, https://github.com/mbzuai-oryx/GeoPixel (GeoPixelD)",
        grid=None,
        frame="image",
        rounding="nearest pixel, halves upwards, within the picture",
        order="polygons in the order of the marks; corners clockwise on screen from the top left",
        angle=None,
        shapes=frozenset({Box, Quad, Polygon, Mask}),
        write=_marks("[SEG]"),
        read=_nothing,
        aside=outlines,
        mark="[SEG]",
        phrase="<p> {} </p>".format,
        joint=" ",
        bounded=True,
        needs_size=False,
    ),
    kit.Dialect(
        name="ms_swift",
        about="`<bbox>`: one mark a region; its box in pixels stands beside the text, in `objects`",
        source="https://github.com/modelscope/ms-swift (custom datasets, grounding)",
        grid=None,
        frame="image",
        rounding="nearest, halves upwards",
        order="x1 y1 x2 y2, in the order of the marks",
        angle=None,
        shapes=frozenset({Box}),
        write=_marks("<bbox>"),
        read=_nothing,
        aside=boxes,
        mark="<bbox>",
        needs_size=False,
    ),
)
