"""Shapes as they are written: what is none, what the numbers mean, and how they are cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from converters.read.box_fields import BadLine
from converters.regions import parts, scenes, tiles
from converters.regions.conventions import BadShape, Convention, boxes_of, open_ring, shape_of
from converters.regions.geometry import clip_quads, to_rotated
from converters.regions.line_boxes import shape_of as shape_of_fields
from converters.regions.numbers import numbers_of
from converters.regions.parts import moved, rings_of_geojson, rings_of_wkt, shape_of_rings
from converters.regions.rings import polygons
from converters.regions.shapes import clip
from schemas.mix import TileSpec
from schemas.sample import Box, Mask, Picture, Polygon, Quad, Region, Sample, Shape

SIZE = (10, 20)


def fault(call: Any, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(BadShape) as bad:
        call(*arguments)
    reason, detail = bad.value.args
    return reason, detail


# Numbers of one box


@pytest.mark.parametrize(
    ("layout", "numbers", "shape"),
    [
        ("xyxy", [1, 2, 5, 8], Box(1, 2, 5, 8)),
        ("xywh", [1, 2, 5, 8], Box(1, 2, 6, 10)),
        ("cxcywh", [5, 6, 4, 8], Box(3, 2, 7, 10)),
        ("corners", [1, 2, 5, 2, 5, 8, 1, 8], Quad((1, 2, 5, 2, 5, 8, 1, 8))),
        ("polygon", [1, 2, 5, 2, 5, 8], Polygon((1, 2, 5, 2, 5, 8))),
        ("polygon", [1, 2, 5, 2, 5, 8, 1, 2], Polygon((1, 2, 5, 2, 5, 8))),
    ],
)
def test_numbers_become_the_shape_that_their_layout_says(
    layout: Any, numbers: list[float], shape: Shape
) -> None:
    assert shape_of(numbers, Convention(layout), None) == shape


@pytest.mark.parametrize(
    ("layout", "numbers", "detail"),
    [
        ("xyxy", [1, 2, 3], "3 numbers where 4 were meant"),
        ("turned", [1, 2, 3, 4], "4 numbers where 5 were meant"),
        ("rotated", [1, 2, 3, 4, 5, 6], "6 numbers where 5 were meant"),
        ("corners", [1, 2, 3, 4], "4 numbers where 8 were meant"),
        ("polygon", [1, 2, 3, 4, 5], "5 numbers for a polygon"),
        ("polygon", [1, 2, 3, 4], "4 numbers for a polygon"),
        ("polygon", [1, 2, 3, 4, 5, 6, 7], "7 numbers for a polygon"),
        ("xyxy", [1, 2, 3, math.inf], "a number without bounds"),
    ],
)
def test_too_few_and_too_many_numbers_are_no_box(
    layout: Any, numbers: list[float], detail: str
) -> None:
    assert fault(shape_of, numbers, Convention(layout), None) == ("bad_box", detail)


@pytest.mark.parametrize(
    ("unit", "numbers"),
    [
        ("fraction", [0.1, 0.1, 0.5, 1]),
        ("percent", [10, 10, 50, 100]),
        ("per_mille", [100, 100, 500, 1000]),
    ],
)
def test_parts_of_a_picture_become_pixels_of_each_side(unit: Any, numbers: list[float]) -> None:
    assert shape_of(numbers, Convention("xyxy", unit), SIZE) == Box(1, 2, 5, 20)
    assert fault(shape_of, numbers, Convention("xyxy", unit), None) == (
        "no_size",
        f"the box is in {unit} of a picture whose size is unknown",
    )


def test_a_ring_loses_its_first_corner_at_the_end_unless_only_two_would_stay() -> None:
    assert open_ring([0, 0, 4, 0, 4, 4, 0, 0]) == [0, 0, 4, 0, 4, 4]
    assert open_ring([0, 0, 4, 0, 0, 0]) == [0, 0, 4, 0, 0, 0]


@pytest.mark.parametrize("value", ["x", None, True, "nan", "inf", [1], 10**400])
def test_a_named_side_that_is_no_number_is_told(value: Any) -> None:
    box = {"x1": 1, "y1": 2, "x2": 3, "y2": value}
    reason, detail = fault(boxes_of, box, "xyxy")
    assert (reason, detail) == ("bad_box", f"not a number: {str(value)[:40]!r}")


# Fields of a line


@pytest.mark.parametrize("names", ["x1 y1 x2", "class", ""])
def test_a_line_without_all_fields_of_a_shape_is_none(names: str) -> None:
    with pytest.raises(BadLine) as bad:
        shape_of_fields(dict.fromkeys(names.split(), "1"))
    assert bad.value.args == ("bad_box", f"no box in the fields {', '.join(names.split())}")


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"x1": 2, "y1": 3, "x2": 5, "y2": 7}, Box(1, 2, 5, 7)),
        (
            {f"{axis}{i}": n for i, n in enumerate((2, 5, 5, 2), 1) for axis in "xy"},
            Quad((1, 1, 4, 4, 4, 4, 1, 1)),
        ),
    ],
)
def test_pixels_that_are_counted_from_1_are_counted_from_0(
    fields: dict[str, int], shape: Shape
) -> None:
    values = {name: str(value) for name, value in fields.items()}
    assert shape_of_fields(values, first=1) == shape


# Rings

RING = [0, 0, 4, 0, 4, 4]


def test_rings_are_a_polygon_or_the_mask_of_their_pixels() -> None:
    inner = [1, 1, 2, 1, 2, 2, 1, 2]
    outer = [0, 0, 3, 0, 3, 3, 0, 3]
    assert shape_of_rings([RING], None) == Polygon((0, 0, 4, 0, 4, 4))
    assert shape_of_rings([outer, inner], (3, 3)) == Mask(3, 3, (0, 4, 1, 4))


@pytest.mark.parametrize(
    ("rings", "size", "expected"),
    [
        ([], None, ("zero_area", "an empty outline")),
        ([RING, RING[:4]], (9, 9), ("bad_box", "a ring of less than three corners")),
        ([RING, RING], None, ("bad_box", "2 rings, in a picture of unknown size")),
    ],
)
def test_rings_that_are_no_outline_are_told(
    rings: list[list[float]], size: Any, expected: tuple[str, str]
) -> None:
    assert fault(shape_of_rings, rings, size) == expected


def test_the_rings_of_an_outline_in_words() -> None:
    assert rings_of_wkt(" polygon ((0 0, 4 0, 4 4, 0 0))") == [[0, 0, 4, 0, 4, 4, 0, 0]]
    assert rings_of_wkt("POLYGON EMPTY") == []
    assert fault(rings_of_wkt, "POINT (1 2)") == ("bad_value", "'POINT' is no outline")
    assert fault(rings_of_wkt, "7") == ("bad_value", "'7' is no outline")
    assert fault(rings_of_wkt, "POLYGON ((0 0)")[0] == "bad_box"


@pytest.mark.parametrize(
    "ring",
    [
        "0 0, 4 0, 4 4",
        "0 0, 4 0, 4 4, 0",
        "0 0, 4 0, 4 4, 0 0 0 0 0",
        "0 0, 4 0, 4 \u0664, 0 0",
        "0 0, 4 0, 4 4-, 0 0",
    ],
)
def test_an_outline_in_words_is_one_closed_ring_of_numbers(ring: str) -> None:
    assert fault(rings_of_wkt, f"POLYGON (({ring}))")[0] == "bad_box"


@pytest.mark.parametrize(
    ("text", "rings"),
    [
        ("POLYGON Z ((0 0 7, 4 0 7, 4 4 7, 0 0 7))", [[0, 0, 4, 0, 4, 4, 0, 0]]),
        ("POLYGON ((-0.5 .25, 4. 0, 4 4e1, -0.5 .25))", [[-0.5, 0.25, 4, 0, 4, 40, -0.5, 0.25]]),
        ("POLYGON ((0 0,4 0,4 4,0 0), (1 1, 2 1, 2 2, 1 1))",
         [[0, 0, 4, 0, 4, 4, 0, 0], [1, 1, 2, 1, 2, 2, 1, 1]]),
    ],
)  # fmt: skip
def test_outlines_in_words_of_every_kind(text: str, rings: list[list[float]]) -> None:
    assert rings_of_wkt(text) == rings


def test_an_outline_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "POLYGON ((0 0, 4 0, 4 4, 0 0))"
    monkeypatch.setattr(parts, "_MAX_WKT", len(text))
    assert len(rings_of_wkt(text)) == 1
    assert fault(rings_of_wkt, text + " ") == ("bad_value", "an outline of 31 characters")


CORNERS = [[0, 0, 9], [4, 0, 9], [4, 4, 9]]


@pytest.mark.parametrize(
    ("geometry", "rings"),
    [
        ({"type": "Polygon", "coordinates": [CORNERS, CORNERS]}, [RING, RING]),
        ({"type": "MultiPolygon", "coordinates": [[CORNERS], [CORNERS]]}, [RING, RING]),
    ],
)
def test_the_rings_of_a_geojson_geometry_have_no_heights(geometry: Any, rings: Any) -> None:
    assert rings_of_geojson(geometry) == rings


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, ("missing_field", "no geometry")),
        ({"type": "Point"}, ("bad_value", "Point is no outline")),
        ({"type": "Polygon"}, ("bad_box", "'None' is no list of coordinates")),
        (
            {"type": "Polygon", "coordinates": [7]},
            ("bad_box", "'7' is no list of coordinates"),
        ),
        ({"type": "Polygon", "coordinates": [[[1]]]}, ("bad_box", "'[1]' is no point")),
        ({"type": "Polygon", "coordinates": [[["a", 1]]]}, ("bad_box", "\"['a', 1]\" is no point")),
    ],
)
def test_a_geometry_that_is_no_outline_is_told(geometry: Any, expected: tuple[str, str]) -> None:
    assert fault(rings_of_geojson, geometry) == expected


def test_rings_are_moved_together_and_keep_their_lengths() -> None:
    assert moved([], lambda points: points) == []
    assert moved([[1, 2, 3, 4], [5, 6]], lambda points: points * 2) == [[2, 4, 6, 8], [10, 12]]
    nowhere = ("bad_box", "coordinates outside their reference system")
    assert fault(moved, [[1, 2]], lambda points: points * np.inf) == nowhere


def test_no_rings_are_no_polygons() -> None:
    assert polygons([]).tolist() == []


# Areas and tiles


def areas(*shapes: Shape) -> list[float]:
    found: Sequence[float] = clip(shapes, np.array([[100, 100]] * len(shapes), float)).areas
    return [round(float(area), 6) for area in found]


def test_a_mask_has_no_numbers_of_corners() -> None:
    with pytest.raises(TypeError, match=r"^a mask has no corners$"):
        numbers_of([Mask(2, 2, (4,))])


def test_a_leaning_quad_is_turned_alike_beside_a_large_one() -> None:
    leaning = [0, 0, 10, 0, 10.05, 10, 0.05, 10]
    large = [0, 0, 1e8, 0, 1e8, 1e8, 0, 1e8]
    alone = to_rotated(np.array([leaning], float))
    assert to_rotated(np.array([leaning, large], float))[0].tolist() == alone[0].tolist()
    assert (
        alone[0].tolist() != to_rotated(np.array([[0, 0, 10, 0, 10, 10, 0, 10]], float))[0].tolist()
    )


def test_a_box_of_whole_numbers_is_cut_alike_in_any_batch() -> None:
    nearly, size = [-10, 30, 30, 51, 21, 70, -20, 50], [100, 100]
    alone = clip_quads(np.array([nearly], float), np.array([size], float)).points[0]
    some = clip_quads(np.array([nearly] * 40, float), np.array([size] * 40, float)).points
    assert alone.tolist() != nearly
    assert [one.tolist() for one in some] == [alone.tolist()] * 40


def test_each_shape_has_its_own_area() -> None:
    turned = Quad((10, 0, 20, 10, 10, 20, 0, 10))
    assert areas(turned, Quad((0, 0, 4, 0, 4, 3, 0, 3)), turned) == [200, 12, 200]
    assert areas(Box(0, 0, 2, 3), Box(1, 1, 5, 2)) == [6, 4]
    assert areas(Polygon((0, 0, 4, 0, 4, 4)), Polygon((0, 0, 9, 0, 9, 9, 0, 9))) == [8, 81]
    assert areas(Mask(100, 100, (7, 5, 9988)), Mask(100, 100, (0, 10000))) == [5, 10000]


def test_a_mask_is_shown_by_the_tiles_that_hold_enough_of_it() -> None:
    # A square of 4 x 2 pixels, of which the left tile of 6 pixels shows 3 columns.
    counts = (3 * 2, 4 * 2, 4 * 2)
    sample = Sample(
        "P1", "a", "train", (Picture("P1.png"),), regions=(Region("m", "a", Mask(11, 2, counts)),)
    )
    found, _ = scenes.clean([sample], lambda path: (11, 2), {})
    cut = tiles.cut(found, TileSpec(size=6, overlap=1, min_visible=0.75))
    assert cut.scenes.shapes == [Mask(6, 2, (6, 6))]
