"""Geometry in pixels: 0-based, half-open, y down.

Angles clockwise on screen. Every number here was worked out by hand.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from converters.regions.geometry import (
    _are_plain,
    clip_boxes,
    clip_quads,
    clockwise,
    envelopes,
    from_rotated,
    inclusive_corners,
    to_rotated,
)

Numbers = tuple[float, ...]
# 40 x 20 about (100, 100), its right end turned 30 degrees down: clockwise on screen.
TURNED = (87.67949, 81.33975, 122.32051, 101.33975, 112.32051, 118.66025, 77.67949, 98.66025)
# Sides 10 and 5: the long one runs 8 right and 6 down.
THREE_FOUR_FIVE = (10, 10, 18, 16, 15, 20, 7, 14)


def one(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([values], float)


# Corners that belong to the box


@pytest.mark.parametrize(
    "corners, expected",
    [
        ((0, 0, 9, 0, 9, 4, 0, 4), (0, 0, 10, 0, 10, 5, 0, 5)),
        ((0, 4, 9, 4, 9, 0, 0, 0), (0, 5, 10, 5, 10, 0, 0, 0)),  # the other way round
        ((9, 4, 0, 4, 0, 0, 9, 0), (10, 5, 0, 5, 0, 0, 10, 0)),  # from another corner
        (
            (5, 0, 10, 5, 5, 10, 0, 5),
            (5.5, -0.207107, 11.207107, 5.5, 5.5, 11.207107, -0.207107, 5.5),
        ),  # on its tip: half a diagonal outwards
    ],
)
def test_inclusive_corners_move_half_a_pixel_outwards_from_their_pixels_centre(
    corners: Numbers, expected: Numbers
) -> None:
    assert inclusive_corners(corners) == pytest.approx(expected, abs=1e-6)


# Clipping upright boxes: (points, zero, outside, changed, swapped)

KEPT, ZERO, OUTSIDE = (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    "box, points, fate, changed, swapped",
    [
        ((10, 20, 30, 40), (10, 20, 30, 40), KEPT, False, False),
        ((0, 0, 100, 50), (0, 0, 100, 50), KEPT, False, False),
        ((-1, 20, 30, 40), (0, 20, 30, 40), KEPT, True, False),
        ((90, 20, 102, 60), (90, 20, 100, 50), KEPT, True, False),
        ((30, 40, 10, 20), (10, 20, 30, 40), KEPT, False, True),
        ((30, 20, 10, 40), (10, 20, 30, 40), KEPT, False, True),
        ((10, 20, 10, 40), (10, 20, 10, 40), ZERO, False, False),
        ((10, 20, 30, 20.5), (10, 20, 30, 20.5), ZERO, False, False),
        ((10, 20, 11, 21), (10, 20, 11, 21), KEPT, False, False),  # one pixel is enough
        ((-5, 20, 0.5, 40), (0, 20, 0.5, 40), ZERO, True, False),  # a sliver is left
        ((-5, 20, 0, 40), (0, 20, 0, 40), OUTSIDE, True, False),  # touches the edge
        ((100, 20, 120, 40), (100, 20, 100, 40), OUTSIDE, True, False),
        ((120, 60, 140, 70), (100, 50, 100, 50), OUTSIDE, True, False),
    ],
)
def test_an_upright_box_is_cut_at_the_pictures_edges(
    box: Numbers, points: Numbers, fate: tuple[bool, bool], changed: bool, swapped: bool
) -> None:
    found = clip_boxes(one(*box), one(100, 50))
    assert (
        tuple(found.points[0]),
        (found.zero[0], found.outside[0]),
        found.changed[0],
        found.swapped[0],
    ) == (points, fate, changed, swapped)


def test_a_box_in_a_picture_of_unknown_size_is_cut_at_its_near_edges_only() -> None:
    assert clip_boxes(one(-5, 10, 90_000, 20), one(math.inf, math.inf)).points[0].tolist() == [
        0,
        10,
        90_000,
        20,
    ]


# Clipping oriented boxes


@pytest.mark.parametrize(
    "quad, points, fate, changed",
    [
        (THREE_FOUR_FIVE, (10, 10, 18, 16, 15, 20, 7, 14), KEPT, False),
        (
            (10, 10, 10, 30, 40, 30, 40, 10),
            (10, 10, 40, 10, 40, 30, 10, 30),
            KEPT,
            False,
        ),  # counter-clockwise
        (
            (0, 10, 30, 10, 30, 40, 0, 40),
            (0, 10, 30, 10, 30, 40, 0, 40),
            KEPT,
            False,
        ),  # touches the edge from within
        ((70, 60, 100, 60, 100, 100, 70, 100), (70, 60, 100, 60, 100, 100, 70, 100), KEPT, False),
        (
            (1, 10, 31, 12, 30, 40, 0.5, 41),
            (1, 10, 31, 12, 30, 40, 0.5, 41),
            KEPT,
            False,
        ),  # no rectangle, and left as it is
        ((-10, 10, 30, 10, 30, 40, -10, 40), (0, 10, 30, 10, 30, 40, 0, 40), KEPT, True),
        ((80, 80, 120, 80, 120, 120, 80, 120), (80, 80, 100, 80, 100, 100, 80, 100), KEPT, True),
        ((99, 10, 101, 10, 101, 40, 99, 40), (99, 10, 100, 10, 100, 40, 99, 40), KEPT, True),
        # A diamond around (-10, 50): what shows is a triangle, and the box at 45 degrees
        # around that is a quarter of it.
        ((-10, 30, 10, 50, -10, 70, -30, 50), (0, 40, 10, 50, 0, 60, -10, 50), KEPT, True),
        ((436, 100, 436, 100, 436, 100, 436, 100), None, ZERO, False),
        ((10, 10, 20, 20, 30, 30, 40, 40), None, ZERO, False),
        ((10, 10, 40, 10, 40, 10, 10, 10), None, ZERO, False),
        ((10, 10, 40, 10, 40, 10.5, 10, 10.5), None, ZERO, False),
        ((-30, 10, 0.5, 10, 0.5, 40, -30, 40), None, ZERO, True),
        ((-30, 10, 0, 10, 0, 40, -30, 40), None, OUTSIDE, True),
        ((200, 10, 230, 10, 230, 40, 200, 40), None, OUTSIDE, True),
        ((110, 90, 120, 100, 110, 110, 100, 100), None, OUTSIDE, True),  # touches the corner
    ],
)
def test_an_oriented_box_is_cut_at_its_own_angle(
    quad: Numbers, points: Numbers | None, fate: tuple[bool, bool], changed: bool
) -> None:
    found = clip_quads(one(*quad), one(100, 100))
    assert ((found.zero[0], found.outside[0]), found.changed[0]) == (fate, changed)
    if points is not None:
        assert found.points[0] == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize(
    "quad, points",
    [
        ((10, 10, 40, 30, 40, 10, 10, 30), (10, 10, 40, 10, 40, 30, 10, 30)),  # corners crosswise
        ((10, 10, 40, 30, 10, 30, 40, 10), (10, 10, 40, 10, 40, 30, 10, 30)),
        ((10, 10, 11, 11, 11, 10, 10, 11), (10, 10, 11, 10, 11, 11, 10, 11)),  # one pixel
    ],
)
def test_crossed_corners_are_put_in_turn(quad: Numbers, points: Numbers) -> None:
    assert clip_quads(one(*quad), one(100, 100)).points[0] == pytest.approx(points)


def test_clipping_twice_changes_nothing_more() -> None:
    once = clip_quads(one(-10, 30, 10, 50, -10, 70, -30, 50), one(100, 100)).points
    assert clip_quads(once, one(100, 100)).points == pytest.approx(once)


def test_a_batch_is_clipped_box_by_box() -> None:
    quads = np.array(
        [THREE_FOUR_FIVE, (-10, 10, 30, 10, 30, 40, -10, 40), (200, 10, 230, 10, 230, 40, 200, 40)],
        float,
    )
    found = clip_quads(quads, np.array([[100, 100], [20, 20], [1000, 1000]], float))
    assert (found.outside.tolist(), found.points[1].tolist()) == (
        [False, False, False],
        pytest.approx([0, 10, 20, 10, 20, 20, 0, 20]),
    )


@given(
    st.tuples(st.floats(1, 60), st.floats(1, 1.1) | st.floats(1, 60), st.floats(0, 360)),
    st.lists(st.floats(-0.5, 0.5) | st.just(0.0), min_size=8, max_size=8),
)
def test_a_quad_that_needs_no_geometry_is_valid_and_thick(
    rotated: Numbers, moves: list[float]
) -> None:
    corners = (from_rotated(one(9, 9, *rotated)) + one(*moves)).reshape(1, 4, 2)
    assume(_are_plain(corners)[0])
    assert shapely.is_valid(shapely.polygons(corners))[0]
    assert shapely.area(shapely.polygons(corners))[0] > 0
    assert (to_rotated(corners.reshape(1, 8))[:, 2:4] >= 1).all()


@pytest.mark.parametrize(
    "quad, plain",
    [
        (TURNED, True),
        (TURNED[::-1], True),  # the other way round
        ((0, 0, 20, 0, 20, 1.02, 0, 1.02), True),
        ((0, 0, 20, 0, 20, 1.005, 0, 1.005), False),  # perhaps too thin
        ((0, 0, 20, 0, 2, 2, 0, 20), False),  # a corner points inwards
        ((0, 0, 20, 20, 20, 0, 0, 20), False),  # edges cross
        ((0, 0, 10, 0, 20, 0, 0, 20), False),  # three corners in a line
        ((0, 0, 0, 0, 20, 0, 0, 20), False),
        ((math.nan, 0, 20, 0, 20, 20, 0, 20), False),
    ],
)
def test_quads_that_need_no_geometry(quad: Numbers, plain: bool) -> None:
    assert _are_plain(one(*quad).reshape(1, 4, 2)).tolist() == [plain]


def test_no_boxes_are_no_trouble() -> None:
    assert clip_quads(np.zeros((0, 8)), np.zeros((0, 2))).points.shape == (0, 8)


# Order of corners


@pytest.mark.parametrize(
    "quad, expected",
    [
        ((0, 0, 10, 0, 10, 5, 0, 5), (0, 0, 10, 0, 10, 5, 0, 5)),
        ((10, 5, 0, 5, 0, 0, 10, 0), (0, 0, 10, 0, 10, 5, 0, 5)),
        ((0, 0, 0, 5, 10, 5, 10, 0), (0, 0, 10, 0, 10, 5, 0, 5)),
        ((10, 0, 0, 0, 0, 5, 10, 5), (0, 0, 10, 0, 10, 5, 0, 5)),
        (
            (5, 0, 10, 5, 5, 10, 0, 5),
            (5, 0, 10, 5, 5, 10, 0, 5),
        ),  # two are as near: the higher comes first
        ((0, 5, 5, 0, 10, 5, 5, 10), (5, 0, 10, 5, 5, 10, 0, 5)),
        (THREE_FOUR_FIVE[2:] + THREE_FOUR_FIVE[:2], (10, 10, 18, 16, 15, 20, 7, 14)),
    ],
)
def test_corners_run_clockwise_on_screen_from_the_top_left(
    quad: Numbers, expected: Numbers
) -> None:
    assert tuple(clockwise(one(*quad))[0]) == expected


# Centre, size and angle


@pytest.mark.parametrize(
    "quad, rotated",
    [
        ((10, 20, 50, 20, 50, 40, 10, 40), (30, 30, 40, 20, 0)),
        ((50, 20, 50, 40, 10, 40, 10, 20), (30, 30, 40, 20, 0)),  # whichever corner comes first
        ((10, 20, 10, 40, 50, 40, 50, 20), (30, 30, 40, 20, 0)),  # whichever way round
        (TURNED, (100, 100, 40, 20, 30)),
        (THREE_FOUR_FIVE, (12.5, 15, 10, 5, 36.869898)),
        ((7, 14, 15, 20, 18, 16, 10, 10), (12.5, 15, 10, 5, 36.869898)),
        ((10, 20, 18, 14, 21, 18, 13, 24), (15.5, 19, 5, 10, 53.130102)),  # runs 8 right and 6 up
        ((5, 0, 10, 5, 5, 10, 0, 5), (5, 5, 50**0.5, 50**0.5, 45)),
        (
            (0, 0, 10, 0, 8, 5, 2, 5),
            (5, 2.5, 10, 5, 0),
        ),  # a trapezium: the smallest rectangle around it
        ((0, 0, 10, 0, 12, 4, 2, 4), (6, 2, 12, 4, 0)),  # a parallelogram
        ((0, 0, 10, 0, 10, 0, 0, 6), (5, 3, 10, 6, 0)),  # a triangle
        ((3, 3, 3, 3, 3, 3, 3, 3), (3, 3, 0, 0, 0)),
        ((3, 3, 13, 3, 13, 3, 3, 3), (8, 3, 10, 0, 0)),
    ],
)
def test_corners_become_centre_size_and_angle_clockwise_on_screen(
    quad: Numbers, rotated: Numbers
) -> None:
    assert to_rotated(one(*quad))[0] == pytest.approx(rotated, abs=1e-5)


@pytest.mark.parametrize(
    "rotated, quad",
    [((100, 100, 40, 20, 30), TURNED), ((30, 30, 40, 20, 0), (10, 20, 50, 20, 50, 40, 10, 40))],
)
def test_centre_size_and_angle_become_corners_clockwise_on_screen(
    rotated: Numbers, quad: Numbers
) -> None:
    assert from_rotated(one(*rotated))[0] == pytest.approx(quad, abs=1e-5)


ROTATED = st.tuples(
    st.floats(-1000, 10_000),
    st.floats(-1000, 10_000),
    st.floats(1, 3000),
    st.floats(1, 3000),
    st.integers(0, 89_999).map(lambda thousandth: thousandth / 1000),
)


@given(st.lists(ROTATED, min_size=1, max_size=5))
def test_centre_size_and_angle_come_back_to_a_millionth(rotated: list[Numbers]) -> None:
    boxes = np.array(rotated)
    assert to_rotated(from_rotated(boxes)) == pytest.approx(boxes, abs=1e-6)


@given(ROTATED, st.integers(0, 3), st.booleans())
def test_a_rectangle_is_the_same_from_any_corner_and_either_way_round(
    rotated: Numbers, turn: int, backwards: bool
) -> None:
    corners = np.roll(from_rotated(one(*rotated)).reshape(4, 2), turn, axis=0)
    given_so = corners[::-1] if backwards else corners
    assert to_rotated(given_so.reshape(1, 8))[0] == pytest.approx(rotated, abs=1e-6)


@given(
    st.lists(
        st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=4, max_size=4, unique=True
    )
)
def test_the_rectangle_of_any_quad_with_an_area_holds_its_corners(
    points: list[tuple[int, int]],
) -> None:
    assume(shapely.MultiPoint(points).convex_hull.area > 0)
    cx, cy, width, height, degrees = to_rotated(np.array(points, float).reshape(1, 8))[0]
    offset = np.array(points) - (cx, cy)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along, across = offset[:, 0] * cos + offset[:, 1] * sin, offset[:, 1] * cos - offset[:, 0] * sin
    assert (np.abs(along) <= width / 2 + 0.01).all() and (np.abs(across) <= height / 2 + 0.01).all()


def test_envelopes_lie_within_the_picture() -> None:
    assert envelopes(one(-10, 30, 10, 50, -10, 70, -30, 50), one(100, 60))[0].tolist() == [
        0,
        30,
        10,
        60,
    ]


def test_a_cut_box_has_the_angle_of_all_its_edges() -> None:
    # Edges at 70.06, 69.98, 69.89 and 69.85 degrees: by the third alone its right corner, at 915,
    # would come out at 916.2.
    quad = one(771, 590, 915, 987, 668, 1077, 523, 681)
    assert clip_quads(quad, one(1024, 1024)).points.reshape(-1, 2).max(axis=0)[0] == pytest.approx(
        915.8, abs=0.1
    )
