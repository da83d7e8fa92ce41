"""Boxes, quads, polygons and masks: clipped and enclosed.

Numbers in the tables were worked out by hand.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from converters.regions.shapes import (
    Clipped,
    clip,
    enclose,
    envelopes,
    mask_to_array,
)
from schemas.sample import Box, Mask, Polygon, Quad, Shape

NAN, INF = math.nan, math.inf


def clipped(shape: Shape, size: tuple[float, float] = (100, 100)) -> Clipped:
    return clip([shape], np.array([size], float))


# Clipping

BOWTIE = Polygon((10, 10, 40, 40, 40, 10, 10, 40))
# A bracket open to the right: cut at x = 0 its two arms are all that is left.
BRACKET = Polygon((-20, 0, 20, 0, 20, 10, -10, 10, -10, 20, 20, 20, 20, 30, -20, 30))


@pytest.mark.parametrize(
    "shape, reason",
    [
        (Box(10, 20, 30, 40), ""),
        (Box(10, 20, 10, 40), "zero_area"),
        (Box(-5, 20, 0.5, 40), "zero_area"),
        (Box(120, 20, 140, 40), "outside_image"),
        (Box(NAN, 20, 30, 40), "bad_box"),
        (Box(10, 20, INF, 40), "bad_box"),
        (Box(10, 20, 30, 1.1e6), "bad_box"),
        (Quad((10, 10, 40, 10, 40, 30, 10, 30)), ""),
        (Quad((10, 10, 20, 20, 30, 30, 40, 40)), "zero_area"),
        (Quad((200, 10, 230, 10, 230, 40, 200, 40)), "outside_image"),
        (Quad((10, 10, 40, 10, 40, 30)), "bad_box"),
        (Quad((10, 10, 40, 10, 40, 30, 10, NAN)), "bad_box"),
        (Polygon((10, 10, 40, 10, 40, 40)), ""),
        (Polygon((10, 10, 20, 20, 30, 30)), "zero_area"),
        (Polygon((10, 10, 40, 10, 40, 10.5, 10, 10.5)), "zero_area"),
        (Polygon((10, 10, 11.2, 10, 11.2, 11.2)), "zero_area"),  # less than a pixel's area
        (Polygon((110, 10, 140, 10, 140, 40)), "outside_image"),
        (Polygon((10, 10, 40, 10)), "bad_box"),
        (Polygon((10, 10, 40, 10, 40, 40, 10)), "bad_box"),
        (Polygon((10, 10, 40, 10, 40, -INF)), "bad_box"),
        (BOWTIE, ""),
        (Mask(100, 100, (5, 10, 9985)), ""),
        (Mask(100, 100, (10_000,)), "zero_area"),
        (Mask(50, 100, (5, 10, 4985)), "bad_value"),
        (Mask(100, 100, (5, 10, 10)), "bad_value"),
        (Mask(100, 100, (5, -10, 10_005)), "bad_value"),
    ],
)
def test_a_shape_that_cannot_stay_has_a_reason_and_no_area(shape: Shape, reason: str) -> None:
    found = clipped(shape)
    assert found.reasons.tolist() == [reason]
    assert (found.zero[0], found.outside[0]) == (reason == "zero_area", reason == "outside_image")
    if reason:
        assert (found.areas.tolist(), found.boxes.tolist()) == ([0], [[0, 0, 0, 0]])


def test_a_mask_of_another_size_than_its_picture_names_both() -> None:
    assert clipped(Mask(50, 40, (2000,))).details == ["mask of 50 x 40 for a picture of 100 x 100"]


def test_a_mask_without_a_picture_size_is_taken_at_its_own() -> None:
    found = clipped(Mask(4, 3, (4, 2, 6)), (NAN, NAN))
    assert (found.reasons.tolist(), found.boxes.tolist()) == ([""], [[1, 1, 2, 3]])


@pytest.mark.parametrize(
    "shape, expected, box, area",
    [
        (Box(30, 40, 10, 20), Box(10, 20, 30, 40), (10, 20, 30, 40), 400),
        (Box(-5, 20, 30, 140), Box(0, 20, 30, 100), (0, 20, 30, 100), 2400),
        (
            Quad((-10, 10, 30, 10, 30, 40, -10, 40)),
            Quad((0, 10, 30, 10, 30, 40, 0, 40)),
            (0, 10, 30, 40),
            900,
        ),
        (
            Polygon((40, 40, 10, 40, 10, 10)),
            Polygon((10, 10, 40, 40, 10, 40)),
            (10, 10, 40, 40),
            450,
        ),
        (
            Polygon((80, 80, 120, 80, 120, 120, 80, 120)),
            Polygon((80, 80, 100, 80, 100, 100, 80, 100)),
            (80, 80, 100, 100),
            400,
        ),
    ],
)
def test_a_shape_is_cut_and_put_in_order(
    shape: Shape, expected: Shape, box: tuple[float, ...], area: float
) -> None:
    found = clipped(shape)
    assert (found.shapes, found.boxes.tolist(), found.areas.tolist()) == (
        [expected],
        [list(box)],
        [area],
    )


@pytest.mark.parametrize(
    "shape",
    [
        Box(10, 20, 30, 40),
        Quad((10, 10, 18, 16, 15, 20, 7, 14)),
        Polygon((10, 10, 40, 10, 40, 40)),
        Mask(100, 100, (5, 10, 9985)),
    ],
)
def test_what_needs_no_change_is_the_very_object(shape: Shape) -> None:
    found = clipped(shape)
    assert found.shapes[0] is shape
    assert not (found.changed[0] or found.swapped[0] or found.mended[0])


@pytest.mark.parametrize(
    "shape, flags",
    [
        (Box(30, 40, 10, 20), (False, True, False)),
        (Box(-5, 20, 30, 40), (True, False, False)),
        (Quad((-10, 10, 30, 10, 30, 40, -10, 40)), (True, False, False)),
        (Polygon((-10, 10, 30, 10, 30, 40)), (True, False, False)),
        (BOWTIE, (False, False, True)),
    ],
)
def test_what_was_done_is_said(shape: Shape, flags: tuple[bool, ...]) -> None:
    found = clipped(shape)
    assert (found.changed[0], found.swapped[0], found.mended[0]) == flags


def test_a_polygon_cut_in_two_becomes_a_mask() -> None:
    found = clipped(BRACKET)
    [mask] = found.shapes
    assert isinstance(mask, Mask)
    assert found.boxes.tolist() == [[0, 0, 20, 30]]
    assert found.areas.tolist() == [400]
    array = mask_to_array(mask)
    assert array[:10, :20].all() and array[20:30, :20].all() and array.sum() == 400


def test_a_polygon_cut_in_two_is_a_bad_box_where_the_size_is_unknown() -> None:
    found = clipped(BRACKET, (INF, INF))
    assert found.reasons.tolist() == ["bad_box"]
    assert found.details == ["several parts, in a picture of unknown size"]


def test_shapes_of_all_kinds_stay_in_their_places() -> None:
    shapes: list[Shape] = [
        Mask(100, 100, (5, 10, 9985)),
        Polygon((10, 10, 40, 10, 40, 40)),
        Box(1, 2, 3, 4),
        Quad((10, 10, 40, 10, 40, 30, 10, 30)),
        Box(5, 6, 7, 8),
    ]
    found = clip(shapes, np.full((5, 2), 100.0))
    assert found.shapes == shapes
    assert found.boxes[:, 0].tolist() == [0, 10, 1, 10, 5]


def test_no_shape_of_another_type_falls_through() -> None:
    with pytest.raises(TypeError, match="str is no shape"):
        clip(["box"], np.array([[1.0, 1.0]]))
    with pytest.raises(TypeError, match="str is no shape"):
        envelopes(["box"])


def test_nothing_is_clipped_to_nothing() -> None:
    found = clip([], np.zeros((0, 2)))
    assert (found.shapes, len(found.reasons), found.boxes.shape) == ([], 0, (0, 4))


NUMBER = st.integers(-400, 600).map(lambda n: n / 4)
POINTS = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=9, unique=True)
POLYGONS = POINTS.map(lambda corners: Polygon(tuple(v for corner in corners for v in corner)))
SHAPES = st.one_of(
    st.tuples(NUMBER, NUMBER, NUMBER, NUMBER).map(lambda n: Box(*n)),
    st.lists(NUMBER, min_size=8, max_size=8).map(lambda n: Quad(tuple(n))),
    POLYGONS,
)


@given(st.lists(SHAPES, min_size=1, max_size=6), st.integers(1, 100), st.integers(1, 100))
def test_what_is_kept_lies_within_its_picture_and_has_a_pixel(
    shapes: list[Shape], width: int, height: int
) -> None:
    found = clip(shapes, np.full((len(shapes), 2), (width, height), float))
    kept = found.reasons == ""
    boxes = found.boxes[kept]
    assert (boxes >= 0).all()
    assert (boxes[:, 2:] <= (width + 1e-9, height + 1e-9)).all()
    # Quads may keep corners beyond the edge, so only the others' own corners are held to it.
    own = [s for s, keep in zip(found.shapes, kept, strict=True) if keep and type(s) is not Quad]
    around = envelopes(own)
    assert (around >= -1e-9).all() and (around[:, 2:] <= (width + 1e-9, height + 1e-9)).all()
    assert (found.areas[kept] > 0.99).all()


@given(POLYGONS, st.integers(1, 100), st.integers(1, 100))
def test_a_cut_polygon_is_never_larger(polygon: Polygon, width: int, height: int) -> None:
    whole = shapely.Polygon(np.array(polygon.points).reshape(-1, 2))
    assume(whole.is_valid)
    cut = clip([polygon], np.array([[width, height]], float))
    # A mask counts whole pixels, so only what stays a polygon is held to it.
    if isinstance(cut.shapes[0], Polygon):
        assert cut.areas[0] <= min(whole.area, width * height) + 1e-6


# Around shapes


def test_envelopes_reach_beyond_the_picture() -> None:
    shapes: list[Shape] = [
        Box(-1, 2, 3, 4),
        Mask(4, 3, (4, 2, 6)),
        Quad((0, 5, 5, 0, 10, 5, 5, 10)),
        Polygon((1, 2, 9, 3, 4, 8)),
    ]
    assert envelopes(shapes).tolist() == [
        [-1, 2, 3, 4],
        [1, 1, 2, 3],
        [0, 0, 10, 10],
        [1, 2, 9, 8],
    ]


@pytest.mark.parametrize(
    "shape, kind, expected",
    [
        (Quad((0, 5, 5, 0, 10, 5, 5, 10)), Box, Box(0, 0, 10, 10)),
        (Box(1, 2, 9, 8), Quad, Quad((1, 2, 9, 2, 9, 8, 1, 8))),
        (Box(1, 2, 9, 8), Polygon, Polygon((1, 2, 9, 2, 9, 8, 1, 8))),
        (Polygon((1, 2, 9, 2, 9, 8, 1, 8, 1, 5)), Quad, Quad((1, 2, 9, 2, 9, 8, 1, 8))),
        # A diamond with a notch: the smallest rectangle around it stands on its tip.
        (Polygon((5, 0, 10, 5, 5, 10, 0, 5, 4, 4)), Quad, Quad((5, 0, 10, 5, 5, 10, 0, 5))),
        (Mask(4, 3, (4, 2, 6)), Quad, Quad((1, 1, 2, 1, 2, 3, 1, 3))),
        (Mask(4, 3, (4, 2, 6)), Box, Box(1, 1, 2, 3)),
    ],
)
def test_a_shape_is_enclosed_by_the_smallest_of_another_kind(
    shape: Shape, kind: type, expected: Shape
) -> None:
    [found] = enclose([shape], kind)
    assert type(found) is type(expected)
    if isinstance(found, Box):
        assert found == expected
    elif not isinstance(found, Mask) and isinstance(expected, (Quad, Polygon)):
        ring = shapely.Polygon(np.array(found.points).reshape(-1, 2))
        wanted = shapely.Polygon(np.array(expected.points).reshape(-1, 2))
        assert len(found.points) == len(expected.points)
        assert ring.symmetric_difference(wanted).area == pytest.approx(0, abs=1e-9)


def test_a_mask_is_no_single_outline() -> None:
    with pytest.raises(TypeError, match="no single outline"):
        enclose([Mask(4, 3, (4, 2, 6))], Polygon)


def test_corners_that_were_put_in_turn_are_told() -> None:
    crossed, in_turn = Quad((0, 0, 10, 10, 10, 0, 0, 10)), Quad((0, 0, 10, 0, 10, 10, 0, 10))
    found = clip([crossed, in_turn], np.array([[20.0, 20.0]] * 2))
    assert (found.mended.tolist(), found.shapes) == ([True, False], [in_turn, in_turn])
